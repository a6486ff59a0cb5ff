"""Takes secrets out of texts and JSON before they leave a machine, and again where they arrive.

A secret becomes ``[REDACTED:<rule>:<hash8>]``; the hash is an HMAC under a key of the org, so that the same secret can
be followed through the record and nobody can confirm a guess. Redacting twice changes nothing. What has nothing to
take out comes back as the same object.

Built for clean texts, which nearly all are: one pass of a linear-time engine tells whether any rule could match at all
(pydantic's, which is Rust's; Python's own is twenty times slower at this), and only then the rules are tried.
"""

from __future__ import annotations

import hmac
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from pydantic_core import SchemaValidator, core_schema

from . import secret_rules as rules

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\[REDACTED:[a-z0-9]{1,15}:[0-9a-f]{8}\]")
_RUN = 16
_WINDOW = 2048
# More than any rule needs on either side to be noticed.
_AROUND = 600
_RUN_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_RUN_TEXT = _RUN_CHARACTERS.decode()
_RUNS = bytes(0x78 if byte in _RUN_CHARACTERS else 0x20 for byte in range(256))
_NEEDLE = b"x" * _RUN
_DIGITS = b"0123456789"
_LARGEST = 256
# What may stand before a token and belong to it: `SG.`, `hvs.`, the number of a Telegram bot.
_BEFORE = re.compile(r"(?:[A-Za-z0-9_]{1,14}[.:~/]{1,2}){1,3}\Z")
_COLOUR = re.compile(r"[0-9;]{0,8}m")
_ON = re.compile(r"[A-Za-z0-9+/_=-]*")
# Base64 that says what it is: certificates and signatures, attachments of mails, binary files.
_PUBLIC_BLOCK = re.compile(
    r"-----BEGIN (?![A-Z0-9 ]{0,60}PRIVATE)[^-\n]{1,60}-----[\s\S]*?(?:-----END |\Z)"
    r"|(?:Content-Transfer-Encoding: base64|begin-base64 [0-7]{3} [^\s\\]{1,200})"
    r"(?:[A-Za-z0-9+/]{1,80}={0,2}|\\[rn]|\s)*"
    r"|GIT binary patch(?:\n|\\n)(?:literal|delta) [0-9]+(?:(?:\n|\\n)[A-Za-z][!-~]{1,70})*"
)
_NAME = _RUN_TEXT + ".$"
_KEYWORDS = tuple(word.encode() for word in rules.KEYWORDS)
_ANY_CASE = tuple((word.encode(), rule, pattern) for word, rule, pattern in rules.ANY_CASE)
_ARN = re.compile(r"\barn:[a-z0-9:-]*\Z")
_COMMANDS = ("ENV ", "setenv ", "setx ", "set -gx ")
_VALUES = ("double", "single", "back", "escaped")
# A run over the result finds nothing new after one more in practice; this bounds it.
_PASSES = 4

Span = tuple[int, int, str]


def _seeker(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Tells whether one of *patterns* is anywhere in a text; the text must be free of surrogates."""
    seekers = tuple(
        SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python
        for pattern in patterns
    )

    def seek(text: str) -> bool:
        for found in seekers:  # noqa: SIM110 - any() with a generator costs as much as the search in a short text
            if found(text):
                return True
        return False

    return seek


_forms, _names, _words = _seeker(rules.FORMS), _seeker(rules.NAMES), _seeker(rules.WORDS)
_suspect = _seeker((*rules.FORMS, *rules.NAMES, *rules.WORDS))


def clean(value: Any) -> Any:
    """Text or JSON without NUL and halves of surrogate pairs, which Postgres does not take: U+FFFD instead."""
    return _map(value, _cleaned)


class Redactor:
    """Redacts under one key, the org's."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def text(self, text: str) -> str:
        """*text* cleaned and without its secrets."""
        text = _cleaned(text)
        for _ in range(_PASSES):
            spans = _spans(text)
            if not spans:
                break
            text = self._replaced(text, spans)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value, keys included; what a name such as ``password`` holds is taken out whole."""
        if isinstance(value, str):
            return self.text(value)
        strings, named = _strings(value)
        joined = "\n".join(strings)
        if not named and _cleaned(joined) is joined and not _spans(joined):
            return value
        return _map(value, self.text, self._named)

    def _named(self, name: str, value: str) -> str | None:
        """What stands under a name, redacted as a whole if the name says so; None if it does not."""
        if not _holds(name, value):
            return None
        return self._placeholder("named", value)

    def _replaced(self, text: str, spans: list[Span]) -> str:
        parts, end = [], 0
        for start, stop, rule in spans:
            parts += [text[end:start], self._placeholder(rule, text[start:stop])]
            end = stop
        return "".join([*parts, text[end:]])

    def _placeholder(self, rule: str, secret: str) -> str:
        digest = hmac.digest(self._key, secret.encode("utf-8", "replace"), "sha256")
        return f"[REDACTED:{rule}:{digest[:4].hex()}]"


def _cleaned(text: str) -> str:
    if text.isascii():
        return text.replace("\x00", "\ufffd") if "\x00" in text else text
    return _NOT_TEXT.sub("\ufffd", text) if _NOT_TEXT.search(text) else text


def _spans(text: str) -> list[Span]:
    """Where the secrets are, in order and apart: what overlaps is one, under the rule of the longest."""
    if not _suspect(text):
        return []
    # One byte a character, so that positions are the same.
    raw = text.encode("latin-1", "replace")
    low = raw.lower()
    found: list[Span] = []
    public: list[tuple[int, int]] = []
    worded = False
    for begin, end in _windows(text):
        piece = text[max(0, begin - _AROUND) : end + _AROUND]
        worded = worded or _words(piece)
        if _forms(piece):
            found += _tokens(text, raw, begin, end, public)
        if _names(piece):
            found += _assigned(text, low, begin, end)
    if worded:
        found += _places(text, low)
    if not found:
        return []
    kept = [(match.start(), match.end()) for match in _PLACEHOLDER.finditer(text)]
    apart: list[Span] = []
    longest = 0
    for start, end, rule in sorted(found):
        at = bisect_right(kept, (start, end))
        if (at and kept[at - 1][1] > start) or (at < len(kept) and kept[at][0] < end):
            continue
        if apart and start < apart[-1][1]:
            before = apart[-1]
            longest, rule = (end - start, rule) if end - start > longest else (longest, before[2])
            apart[-1] = (before[0], max(end, before[1]), rule)
        else:
            apart.append((start, end, rule))
            longest = end - start
    return apart


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a long text that are worth the slow rules: one secret must not make a megabyte slow."""
    for begin in range(0, len(text), _WINDOW):
        end = begin + _WINDOW
        if _suspect(text[max(0, begin - _AROUND) : end + _AROUND]):
            yield begin, min(end, len(text))


def _tokens(text: str, raw: bytes, first: int, last: int, public: list[tuple[int, int]]) -> Iterator[Span]:
    """Tokens of a known form or of high entropy that begin in a window."""
    # From the beginning of the run that the window may cut.
    first -= _behind(text, first, _WINDOW, _RUN_TEXT)
    runs = raw[first : last + _AROUND].translate(_RUNS)
    start = runs.find(_NEEDLE)
    while 0 <= start < last - first:
        end = runs.find(b" ", start + _RUN)
        start, end = first + start, first + (len(runs) if end < 0 else end)
        token = raw[start:end]
        if end - start != 36 or not rules.UUID.fullmatch(text, start, end):
            digits = end - start - len(token.translate(None, _DIGITS))
            for begin in _begins(text, start, end) if digits else (start,):
                if known := rules.PROVIDERS.match(text, begin):
                    yield known.start(), known.end(), known.lastgroup or "token"
                    end = max(end, known.end())
                    break
            else:
                if digits and _mixed(token):
                    begin, end = _whole(text, start, end)
                    if end - begin <= _LARGEST and rules.high_entropy(
                        text[begin:end], text[max(0, begin - 40) : begin]
                    ):
                        if not public:
                            # Once a text; never empty afterwards.
                            public += [(-1, -1), *(block.span() for block in _PUBLIC_BLOCK.finditer(text))]
                        block = bisect_right(public, (begin, len(text))) - 1
                        if block < 0 or begin >= public[block][1]:
                            yield begin, end, "entropy"
        start = runs.find(_NEEDLE, end - first)


def _begins(text: str, start: int, end: int) -> Iterator[int]:
    """Where a known form could begin: at the run, inside of it, or a little before."""
    yield start
    before = text[start - 1] if start else ""
    if before == "\\":
        # \nghp_… in JSON inside of a text.
        yield start + {"u": 5, "x": 3}.get(text[start], 1)
    elif before == "%":
        yield start + 2
    elif before in "[;" and (colour := _COLOUR.match(text, start)):
        yield colour.end()
    elif before in ".:~/" and (prefix := _BEFORE.search(text, max(0, start - 40), start)):
        # Without the letter of an escape.
        yield prefix.start() + (text[prefix.start() - 1 : prefix.start()] == "\\")
    for _ in range(8):
        inside = min(at for at in (text.find("-", start, end), text.find("_", start, end), end) if at >= 0) + 1
        if inside >= end:
            return
        yield inside
        start = inside


def _mixed(token: bytes) -> bool:
    """Whether it is worth weighing: capitals, small letters and digits, or a long row of hex."""
    return not (token.islower() or token.isupper()) or (
        len(token) > 40 and len(token.strip(b"0123456789abcdefABCDEF")) == 0
    )


def _behind(text: str, at: int, most: int, characters: str) -> int:
    """How many of *characters* stand in a row before a place."""
    before = text[max(0, at - most) : at]
    return len(before) - len(before.rstrip(characters))


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The run with the + / = that belong to base64."""
    if start and text[start - 1] in "+/":
        start -= _behind(text, start, 300, _RUN_TEXT + "+/=")
    after = _ON.match(text, end)
    return start, after.end() if after else end


def _places(text: str, low: bytes) -> Iterator[Span]:
    for fixed, rule, pattern in rules.PLACES:
        if fixed in text:
            for match in pattern.finditer(text):
                yield match.start(pattern.groups and 1), match.end(pattern.groups and 1), rule
    for word, rule, pattern in _ANY_CASE:
        at = low.find(word)
        while at >= 0:
            end = at + len(word)
            if here := pattern.match(text, at):
                yield here.start(1), here.end(1), rule
                end = here.end(1)
            at = low.find(word, end)


def _assigned(text: str, low: bytes, first: int, last: int) -> Iterator[Span]:
    """What follows a name, in a window, that says it is a secret."""
    for word in _KEYWORDS:
        # A word that begins in the window may end behind it.
        within = last + len(word) - 1
        at = low.find(word, first, within)
        while at >= 0:
            end = at + len(word)
            if word != b"key" or rules.key_of(text, at) is not None:
                span = _value_of(text, at, len(word))
                if span:
                    yield span
                    end = span[1]
            at = low.find(word, end, within)
    if low.find(b'value\\"', first, last + _AROUND) >= 0 or low.find(b'value"', first, last + _AROUND) >= 0:
        yield from _pairs(rules.PAIR, text, first, last)
    if low.find(b"(", first, last + _AROUND) >= 0:
        yield from _pairs(rules.CALL, text, first, last)
    if low.find(b"value=", first, last + _AROUND) >= 0:
        yield from _pairs(rules.ATTRIBUTE, text, first, last)
    if low.find(b"value: ", first, last + _AROUND) >= 0:
        yield from _pairs(rules.LINES, text, first, last)


def _pairs(pattern: re.Pattern[str], text: str, first: int, last: int) -> Iterator[Span]:
    for match in pattern.finditer(text, max(0, first - _AROUND), last + _AROUND):
        if _holds(match["name"], match["value"]):
            yield match.start("value"), match.end("value"), "named"


def _value_of(text: str, at: int, length: int) -> Span | None:
    begin = at - _behind(text, at, 40, _NAME)
    before = text[max(0, begin - 8) : begin]
    flag = text.startswith("--", begin) or before.endswith(_COMMANDS)
    match = rules.ASSIGNED.match(text, at + length)
    if match is None and before.endswith("<"):
        match = rules.ELEMENT.match(text, at + length)
    if match is None and flag:
        match = rules.FLAG_VALUE.match(text, at + length)
    if match is None:
        return None
    name = text[begin : at + length] + match["rest"]
    if text[at : at + length].lower() == "key" and (of := rules.key_of(text, at)) is not None:
        name = text[min(begin, of) : at + length] + match["rest"]
    if (
        not rules.sensitive(name)
        or before.endswith("${")
        or (before.endswith(":") and _ARN.search(text, max(0, begin - 80), begin))
    ):
        return None
    group = next((one for one in _VALUES if match.re is rules.ASSIGNED and match[one]), "bare")
    value, first = match[group], match.start(group)
    if group == "bare":
        value = value.partition(";")[0].partition("&")[0].rstrip(",.:)}]>|")
    line = begin == 0 or text[begin - 1] in "\n?&;" or text.startswith("\\n", max(0, begin - 2)) or name.isupper()
    spaced = match.re is rules.ASSIGNED and match["sep"].strip() != match["sep"]
    if spaced and not match["sep"].strip() and "passw" not in name.lower():
        return None
    quoted = group != "bare" or match.re is rules.FLAG_VALUE
    if rules.plausible(value, name, quoted=quoted, tight=flag or (line and not spaced)):
        return first, first + len(value), "named"
    return None


def _holds(name: str, value: str) -> bool:
    return (
        rules.sensitive(name)
        and not _PLACEHOLDER.fullmatch(value)
        and rules.plausible(value, name, quoted=True, tight=True)
    )


def _strings(value: Any) -> tuple[list[str], bool]:
    """Every string and key of a JSON value, and whether one stands under a name that says it is a secret."""
    strings: list[str] = []
    named = False
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            named = named or _told(one) is not None
            for name, item in one.items():
                strings.append(name)
                if isinstance(item, str):
                    strings.append(item)
                    named = named or _holds(name, item)
                elif isinstance(item, (dict, list)):
                    stack.append(item)
        elif isinstance(one, list):
            for item in one:
                if isinstance(item, str):
                    strings.append(item)
                elif isinstance(item, (dict, list)):
                    stack.append(item)
        elif isinstance(one, str):
            strings.append(one)
    return strings, named


def _told(pair: dict[str, Any]) -> str | None:
    """The name in ``{"name": "DB_PASSWORD", "value": "…"}`` if it says that the value is a secret."""
    value = pair.get("value")
    if isinstance(value, str):
        name = pair.get("name", pair.get("key"))
        if isinstance(name, str) and _holds(name, value):
            return name
    return None


def _map(value: Any, text: Callable[[str], str], named: Callable[[str, str], str | None] | None = None) -> Any:
    """A copy with every string and key through *text*; without recursion, because JSON may be deep."""
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, (dict, list)):
        return value
    top: Any = {} if isinstance(value, dict) else []
    stack: list[tuple[Any, Any]] = [(value, top)]
    while stack:
        one, copy = stack.pop()
        if isinstance(one, list):
            for item in one:
                copy.append(text(item) if isinstance(item, str) else _empty(item, stack))
            continue
        pair = _told(one) if named else None
        for name, item in one.items():
            if isinstance(item, str):
                new = named(pair if pair and name == "value" else name, item) if named else None
                copy[text(name)] = text(item) if new is None else new
            else:
                copy[text(name)] = _empty(item, stack)
    return top


def _empty(item: Any, stack: list[tuple[Any, Any]]) -> Any:
    """What is no text, as it is; for an object or a list an empty one that is filled later."""
    if not isinstance(item, (dict, list)):
        return item
    new: Any = {} if isinstance(item, dict) else []
    stack.append((item, new))
    return new

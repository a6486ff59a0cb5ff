"""Takes secrets out of texts and JSON before they leave a machine, and again where they arrive.

A secret becomes ``[REDACTED:<rule>:<hash8>]``; the hash is an HMAC under a key of the org, so that the same secret can
be followed through the record and nobody can confirm a guess. Redacting twice changes nothing. What has nothing to
take out comes back as the same object.

Built for clean texts, which nearly all are: `polaris.secret_hints` tells in one fast pass whether a rule could match at
all and where, and only there the rules are tried.
"""

from __future__ import annotations

import hmac
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from . import secret_hints as hints
from . import secret_judge as judge
from . import secret_rules as rules

_DIRT = re.compile("[\x00\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\[REDACTED:[a-z0-9]{1,15}:[0-9a-f]{8}\]")
_RUN = 16
# No secret is shorter together with what tells that it is one.
_SHORTEST = 8
# How far behind a window a run that begins in it is followed.
_AROUND = 600
# How much of a run a window may have cut off.
_LONGEST_RUN = 2048
_RUN_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_RUN_TEXT = _RUN_CHARACTERS.decode()
_RUNS = bytes(0x78 if byte in _RUN_CHARACTERS else 0x20 for byte in range(256))
_BASE64 = bytes(0x78 if byte in _RUN_CHARACTERS + b"+/" else 0x20 for byte in range(256))
_NEEDLE = b"x" * _RUN
_DIGITS = b"0123456789"
_LARGEST = 256
# What may stand before a token and belong to it: `SG.`, `hvs.`, the number of a Telegram bot.
_BEFORE = re.compile(r"(?:[A-Za-z0-9_]{1,14}[.:~/]{1,2}){1,3}\Z")
_COLOUR = re.compile(r"[0-9;]{0,8}m")
_NAME = _RUN_TEXT + ".$"
_ARN = re.compile(r"\barn:[a-z0-9:-]*\Z")
_COMMANDS = ("ENV ", "setenv ", "setx ", "set -gx ")
_PAIRS = {hints.PAIR: rules.PAIRS, hints.CALL: rules.CALLS, hints.VALUE: (*rules.ATTRIBUTES, *rules.LINES)}
_VALUES = ("double", "single", "back", "escaped")
# A run over the result finds nothing new after one more in practice; this bounds it.
_PASSES = 4

Span = tuple[int, int, str]


def clean(value: Any) -> Any:
    """Text or JSON without NUL and halves of surrogate pairs, which Postgres does not take: U+FFFD instead."""
    return _map(value, _cleaned)


class Redactor:
    """Redacts under one key, the org's."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def text(self, text: str) -> str:
        """*text* cleaned and without its secrets."""
        text, raw = _encoded(text)
        if len(raw) < _SHORTEST or not hints.anywhere(raw):
            return text
        for _ in range(_PASSES):
            spans = _spans(text)
            if not spans:
                break
            text = self._replaced(text, spans)
        return text

    def value(self, value: Any, source: bytes | None = None) -> Any:
        """A JSON value, keys included; what a name such as ``password`` holds is taken out whole.

        *source* is the value as `orjson` writes it, for whoever has that already.
        """
        if isinstance(value, str):
            return self.text(value)
        source = source or source_of(value)
        if source is not None and not hints.anywhere(source):
            return value
        strings, named = _strings(value)
        joined = "\n".join(strings)
        if not named and not _DIRT.search(joined) and not _spans(joined):
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


# For what belongs to no organization: under a key that nobody keeps.
NOBODYS = Redactor(os.urandom(32))


def _cleaned(text: str) -> str:
    return _encoded(text)[0]


def _encoded(text: str) -> tuple[str, bytes]:
    """The text without NUL and half surrogates, and as UTF-8."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        text = _DIRT.sub("\ufffd", text)
        return text, text.encode()


def source_of(value: Any) -> bytes | None:
    """JSON of it, to be searched for hints; None if it cannot be written: half surrogates, numbers of many digits."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return None


def _spans(text: str) -> list[Span]:
    """Where the secrets are, in order and apart: what overlaps is one, under the rule of the longest."""
    # One byte a character, so that positions are the same.
    raw = text.encode("latin-1", "replace")
    low = b""
    found: list[Span] = []
    public = _Public(text)
    for last, firsts in hints.windows(raw):
        low = low or raw.lower()
        for kind, first in firsts.items():
            if kind == hints.FORM:
                found += _known(text, raw, first, last)
            elif kind == hints.NAMELESS:
                found += _nameless(text, raw, first, last, public)
            elif kind == hints.NAME:
                found += _assigned(text, low, first, last)
            elif kind >= hints.FIRST_PLACE:
                found += _placed(rules.PLACES[kind - hints.FIRST_PLACE], text, low, first, last)
            else:
                found += _paired(kind, text, low, first, last)
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


def _runs(raw: bytes, table: bytes, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Rows of the characters of *table* that begin in a window, long enough to be a token."""
    # From the beginning of the run that the window may cut.
    cut = raw[max(0, first - _LONGEST_RUN) : first].translate(table)
    first -= len(cut) - len(cut.rstrip(b"x"))
    runs = raw[first : last + _AROUND].translate(table)
    start = runs.find(_NEEDLE)
    while 0 <= start < last - first:
        end = runs.find(b" ", start + _RUN)
        end = len(runs) if end < 0 else end
        yield first + start, first + end
        start = runs.find(_NEEDLE, end)


def _known(text: str, raw: bytes, first: int, last: int) -> Iterator[Span]:
    """Tokens of a known form that begin in a window."""
    after = 0
    for start, end in _runs(raw, _RUNS, first, last):
        if end <= after or (end - start == 36 and judge.UUID.fullmatch(text, start, end)):
            continue
        token = raw[start:end]
        digits = len(token.translate(None, _DIGITS)) < len(token)
        for begin in _begins(text, start, end) if digits else (start,):
            if known := rules.PROVIDERS.match(text, begin):
                yield known.start(), known.end(), known.lastgroup or "token"
                after = known.end()
                break


def _nameless(text: str, raw: bytes, first: int, last: int, public: _Public) -> Iterator[Span]:
    """Tokens of high entropy that begin in a window."""
    for start, end in _runs(raw, _BASE64, first, last):
        if end - start > _LARGEST:
            continue
        token = raw[start:end]
        if len(token.translate(None, _DIGITS)) < len(token) and _mixed(token):
            end += len(raw[end : end + 2]) - len(raw[end : end + 2].lstrip(b"="))
            if judge.high_entropy(text[start:end], text[max(0, start - 40) : start]) and not public.holds(start):
                yield start, end, "entropy"


class _Public:
    """Where in a text public base64 is: certificates, mails, binary files. Looked for when it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._blocks: list[tuple[int, int]] | None = None

    def holds(self, at: int) -> bool:
        if self._blocks is None:
            self._blocks = sorted(block for word, pattern in rules.PUBLIC for block in self._found(word, pattern))
        block = bisect_right(self._blocks, (at, len(self._text))) - 1
        return block >= 0 and at < self._blocks[block][1]

    def _found(self, word: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        at = self._text.find(word)
        while at >= 0:
            block = pattern.match(self._text, at)
            if block:
                yield block.span()
            at = self._text.find(word, block.end() if block else at + 1)


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


def _placed(place: rules.Place, text: str, low: bytes, first: int, last: int) -> Iterator[Span]:
    """What stands beside a word, in a window."""
    group = place.pattern.groups and 1
    within = last + len(place.word) - 1
    at = low.find(place.word, first, within)
    while at >= 0:
        end = at + len(place.word)
        if here := place.pattern.match(text, at):
            yield here.start(group), here.end(group), place.rule
            end = max(end, here.end(group))
        at = low.find(place.word, end, within)


def _assigned(text: str, low: bytes, first: int, last: int) -> Iterator[Span]:
    """What follows a name, in a window, that says it is a secret."""
    for word in rules.KEYWORDS:
        # A word that begins in the window may end behind it.
        within = last + len(word) - 1
        at = low.find(word, first, within)
        while at >= 0:
            end = at + len(word)
            if word != b"key" or judge.key_of(text, at) is not None:
                span = _value_of(text, at, len(word))
                if span:
                    yield span
                    end = span[1]
            at = low.find(word, end, within)


def _paired(kind: int, text: str, low: bytes, first: int, last: int) -> Iterator[Span]:
    """A value beside a name that says it is a secret: ``{"name": …, "value": …}``, ``setenv("…", "…")``, XML, YAML."""
    for word, pattern in _PAIRS.get(kind, ()):
        at = low.find(word, first, last)
        while at >= 0:
            end = at + len(word)
            if (match := pattern.match(text, at)) and _holds(match["name"], match["value"]):
                yield match.start("value"), match.end("value"), "named"
                end = match.end()
            at = low.find(word, end, last)


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
    if text[at : at + length].lower() == "key" and (of := judge.key_of(text, at)) is not None:
        name = text[min(begin, of) : at + length] + match["rest"]
    if (
        not judge.sensitive(name)
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
    if judge.plausible(value, name, quoted=quoted, tight=flag or (line and not spaced)):
        return first, first + len(value), "named"
    return None


def _holds(name: str, value: str) -> bool:
    return (
        judge.sensitive(name)
        and not _PLACEHOLDER.fullmatch(value)
        and judge.plausible(value, name, quoted=True, tight=True)
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

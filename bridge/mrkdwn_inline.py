"""A paragraph as mrkdwn: marks, code and links, and the author's text so that Slack takes it for text.

Slack acts on what stands in ``<…>``: mentions, broadcasts, links. Every ``<`` of an author is escaped, and those that
go out begin links to http, https and mailto that were made here. Marks work in Slack only at the edges of words and
within a line, so they are closed and opened anew at line breaks, and kept apart from letters by a zero-width space; the
author's own stars, underscores, tildes and ticks that Slack would take for marks are defused the same way.

While a line is put together, characters below U+0020 stand for what is decided at its end; `visible` has taken all
others of these out before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

LONGEST_URL = 2_000
ZERO_WIDTH_SPACE = "\u200b"

_MARKS = {"strong": "*", "em": "_", "s": "~"}
_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_FENCE = re.compile("`(?=``)")
# Invisible, but part of how emoji and some scripts are written.
_JOINERS = "\u200c\u200d"
_BROADCAST = re.compile(r"@(?=(?:channel|here|everyone|group)\b)")
_BARE_URL = re.compile(r"https?://[^\s<>\"`]+")
_LOOKS_LIKE_ADDRESS = re.compile(r"(?i)\s*(?:https?://|www\.)(\S+)|\s*([\w.-]+\.(?:com|org|net|edu|gov))(?:/\S*)?\s*")

# A mark that the author means literally, and one in code or an address, where Slack does not look for marks.
_LITERAL = str.maketrans("*_~`", "\x11\x12\x13\x14")
_OPAQUE = str.maketrans("*_~`", "\x15\x16\x17\x18")
_PLAIN = str.maketrans("\x11\x12\x13\x14\x15\x16\x17\x18", "*_~`*_~`", "\x01\x02")
_OPENS, _CLOSES = "\x01", "\x02"  # the outer side of a mark
_WORD = r"[^\s!-/:-@\[-`{-~\x00-\x1f]"
_NEEDS_SPACE = re.compile(f"(?<={_WORD}){_OPENS}|{_CLOSES}(?={_WORD})")


def escape(text: str) -> str:
    """Plain *text* on one line, such as a name, for the middle of any mrkdwn: no mark, mention or link comes of it."""
    line = " ".join(visible(text).split())
    line = _literally(line.replace("`", "ˋ"))
    line = re.sub(r"(?<![^\W_])([\x11\x12\x13])(?=\S)", rf"\1{ZERO_WIDTH_SPACE}", line)
    return _decoded(line)


def code(text: str) -> str:
    """Any *text* on one line as code; empty for nothing visible."""
    line = " ".join(visible(text).split())
    return _decoded(_code(line)) if line else ""


def link(url: str, label: str) -> str:
    """A link; only the label where the address is none that may be linked."""
    address, words = _address(url), escape(label)
    return _decoded(_linked(address, words)) if address else words


def visible(text: str) -> str:
    """*text* without characters that are invisible, steer something or turn the direction of others."""
    text = _BREAKS.sub("\n", text)
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def paragraph(tokens: Sequence[Token], marks: str = "") -> str:
    """A paragraph's text, line by line. *marks* are put around it, and the same ones inside are left out."""
    out: list[str] = [_OPENS + mark for mark in marks]
    open_marks = list(marks)
    left_out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        name, _, side = token.type.rpartition("_")
        content = visible(token.content).replace("\n", " ")  # entities such as &#x202e; are characters only now
        if token.type == "text":
            out.append(_literally(content) if links else _with_links(content))
        elif token.type == "code_inline":
            out.append(escaped(content).translate(_OPAQUE) if links else _code(content))
        elif token.type in ("softbreak", "hardbreak"):
            if links:
                out.append(" ")
                continue
            out += [mark + _CLOSES for mark in reversed(open_marks)]
            out += ["\n", *(_OPENS + mark for mark in open_marks)]
        elif name in _MARKS:
            mark = _MARKS[name]
            if side == "open":
                if mark in open_marks or links:  # Slack knows no mark within itself, and none in a label
                    left_out.append(mark)
                else:
                    open_marks.append(mark)
                    out.append(_OPENS + mark)
            elif mark in left_out:
                left_out.remove(mark)
            else:
                open_marks.remove(mark)
                out.append(mark + _CLOSES)
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close":
            url, begin = links.pop()
            label, address = "".join(out[begin:]), _address(url)
            if not links:  # Slack knows no link in a label
                out[begin:] = [_linked(address, label) if address else _unlinked(url, label)]
        elif token.type == "image":
            address, label = _address(str(token.attrs.get("src", ""))), _literally(flat(token.children or []))
            out.append(_linked(address, label or "image") if address and not links else label)
    out += [mark + _CLOSES for mark in reversed(marks)]
    text = _decoded("\n".join(_line(line) for line in "".join(out).split("\n")))
    return apart(text)


def flat(tokens: Sequence[Token]) -> str:
    """The words of a paragraph without any markup, not escaped; addresses of links in brackets."""
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            out.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            out.append(" ")
        elif token.type == "image":
            out.append(flat(token.children or []))
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close":
            url, begin = links.pop()
            if "".join(out[begin:]) != url:
                out.append(f" ({url})")
    return visible("".join(out)).replace("\n", " ")


def _literally(text: str) -> str:
    """Text of the author; a broadcast would count if somebody ever set ``link_names``."""
    return _BROADCAST.sub("@" + ZERO_WIDTH_SPACE, escaped(text)).translate(_LITERAL)


def _decoded(text: str) -> str:
    return text.translate(_PLAIN)


def _code(text: str) -> str:
    inner = escaped(text.replace("\n", " ").replace("`", "ˋ")).translate(_OPAQUE)
    return f"{_OPENS}`{inner}`{_CLOSES}"


def _address(url: str) -> str | None:
    """*url* as it may stand in ``<…>``, or None when it may not."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    known = parts.netloc if parts.scheme in ("http", "https") else parts.path if parts.scheme == "mailto" else ""
    if not known or len(url) > LONGEST_URL or re.search(r"[\s\x00-\x1f]", url):
        return None
    for character, coded in (("&", "&amp;"), ("<", "%3C"), (">", "%3E"), ("|", "%7C"), ('"', "%22")):
        url = url.replace(character, coded)
    return url.translate(_OPAQUE)


def _linked(address: str, label: str) -> str:
    """*address* is one of `_address`, *label* is escaped. A label that names another host does not hide the address."""
    plain, words = _decoded(address), _decoded(label).replace(ZERO_WIDTH_SPACE, "").strip()
    if not words or words in (plain, plain.removeprefix("mailto:"), plain.rstrip("/")):
        return f"<{address}>"
    if (shown := _LOOKS_LIKE_ADDRESS.match(words)) and not plain.startswith("mailto:"):
        host = urlsplit(f"//{(shown[1] or shown[2]).removeprefix('www.')}").hostname if _splits(shown) else None
        if host != (urlsplit(plain).hostname or "").removeprefix("www."):
            return f"{label.strip()} (<{address}>)"
    return f"<{address}|{label.strip().replace('|', '¦')}>"


def _unlinked(url: str, label: str) -> str:
    """What leads nowhere from Slack, such as a file, is shown beside *label* where that does not say it."""
    target = unquote(url).strip()
    if not target or target.startswith("#") or target in _decoded(label):
        return label
    return f"{label} ({_code(visible(target))})".lstrip()


def _splits(shown: re.Match[str]) -> bool:
    try:
        return bool(urlsplit(f"//{shown[1] or shown[2]}").hostname)
    except ValueError:
        return False


def _with_links(text: str) -> str:
    """Text of the author in which bare addresses are links, so that no mark is looked for in them."""
    out, done = [], 0
    for found in _BARE_URL.finditer(text):
        url = found[0][: LONGEST_URL + 1].rstrip(".,;:!?'*_~")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:!?'*_~")
        if address := _address(url):
            out += [_literally(text[done : found.start()]), f"<{address}>"]
            done = found.start() + len(url)
    return "".join(out) + _literally(text[done:])


def _line(text: str) -> str:
    """One finished line: literal marks that Slack would pair are defused, and a ``>`` at its beginning."""
    text = _NEEDS_SPACE.sub(ZERO_WIDTH_SPACE, text)
    for mark, literal in zip("*_~`", "\x11\x12\x13\x14", strict=True):
        if literal in text:
            text = _defused(text, mark, literal)
    return ZERO_WIDTH_SPACE + text if text.startswith("&gt;") else text


def _defused(text: str, mark: str, literal: str) -> str:
    """*text*, in which no *literal* opens what a later one or a real *mark* would close."""
    closing = re.finditer(rf"(?<=[^\s])[{re.escape(mark)}{literal}](?![^\W_])", text)
    last = max((found.start() for found in closing), default=0)

    def instead(found: re.Match[str]) -> str:
        if found.start() + 1 >= last:
            return literal
        return "ˋ" if mark == "`" else literal + ZERO_WIDTH_SPACE

    return re.sub(rf"(?<![^\W_]){literal}(?=[^\s])", instead, text)


def apart(text: str) -> str:
    """*text* without three ticks in a row, which would begin or end a block of code."""
    return _FENCE.sub("`" + ZERO_WIDTH_SPACE, text)

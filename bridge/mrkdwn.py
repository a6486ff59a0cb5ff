"""Markdown → mrkdwn, the markup of Slack's messages: nothing that an author wrote can notify anybody there.

Slack acts on what stands in ``<…>``: mentions, broadcasts, links. Every ``<`` of an author is escaped, and those in an
answer of `render` begin links to http, https and mailto that this module made. Marks work in Slack only at the edges of
words and within a line, so they are closed and opened anew at line breaks, and kept apart from letters by a zero-width
space; the author's own ``* _ ~ \\``` that Slack would take for marks are defused the same way.

While a line is put together, characters below U+0020 stand for what is decided at its end; `_visible` has taken all
others of these out before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Characters of Markdown that are looked at: a post shows 3,000, and hostile text costs the parser its size squared.
LONGEST = 12_000
LONGEST_URL = 2_000
CELL_COLUMNS = 40  # a longer cell does not widen its whole column
ZERO_WIDTH_SPACE = "\u200b"

# Ten lists in each other; what is deeper vanishes. Each level makes hostile brackets dearer.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
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


def render(source: str) -> str:
    """*source*, Markdown of anybody, as mrkdwn, without what is beyond `LONGEST`. Empty only for nothing visible."""
    visible = _visible(source[:LONGEST])
    text = _Blocks().of(_parser.parse(visible)).strip("\n")
    return text if text.strip() else escape(visible).strip()


def fit(source: str, limit: int, tail: str) -> str:
    """`render` and `truncate` in one, which looks only at as much of a long *source* as can be shown."""
    begin = source[: min(limit * 2, LONGEST)]
    text = render(begin)
    if len(begin) == len(source) and _size(text) <= limit:
        return text
    return truncate(text, limit, tail, cut=True)


def truncate(mrkdwn: str, limit: int, tail: str, *, cut: bool = False) -> str:
    """*mrkdwn* in *limit* UTF-16 units at most, as Slack counts; when it is too long, *tail* (mrkdwn) ends it.

    Cut at the end of a line or a word, never inside a link, an entity, a character or code that stays open. *cut*:
    something was left out before, so the tail is needed anyway.
    """
    if not cut and _size(mrkdwn) <= limit:
        return mrkdwn
    room = limit - _size(tail) - len("\n```\n")
    text = mrkdwn.encode("utf-16-le")[: room * 2].decode("utf-16-le", "ignore")
    if len(text) < len(mrkdwn):
        for edge in ("\n", " "):
            if (end := text.rfind(edge)) > len(text) // 2:
                text = text[:end]
                break
        else:
            while text and (text[-1] == "\u200d" or _continues(mrkdwn[len(text)])):
                text = text[:-1]
    if (opened := text.rfind("<")) > text.rfind(">"):
        text = text[:opened]
    text = re.sub(r"&[a-z]{0,3}\Z", "", text)
    text = re.sub(r"(?<!`)`{1,2}\Z", "", text)  # of a fence
    if text.count("```") % 2:
        text = text.rstrip() + "\n```"
    else:
        line = text[text.rfind("\n") + 1 :]
        if line.replace("```", "").count("`") % 2:  # of code in a line
            text = text[: text.rfind("`")]
    return f"{text.rstrip()}\n{tail}".lstrip("\n")


def escape(text: str) -> str:
    """Plain *text* on one line, such as a name, for the middle of any mrkdwn: no mark, mention or link comes of it."""
    line = " ".join(_visible(text).split())
    line = _literally(line.replace("`", "ˋ"))
    line = re.sub(r"(?<![^\W_])([\x11\x12\x13])(?=\S)", rf"\1{ZERO_WIDTH_SPACE}", line)
    return _decoded(line)


def code(text: str) -> str:
    """Any *text* on one line as code; empty for nothing visible."""
    line = " ".join(_visible(text).split())
    return _decoded(_code(line)) if line else ""


def link(url: str, label: str) -> str:
    """A link; only the label where the address is none that may be linked."""
    address, words = _address(url), escape(label)
    return _decoded(_linked(address, words)) if address else words


def _visible(text: str) -> str:
    """*text* without characters that are invisible, steer something or turn the direction of others."""
    text = _BREAKS.sub("\n", text)
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c for c in text if c in "\n\t" or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def _continues(character: str) -> bool:
    """Whether it belongs to the character before it, as accents, skin colours and parts of joined emoji do."""
    return (
        character in _JOINERS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or (unicodedata.combining(character) > 0)
    )


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _literally(text: str) -> str:
    """Text of the author; a broadcast would count if somebody ever set ``link_names``."""
    return _BROADCAST.sub("@" + ZERO_WIDTH_SPACE, _escaped(text)).translate(_LITERAL)


def _decoded(text: str) -> str:
    return text.translate(_PLAIN)


def _code(text: str) -> str:
    inner = _escaped(text.replace("\n", " ").replace("`", "ˋ")).translate(_OPAQUE)
    return f"{_OPENS}`{inner}`{_CLOSES}"


def _fenced(text: str) -> str:
    return "```\n" + _FENCE.sub("`" + ZERO_WIDTH_SPACE, text) + "\n```"


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
    return f"{label} ({_code(_visible(target))})".lstrip()


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


def _inline(tokens: Sequence[Token], marks: str = "") -> str:
    """A paragraph's text, line by line. *marks* are put around it, and the same ones inside are left out."""
    out: list[str] = [_OPENS + mark for mark in marks]
    open_marks = list(marks)
    left_out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        name, _, side = token.type.rpartition("_")
        content = _visible(token.content).replace("\n", " ")  # entities such as &#x202e; are characters only now
        if token.type == "text":
            out.append(_literally(content) if links else _with_links(content))
        elif token.type == "code_inline":
            out.append(_escaped(content).translate(_OPAQUE) if links else _code(content))
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
            address, label = _address(str(token.attrs.get("src", ""))), _literally(_flat(token.children or []))
            out.append(_linked(address, label or "image") if address and not links else label)
    out += [mark + _CLOSES for mark in reversed(marks)]
    text = _decoded("\n".join(_line(line) for line in "".join(out).split("\n")))
    return _FENCE.sub("`" + ZERO_WIDTH_SPACE, text)


def _flat(tokens: Sequence[Token]) -> str:
    """The words of a paragraph without any markup, not escaped; addresses of links in brackets."""
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            out.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            out.append(" ")
        elif token.type == "image":
            out.append(_flat(token.children or []))
        elif token.type == "link_open":
            links.append((str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close":
            url, begin = links.pop()
            if "".join(out[begin:]) != url:
                out.append(f" ({url})")
    return _visible("".join(out)).replace("\n", " ")


def _columns(text: str) -> int:
    """How many columns *text* takes in a fixed-width font."""
    return (
        len(text)
        if text.isascii()
        else sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    )


def _table(tokens: Sequence[Token]) -> str:
    """A table as an aligned block of code, which is all that a text in Slack has for it."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(" ".join(_flat(token.children or []).split()))
    widths = [max(min(_columns(cell), CELL_COLUMNS) for cell in column) for column in zip(*rows, strict=True)]

    def line(row: list[str]) -> str:
        cells = (cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True))
        return " | ".join(cells).rstrip()

    lines = [line(rows[0]), "-+-".join("-" * width for width in widths), *map(line, rows[1:])]
    return _fenced(_escaped("\n".join(lines)))


class _Blocks:
    """Puts the blocks of a document below each other."""

    def __init__(self) -> None:
        self._out: list[tuple[str, bool]] = []  # a block, and whether the one after it stands close to it
        self._numbers: list[int | None] = []  # the next number of each open list, None for bullets
        self._bullets: list[str] = []  # what the next block of each open item begins with
        self._quotes = 0

    def of(self, tokens: Sequence[Token]) -> str:
        """The document of all *tokens*."""
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "table_open":
                end = next(k for k in range(at, len(tokens)) if tokens[k].type == "table_close")
                self._put_as_is(_table(tokens[at:end]))
                at = end
            elif token.type == "inline":
                self._put_text(token, heading=tokens[at - 1].type == "heading_open")
            elif token.type in ("fence", "code_block"):
                self._put_as_is(_fenced(_escaped(token.content.rstrip("\n"))))
            elif token.type == "hr":
                self._put("──────────")
            else:
                self._enter_or_leave(token)
            at += 1
        text = ""
        for k, (block, _) in enumerate(self._out):
            close = k > 0 and self._out[k - 1][1] and self._out[k][1]
            text += ("" if k == 0 else "\n" if close else "\n\n") + block
        return text

    def _enter_or_leave(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                number = self._numbers[-1]
                bullet = "•◦▪"[min(len(self._numbers) - 1, 2)] if number is None else f"{number}{token.markup}"
                self._numbers[-1] = None if number is None else number + 1
                self._bullets.append(bullet + " ")
            case "list_item_close":
                if bullet := self._bullets.pop().strip():  # an item with nothing in it
                    self._bullets.append(bullet)
                    self._put("")
                    self._bullets.pop()
            case "blockquote_open" | "blockquote_close":
                self._quotes += token.nesting

    def _put_text(self, token: Token, heading: bool) -> None:
        if not token.content.strip():
            return
        text = _inline(token.children or [], "*" if heading else "")
        if self._bullets and self._bullets[-1] and (task := re.match(r"\[([ xX])\]\s+", text)):
            text = ("☐ " if task[1] == " " else "☑ ") + text[task.end() :]
        self._put(text)

    def _put(self, block: str) -> None:
        if self._bullets:
            indent = "    " * (len(self._bullets) - 1)
            first, self._bullets[-1] = self._bullets[-1] or "   ", ""
            head, *rest = block.split("\n")
            block = "\n".join([(indent + first + head).rstrip(), *(indent + "   " + line for line in rest)])
        if self._quotes:
            block = "\n".join(f"> {line}".rstrip() for line in block.split("\n"))
        self._out.append((block, bool(self._bullets)))

    def _put_as_is(self, block: str) -> None:
        """Code: with an indentation or a quote before each line Slack would show these as a part of it."""
        if self._bullets and self._bullets[-1]:
            self._put("")
        self._out.append((block, bool(self._bullets)))

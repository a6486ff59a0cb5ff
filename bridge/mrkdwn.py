"""Markdown → mrkdwn, the markup of Slack's messages: nothing that an author wrote can notify anybody there.

Headings become bold, lists bullets of text, tables blocks of code; how a paragraph is made harmless says
`mrkdwn_inline`. `render` and `truncate` are for bodies; `escape`, `code` and `link` for what goes around them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .mrkdwn_inline import ZERO_WIDTH_SPACE as ZERO_WIDTH_SPACE
from .mrkdwn_inline import apart, escaped, flat, paragraph, visible
from .mrkdwn_inline import code as code
from .mrkdwn_inline import escape as escape
from .mrkdwn_inline import link as link

# Characters of Markdown that are looked at: a post shows 3,000, and hostile text costs the parser its size squared.
LONGEST = 12_000
CELL_COLUMNS = 40  # a longer cell does not widen its whole column

# Ten lists in each other; what is deeper vanishes. Each level makes hostile brackets dearer.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])


def render(source: str) -> str:
    """*source*, Markdown of anybody, as mrkdwn, without what is beyond `LONGEST`. Empty only for nothing visible."""
    seen = visible(source[:LONGEST])
    text = _Blocks().of(_parser.parse(seen)).strip("\n")
    return text if text.strip() else escape(seen)


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


def _continues(character: str) -> bool:
    """Whether it belongs to the character before it, as accents, skin colours and parts of joined emoji do."""
    return (
        character in "\u200c\u200d"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or (unicodedata.combining(character) > 0)
    )


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _fenced(text: str) -> str:
    return "```\n" + apart(text) + "\n```"


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
            rows[-1].append(" ".join(flat(token.children or []).split()))
    widths = [max(min(_columns(cell), CELL_COLUMNS) for cell in column) for column in zip(*rows, strict=True)]

    def line(row: list[str]) -> str:
        cells = (cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True))
        return " | ".join(cells).rstrip()

    lines = [line(rows[0]), "-+-".join("-" * width for width in widths), *map(line, rows[1:])]
    return _fenced(escaped("\n".join(lines)))


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
                self._put_as_is(_fenced(escaped(token.content.rstrip("\n"))))
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
        text = paragraph(token.children or [], "*" if heading else "")
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

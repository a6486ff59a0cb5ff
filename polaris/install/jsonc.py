"""Changes single values of a JSON text and leaves every other byte as it is: comments, blanks, order, line ends.

Texts may have comments and commas at the end, as several agents allow. Nothing is formatted anew: the text is read
into nodes that know their place, and a change is an insertion or a cut at such a place. What an insertion added, a cut
takes away again without a trace (see `remove`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

Path = Sequence[str | int]

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"//[^\n\r]*|/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-])|(?:true|false|null)\b")
_DEPTH = 200


class NotJson(ValueError):
    """The text is no JSON; says where."""


class NotFitting(ValueError):
    """A place on the way to the value holds something else than it should."""


@dataclass
class Node:
    """A value at ``text[start:end]``. In an object or array: ``lead`` is where what stands before the value (and its
    key) ends, ``comma`` the end of the comma behind it (0: none), ``tail`` the end of the last thing inside."""

    kind: str
    start: int
    end: int = 0
    value: Any = None
    items: list[Node] = field(default_factory=list)
    key: str = ""
    key_start: int = 0
    lead: int = 0
    comma: int = 0
    tail: int = 0


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.last = text, 0, 0

    def fail(self, what: str) -> NotJson:
        line = self.text.count("\n", 0, self.at) + 1
        return NotJson(f"line {line}: {what}")

    def skip(self) -> None:
        """Past blanks and comments; ``last`` is then the end of the last comment, or of what was before."""
        self.last = self.at
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing as well
        while self.text.startswith("/", self.at) and (found := _COMMENT.match(self.text, self.at)):
            self.last = found.end()
            self.at = _SPACE.match(self.text, self.last).end()  # type: ignore[union-attr]

    def take(self, mark: str) -> bool:
        if self.text.startswith(mark, self.at):
            self.at += 1
            return True
        return False

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if not found:
            raise self.fail("a text in quotes is expected" if self.at < len(self.text) else "the end is missing")
        self.at = found.end()
        return str(json.loads(found[0])) if "\\" in found[0] else found[0][1:-1]

    def value(self, depth: int = 0) -> Node:
        if depth > _DEPTH:
            raise self.fail("it is nested too deeply")
        start = self.at
        if self.take("{"):
            node = self.members("object", start, "}", depth)
        elif self.take("["):
            node = self.members("array", start, "]", depth)
        elif self.text.startswith('"', start):
            node = Node("string", start, value=self.string())
        elif found := _SCALAR.match(self.text, start):
            self.at = found.end()
            node = Node("scalar", start, value=json.loads(found[0]))
        else:
            raise self.fail("a value is expected" if start < len(self.text) else "the end is missing")
        node.end = self.at
        return node

    def members(self, kind: str, start: int, close: str, depth: int) -> Node:
        node = Node(kind, start)
        self.skip()
        while not self.take(close):
            if node.items and not node.items[-1].comma:
                raise self.fail("a comma is missing")
            lead, key_start, key = self.last, self.at, ""
            if kind == "object":
                key = self.string()
                self.skip()
                if not self.take(":"):
                    raise self.fail("a colon is missing")
                self.skip()
            item = self.value(depth + 1)
            item.lead, item.key_start, item.key = lead, key_start, key
            self.skip()
            if self.take(","):
                item.comma = self.at
                self.skip()
            node.items.append(item)
        node.tail = self.last
        if kind == "object":
            node.value = {item.key: item.value for item in node.items}
        else:
            node.value = [item.value for item in node.items]
        return node


@lru_cache(maxsize=4)
def parse(text: str) -> Node:
    """The whole text as a node, which is not to be changed: the latest are kept. Raises `NotJson`."""
    reader = _Reader(text)
    reader.take("\ufeff")
    reader.skip()
    node = reader.value()
    reader.skip()
    if reader.at != len(text):
        raise reader.fail("something stands behind the end")
    return node


def find(node: Node, path: Path) -> Node | None:
    """The value at *path*; of equal keys the last one counts, as for the programs that read it."""
    for step in path:
        if isinstance(step, int):
            node_or_none = node.items[step] if node.kind == "array" and step < len(node.items) else None
        else:
            node_or_none = next((i for i in reversed(node.items) if node.kind == "object" and i.key == step), None)
        if node_or_none is None:
            return None
        node = node_or_none
    return node


def put(text: str, path: Path, value: Any) -> str:
    """*text* with *value* at *path*: replaced where something stands there, else behind everything else."""
    root = parse(text)
    if (there := find(root, path)) is not None:
        if _same(there.value, value):
            return text
        lines = "\n" in text and (_broken(text, there) or not there.items)
        shown = _pretty(value, _indent(text, there.start) if lines else None, _unit(text), _newline(text))
        return text[: there.start] + shown + text[there.end :]
    for depth in range(len(path)):
        if find(root, path[: depth + 1]) is None:
            holder = find(root, path[:depth])
            for step in reversed(path[depth + 1 :]):
                value = {step: value}
            return _insert(text, holder, str(path[depth]), value, path[:depth])
    raise AssertionError("a path that is nowhere and everywhere")


def append(text: str, path: Path, value: Any) -> str:
    """*text* with *value* as the last item of the array at *path*, which is made where there is none."""
    there = find(parse(text), path)
    if there is None:
        return put(text, path, [value])
    if there.kind != "array":
        raise NotFitting(f"{_named(path)} is no list")
    return _insert(text, there, None, value, path)


def remove(text: str, path: Path, before: str | None = None) -> str:
    """*text* without the value at *path*, and without the objects and arrays around it that are empty then.

    *before* is the text as it was without us: what was empty there already stays, with the very same blanks.
    """
    root = parse(text)
    there, holder = find(root, path), find(root, path[:-1])
    if there is None or holder is None:
        return text
    place = holder.items.index(there)
    cut = [(there.lead, there.comma or there.end)]
    if not there.comma and place:  # the comma before belongs to it
        previous = holder.items[place - 1]
        cut.append((previous.comma - 1, previous.comma))
    for start, end in sorted(cut, reverse=True):
        text = text[:start] + text[end:]
    if len(holder.items) > 1:
        return text
    return _emptied(text, path[:-1], before)


def _emptied(text: str, path: Path, before: str | None) -> str:
    """What becomes of a holder that lost its last value."""
    holder = find(parse(text), path)
    assert holder is not None
    inside = text[holder.start + 1 : holder.end - 1]
    old = find(parse(before), path) if before is not None else None
    if inside.strip():  # a comment is somebody's: the holder stays, with the blanks that it had
        if old is not None and not old.items and before is not None:
            was = before[old.start + 1 : old.end - 1]
            inside = was if was.strip() == inside.strip() else inside
        return text[: holder.start + 1] + inside + text[holder.end - 1 :]
    if old is not None and before is not None and old.kind == holder.kind:
        shown = before[old.start : old.end] if not old.items else text[holder.start] + text[holder.end - 1]
        return text[: holder.start] + shown + text[holder.end :]
    if not path:
        return text[: holder.start + 1] + text[holder.end - 1 :]
    return remove(text, path, before)


def _insert(text: str, holder: Node | None, key: str | None, value: Any, path: Path) -> str:
    if holder is None or holder.kind != ("array" if key is None else "object"):
        raise NotFitting(f"{_named(path)} is no {'list' if key is None else 'object'}")
    last = holder.items[-1] if holder.items else None
    comment = text[holder.tail - 1 : holder.tail] not in ("", ",") and _after_line_comment(text, holder)
    # A file on one line stays on one line, unless it was empty.
    lines = _broken(text, holder) or comment or not (holder.items or (path and "\n" not in text.strip()))
    inner = _inner(text, holder) if lines else ""
    shown = (f"{json.dumps(key, ensure_ascii=False)}: " if key is not None else "") + _pretty(
        value, inner if lines else None, _unit(text), _newline(text)
    )
    gap = _newline(text) + inner if lines else " "
    closing = ""
    if not lines and not holder.items:
        gap = ""
    elif not holder.items and "\n" not in text[holder.tail : holder.end - 1]:
        closing = _newline(text) + _indent(text, holder.start)
    if last is None:
        return text[: holder.tail] + gap + shown + closing + text[holder.tail :]
    if last.comma:
        return text[: holder.tail] + gap + shown + "," + text[holder.tail :]
    return text[: last.end] + "," + text[last.end : holder.tail] + gap + shown + closing + text[holder.tail :]


def _after_line_comment(text: str, holder: Node) -> bool:
    """Whether the last thing in *holder* is a comment that goes to the end of its line."""
    start = holder.items[-1].comma or holder.items[-1].end if holder.items else holder.start + 1
    found = [comment[0] for comment in _COMMENT.finditer(text, start, holder.tail)]
    return bool(found) and found[-1].startswith("//")


def _broken(text: str, holder: Node) -> bool:
    """Whether the values of *holder* stand on lines of their own."""
    return bool(holder.items) and "\n" in text[holder.start : holder.items[0].key_start or holder.items[0].start]


def _inner(text: str, holder: Node) -> str:
    if _broken(text, holder):
        first = holder.items[0]
        return _indent(text, first.key_start if holder.kind == "object" else first.start)
    return _indent(text, holder.start) + _unit(text)


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :]
    found = re.match(r"[ \t]*", line)
    return found[0] if found else ""


def _unit(text: str) -> str:
    """One step of this file's indentation."""
    found = re.search(r"[\[{][ \t]*\r?\n([ \t]+)\S", text)
    return found[1] if found else "  "


def _newline(text: str) -> str:
    found = re.search(r"\r?\n", text)
    return found[0] if found else "\n"


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, and the order of keys says nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _pretty(value: Any, indent: str | None, unit: str, newline: str) -> str:
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    shown = json.dumps(value, ensure_ascii=False, indent=unit)
    return shown.replace("\n", newline + indent)


def _named(path: Path) -> str:
    return ".".join(map(str, path)) or "the whole"

"""Puts whole tables into a TOML text and takes them out; every other byte stays.

A table is written at the end of the file, under a header of its own. Each change is proved by reading the result: it
has to say what the text said before, and the table. What cannot be written so (``mcp_servers = {…}`` on one line) is
refused.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

_HEADER = re.compile(r"^[ \t]*\[\[?[^\n]*\]\]?[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)


class NotToml(ValueError):
    """The text is no TOML; says where."""


def parse(text: str) -> dict[str, Any]:
    """What the text says. Raises `NotToml`."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise NotToml(str(error)) from None


def get(text: str, name: Sequence[str]) -> Any:
    """The table *name*, or None."""
    found: Any = parse(text)
    for step in name:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def put(text: str, name: Sequence[str], value: Mapping[str, Any]) -> str:
    """*text* with the table *name*: as it is when it says the same already, else written at the end."""
    here = get(text, name)
    if isinstance(here, dict) and {key: item for key, item in here.items() if key in value} == dict(value):
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"[{'.'.join(map(_key, name))}]", *(f"{_key(key)} = {_value(item)}" for key, item in value.items())]
    for start, end, header in _tables(text):
        if header == tuple(name):
            # Ours of an older installation; tables below it may be the user's.
            lead = re.match(r"(?:\r?\n)*", text[start:end])
            shown = newline.join(lines) + (newline if text[start:end].endswith("\n") else "")
            result = text[:start] + (lead[0] if lead else "") + shown + text[end:]
            below = {key: item for key, item in here.items() if isinstance(item, dict) and key not in value}
            _prove(result, _with(parse(text), name, {**dict(value), **below}))
            return result
    rest = remove(text, name)
    gap = "" if not rest.strip("\ufeff") else newline if rest.endswith("\n") else newline * 2
    result = rest + gap + newline.join(lines) + newline
    _prove(result, _with(parse(rest), name, dict(value)))
    return result


def remove(text: str, name: Sequence[str]) -> str:
    """*text* without the table *name* and the tables inside it."""
    if get(text, name) is None:
        return text
    wanted = parse(text)
    _without(wanted, name)
    result, tables = text, list(_tables(text))
    for start, end, header in reversed(tables):
        if header[: len(name)] == tuple(name):
            result = result[:start] + result[end:]
    _prove(result, wanted)
    return result


def _tables(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Where each table begins and ends, and its name. The blank line in front of our table belongs to it."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for header in _HEADER.finditer(text):
        names = _header_names(header[0].rstrip("\r"))
        if names is None or not _top_level(text[: header.start()]):
            continue
        start = header.start()
        if text.endswith("\r\n\r\n", 0, start):
            start -= 2
        elif text.endswith("\n\n", 0, start):
            start -= 1
        found.append((start, len(text), names))
    ends = [*(start for start, _, _ in found), len(text)][1:]
    return [(start, _last_line(text, start, end), names) for (start, _, names), end in zip(found, ends, strict=True)]


def _last_line(text: str, start: int, end: int) -> int:
    """Where the table ends: comments and blank lines behind its last value are what follows."""
    lines = text[start:end].splitlines(keepends=True)
    while lines and re.fullmatch(r"[ \t]*(?:#[^\n]*)?\r?\n?", lines[-1]):
        end -= len(lines.pop())
    return end


def _header_names(line: str) -> tuple[str, ...] | None:
    try:
        table: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    names = []
    while table:
        if isinstance(table, list):
            table = table[0]
            continue
        ((name, table),) = table.items()
        names.append(name)
    return tuple(names)


def _top_level(text: str) -> bool:
    """Whether a header may stand behind *text*: not inside a text of several lines, not in an array."""
    try:
        tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _with(said: dict[str, Any], name: Sequence[str], value: Any) -> dict[str, Any]:
    said = copy.deepcopy(said)
    holder = said
    for step in name[:-1]:
        holder = holder.setdefault(step, {})
        if not isinstance(holder, dict):
            raise NotToml(f"{step} is no table")
    holder[name[-1]] = value
    return said


def _without(said: dict[str, Any], name: Sequence[str]) -> None:
    holder = said
    for step in name[:-1]:
        holder = holder[step]
    del holder[name[-1]]


def _prove(text: str, said: dict[str, Any]) -> None:
    try:
        same = _pruned(parse(text)) == _pruned(said)
    except NotToml:
        same = False
    if not same:
        raise NotToml("the table cannot be written into it without changing the rest")


def _pruned(value: Any) -> Any:
    """Without empty tables: a table that only holds others has no header of its own."""
    if isinstance(value, dict):
        return {key: inner for key, item in value.items() if (inner := _pruned(item)) != {}}
    return value


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        # A basic string of TOML has JSON's escapes, except for the last control character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"

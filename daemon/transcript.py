"""Reads only the new end of an agent's transcript, from where the last reading stopped.

What a line means is the agent's module's (`agents.base.Transcript`). A `Cursor` is all that has to be kept; it is small
and goes into SQLite as text. Each call reads at most ``limit`` bytes, so that a long session costs as much as a short
one; ``more`` says that there is more to read at once. Only complete lines count. A file that was cut or replaced is
read from its beginning again: the client ids make the events the same ones, and nothing from before ``since`` is told.
Lines that are no JSON or longer than ``limit`` are passed over and counted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import orjson

from .agents.base import Captured, Payload, Seen, Transcript
from .agents.used import Used

LIMIT = 1024 * 1024
_HEAD = 256
# How far back a reading that begins at the end looks for the turn that is under way.
_BACK = 256 * 1024
# Lines of a turn may be written after the next one has begun.
_TURNS_KEPT = 8
# Records of sub-agents: what comes after so many newer ones is not told any more.
_BESIDE_KEPT = 32


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the last reading stopped. ``since``: seconds since 1970, nothing older is told.

    ``file`` is the inode and the first bytes of what was read, ``size`` its length when all of it had been. ``state``
    is what the agent's lines keep. ``turns`` are the last ones that hooks told of, the newest at the end. ``beside``:
    the records of sub-agents by their path, the newest at the end, with where their reading stopped (`used_beside`).
    """

    offset: int = 0
    since: float = 0.0
    file: str = ""
    size: int = -1
    skipping: bool = False
    state: Payload = field(default_factory=dict)
    turns: tuple[str, ...] = ()
    beside: Payload = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def of(cls, text: str | None) -> Cursor | None:
        """The cursor that `text` wrote; None for what is none."""
        try:
            told = json.loads(text or "")
            if not isinstance(told["state"], dict):
                return None
            return cls(**told | {"turns": tuple(told.get("turns", ()))})
        except (ValueError, TypeError, KeyError):
            return None

    @property
    def turn(self) -> str | None:
        return self.turns[-1] if self.turns else None

    def told(self, turn: str) -> Cursor:
        """Notes that a hook told something of *turn*."""
        if turn == self.turn:
            return self
        return replace(self, turns=(*(one for one in self.turns if one != turn), turn)[-_TURNS_KEPT:])

    def with_beside(self, path: str, session_id: str) -> Cursor:
        """Notes that a sub-agent of *session_id* has a record of its own; it is not looked at here."""
        if path in self.beside:
            return self
        kept = list(self.beside.items())[1 - _BESIDE_KEPT :]
        return replace(self, beside={**dict(kept), path: {"session_id": session_id}})


@dataclass(frozen=True, slots=True)
class Reading:
    """What the new lines told. ``ended`` is a hint that the agent's process has left."""

    cursor: Cursor
    events: list[Captured] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    ended: bool = False
    more: bool = False
    bytes_read: int = 0
    skipped: int = 0
    used: list[Used] = field(default_factory=list)


def at_end(path: Path, since: float, how: Transcript | None) -> Cursor:
    """A cursor for a session that is bound now: at the end of what is there, with the turn that is under way."""
    if how is None:
        return Cursor(since=since)
    try:
        with path.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            opened.seek(max(0, size - _BACK))
            tail = opened.read(_BACK)
            offset = size - len(tail) + tail.rfind(b"\n") + 1 if b"\n" in tail else 0
            return Cursor(offset, since, _identity(opened, offset), state=how.begin(_backwards(tail, how)))
    except OSError:
        return Cursor(since=since)


def read(path: Path, cursor: Cursor, how: Transcript, *, session_id: str, limit: int = LIMIT) -> Reading:
    """What came after *cursor*. A file that cannot be read now leaves the cursor as it is."""
    try:
        with path.open("rb") as opened:
            return _read(opened, cursor, how, session_id, limit)
    except OSError:
        return Reading(cursor)


def finish(cursor: Cursor, how: Transcript, *, session_id: str) -> Reading:
    """What a session leaves that is over for certain: a last text whose turn nobody closed."""
    lines = how.lines(session_id, cursor.since, cursor.state)
    lines.finish()
    return Reading(replace(cursor, state=lines.kept()), lines.events)


def used_beside(cursor: Cursor, how: Transcript) -> tuple[list[Used], Cursor, bool]:
    """What sub-agents used, from the new end of each record that *cursor* knows of; and whether there is more."""
    used, after, more = list[Used](), dict[str, Payload](), False
    for path, kept in cursor.beside.items():
        session_id = kept.get("session_id", "")
        known = Cursor(kept.get("offset", 0), cursor.since, kept.get("file", ""), kept.get("size", -1))
        reading = read(Path(path), known, how, session_id=session_id)
        at = reading.cursor
        used, more = used + reading.used, more or reading.more
        after[path] = {"session_id": session_id, "offset": at.offset, "file": at.file, "size": at.size}
    return used, replace(cursor, beside=after), more


def _read(opened: IO[bytes], cursor: Cursor, how: Transcript, session_id: str, limit: int) -> Reading:
    status = os.fstat(opened.fileno())
    if status.st_size == cursor.size and cursor.file.startswith(f"{status.st_ino}:"):
        return Reading(cursor)
    head = _identity(opened, _head_length(cursor)) if cursor.offset else ""
    if status.st_size < cursor.offset or head != cursor.file:
        cursor = Cursor(since=cursor.since, turns=cursor.turns, beside=cursor.beside)
    opened.seek(cursor.offset)
    data = opened.read(limit)
    begin, end, skipping, skipped = 0, data.rfind(b"\n") + 1, False, 0
    if cursor.skipping:
        # The rest of a line that was too long.
        skipping = end == 0
        begin = len(data) if skipping else data.find(b"\n") + 1
    elif end == 0 and len(data) == limit:
        begin, skipping, skipped = limit, True, 1
    whole = data[begin:end]
    offset = cursor.offset + max(begin, end)
    lines = how.lines(session_id, cursor.since, cursor.state)
    for line in whole.splitlines():
        if how.useful.search(line):
            told = _parsed(line)
            if told is None:
                skipped += 1
            else:
                lines.take(told)
    more = len(data) == limit and offset < status.st_size
    after = Cursor(
        offset=offset,
        since=cursor.since,
        file=_identity(opened, offset),
        size=-1 if more else cursor.offset + len(data),
        skipping=skipping,
        state=lines.kept(),
        turns=cursor.turns,
        beside=cursor.beside,
    )
    read_in_all = len(data) + 2 * min(_HEAD, offset)
    return Reading(after, lines.events, lines.seen, lines.ended, more, read_in_all, skipped, lines.used)


def _identity(opened: IO[bytes], offset: int) -> str:
    length = min(_HEAD, offset)
    opened.seek(0)
    digest = hashlib.sha256(opened.read(length)).hexdigest()[:16]
    return f"{os.fstat(opened.fileno()).st_ino}:{length}:{digest}"


def _head_length(cursor: Cursor) -> int:
    parts = cursor.file.split(":")
    return int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() else 0


def _backwards(tail: bytes, how: Transcript) -> Iterator[Payload]:
    for line in reversed(tail.splitlines()):
        if how.useful.search(line) and (told := _parsed(line)) is not None:
            yield told


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        told = orjson.loads(line)
    except ValueError:
        try:
            # Half a surrogate pair, which orjson does not take.
            told = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
    return told if isinstance(told, dict) else None

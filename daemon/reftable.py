"""Reads single refs out of git's reftables, the form in which newer versions keep them instead of one file a ref.

A stack of tables lies in ``reftable/``; ``tables.list`` names them, the oldest first, and a newer one counts more. A
table never changes under its name. Refs are sorted, in blocks; the first record of a block has its whole name, so that
only one block of a table is taken apart. Form: Documentation/technical/reftable.txt of git.
"""

from __future__ import annotations

import os
import re

from .plainfile import read

TABLES = 1000
TABLE_BYTES = 64 << 20
_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")

# What a ref is: another ref's name, the digits of a commit, or deleted.
Value = tuple[str, str]


class Tables:
    """The refs of one working tree: *own* is its git directory, *common* the one that it shares with others."""

    def __init__(self, own: str, common: str) -> None:
        self._own, self._common = own, common

    def head(self) -> tuple[str | None, str | None]:
        """The ref that HEAD stands for (None where it is detached) and its commit (None where there is none yet)."""
        found, ref = _look(self._own, "HEAD"), None
        for _ in range(5):
            if found is None or found[0] != "ref":
                break
            ref = found[1]
            found = _look(self._common, ref)
        return ref, found[1] if found is not None and found[0] == "commit" else None


def _look(folder: str, ref: str) -> Value | None:
    place = os.path.join(folder, "reftable")
    names = (read(os.path.join(place, "tables.list"), 1 << 16) or b"").decode("ascii", "replace").split()
    for name in reversed(names[-TABLES:]):
        data = read(os.path.join(place, name), TABLE_BYTES) if _NAME.fullmatch(name) else None
        try:
            found = _find(data, ref.encode("utf-8", "replace")) if data else None
        except IndexError:
            return None  # cut off, or of a form that came later
        if found is not None:
            return None if found[0] == "deleted" else found
    return None


def _find(data: bytes, ref: bytes) -> Value | None:
    if data[:4] != b"REFT" or data[4] not in (1, 2):
        return None
    header, digits = (24, 20) if data[4] == 1 else (28, 32 if data[24:28] == b"s256" else 20)
    size = int.from_bytes(data[5:8], "big")
    start, first, block = 0, header, None
    while first < len(data) and data[first : first + 1] == b"r":
        length = int.from_bytes(data[first + 1 : first + 4], "big")
        name, _ = _named(data, first + 4, b"")
        if name > ref or length < 4:
            break
        block = first + 4, start + length
        # Blocks are padded, but for those of a table without a block size and the last one.
        start = start + size if size else start + length
        first = start
    if block is None:
        return None
    place, end = block
    end -= 2 + 3 * int.from_bytes(data[end - 2 : end], "big")  # where a reader may begin
    name = b""
    while place < end:
        (name, kind), place = _record(data, place, name)
        _, place = _number(data, place)
        if kind == 3:
            length, place = _number(data, place)
            value = "ref", data[place : place + length].decode("utf-8", "replace")
            place += length
        else:
            value = "commit" if kind else "deleted", data[place : place + digits].hex() if kind else ""
            place += digits * kind
        if name == ref:
            return value
        if name > ref:
            return None
    return None


def _record(data: bytes, place: int, before: bytes) -> tuple[tuple[bytes, int], int]:
    """Name and kind of a record: 0 deleted, 1 a commit, 2 a tag and what it is of, 3 another ref."""
    shared, place = _number(data, place)
    more, place = _number(data, place)
    end = place + (more >> 3)
    if end > len(data) or shared > len(before) or more & 7 > 3:
        raise IndexError
    return (before[:shared] + data[place:end], more & 7), end


def _named(data: bytes, place: int, before: bytes) -> tuple[bytes, int]:
    (name, _), place = _record(data, place, before)
    return name, place


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = data[place] & 0x7F
    while data[place] & 0x80:
        place += 1
        value = (value + 1) << 7 | data[place] & 0x7F
    return value, place + 1

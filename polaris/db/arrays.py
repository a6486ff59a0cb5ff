"""Columns of a batch as binary Postgres arrays.

psycopg's own list dumper walks a list element by element through the adapters; a batch of 500 events has ten columns,
so these two write the wire format in one go. `Texts` takes bytes as well: JSON that is already encoded goes through
untouched, and the server casts (``%b::text[]::jsonb[]``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format

_HEAD = struct.Struct("!iiIii")  # dimensions, has nulls, element type, length, lower bound
_NULL = b"\xff\xff\xff\xff"
_INT8 = b"\x00\x00\x00\x08"


class Texts:
    """A ``text[]`` out of str, UTF-8 bytes and None."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[str | bytes | None]) -> None:
        self.items = items


class Longs:
    """A ``bigint[]`` out of int and None."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[int | None]) -> None:
        self.items = items


class TextsDumper(Dumper):
    format = Format.BINARY
    oid = types["text"].array_oid

    def dump(self, obj: Texts) -> bytes:
        parts: list[bytes] = []
        for item in obj.items:
            if item is None:
                parts.append(_NULL)
            else:
                data = item if isinstance(item, bytes) else item.encode()
                parts += (len(data).to_bytes(4, "big"), data)
        return _array(types["text"].oid, obj.items, parts)


class LongsDumper(Dumper):
    format = Format.BINARY
    oid = types["int8"].array_oid

    def dump(self, obj: Longs) -> bytes:
        parts = [_NULL if item is None else _INT8 + item.to_bytes(8, "big", signed=True) for item in obj.items]
        return _array(types["int8"].oid, obj.items, parts)


def _array(element: int, items: Sequence[Any], parts: Iterable[bytes]) -> bytes:
    if not items:
        return struct.pack("!iiI", 0, 0, element)
    return _HEAD.pack(1, 1, element, len(items), 1) + b"".join(parts)


def register(conn: AsyncConnection[Any]) -> None:
    """Teaches a connection the two types."""
    conn.adapters.register_dumper(Texts, TextsDumper)
    conn.adapters.register_dumper(Longs, LongsDumper)

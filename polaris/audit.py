"""The audit log, checked without its writer: nothing here asks a database whether the log is whole.

Each row's hash covers the row and the hash of the row before, so whoever changes, removes, adds or moves a row has to
write every later row anew. What that leaves open is a log that was rewritten or cut from some row to its end: an
`Anchor`, the number and hash of a row that was noted down elsewhere earlier, closes it.

A row is a mapping with the names of `FIELDS`, as the API and the export give it; ``detail`` is the very text that was
hashed, hashes are lower case hex.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

FIELDS = ("org_id", "audit_id", "at", "actor", "action", "target", "detail", "prev_hash", "hash")
START = "0" * 64
_HASH = re.compile(r"[0-9a-f]{64}")
_ANCHOR = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


class Anchor(NamedTuple):
    """The number and hash of a row; 0 and zeros before the first one."""

    audit_id: int
    hash: str

    def __str__(self) -> str:
        return f"{self.audit_id}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Anchor:
        """From ``12:ab…``. Raises `ValueError`."""
        found = _ANCHOR.fullmatch(text.strip().lower())
        if not found:
            raise ValueError("an anchor is a number, a colon and 64 hexadecimal digits")
        return cls(int(found[1]), found[2])


class Broken(Exception):
    """The log is not what was written. *audit_id* is the first row that is not as it was."""

    def __init__(self, audit_id: int, reason: str) -> None:
        super().__init__(f"Row {audit_id} {reason}")
        self.audit_id, self.reason = audit_id, reason


class Chain:
    """Checks rows one after the other, from the first one on; keeps none of them."""

    def __init__(self, anchors: Iterable[Anchor] = ()) -> None:
        self._anchors = sorted(anchors)
        self.rows = 0
        self.org_id: int | None = None
        self.head = Anchor(0, START)

    def add(self, row: Mapping[str, Any]) -> None:
        """Raises `Broken`."""
        next_id = self.head.audit_id + 1
        try:
            audit_id, text = int(row["audit_id"]), canonical(row)
            before, own = str(row["prev_hash"]), str(row["hash"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Broken(next_id, f"cannot be read: {error!r}.") from error
        if self.org_id is not None and int(row["org_id"]) != self.org_id:
            raise Broken(next_id, "is of another organization.")
        if audit_id > next_id:
            raise Broken(next_id, f"is missing: row {audit_id} stands in its place.")
        if audit_id < next_id:
            raise Broken(audit_id, f"stands after row {self.head.audit_id}: it was moved or doubled.")
        if not (_HASH.fullmatch(before) and hmac.compare_digest(digest(before, text), own)):
            raise Broken(audit_id, "was changed: its hash is not the hash of what it says.")
        if before != self.head.hash:
            # The row is what was hashed, so it remembers how the one before was: that one is another now.
            raise Broken(max(self.head.audit_id, 1), f"was rewritten: row {audit_id} remembers another hash.")
        self.org_id = int(row["org_id"])
        self.rows += 1
        self.head = Anchor(audit_id, own)
        self._compare()

    def end(self) -> None:
        """To be called after the last row. Raises `Broken` for rows that an anchor knows and the log has no more."""
        self._compare()
        if self._anchors:
            last = self._anchors[-1].audit_id
            raise Broken(self.head.audit_id + 1, f"is missing: the log was cut, it had {last} rows at least.")

    def _compare(self) -> None:
        while self._anchors and self._anchors[0].audit_id <= self.head.audit_id:
            anchor = self._anchors.pop(0)
            if anchor.audit_id == self.head.audit_id and anchor.hash != self.head.hash:
                raise Broken(anchor.audit_id, "was rewritten, or one before it: it had another hash.")


def canonical(row: Mapping[str, Any]) -> str:
    """What is hashed of a row: each field as ``<length in bytes>:<text>``, a missing one as ``-``, one a line."""
    fields = (
        str(int(row["org_id"])),
        str(int(row["audit_id"])),
        _time(row["at"]),
        row["actor"],
        row["action"],
        row["target"],
        row["detail"],
    )
    return "\n".join("-" if field is None else f"{len(field.encode())}:{field}" for field in fields)


def digest(before: str, text: str) -> str:
    """The hash of a row after the one with the hash *before*."""
    return hashlib.sha256(bytes.fromhex(before) + text.encode()).hexdigest()


def exported(row: Mapping[str, Any]) -> str:
    """A row as one line of an export; `Chain.add` takes it back as ``json.loads`` reads it."""
    return json.dumps({name: _time(row[name]) if name == "at" else row[name] for name in FIELDS}, ensure_ascii=False)


def _time(value: Any) -> str:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

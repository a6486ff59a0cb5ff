"""The queue of events: in after redaction, out in order, gone when the service has acknowledged them.

What the service refuses for good is kept aside with its reason, so that somebody can look at it; what it answers with
"later" stays in its place. The counts are kept in memory, so that asking for them costs nothing.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import used
from .store import Store, StoreFull

# The share of the disk that waiting events may take; a laptop that is offline for weeks stays usable.
MOST_BYTES = 512 * 1024 * 1024
REFUSED_KEPT = 1000
# The service's own fault, not a refusal: never dropped.
FAULT = "internal"
BATCH_EVENTS = 100
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """One event to be kept: ``event`` is the JSON object that is pushed, as UTF-8 text."""

    route_id: int
    client_id: str
    epoch: int
    kind: str
    event: bytes
    captured_at: int
    agent: str = ""


@dataclass(frozen=True)
class Waiting:
    event_id: int
    client_id: str
    event: bytes


class Spool:
    """The events table of a `Store`."""

    def __init__(self, store: Store, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self.bytes = 0
        self.waiting: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()

    @property
    def full(self) -> bool:
        return self.bytes >= self._most_bytes

    async def load(self) -> None:
        """Counts what an earlier run left, and gives what the service failed at another chance."""
        for route_id, refused, count, size in await self._store.do(_counts):
            (self.refused if refused else self.waiting)[route_id] += count
            self.bytes += size

    def room(self, entries: Sequence[Entry]) -> None:
        """Raises `StoreFull` when *entries* do not fit any more."""
        if self.bytes + sum(len(entry.event) for entry in entries) > self._most_bytes:
            raise StoreFull("The queue of events that wait for the service is full.")

    def kept(self, entries: Sequence[Entry]) -> None:
        """Counts what a job of `insert` has committed."""
        for entry in entries:
            self.waiting[entry.route_id] += 1
            self.bytes += len(entry.event)

    async def next(self, route_id: int, after: int = 0, events: int = BATCH_EVENTS) -> list[Waiting]:
        """The oldest waiting events of a route after an event id, as many as one frame takes."""
        return await self._store.do(lambda db: _next(db, route_id, after, events))

    async def settle(
        self,
        route_id: int,
        kept: Sequence[int],
        refused: Sequence[tuple[int, str, str]],
        known: Sequence[int] = (),
    ) -> None:
        """Forgets what the service has; puts aside what it refused: (event id, code, message).

        *known* are those of *kept* that it had before: what they carried has to go with another event.
        """
        sizes, freed = await self._store.do(lambda db: _settle(db, kept, refused, known))
        self.waiting[route_id] -= len(kept) + len(refused)
        self.refused[route_id] += len(refused)
        self.bytes -= sizes + freed

    async def aside(self, limit: int = 20) -> list[dict[str, Any]]:
        """The newest refused events, without their content."""
        return await self._store.do(lambda db: _aside(db, limit))

    async def forget(self, route_id: int) -> None:
        """Drops what was refused of a route that is given up."""
        freed = await self._store.do(lambda db: _forget(db, route_id))
        self.bytes -= freed
        del self.refused[route_id]
        del self.waiting[route_id]


def insert(db: sqlite3.Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Writes what is not here yet; answers those that were new, as they were written.

    The same client id is the same event. What models used and no event has carried yet goes with the new ones.
    """
    new = []
    for entry in entries:
        done = db.execute(
            "insert or ignore into events (route_id, client_id, epoch, kind, event, captured_at)"
            " values (?, ?, ?, ?, ?, ?)",
            (entry.route_id, entry.client_id, entry.epoch, entry.kind, entry.event, entry.captured_at),
        )
        if done.rowcount:
            event = used.load(db, entry.route_id, entry.agent, entry.event)
            if event is not entry.event:
                db.execute("update events set event = ? where event_id = ?", (event, done.lastrowid))
                entry = replace(entry, event=event)
            new.append(entry)
    return new


def _counts(db: sqlite3.Connection) -> list[tuple[int, int, int, int]]:
    db.execute("update events set code = null, message = null where code = ?", (FAULT,))
    rows = db.execute(
        "select route_id, code is not null, count(*), sum(length(event))"
        " from events group by route_id, code is not null"
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _next(db: sqlite3.Connection, route_id: int, after: int, limit: int) -> list[Waiting]:
    rows = db.execute(
        "select event_id, client_id, event from events where route_id = ? and event_id > ? and code is null"
        " order by event_id limit ?",
        (route_id, after, limit),
    )
    batch: list[Waiting] = []
    size = 0
    for row in rows:
        size += len(row["event"])
        if batch and size > BATCH_BYTES:
            break
        batch.append(Waiting(row["event_id"], row["client_id"], row["event"]))
    return batch


def _settle(
    db: sqlite3.Connection, kept: Sequence[int], refused: Sequence[tuple[int, str, str]], known: Sequence[int]
) -> tuple[int, int]:
    for event_id in known:
        for route_id, event in db.execute("select route_id, event from events where event_id = ?", (event_id,)):
            used.again(db, route_id, event)
    sizes = _delete(db, "event_id in (select value from json_each(?))", "[" + ",".join(map(str, kept)) + "]")
    db.executemany("update events set code = ?, message = ? where event_id = ?", [(c, m, n) for n, c, m in refused])
    if not refused:
        if sizes and not db.execute("select 1 from events limit 1").fetchone():
            db.execute("pragma incremental_vacuum(4096)").fetchall()
        return sizes, 0
    old = (
        f"code <> '{FAULT}' and event_id not in"
        f" (select event_id from events where code <> '{FAULT}' order by event_id desc limit ?)"
    )
    return sizes, _delete(db, old, REFUSED_KEPT)


def _aside(db: sqlite3.Connection, limit: int) -> list[dict[str, Any]]:
    rows = db.execute(
        "select r.project, r.session, r.actor, e.client_id, e.kind, e.code, e.message, e.captured_at"
        " from events e join routes r using (route_id) where e.code is not null order by e.event_id desc limit ?",
        (limit,),
    )
    return [dict(row) for row in rows]


def _forget(db: sqlite3.Connection, route_id: int) -> int:
    return _delete(db, "route_id = ?", route_id)


def _delete(db: sqlite3.Connection, condition: str, value: Any) -> int:
    size = db.execute(f"select coalesce(sum(length(event)), 0) from events where {condition}", (value,)).fetchone()[0]
    db.execute(f"delete from events where {condition}", (value,))
    return int(size)

"""What models used and no event carries yet: it goes with the next events of its session.

An event carries ``facts.usage`` (`polaris.model.Facts`), as much of it as the service takes; the rest stays for the
next one. What is told twice is merged here and once more in the service, where a message of a model is one row: so it
never harms to tell something again, and all of this has to take care of is that nothing is told too seldom. With
`spool` and `records` the only SQL of the daemon: plain functions of an open connection.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

import orjson

from .agents.used import Used, together

# An event may have 64 of them, and 16 KiB of facts as Postgres counts them: up to 2.4 times this text, and the rest.
EVENT_ROWS = 64
EVENT_BYTES = 6 * 1024
_MARK = b'"usage":['


def keep(db: sqlite3.Connection, route_id: int, agent: str, told: Iterable[Used]) -> None:
    """Adds what was told to what waits."""
    for one in together(told):
        known = db.execute(
            "select row from used where route_id = ? and agent = ? and message = ?", (route_id, agent, one.message)
        ).fetchone()
        merged = _merged(one, known[0]) if known else one
        db.execute(
            "insert into used (route_id, agent, message, row) values (?, ?, ?, ?)"
            " on conflict (route_id, agent, message) do update set row = excluded.row",
            (route_id, agent, one.message, json.dumps(merged.row(), ensure_ascii=False, separators=(",", ":"))),
        )


def load(db: sqlite3.Connection, route_id: int, agent: str, event: bytes) -> bytes:
    """The pushed form of an event with as much as it can carry, which does not wait any more from here on."""
    rows = db.execute(
        "select used_id, row from used where route_id = ? and agent = ? order by used_id limit ?",
        (route_id, agent, EVENT_ROWS),
    ).fetchall()
    taken, size = list[str](), 0
    for number, row in rows:
        size += len(row.encode("utf-8", "replace"))
        if size > EVENT_BYTES:
            break
        taken.append(row)
        db.execute("delete from used where used_id = ?", (number,))
    if not taken:
        return event
    usage = f'"usage":[{",".join(taken)}]'.encode("utf-8", "replace")
    # An event ends with its facts, or with the time at which it occurred.
    if event.endswith(b"}}"):
        return event[:-2] + b"," + usage + b"}}"
    return event[:-1] + b',"facts":{' + usage + b"}}"


def again(db: sqlite3.Connection, route_id: int, event: bytes) -> None:
    """The service had the event before, perhaps without this usage: the next one tells it once more."""
    if _MARK not in event:
        return
    try:
        told = orjson.loads(event)
        keep(db, route_id, told["agent"], [one for row in told["facts"]["usage"] if (one := Used.told(row))])
    except (ValueError, KeyError, TypeError):
        return  # the mark was somebody's own text


def _merged(one: Used, row: str) -> Used:
    known = Used.told(json.loads(row))
    return known.merged(one) if known else one

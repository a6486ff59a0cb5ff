"""What retention costs the ingest: events a second with the keeper pruning another project, and while it may not.

Windows of both kinds alternate, so that a slow minute of the machine slows all of them; a legal hold stops the keeper.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from load import Connection, event, request
from service import Service, service

from polaris.client import Client

OLD_EVENTS = 80_000
BATCH, PUSHERS = 100, 8
ROUNDS, SECONDS = 5, 3.0
AGE = """update polaris_data.events set recorded_at = recorded_at - interval '30 days'
where project_id = (select project_id from polaris_data.projects where name = 'keeping-old')"""
BEHIND = """select count(*) from polaris_data.project_heads h
left join polaris_data.index_cursors c using (org_id, project_id) where c.seq is distinct from h.last_seq"""


async def measure(running: Service) -> dict[str, Any]:
    """``ratio`` = the median over the rounds of ingest with pruning / ingest without."""
    async with Client(running.url, running.token) as client:
        await _fill(running, client)
        epoch = (await client.join("keeping-new", "s"))["epoch"]
        hold = await client.place_hold("the bench has not begun", "keeping-old")
        await client.set_retention(7, "keeping-old")
        without, along, pruned = [], [], []
        names = itertools.count()
        for _ in range(ROUNDS):
            without.append(await _ingest(running, epoch, names))
            await client.lift_hold(hold["hold_id"])
            before = (await client.project("keeping-old"))["first_seq"]
            began = time.perf_counter()
            along.append(await _ingest(running, epoch, names))
            gone = (await client.project("keeping-old"))["first_seq"] - before
            pruned.append(gone / (time.perf_counter() - began))
            hold = await client.place_hold("the other window", "keeping-old")
        left = await client.project("keeping-old")
    assert left["first_seq"] <= left["last_seq"], "everything was pruned before the end: make OLD_EVENTS larger"
    ratios = [a / w for a, w in zip(along, without, strict=True)]
    return {
        "without_per_second": round(statistics.median(without)),
        "with_per_second": round(statistics.median(along)),
        "ratio": round(statistics.median(ratios), 3),
        "worst_ratio": round(min(ratios), 3),
        "pruned_per_second": round(statistics.median(pruned)),
    }


async def _fill(running: Service, client: Client) -> None:
    """A project with events that are too old, all of them in the index."""
    epoch = (await client.join("keeping-old", "s"))["epoch"]
    for first in range(0, OLD_EVENTS, 500):
        await client.push("keeping-old", "s", [event(f"old-{n}", epoch) for n in range(first, first + 500)])
    async with await psycopg.AsyncConnection.connect(running.database, autocommit=True) as conn:
        while (await (await conn.execute(BEHIND)).fetchone() or (0,))[0]:
            await asyncio.sleep(0.5)
        async with _unguarded(conn):
            await conn.execute(AGE)
        await conn.execute("vacuum analyze polaris_data.events")


@asynccontextmanager
async def _unguarded(conn: psycopg.AsyncConnection[Any]) -> AsyncIterator[None]:
    await conn.execute("set session_replication_role = replica")
    yield
    await conn.execute("set session_replication_role = origin")


async def _ingest(running: Service, epoch: int, names: itertools.count[int]) -> float:
    """Events a second through the API."""
    kept = 0
    end = time.perf_counter() + SECONDS

    async def push() -> None:
        nonlocal kept
        connection = await Connection.open(running.port)
        while time.perf_counter() < end:
            body = {"events": [event(f"new-{next(names)}", epoch) for _ in range(BATCH)]}
            data = request("127.0.0.1", running.token, "/projects/keeping-new/sessions/s/events", body)
            status, _ = await connection.ask(data)
            assert status == 200, status
            kept += BATCH
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(push() for _ in range(PUSHERS)))
    return kept / (time.perf_counter() - began)


async def _alone() -> None:
    async with service() as running:
        print(json.dumps(await measure(running), indent=2))


if __name__ == "__main__":
    asyncio.run(_alone())

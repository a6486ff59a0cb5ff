"""The indexer of a process: what was written is found within moments, and one bad project holds up no other."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import psycopg
from api_place import Client, Place, event

from polaris.db import pool
from polaris.http.indexer import Indexer

SECONDS = 20.0


async def until_found(client: Client, query: str, count: int = 1) -> list[dict[str, object]]:
    """What a search finds, once it is so much."""
    async with asyncio.timeout(SECONDS):
        while len(items := (await client.get(f"/search?q={query}&limit=200"))["items"]) < count:
            await asyncio.sleep(0.05)
    return items


async def measured(place: Place, name: str) -> float:
    async with place.http.get(f"{place.url}/metrics") as answer:
        found = re.search(rf"^{name} (\S+)$", await answer.text(), re.MULTILINE)
    assert found, name
    return float(found[1])


async def test_what_was_pushed_and_what_was_said_is_found_by_itself(manu: Client, place: Place) -> None:
    await manu.push("pj", "fxm", event(body="needle of a session"))
    await manu.post("/projects/pj/messages", {"body": "needle of the floor"})

    found = await until_found(manu, "needle", 2)

    assert {item["kind"] for item in found} == {"prompt", "floor"}
    assert await measured(place, "polaris_indexed_events_total") >= 2
    assert await measured(place, "polaris_index_lag_events") == 0
    assert await measured(place, "polaris_index_lag_seconds") == 0


async def test_two_indexers_share_a_backlog_and_lose_nothing(manu: Client, database: Any) -> None:
    async def connect() -> pool.Connection:
        return await pool.connect(database.service, name="a second indexer")

    second = Indexer(connect)
    second.start()
    for number in range(3):
        await manu.post(f"/projects/p{number}/sessions/s/join")
        await manu.push(f"p{number}", "s", *(event(body=f"needle {n}") for n in range(60)))
    found = await until_found(manu, "needle", 180)
    await second.stop()

    assert len({(item["project"], item["seq"]) for item in found}) == 180


async def test_a_project_that_cannot_be_indexed_holds_up_no_other(
    manu: Client, place: Place, db: psycopg.Connection[Any]
) -> None:
    db.execute(
        """
        alter table polaris_data.search_entries add constraint nothing_of_bad_is_kept check (not words @@ 'poison')
        """
    )
    for name, text in (("bad", "poison needle"), ("good", "needle")):
        await manu.post(f"/projects/{name}/sessions/s/join")
        await manu.post(f"/projects/{name}/messages", {"body": text})
    (found,) = await until_found(manu, "needle")

    assert found["project"] == "good"
    assert await measured(place, "polaris_index_lag_events") > 0

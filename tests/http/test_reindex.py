"""`polaris db reindex`: the tables that are made from the record are made anew, while the service runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from api_place import Client, Place, event
from cli_run import Ran, polaris

from polaris.db import reindexing

EDIT = {"tool_name": "Edit", "tool_input": {"file_path": "/home/m/shop/src/auth.py"}}
FACTS = {"branch": "main", "commit": "a" * 40, "usage": [{"message": "msg_1", "model": "m", "input": 1, "output": 2}]}
TABLES = {
    "search_entries": "project_id, seq, words",
    "touched_files": "project_id, seq, path",
    "commits": "project_id, commit, session_id, seq",
    "usage": "message, seq, input_tokens, output_tokens",
}


async def made(place: Place) -> dict[str, list[Any]]:
    """What the tables hold that are made from the record."""
    return {
        table: [
            tuple(row.values()) if isinstance(row, dict) else tuple(row)
            for row in await place.sql(f"select {columns} from polaris_data.{table} order by {columns}")
        ]
        for table, columns in TABLES.items()
    }


@pytest.fixture
async def filled(place: Place, manu: Client) -> Place:
    """A record that is in all of the tables."""
    for batch in range(3):  # more than one step
        texts = [event(client_id=f"e{batch}-{n}", body=f"line {n}", facts=FACTS) for n in range(300)]
        await manu.push("pj", "fxm", *texts)
    await manu.push("pj", "fxm", event(client_id="edit", kind="tool.call", body="Edit: auth.py", payload=EDIT))
    async with asyncio.timeout(30):
        while len((await manu.get("/search?file=auth.py"))["items"]) < 1:
            await asyncio.sleep(0.05)
    return place


async def reindex(place: Place, home: Path) -> Ran:
    ran = await polaris("db", "reindex", POLARIS_DATABASE_URL=place.owner, POLARIS_HOME=str(home))
    assert ran.code == 0, ran.err
    return ran


async def test_what_was_lost_is_back(filled: Place, tmp_path: Path) -> None:
    before = await made(filled)
    for table in TABLES:
        await filled.sql(f"delete from polaris_data.{table}")
    ran = await reindex(filled, tmp_path)
    ((events,),) = await filled.sql("select count(*) from polaris_data.events")

    assert all(before.values())
    assert await made(filled) == before
    assert ran.out == f"{events} events went through the index again.\n"


async def test_what_is_there_stays_as_it_is(filled: Place, tmp_path: Path) -> None:
    before = await made(filled)
    await reindex(filled, tmp_path)

    assert await made(filled) == before


async def test_it_tells_how_far_it_is(filled: Place) -> None:
    told: list[tuple[int, int]] = []
    events = await reindexing.reindex(filled.owner, lambda done, of: told.append((done, of)))

    assert told[-1] == (events, events)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {of for _, of in told} == {events}

"""Postgres goes away and comes back: nothing that was acknowledged is lost, nothing is there twice, readers go on."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from api_place import Client, Place, event, until

KILL = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'polaris_api'"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_all_connections_are_cut_again_and_again_under_load(manu: Client, place: Place) -> None:
    """What a restart of Postgres does to the service: every connection ends at once, three times."""
    stop = asyncio.Event()
    kept: dict[str, int] = {}

    async def pusher() -> None:
        while not stop.is_set():
            one = event()
            while True:
                status, body = await manu.call("POST", "/projects/pj/sessions/fxm/events", json={"events": [one]})
                if status == 200:
                    kept[one["client_id"]] = body["results"][0]["seq"]
                    break
                assert status == 503, (status, body)
                await asyncio.sleep(0.02)

    start = (await manu.get("/projects/pj"))["last_seq"]
    async with manu.socket(f"/projects/pj/ws?after={start}") as ws:
        pushers = [asyncio.create_task(pusher()) for _ in range(6)]
        for _ in range(3):
            before = len(kept)
            await until(lambda: len(kept) > before + 30)  # noqa: B023
            await place.sql(KILL)
        await until(lambda: len(kept) > before + 60)
        stop.set()
        await asyncio.gather(*pushers)
        last = max(kept.values())
        seen: list[Any] = []
        while not seen or seen[-1]["seq"] < last:
            message = await ws.receive(timeout=15)
            assert message.type is aiohttp.WSMsgType.TEXT
            frame = message.json()
            if frame["type"] == "event":
                seen.append(frame["event"])
    rows = await place.sql("select client_id, seq from polaris_data.events where kind = 'prompt' order by seq")

    assert dict(rows) == kept
    assert [seq for _, seq in rows] == list(range(start + 1, last + 1))
    assert [e["seq"] for e in seen] == list(range(start + 1, last + 1))

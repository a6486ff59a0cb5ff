"""Following the record over SSE and WebSocket: every event once, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import aiohttp
from api_place import QUICK, Client, Place, closed, event, receive, running, settle, until

PJ = "/projects/pj"
FXM = "/projects/pj/sessions/fxm"
KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'polaris listener'"


async def collect(ws: aiohttp.ClientWebSocketResponse, until_seq: int) -> list[int]:
    """The numbers that come down a socket, up to one."""
    found: list[int] = []
    while not found or found[-1] < until_seq:
        found.append((await receive(ws, "event"))["event"]["seq"])
    return found


async def last_seq(client: Client) -> int:
    return int((await client.get(PJ))["last_seq"])


async def write(client: Client, session: str, count: int, rng: random.Random) -> None:
    """Pushes *count* events in batches of any size, some of them twice."""
    while count > 0:
        batch = [event(body="x" * rng.randrange(500)) for _ in range(min(count, rng.randrange(1, 9)))]
        await client.push("pj", session, *batch)
        if rng.random() < 0.2:
            await client.push("pj", session, *batch)
        count -= len(batch)


async def test_sse_begins_now_or_after_a_number_or_after_the_last_event_id(manu: Client) -> None:
    await manu.push("pj", "fxm", event(), event(), event())
    last = await last_seq(manu)
    async with (
        manu.stream(f"{PJ}/events") as now,
        manu.stream(f"{PJ}/events?after=1") as after,
        manu.stream(f"{PJ}/events?after=1", **{"Last-Event-ID": str(last - 1)}) as again,
    ):
        await manu.push("pj", "fxm", event())

        assert await now.take(1) == [last + 1]
        assert await after.take(last) == list(range(2, last + 2))
        assert await again.take(2) == [last, last + 1]


async def test_a_session_is_followed_without_its_siblings(manu: Client) -> None:
    await manu.post(f"{PJ}/sessions/fxk/join")
    async with manu.stream(f"{FXM}/events") as stream, manu.socket(f"{FXM}/ws") as ws:
        await receive(ws, "hello")
        await manu.push("pj", "fxk", event())
        await manu.post(f"{PJ}/messages", {"body": "to all"})
        (mine,) = await manu.push("pj", "fxm", event())

        assert await stream.take(1) == [mine["seq"]]
        assert (await receive(ws, "event"))["event"]["seq"] == mine["seq"]


async def test_sse_and_rest_and_sockets_give_the_same_event(manu: Client) -> None:
    async with manu.stream(f"{PJ}/events") as stream, manu.socket(f"{PJ}/ws") as ws:
        await receive(ws, "hello")
        await manu.push("pj", "fxm", event(payload={"text": "line\nbreak \u2028 ü", "n": [1]}))
        message = await stream.next()
        frame = await receive(ws, "event")
    page = await manu.get(f"{PJ}/messages?limit=1")

    assert message is not None
    assert json.loads(message["data"]) == frame["event"] == page["items"][0]


async def test_readers_that_come_and_go_under_concurrent_writers_miss_nothing(manu: Client, place: Place) -> None:
    """Six writers, readers that reconnect with the last number they saw, forged hints, the listener killed twice."""
    rng = random.Random(7)
    await until(lambda: place.service.listener.is_connected)
    for session in ("a", "b", "c"):
        await manu.post(f"{PJ}/sessions/{session}/join")
    start = await last_seq(manu)
    stop = asyncio.Event()

    async def follow_sse() -> list[int]:
        found: list[int] = []
        while not stop.is_set() or found[-1:] != [await last_seq(manu)]:
            async with manu.stream(f"{PJ}/events?after={found[-1] if found else start}") as stream:
                for _ in range(rng.randrange(5, 40)):
                    if stop.is_set() and found[-1:] == [await last_seq(manu)]:
                        break
                    found += await stream.take(1)
        return found

    async def follow_socket() -> list[int]:
        found: list[int] = []
        while not stop.is_set() or found[-1:] != [await last_seq(manu)]:
            async with manu.socket(f"{PJ}/ws?after={found[-1] if found else start}") as ws:
                for _ in range(rng.randrange(5, 40)):
                    if stop.is_set() and found[-1:] == [await last_seq(manu)]:
                        break
                    found.append((await receive(ws, "event"))["event"]["seq"])
        return found

    async def disturb() -> None:
        for _ in range(2):
            connects = place.service.listener.connects
            await place.sql("select pg_notify('polaris_project_1', 'garbage')")
            await place.sql("select pg_notify('polaris_project_1', '{\"f\":1,\"l\":999999999}')")
            await place.sql("select pg_notify('polaris_control', '[]')")
            await place.sql(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'polaris listener'"
            )
            await until(lambda: place.service.listener.connects > connects)  # noqa: B023

    readers = [asyncio.create_task(r()) for r in (follow_sse, follow_sse, follow_socket, follow_socket)]
    writers = [write(manu, s, 60, random.Random(i)) for i, s in enumerate(("fxm", "fxm", "a", "b", "c", "c"))]
    await asyncio.gather(disturb(), *writers)
    # One more, so that a reader that waits for the next event meets the end.
    (final,) = await manu.push("pj", "fxm", event())
    stop.set()
    async with asyncio.timeout(30):
        found = await asyncio.gather(*readers)
    wanted = list(range(start + 1, final["seq"] + 1))

    assert len(wanted) == 361
    assert [numbers == wanted for numbers in found] == [True] * 4


async def test_a_long_history_and_the_live_end_meet_without_a_gap(manu: Client) -> None:
    await manu.push("pj", "fxm", *[event() for _ in range(450)])
    writer = asyncio.create_task(write(manu, "fxm", 100, random.Random(1)))
    async with manu.socket(f"{PJ}/ws?after=0") as ws:
        last = await last_seq(manu)
        numbers = await collect(ws, last)
    await writer

    assert numbers == list(range(1, numbers[-1] + 1))


async def test_the_slow_poll_finds_what_no_notification_told(manu: Client, place: Place) -> None:
    """The notification is lost: the process is made to hear nothing from this project."""
    async with manu.stream(f"{PJ}/events") as stream:
        (topic,) = place.service.hub.topics.values()
        await until(lambda: topic.readers)
        place.service.hub.project_changed = lambda project_id: None  # type: ignore[method-assign]
        (pushed,) = await manu.push("pj", "fxm", event())

        assert await stream.take(1) == [pushed["seq"]]


async def test_a_project_that_nobody_watches_is_not_listened_on(manu: Client, place: Place) -> None:
    listener = place.service.listener
    await until(lambda: listener.is_connected)

    assert listener.listened == frozenset()
    async with manu.stream(f"{PJ}/events"):
        await until(lambda: len(listener.listened) == 1)


async def test_a_slow_socket_is_told_where_to_resume(database: Any, tmp_path: Any) -> None:
    """It reads nothing until its queue ran over, then reads on in time: everything up to the number is there."""
    limits = QUICK.__class__(**{**QUICK.__dict__, "queue_events": 20, "slow_seconds": 10})
    async with running(database, tmp_path, limits) as place:
        await settle(place)
        manu = place.admin
        await manu.post(f"{FXM}/join")
        async with manu.socket(f"{PJ}/ws?after=0") as ws:
            await receive(ws, "hello")
            (live,) = place.service.registry.all
            await until(lambda: any(t.readers for t in place.service.hub.topics.values()))
            (reader,) = next(iter(place.service.hub.topics.values())).readers
            while not reader.is_slow:
                assert place.service.registry.all
                await manu.push("pj", "fxm", *[event(body="x" * 200_000) for _ in range(20)])
            found: list[int] = []
            while (frame := json.loads((await ws.receive(timeout=15)).data))["type"] == "event":
                found.append(frame["event"]["seq"])
            code = await closed(ws)
        async with manu.socket(f"{PJ}/ws?after={frame['after']}") as ws:
            rest = await collect(ws, await last_seq(manu))

        assert frame == {"type": "resume", "after": found[-1], "reason": "slow"}
        assert code == 1013
        assert found + rest == list(range(1, rest[-1] + 1))
        assert live.caller.actor == "user:manu"


async def test_a_socket_that_never_reads_again_is_cut_off(database: Any, tmp_path: Any) -> None:
    limits = QUICK.__class__(**{**QUICK.__dict__, "queue_events": 5, "slow_seconds": 0.2})
    async with running(database, tmp_path, limits) as place:
        await settle(place)
        manu = place.admin
        await manu.post(f"{FXM}/join")
        async with manu.socket(f"{PJ}/ws?after=0") as ws:
            await receive(ws, "hello")
            while place.service.registry.all:
                await manu.push("pj", "fxm", *[event(body="x" * 500_000) for _ in range(10)])
            assert place.service.registry.all == set()


async def test_a_slow_stream_ends_with_a_resume_message(database: Any, tmp_path: Any) -> None:
    limits = QUICK.__class__(**{**QUICK.__dict__, "queue_events": 20, "slow_seconds": 10})
    async with running(database, tmp_path, limits) as place:
        await settle(place)
        manu = place.admin
        await manu.post(f"{FXM}/join")
        async with manu.stream(f"{PJ}/events?after=0") as stream:
            await until(lambda: any(t.readers for t in place.service.hub.topics.values()))
            (reader,) = next(iter(place.service.hub.topics.values())).readers
            while not reader.is_slow:
                assert place.service.registry.all
                await manu.push("pj", "fxm", *[event(body="x" * 100_000) for _ in range(20)])
            found: list[int] = []
            while (message := await stream.next()) is not None and "id" in message:
                found.append(int(message["id"]))
            end = await stream.next()

        assert message is not None
        assert (message["event"], json.loads(message["data"])) == ("resume", {"after": found[-1], "reason": "slow"})
        assert end is None
        assert found == list(range(1, found[-1] + 1))


async def test_a_number_that_is_none_is_refused(manu: Client) -> None:
    for path in (f"{PJ}/ws?after=-1", f"{PJ}/ws?after=x", f"{PJ}/events?after=-1"):
        status, problem = await manu.call("GET", path)

        assert (status, problem["code"]) == (422, "not_valid")

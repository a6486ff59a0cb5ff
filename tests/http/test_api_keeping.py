"""Retention, holds and erasures over REST, the keeper that does them, and readers who ask for what is gone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from api_place import QUICK, Client, Place, event, receive, running, settle, until

from polaris.client import Client as PolarisClient
from polaris.db import keeping_calls, pool
from polaris.http.keeper import Keeper

PJ = "/projects/pj"
FXM = "/projects/pj/sessions/fxm"
LIMITS = replace(QUICK, keep_seconds=0.05)
AGE = """
begin; set local session_replication_role = replica;
update polaris_data.events set recorded_at = recorded_at - interval '{} days' where seq <= {}; commit
"""


@pytest.fixture
async def place(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    """A service whose keeper looks all the time."""
    async with running(database, tmp_path, LIMITS) as found:
        await settle(found)
        await found.admin.post(f"{FXM}/join")
        yield found


@pytest.fixture
def manu(place: Place) -> Client:
    return place.admin


@asynccontextmanager
async def client(place: Place) -> AsyncIterator[PolarisClient]:
    async with PolarisClient(place.url, place.admin.token) as found:
        yield found


async def grow_old(place: Place, days: int, up_to: int = 2**62) -> None:
    async with at_work(place) as run:
        await run(AGE.format(days, up_to))


@asynccontextmanager
async def at_work(place: Place) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    async def run(statement: str) -> None:
        for one in filter(str.strip, statement.split(";")):
            await conn.execute(one.encode())

    async with await psycopg.AsyncConnection.connect(place.owner, autocommit=True) as conn:
        yield run


async def fill(manu: Client, count: int = 8) -> None:
    """Events 3 to *count*; the first two are the session's and its driver's."""
    await manu.push("pj", "fxm", *(event(body=f"said {n}") for n in range(3, count + 1)))


async def first_seq(manu: Client) -> int:
    return int((await manu.get(PJ))["first_seq"])


async def prune_to(place: Place, first: int) -> None:
    """Retention takes what lies below *first*, by the keeper."""
    await grow_old(place, 10, first - 1)
    async with client(place) as polaris:
        await polaris.set_retention(7, "pj")

    async def gone() -> bool:
        return await first_seq(place.admin) == first

    await until(gone)


async def test_retention_is_set_listed_and_taken_back(place: Place, manu: Client) -> None:
    async with client(place) as polaris:
        whole = await polaris.set_retention(90)
        own = await polaris.set_retention(7, "pj")
        rows = await polaris.retention()
        back = await polaris.set_retention(None, "pj")

    assert (whole["project"], whole["in_force"], own["project"], own["in_force"]) == (None, 90, "pj", 7)
    assert [(row["project"], row["keep_days"]) for row in rows] == [(None, 90), ("pj", 7)]
    assert (back["keep_days"], back["in_force"]) == (None, 90)


@pytest.mark.parametrize("days", [0, 36501, "7", 1.5])
async def test_days_that_mean_nothing_are_refused(manu: Client, days: Any) -> None:
    status, body = await manu.call("PUT", f"{PJ}/retention", json={"keep_days": days})

    assert (status, body["code"]) == (422, "not_valid")


async def test_a_member_reads_what_is_in_force_and_changes_nothing(place: Place) -> None:
    krishna = await place.client("user:krishna")
    assert len((await krishna.get("/retention"))["items"]) == 2
    for method, path, body in (
        ("PUT", "/retention", {"keep_days": 1}),
        ("PUT", f"{PJ}/retention", {"keep_days": 1}),
        ("GET", "/holds", None),
        ("POST", "/holds", {"reason": "mine"}),
        ("DELETE", "/holds/1", None),
        ("GET", "/erasures", None),
        ("POST", "/erasures", {"participant": "user:krishna", "reason": "mine"}),
        ("POST", f"{FXM}/erase", {"reason": "mine"}),
    ):
        status, answer = await krishna.call(method, path, json=body)
        assert (status, answer["code"]) == (403, "admin_only"), (method, path)


async def test_the_keeper_prunes_and_says_so_in_the_metrics(place: Place, manu: Client) -> None:
    await fill(manu, 8)
    await prune_to(place, 6)
    page = await manu.get(f"{PJ}/messages?after=0")
    text = await manu.get("/metrics")

    assert (page["first_seq"], [e["seq"] for e in page["items"]]) == (6, [6, 7, 8])
    assert re.search(r'polaris_keeping_events_total{what="pruned"} 5\.0', text)
    assert "polaris_keeping_leads 1.0" in text
    assert 'polaris_keeping_batch_seconds_count{what="pruned"}' in text


async def test_a_hold_is_placed_and_lifted_and_stops_the_keeper(place: Place, manu: Client) -> None:
    await fill(manu)
    async with client(place) as polaris:
        hold = await polaris.place_hold("the case of Acme", "pj")
        await polaris.set_retention(7, "pj")
        await grow_old(place, 10)
        status, refused = await manu.call("POST", f"{FXM}/erase", json={"reason": "why not"})
        assert (status, refused["code"]) == (409, "legal_hold")
        async with place.service.database.connection() as conn:
            assert await keeping_calls.list_keeping_work(conn, place.org_id) == []
        assert await first_seq(manu) == 1
        assert [h["hold_id"] for h in await polaris.holds()] == [hold["hold_id"]]
        assert (await polaris.lift_hold(hold["hold_id"]))["lifted_by"] == "user:manu"

    async def gone() -> bool:
        return await first_seq(manu) == 9

    await until(gone)


async def test_a_session_is_erased_at_once(place: Place, manu: Client) -> None:
    await fill(manu)
    async with client(place) as polaris:
        begun = await polaris.erase_session("pj", "fxm", "the customer asked for it")

        async def done() -> bool:
            return all(row["done_at"] for row in await polaris.erasures())

        await until(done)
        (row,) = await polaris.erasures()
    page = await manu.get(f"{PJ}/messages?after=2")

    assert (begun["project"], begun["session"], begun["done_at"]) == ("pj", "fxm", None)
    assert (row["erased"], row["held"]) == (6, False)
    assert {(e["body"], e["payload"]) for e in page["items"]} == {("", None)}
    assert all(e["erased_at"] for e in page["items"])
    assert [e["seq"] for e in page["items"]] == [3, 4, 5, 6, 7, 8]


async def test_a_person_is_erased_and_the_reason_is_redacted(place: Place, manu: Client) -> None:
    await fill(manu)
    async with client(place) as polaris:
        asked = await polaris.erase_person("user:manu", "their token was AKIAIOSFODNN7EXAMPLE")

        async def done() -> bool:
            return all(row["done_at"] for row in await polaris.erasures())

        await until(done)

    assert asked["participant"] == "user:manu"
    assert "AKIA" not in asked["reason"]
    assert {e["body"] for e in (await manu.get(f"{PJ}/messages?after=2"))["items"]} == {""}


async def test_a_stream_from_below_is_told_where_history_begins(place: Place, manu: Client) -> None:
    await fill(manu)
    await prune_to(place, 6)
    async with manu.stream(f"{PJ}/events?after=2") as stream, manu.stream(f"{PJ}/events?after=5") as near:
        told = await stream.next()
        assert told == {"event": "gone", "data": '{"first_seq":6}'}
        assert await stream.take(3) == [6, 7, 8]
        assert await near.take(3) == [6, 7, 8]
        await manu.push("pj", "fxm", event())
        assert (await stream.take(1), await near.take(1)) == ([9], [9])


@pytest.mark.parametrize("path", [PJ, FXM])
async def test_a_socket_from_below_is_told_where_history_begins(place: Place, manu: Client, path: str) -> None:
    await fill(manu)
    await prune_to(place, 6)
    async with manu.socket(f"{path}/ws?after=0") as ws, manu.socket(f"{path}/ws") as now:
        assert (await receive(ws, "hello"))["first_seq"] == 6
        assert (await ws.receive()).json() == {"type": "gone", "first_seq": 6}
        assert [(await receive(ws, "event"))["event"]["seq"] for _ in range(3)] == [6, 7, 8]
        await receive(now, "hello")
        await manu.push("pj", "fxm", event())
        assert (await now.receive()).json()["event"]["seq"] == 9


async def test_the_client_reads_on_over_what_is_gone(place: Place, manu: Client) -> None:
    await fill(manu)
    await prune_to(place, 6)
    async with client(place) as polaris:
        assert [e["seq"] async for e in polaris.history("pj", after=1)] == [6, 7, 8]
        following = polaris.follow("pj", after=1)
        assert [(await anext(following))["seq"] for _ in range(3)] == [6, 7, 8]
        await following.aclose()  # type: ignore[attr-defined]


async def test_readers_of_a_project_of_which_nothing_is_left_wait_for_the_next(place: Place, manu: Client) -> None:
    await fill(manu)
    await prune_to(place, 9)
    page = await manu.get(f"{PJ}/messages")
    assert (page["items"], page["first_seq"], page["last_seq"]) == ([], 9, 8)
    async with manu.stream(f"{PJ}/events?after=0") as stream:
        assert await stream.next() == {"event": "gone", "data": '{"first_seq":9}'}
        await manu.push("pj", "fxm", event())
        assert await stream.take(1) == [9]


async def test_the_relay_does_not_wait_for_what_was_deleted(place: Place, manu: Client) -> None:
    await fill(manu)
    async with manu.stream(f"{PJ}/events?after=8") as stream:
        await fill(manu, 4)
        assert await stream.take(2) == [9, 10]
        await prune_to(place, 11)
        (topic,) = place.service.hub.topics.values()
        topic.cursor = 3  # as one that lags far behind
        async with place.service.database.connection() as conn:
            assert await place.service.hub.check_heads(conn) == 0
        assert topic.cursor == 10
        await manu.push("pj", "fxm", event())
        assert await stream.take(1) == [11]


async def test_one_process_of_two_keeps_and_the_other_takes_over(place: Place, manu: Client) -> None:
    leads: dict[str, float] = {}
    keepers = {
        name: Keeper(
            lambda: pool.connect(place.database, name="another keeper"),
            seconds=0.05,
            on_lead=lambda value, name=name: leads.__setitem__(name, value),  # type: ignore[misc]
        )
        for name in ("one", "other")
    }
    await place.service.keeper.stop()
    for keeper in keepers.values():
        keeper.start()
    try:

        async def one_leads() -> bool:
            return sorted(leads.values()) == [0, 1]

        await until(one_leads)
        (leader,) = (name for name, value in leads.items() if value)
        await keepers.pop(leader).stop()
        (other,) = keepers

        async def the_other_leads() -> bool:
            return leads == {leader: 0, other: 1}

        await until(the_other_leads)
    finally:
        for keeper in keepers.values():
            await keeper.stop()


async def test_a_keeper_that_loses_its_connection_goes_on(place: Place, manu: Client) -> None:
    async def leads() -> bool:
        return "polaris_keeping_leads 1.0" in (await manu.get("/metrics"))

    await until(leads)
    await fill(manu)
    await place.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'polaris keeper'")
    await prune_to(place, 6)


async def test_what_is_locked_is_put_off_and_holds_nothing_else_up(place: Place, manu: Client) -> None:
    await fill(manu)
    await manu.post("/projects/other/sessions/fxm/join")
    other = (await manu.get("/projects/other"))["last_seq"]
    async with at_work(place) as run:
        await run("begin; select from polaris_data.projects where name = 'pj' for update")
        await grow_old(place, 10)
        async with client(place) as polaris:
            await polaris.set_retention(7)

        async def gone() -> bool:
            return int((await manu.get("/projects/other"))["first_seq"]) == other + 1

        await until(gone)
        assert await first_seq(manu) == 1
        await run("rollback")

    async def all_gone() -> bool:
        return await first_seq(manu) == 9

    await until(all_gone)

"""The writer itself: what one push does to the others, and what faults do. It waits for locks, not for time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from api_place import until

from polaris.db import calls, pool
from polaris.db.push import NewEvent, Where
from polaris.db.writer import Writer
from polaris.errors import DatabaseUnavailable, Unavailable

KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'polaris writer'"


def new(client_id: str, **fields: Any) -> NewEvent:
    return NewEvent(client_id, "prompt", 1, **fields)


class Bench:
    """A writer, and two organizations with two projects each."""

    def __init__(self, database: Any, direct: pool.Connection) -> None:
        self.database, self.direct = database, direct
        self.batches: list[int] = []
        self.fail = False
        self.writer = Writer(self._connect, on_batch=lambda events, _: self.batches.append(events), give_up_seconds=2)
        self.orgs: list[int] = []

    async def _connect(self) -> pool.Connection:
        if self.fail:
            raise psycopg.OperationalError("down")
        return await pool.connect(self.database.service, name="polaris writer")

    async def begin(self) -> None:
        for slug in ("acme", "other"):
            org = await calls.create_org(self.direct, slug, slug, "manu")
            self.orgs.append(org.org_id)
            for project in ("pj", "qk"):
                await calls.join_session(self.direct, org.org_id, "user:manu", project, "s", 600)
        self.writer.start()

    def where(self, org: int = 0, project: str = "pj") -> Where:
        return Where(self.orgs[org], "user:manu", project, "s")

    def push(self, *events: NewEvent, org: int = 0, project: str = "pj") -> asyncio.Task[Any]:
        return asyncio.create_task(self.writer.push(self.where(org, project), events, 100))

    async def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.database.owner, autocommit=True) as conn:
            cursor = await conn.execute(query.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def hold(self, org: int = 0, project: str = "pj") -> psycopg.AsyncConnection[Any]:
        """Somebody who locked a project's counter and does not let go."""
        conn = await psycopg.AsyncConnection.connect(self.database.owner)
        await conn.execute(
            b"select from polaris_data.project_heads h join polaris_data.projects p using (org_id, project_id)"
            b" where org_id = %s and name = %s for update of h",
            (self.orgs[org], project),
        )
        return conn


@pytest.fixture
async def bench(database: Any, direct: pool.Connection) -> AsyncIterator[Bench]:
    found = Bench(database, direct)
    await found.begin()
    yield found
    await found.writer.stop(timeout=1)


async def test_what_arrives_while_a_batch_is_in_flight_goes_out_together(bench: Bench) -> None:
    tasks = [bench.push(new(f"c{i}")) for i in range(200)]
    results = await asyncio.gather(*tasks)
    numbers = [r[0].seq for r in results]

    assert numbers == list(range(numbers[0], numbers[0] + 200))
    assert sum(bench.batches) == 200
    assert len(bench.batches) < 10


async def test_two_organizations_in_one_batch_are_two_transactions(bench: Bench) -> None:
    results = await asyncio.gather(*(bench.push(new(f"c{i}"), org=i % 2) for i in range(20)))
    transactions = await bench.sql("select count(distinct xmin::text) from polaris_data.events where kind = 'prompt'")

    assert all(r[0].created for r in results)
    assert transactions[0][0] >= 2


async def test_one_organization_s_fault_is_its_own(bench: Bench) -> None:
    """The database refuses one organization's call as a whole: a number that no numeric can hold."""
    bad = bench.push(new("bad", payload=b'{"n":1e999999}'), org=0)
    good = bench.push(new("good"), org=1)
    (refused,), (kept,) = await asyncio.gather(bad, good)

    assert (refused.code, kept.created) == ("not_valid", True)


async def test_one_event_that_fails_the_whole_call_fails_alone(bench: Bench) -> None:
    """500 events of five pushes; three of them cannot be held by the database."""
    bad = {3, 250, 499}
    pushes = [
        bench.push(*[new(f"c{i}", payload=b'{"n":1e999999}' if i in bad else b"{}") for i in range(start, start + 100)])
        for start in range(0, 500, 100)
    ]
    results = [r for found in await asyncio.gather(*pushes) for r in found]

    assert [i for i, r in enumerate(results) if r.code] == sorted(bad)
    numbers = [r.seq for r in results if not r.code]
    assert numbers == list(range(numbers[0], numbers[0] + 497))


async def test_text_that_the_driver_cannot_send_fails_alone(bench: Bench) -> None:
    (results,) = await asyncio.gather(bench.push(new("a"), new("b", body="\ud800"), new("c", body="x\x00y")))

    assert [r.code for r in results] == [None, "not_valid", "not_valid"]


async def test_a_held_counter_does_not_stop_another_project(bench: Bench) -> None:
    holder = await bench.hold()
    held = bench.push(new("held"))
    await until(lambda: bench.writer.lanes)
    others = await asyncio.gather(*(bench.push(new(f"o{i}"), project="qk") for i in range(20)))
    stuck = held.done()
    more = bench.push(new("more"))
    await holder.rollback()
    (first,), (second,) = await held, await more
    await holder.close()
    await until(lambda: not bench.writer.lanes)

    assert all(r[0].created for r in others)
    assert stuck is False
    assert second.seq == first.seq + 1


async def test_a_counter_that_stays_held_is_503_and_the_repeat_is_safe(bench: Bench) -> None:
    holder = await bench.hold()
    with pytest.raises(Unavailable) as refusal:
        await bench.push(new("held"))
    await holder.rollback()
    await holder.close()
    (result,) = await bench.push(new("held"))

    assert (refusal.value.status, refusal.value.code) == (503, "project_busy")
    assert result.created is True


async def test_a_direct_client_that_holds_the_counter_is_ended(bench: Bench) -> None:
    """A login of a participant locks the record in a transaction and goes for lunch: the reaper ends it."""
    bench.writer.give_up_seconds = 10
    await bench.sql("create role lunch login password 'x' in role polaris_client")
    try:
        await calls.register_login(bench.direct, bench.orgs[0], "user:manu", "lunch")
        url = bench.database.owner.split("://")[1].split("@")[1]
        client = await psycopg.AsyncConnection.connect(f"postgresql://lunch:x@{url}")
        await client.execute("select * from polaris.say(null, null, 'pj', 'hello')")
        (result,) = await bench.push(new("after"))
        with pytest.raises(psycopg.OperationalError):
            await client.execute("select 1")
    finally:
        await bench.sql("drop role lunch")

    assert result.created is True


async def test_a_waiter_that_goes_away_loses_only_the_answer(bench: Bench) -> None:
    holder = await bench.hold()
    task = bench.push(new("gone"))
    await until(lambda: bench.writer.lanes)
    task.cancel()
    await holder.rollback()
    await holder.close()

    async def kept() -> bool:
        return bool(await bench.sql("select 1 from polaris_data.events where client_id = 'gone'"))

    await until(kept)
    assert bench.writer.waiting_events == 0


async def test_a_lost_connection_is_replaced_and_nothing_is_doubled(bench: Bench) -> None:
    tasks = []
    for i in range(300):
        tasks.append(bench.push(new(f"c{i}")))
        if i % 100 == 50:
            await bench.sql(KILL)
    results = await asyncio.gather(*tasks)
    rows = await bench.sql("select count(*), count(distinct client_id) from polaris_data.events where kind = 'prompt'")

    assert all(r[0].seq for r in results)
    assert rows == [(300, 300)]


async def test_a_database_that_stays_away_is_503_and_work_goes_on_after(bench: Bench) -> None:
    await bench.push(new("before"))
    bench.fail = True
    await bench.sql(KILL)
    with pytest.raises(DatabaseUnavailable):
        await bench.push(new("during"))
    bench.fail = False
    (result,) = await bench.push(new("during"))

    assert result.seq is not None


async def test_a_full_queue_is_503_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polaris.db.writer.WAITING_EVENTS", 10)
    holder = await bench.hold()
    waiting = [bench.push(new(f"c{i}")) for i in range(10)]
    await until(lambda: bench.writer.waiting_events == 10)
    with pytest.raises(Unavailable) as refusal:
        await bench.push(new("more"))
    await holder.rollback()
    await holder.close()
    results = await asyncio.gather(*waiting)

    assert refusal.value.code == "writer_busy"
    assert all(r[0].created for r in results)


async def test_a_stop_finishes_what_was_taken_and_takes_nothing_new(bench: Bench) -> None:
    tasks = [bench.push(new(f"c{i}")) for i in range(50)]
    await asyncio.sleep(0)
    await bench.writer.stop()
    results = await asyncio.gather(*tasks)
    with pytest.raises(Unavailable) as refusal:
        await bench.push(new("late"))

    assert all(r[0].created for r in results)
    assert refusal.value.code == "stopping"

"""From the record to the outbox: each event becomes posts once, in its order, whoever reads and wherever it ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg
import pytest
from bridge_house import House, until
from outbox import Outbox, died, kill_after, kill_before, running

from polaris.bridge import outbound
from polaris.bridge.outbound import Outbound
from polaris.bridge.place import Replaced
from polaris.db import calls, slack_calls
from polaris.db.slack_calls import Jsonb
from polaris.errors import DatabaseUnavailable

PERSON = {"id": "U1", "username": "manu", "name": "Manu Sharma", "picture": "https://p.example/m.png"}


@pytest.fixture
async def outbox(house: House, db: psycopg.Connection[Any]) -> Outbox:
    return await Outbox.furnish(house, db)


async def caught_up(outbox: Outbox, project: str = "pj") -> None:
    async def look() -> bool:
        row = await outbox.house.channel(project)
        return row.cursor == row.last_seq

    await until(look)


def told(outbox: Outbox) -> list[str]:
    """The last words of each post that no seat is about."""
    found = [row.text for row in outbox.rows() if row.kind not in ("seat", "invite")]
    return [line.rpartition("]* ")[2] for text in found for line in text.split("\n")]


async def test_what_happens_in_a_project_becomes_posts_of_its_channel(outbox: Outbox) -> None:
    work = Outbound(outbox.place)
    async with running(work.run()):
        await caught_up(outbox)
        number = await outbox.house.push("prompt", "Let's go")
        project_id = (await outbox.house.channel()).project_id
        outbox.place.posts.clear()
        work.project_changed(project_id)
        await caught_up(outbox)

    assert [(row.kind, row.key) for row in outbox.rows()][-1] == ("text", "turn:fxm:t1")
    assert outbox.rows()[-1].seq == number
    assert outbox.rows()[0].text.startswith("◆ user:manu/fxm made the session")
    assert outbox.place.posts.is_set()


async def test_a_new_channel_is_told_what_its_project_has_seen_so_far(outbox: Outbox) -> None:
    work = Outbound(outbox.place)
    async with running(work.run()):
        await caught_up(outbox)
        number = await outbox.house.session("api", "web")
        work.project_changed(number)  # it has no channel yet
        await outbox.channel("web")
        work.project_changed(number)
        await caught_up(outbox, "web")

    assert any(row.project_id == number and "user:manu/api" in row.text for row in outbox.rows())


async def test_two_readers_of_one_project_make_each_event_one_post(outbox: Outbox) -> None:
    for n in range(60):
        await outbox.house.push("notice" if n % 2 else "reply", f"word{n:02}", turn=None)

    first, second = Outbound(outbox.place), Outbound(outbox.place)
    async with running(first.run()), running(second.run()):
        await caught_up(outbox)

    assert words(outbox) == [f"word{n:02}" for n in range(60)]


def words(outbox: Outbox) -> list[str]:
    return [part.rpartition(" ")[2] for row in outbox.rows() for part in row.text.split("\n") if "word" in part]


async def test_many_and_large_events_come_in_pages(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "PAGE_BYTES", 20_000)
    for n in range(130):
        await outbox.house.push("reply", f"word{n:03}", payload=json.dumps({"x": "y" * 1000}))

    work = Outbound(outbox.place)
    async with running(work.run()):
        await caught_up(outbox)

    assert words(outbox) == [f"word{n:03}" for n in range(130)]


@pytest.mark.parametrize("step", ["before the read", "before the write", "after the write"])
async def test_a_reader_that_is_killed_loses_and_doubles_nothing(outbox: Outbox, step: str) -> None:
    for n in range(5):
        await outbox.house.push("reply", f"word{n}")
    if step == "before the read":
        kill_before(outbox.place, "read", lambda call, *_: call is calls.read_project_events)
    else:
        kill = kill_before if step == "before the write" else kill_after
        kill(outbox.place, "write", lambda call, *_: call is slack_calls.write_slack_posts)

    await died(Outbound(outbox.place).run())
    await outbox.next_place()
    async with running(Outbound(outbox.place).run()):
        await caught_up(outbox)

    assert words(outbox) == [f"word{n}" for n in range(5)]


async def test_a_reader_that_lost_the_lease_ends_everything(outbox: Outbox) -> None:
    old = outbox.place
    await outbox.next_place()

    with pytest.raises(Replaced):
        async with asyncio.timeout(10):
            await Outbound(old).run()

    assert outbox.rows() == []


async def test_a_database_that_is_away_for_a_moment_is_waited_for(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = outbox.place.read, iter([DatabaseUnavailable()] * 2)

    async def read(call: Any, *args: Any, **more: Any) -> Any:
        if call is calls.read_project_events and (failure := next(failures, None)):
            raise failure
        return await real(call, *args, **more)

    monkeypatch.setattr(outbox.place, "read", read)
    async with running(Outbound(outbox.place).run()):
        await caught_up(outbox)

    assert len(outbox.rows()) == 1


async def test_a_person_of_the_workspace_speaks_under_their_name_and_is_invited(outbox: Outbox) -> None:
    people = [PERSON | {"email": "manu@example.com", "standing": "full"}]
    await outbox.place.write(slack_calls.write_slack_people, Jsonb(people))
    await outbox.house.ask(slack_calls.map_slack_person, outbox.house.org, outbox.house.me, "U1", "manu")
    await outbox.house.push("prompt", "Hello")

    async with running(Outbound(outbox.place).run()):
        await caught_up(outbox)

    last = outbox.rows()[-1]
    assert (last.author, last.picture) == ("Manu Sharma", "https://p.example/m.png")
    assert [row.recipient for row in outbox.rows() if row.kind == "invite"] == ["U1"]


async def test_a_level_counts_from_the_next_event_on(outbox: Outbox) -> None:
    work = Outbound(outbox.place)
    project_id = (await outbox.house.channel()).project_id
    async with running(work.run()):
        for level, body in (("final-only", "one"), ("all", "two")):
            await outbox.house.ask(slack_calls.set_slack_channel, outbox.house.org, outbox.house.me, "pj", level)
            outbox.place.channels.set()
            await until(lambda level=level: has_level(work, project_id, level))
            await outbox.house.push("message", body)
            await outbox.house.push("reply", f"{body} done")
            work.project_changed(project_id)
            await caught_up(outbox)

    assert told(outbox) == ["one done", "two", "two done"]


async def has_level(work: Outbound, project_id: int, level: str) -> bool:
    reader = work._readers.get(project_id)
    return reader is not None and reader.level == level


async def test_nothing_of_a_private_project_becomes_posts(outbox: Outbox) -> None:
    work = Outbound(outbox.place)
    async with running(work.run()):
        await caught_up(outbox)
        before = len(outbox.rows())
        await outbox.house.ask(calls.set_visibility, outbox.house.org, outbox.house.me, "pj", "private")
        await outbox.house.push("prompt", "A secret")
        project_id = (await outbox.house.channel()).project_id
        work.project_changed(project_id)
        await until(lambda: is_gone(work, project_id))

    assert len(outbox.rows()) == before


async def is_gone(work: Outbound, project_id: int) -> bool:
    reader = work._readers.get(project_id)
    return reader is None or reader.task.done()


async def test_a_reader_that_fails_ends_the_worker_so_that_it_starts_again(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(outbound.format, "posts", broken)

    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10):
            await Outbound(outbox.place).run()


async def test_what_was_erased_before_it_was_read_is_not_posted(outbox: Outbox, db: psycopg.Connection[Any]) -> None:
    await outbox.house.push("prompt", "by mistake")
    db.execute("set session_replication_role = replica")
    db.execute("update polaris_data.events set body = '', payload = null, erased_at = now() where kind = 'prompt'")
    db.execute("set session_replication_role = origin")
    work = Outbound(outbox.place)
    async with running(work.run()):
        await caught_up(outbox)
        await outbox.house.push("prompt", "on purpose")
        work.project_changed((await outbox.house.channel()).project_id)
        await caught_up(outbox)

    assert told(outbox) == ["on purpose"]

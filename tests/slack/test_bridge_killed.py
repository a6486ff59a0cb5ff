"""The bridge is killed at every step of what it does: the next one loses nothing and doubles nothing it can know of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bridge_house import until
from real_bridge import RealBridge
from traffic import Seat, Stage, stage

from polaris.db import calls, slack_calls
from polaris.db.slack_rows import FiguresRow
from polaris.demo_slack import Gate

pytestmark = pytest.mark.slow
LOCK = 4711


class Scene:
    """One organization with one session, and a bridge that dies."""

    def __init__(self, day: Stage, database_url: str, folder: Path) -> None:
        self.day, self.slack = day, day.slack
        self.house = day.houses["T1"]
        self.seat: Seat = day.seats[0]
        self.bridge = RealBridge(self.house.settings, database_url, folder / "bridge.log")
        self.channel = ""

    async def begin(self) -> None:
        await self.bridge.start()
        await self.day.furnished()
        self.channel = str((await self.house.channel("pj")).channel_id)
        assert await self.day.settled(20)

    async def kill(self, gate: Gate | None = None) -> None:
        """Kills it; its lease is over at once, so that nobody has to wait. What *gate* held goes on without it."""
        await self.bridge.kill()
        await self.day.sql(
            "update polaris_data.slack_workspaces set lease_until = clock_timestamp() - interval '1 second'"
        )
        if gate is not None:
            gate.open.set()

    async def die_at(self, method: str, act: Callable[[], Any], *, after: bool) -> None:
        """Lets *act* happen, and kills the bridge when its call has come to Slack, or *after* it was done there."""
        gate = self.slack.hold(method, after=after)
        await act()
        await asyncio.wait_for(gate.reached.wait(), 20)
        await self.kill(gate)

    async def die_in(self, table: str, when: str, act: Callable[[], Any]) -> None:
        """Lets *act* happen, and kills the bridge while it writes such a row of *table*: nothing is written."""
        async with await psycopg.AsyncConnection.connect(self.day.owner, autocommit=True) as guard:
            await guard.execute("select pg_advisory_lock(%s)", [LOCK])
            await self.day.sql(
                f"create function public.stop_here() returns trigger language plpgsql as "
                f"'begin perform pg_advisory_xact_lock_shared({LOCK}); return new; end'; "
                f"create trigger stop_here before insert or update on polaris_data.{table} "
                f"for each row when ({when}) execute function public.stop_here()"
            )
            await act()
            waiting = "select pid from pg_locks where locktype = 'advisory' and not granted and database = " + (
                "(select oid from pg_database where datname = current_database())"
            )
            await until(lambda: self.day.sql(waiting), seconds=20)
            await self.bridge.kill()
            # What has no client any more must not be done when the lock is free.
            await self.day.sql(f"select pg_terminate_backend(pid) from ({waiting}) x")
            await until(lambda: self.day.sql(waiting), lambda rows: not rows, seconds=20)
            await self.day.sql(f"drop trigger stop_here on polaris_data.{table}; drop function public.stop_here()")
        await self.kill()

    async def again(self) -> None:
        await self.bridge.start()

    async def a_minute_later(self) -> None:
        """Whatever was handed over a minute ago at most, was."""
        await self.day.sql("update polaris_data.slack_posts set due_at = clock_timestamp() where state = 'posting'")

    async def push(self, *events: tuple[str, str], turn: str | None = "t1") -> None:
        await self.day.push(self.seat, *events, turn=turn)

    async def ends(self) -> FiguresRow:
        """When all is in Slack: the figures."""
        assert await self.day.settled(20), await self.day.open_ends()
        (figures,) = await self.house.ask(slack_calls.get_slack_figures, self.house.org)
        assert (figures.waiting, figures.unsure, figures.failed, figures.undone) == (0, 0, 0, 0)
        return figures

    def said(self, words: str) -> list[dict[str, Any]]:
        """The messages of the app with these words."""
        return [m for m in self.slack.posts("T1", self.channel) if words in m["text"]]

    def taken(self, words: str) -> int:
        """How often Slack was given, and took, a message with these words."""
        return sum(words in call.args["text"] for call in self.slack.called("chat.postMessage", "ok"))


@pytest.fixture
async def scene(database: Any, tmp_path: Path) -> AsyncIterator[Scene]:
    async with _scene(database, tmp_path) as scene:
        yield scene


@asynccontextmanager
async def _scene(database: Any, folder: Path) -> AsyncIterator[Scene]:
    async with stage(database.service, database.owner, folder, orgs=("acme",), projects={"pj": ("fxm",)}) as day:
        scene = Scene(day, database.service, folder)
        try:
            await scene.begin()
            yield scene
        finally:
            await scene.bridge.kill()


async def test_before_slack_has_it_a_message_is_made_by_the_next_one_after_its_minute(scene: Scene) -> None:
    scene.slack.fail("chat.postMessage", drop=True)
    await scene.die_at("chat.postMessage", lambda: scene.push(("prompt", "let us go")), after=False)
    await scene.again()
    await asyncio.sleep(2)  # nobody knows whether Slack has it, so nothing happens yet
    assert scene.taken("let us go") == 0
    await scene.a_minute_later()
    figures = await scene.ends()

    assert len(scene.said("let us go")) == scene.taken("let us go") == 1
    assert (figures.repeats, figures.doubles) == (1, 0)


async def test_when_slack_has_it_already_the_echo_settles_it_at_once(scene: Scene) -> None:
    scene.slack.echoes.clear()
    await scene.die_at("chat.postMessage", lambda: scene.push(("prompt", "let us go")), after=True)
    await scene.again()
    scene.slack.echoes.set()
    await scene.push(("reply", "done"))
    figures = await scene.ends()

    assert len(scene.said("let us go")) == scene.taken("let us go") == 1
    assert [m["text"].split("* ")[1] for m in scene.slack.posts("T1", scene.channel)[-2:]] == ["let us go", "done"]
    assert (figures.repeats, figures.doubles) == (0, 0)


async def test_without_an_echo_for_a_minute_it_is_repeated_counted_and_the_second_copy_taken_away(scene: Scene) -> None:
    scene.slack.echoes.clear()
    await scene.die_at("chat.postMessage", lambda: scene.push(("prompt", "let us go")), after=True)
    await scene.again()
    await scene.a_minute_later()
    await until(lambda: asyncio.sleep(0, scene.taken("let us go") == 2), seconds=20)
    scene.slack.echoes.set()
    figures = await scene.ends()

    assert len(scene.said("let us go")) == 1
    assert (figures.repeats, figures.doubles) == (1, 1)


async def test_between_slack_s_answer_and_its_row_the_echo_settles_it(scene: Scene) -> None:
    scene.slack.echoes.clear()
    await scene.die_in("slack_posts", "new.state = 'posted'", lambda: scene.push(("prompt", "let us go")))
    await scene.again()
    scene.slack.echoes.set()
    figures = await scene.ends()

    assert len(scene.said("let us go")) == scene.taken("let us go") == 1
    assert (figures.repeats, figures.doubles) == (0, 0)


async def test_between_reading_and_writing_an_event_becomes_a_post_once(scene: Scene) -> None:
    await scene.die_in("slack_channels", "true", lambda: scene.push(("prompt", "let us go")))
    await scene.again()
    figures = await scene.ends()

    assert len(scene.said("let us go")) == scene.taken("let us go") == 1
    assert (figures.repeats, figures.doubles) == (0, 0)


@pytest.mark.parametrize("after", [False, True])
async def test_in_an_edit_the_text_is_right_in_the_end(scene: Scene, after: bool) -> None:
    await scene.push(("prompt", "let us go"), ("tool.call", "Bash: ls"))
    await scene.ends()
    more = [("tool.call", "Bash: pytest"), ("tool.result", "passed")]
    await scene.die_at("chat.update", lambda: scene.push(*more), after=after)
    await scene.again()
    figures = await scene.ends()

    (line,) = scene.said("🔧")
    assert "2 calls" in line["text"]
    assert "pytest" in line["text"]
    assert figures.repeats == 0


@pytest.mark.parametrize("after", [False, True])
async def test_in_a_reaction_there_is_exactly_the_right_one_in_the_end(scene: Scene, after: bool) -> None:
    house = scene.house
    await scene.die_at("reactions.add", lambda: scene.day.advise(scene.seat, "use RS256"), after=after)
    (advice,) = await house.ask(calls.read_advice, house.org, scene.seat.actor, "pj", "fxm", scene.seat.epoch)
    about = (house.org, scene.seat.actor, advice.delivery_id)
    await house.ask(calls.settle_delivery, *about, "sent", None, "hook", scene.seat.epoch)
    await scene.again()
    await scene.ends()

    (message,) = scene.said("use RS256")
    assert scene.slack.reactions("T1", scene.channel, message["ts"]) == ["hourglass_flowing_sand"]


async def test_between_advising_and_being_done_with_it_the_session_is_advised_once(scene: Scene) -> None:
    async def say() -> None:
        await scene.slack.say("T1", scene.channel, "U2", "@fxm use RS256")

    await scene.die_in("slack_inbox", "new.done_at is not null", say)
    await scene.again()
    await scene.ends()

    deliveries = await scene.house.ask(calls.list_deliveries, scene.house.org, None, "pj", "fxm")
    assert [(d.sender, d.body) for d in deliveries] == [("user:krishna", "use RS256")]


async def test_before_an_event_is_kept_it_is_not_acknowledged_and_comes_again(scene: Scene) -> None:
    async def say() -> None:
        await scene.slack.say("T1", scene.channel, "U2", "@fxm use RS256", wait=False)

    await scene.die_in("slack_inbox", "true", say)
    await scene.again()
    await until(lambda: scene.house.ask(calls.list_deliveries, scene.house.org, None, "pj", "fxm"), seconds=20)
    await scene.ends()

    deliveries = await scene.house.ask(calls.list_deliveries, scene.house.org, None, "pj", "fxm")
    assert [(d.sender, d.body) for d in deliveries] == [("user:krishna", "use RS256")]


async def test_a_channel_that_was_made_and_not_written_down_is_found_again(scene: Scene) -> None:
    async def begin() -> None:
        await scene.house.session("one", "another")

    await scene.die_at("conversations.create", begin, after=True)
    await scene.again()
    row = await scene.house.live("another")

    assert row.name == "another"
    assert len([c for c in scene.slack.teams["T1"]["channels"].values() if "another" in c["name"]]) == 1

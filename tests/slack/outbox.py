"""An organization with a channel in the stand-in for Slack, its outbox, and workers that are killed at any step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from bridge_house import House, until
from psycopg.rows import namedtuple_row

from polaris.bridge.place import Place
from polaris.db import slack_calls
from polaris.db.slack_calls import Jsonb
from polaris.db.slack_rows import ChannelRow

TEAM = "T1"


class Killed(BaseException):
    """kill -9, as far as a worker notices: nothing that comes behind it is done."""


class Outbox:
    """Project ``pj`` with session ``fxm`` of ``user:manu`` and a live channel; *db* looks at the tables."""

    def __init__(self, house: House, db: psycopg.Connection[Any], place: Place) -> None:
        self.house, self.slack, self.place = house, house.slack, place
        self._db = db

    @classmethod
    async def furnish(cls, house: House, db: psycopg.Connection[Any]) -> Outbox:
        await house.connect()
        outbox = cls(house, db, await house.place())
        await outbox.channel("pj", session="fxm")
        return outbox

    async def channel(self, project: str, session: str | None = None, members: list[str] | None = None) -> str:
        """Makes a live channel for a project; answers its id."""
        number = await (self.house.session(session, project) if session else self.house.project(project))
        channel = self.slack.channel(TEAM, project, members=members or ["U1", "U2", "U3"])
        await self.place.write(slack_calls.write_slack_channel, number, channel, project, "live")
        return channel

    async def put(self, *texts: str, project: str = "pj", **more: Any) -> None:
        """Writes posts of these texts, whatever happened in the project."""
        await self.items(
            *({"key": f"t:{text}", "kind": "note", "text": text} | more for text in texts), project=project
        )

    async def items(self, *items: dict[str, Any], project: str = "pj") -> None:
        row: ChannelRow = await self.house.channel(project)
        args = (row.project_id, row.cursor, row.last_seq, Jsonb(list(items)), [])
        assert await self.place.write(slack_calls.write_slack_posts, *args)
        self.place.posts.set()

    def rows(self) -> list[Any]:
        """The posts as the table has them, oldest first; those of people are left out."""
        with self._db.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(
                "select * from polaris_data.slack_posts where kind <> 'theirs' order by post_id"
            ).fetchall()

    def row(self, text: str) -> Any:
        (row,) = (row for row in self.rows() if row.text == text)
        return row

    def states(self) -> dict[str, str]:
        return {row.text: row.state for row in self.rows() if row.state != "dropped"}

    async def become(self, *states: str, seconds: float = 15) -> None:
        """Waits until the posts, in their order, are in these states."""

        async def look() -> list[str]:
            return [row.state for row in self.rows() if row.state != "dropped"]

        await until(look, lambda found: found == list(states), seconds)

    def texts(self, project: str = "pj") -> list[str]:
        """What of ours stands in the channel, threads included, oldest first."""
        return [message["text"] for message in self.slack.posts(TEAM, project)]

    def a_minute_goes_by(self) -> None:
        """What waits for an echo has waited long enough."""
        self._db.execute("update polaris_data.slack_posts set due_at = clock_timestamp() where state <> 'posted'")
        self.place.posts.set()

    async def echo(self, text: str, project: str = "pj") -> list[str]:
        """Slack shows us all our messages of this text, as an ingress would take it."""
        found = []
        channel = self.slack.named(TEAM, project)["id"]
        for message in self.slack.posts(TEAM, project):
            if message["text"] == text:
                number = message["metadata"]["event_payload"]["id"]
                about = (TEAM, self.slack.app_id, channel, message["ts"], number, text)
                found.append(await self.house.ask(slack_calls.echo_slack_post, *about))
        self.place.posts.set()
        return found

    async def next_place(self) -> Place:
        """As another process would have it."""
        with self._db.transaction():
            self._db.execute("update polaris_data.slack_workspaces set lease_until = clock_timestamp()")
        self.place = await self.house.place("another bridge")
        return self.place


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """A worker, until the block is left; that it ended by itself is a failure, unless the block waited for it."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        elif not task.cancelled() and (error := task.exception()) is not None and not _is_seen(task):
            raise error


def _is_seen(task: asyncio.Task[None]) -> bool:
    """Whether somebody has asked for the failure already."""
    return not getattr(task, "_log_traceback", False)


async def died(work: Coroutine[Any, Any, None]) -> None:
    """Runs a worker until it is killed."""
    try:
        async with asyncio.timeout(15):
            await work
    except Killed:
        return
    raise AssertionError("it was not killed")


def kill_before(place: Any, name: str, when: Callable[..., bool] = lambda *args, **more: True) -> None:
    """Kills the worker before the call of *name* of *place* for which *when* is true."""
    real = getattr(place, name)

    async def call(*args: Any, **more: Any) -> Any:
        if when(*args, **more):
            raise Killed
        return await real(*args, **more)

    setattr(place, name, call)


def kill_after(place: Any, name: str, when: Callable[..., bool] = lambda *args, **more: True) -> None:
    """Kills the worker after it, before it can do anything with the answer."""
    real: Callable[..., Awaitable[Any]] = getattr(place, name)

    async def call(*args: Any, **more: Any) -> Any:
        answer = await real(*args, **more)
        if when(*args, **more):
            raise Killed
        return answer

    setattr(place, name, call)

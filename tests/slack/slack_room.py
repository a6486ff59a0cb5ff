"""A room: an organization whose workspace is connected, a project with its channel, and the way in from the stand-in.

What somebody says in the stand-in comes over a real socket into the inbox; `Room.do` lets an `Inbound` work it off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psycopg
from psycopg.rows import namedtuple_row

from polaris.bridge.inbound import Inbound
from polaris.bridge.place import Place
from polaris.bridge.socket_mode import SocketIngress
from polaris.bridge.web_api import SCOPES, WebApi
from polaris.db import calls, slack_calls
from polaris.db.pool import Database
from polaris.demo_slack import FakeSlack
from polaris.settings import Settings

TEAM = "T1"
DEADLINE_SECONDS = 15.0  # only a failure ever waits so long


async def until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Waits for *condition* (a plain or async call) to be true; answers what it answered."""
    end = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"waited {DEADLINE_SECONDS} s for {what}"
        await asyncio.sleep(0.01)


def settings(slack: FakeSlack, home: Any, **more: Any) -> Settings:
    """Settings of a process that knows the app of *slack*, over Socket Mode."""
    asked = {
        "slack_client_id": slack.client_id,
        "slack_client_secret": slack.client_secret,
        "slack_signing_secret": slack.signing_secret,
        "slack_app_token": slack.app_token,
        "slack_ingress": "socket",
        "slack_url": slack.url,
    }
    return Settings.from_env({}, home=str(home), **asked | more)


class Heard:
    """Stands for `bridge.channels.Channels`: keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[slack_calls.SlackEventRow] = []

    async def heard(self, event: slack_calls.SlackEventRow) -> None:
        self.events.append(event)


@dataclass
class Room:
    """Organization ``acme``: user:manu (U1) drives fxm of project pj, user:krishna (U2) is a member, fxk is open."""

    slack: FakeSlack
    database: Database
    owner: str
    org: int
    place: Place
    channel: str
    heard: Heard = field(default_factory=Heard)

    async def ask(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """A stub that begins with the organization."""
        return await self.database.ask(call, self.org, *args, **kwargs)

    async def sql(self, query: str, *values: Any) -> list[Any]:
        """As the superuser, who may look at tables."""
        async with await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as conn:
            cursor = conn.cursor(row_factory=namedtuple_row)
            await cursor.execute(query.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def say(self, words: str, user: str = "U1", thread: str | None = None) -> str:
        """Somebody writes in the channel; answers the ts once the message is acknowledged."""
        return await self.slack.write(TEAM, self.channel, user, words, thread)

    async def do(self) -> None:
        """Works off what is in the inbox."""
        working = asyncio.create_task(Inbound(self.place, self.heard).run())
        try:
            await until(lambda: self._is_over(working), "an empty inbox")
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def do_once(self) -> None:
        """Does or tries what is due now, once."""
        before = {row.event_id: row.attempts for row in await self.undone()}
        working = asyncio.create_task(Inbound(self.place, self.heard).run())
        try:
            await until(lambda: self._was_tried(before), "the first try")
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _was_tried(self, before: dict[str, int]) -> bool:
        return any(
            row.done_at is not None or row.attempts > before[row.event_id]
            for row in await self.inbox()
            if row.event_id in before
        )

    async def _is_over(self, working: asyncio.Task[None]) -> bool:
        if working.done():
            working.result()
        return not await self.undone()

    async def said(self, words: str, user: str = "U1", thread: str | None = None) -> str:
        """Says it, and lets it be done."""
        ts = await self.say(words, user, thread)
        await self.do()
        return ts

    async def undone(self) -> list[Any]:
        """What is in the inbox and due."""
        return await self.sql(
            "select * from polaris_data.slack_inbox where done_at is null and due_at <= clock_timestamp()"
        )

    async def inbox(self) -> list[Any]:
        return await self.sql("select * from polaris_data.slack_inbox order by inbox_id")

    async def advice(self, session: str = "fxm") -> list[tuple[str, str, str]]:
        """Sender, text and state of everything that a session was told, the oldest first."""
        found = await self.ask(calls.list_deliveries, None, "pj", session)
        return [(one.sender, one.body, one.state) for one in sorted(found, key=lambda d: d.advice_seq)]

    async def posts(self, kind: str) -> list[Any]:
        """What is to be posted, of one kind."""
        return await self.sql("select * from polaris_data.slack_posts where kind = %s order by post_id", kind)

    async def hint(self) -> str:
        """The one private word that is to be told."""
        (post,) = await self.posts("hint")
        return str(post.text)

    async def post(self, session: str, text: str, ts: str) -> None:
        """A message of *session* that stands in the channel already."""
        await self.sql(
            """
            insert into polaris_data.slack_posts (
              org_id, project_id, lane, key, kind, session_id, channel_id, text, state, ts, made_at, due_at, shown)
            select s.org_id, s.project_id, 'channel', 'x:' || %s, 'text', s.session_id, %s, %s, 'posted', %s,
              now(), now(), 1
            from polaris_data.sessions s where s.org_id = %s and s.name = %s
            """,
            ts,
            self.channel,
            text,
            ts,
            self.org,
            session,
        )


@asynccontextmanager
async def room(database: Any, slack: FakeSlack, home: Any, *, people: bool = True) -> AsyncIterator[Room]:
    """Makes it; *people*: the list of people was read already."""
    token = slack.bot(TEAM)
    channel = slack.channel(TEAM, "pj", members=["U1", "U2"])
    pool = Database(database.service, name="test")
    await pool.open()
    async with aiohttp.ClientSession() as http:
        org = (await pool.ask(calls.create_org, "acme", "Acme", "manu", "manu@example.com", "https://idp", "1")).org_id
        await pool.ask(calls.add_member, org, None, "krishna", "member", "krishna@example.com")
        await pool.ask(calls.create_project, org, "user:manu", "pj")
        await pool.ask(calls.join_session, org, "user:manu", "pj", "fxm", 3600)
        await pool.ask(calls.create_session, org, "user:manu", "pj", "fxk")
        shown = (slack.app_id, "Acme", "https://acme.slack.com/", slack.bot_user(TEAM), "B1", list(SCOPES))
        await pool.ask(slack_calls.connect_slack, org, "user:manu", TEAM, *shown, b"sealed", "00000000")
        fence = await pool.ask(slack_calls.lease_slack, org, "test 1", 60)
        (workspace,) = await pool.ask(slack_calls.list_slack_workspaces)
        place = Place(workspace, fence, pool, WebApi(token, http, slack.url), None)
        made = Room(slack, pool, database.owner, org, place, channel)
        await made.sql("update polaris_data.slack_workspaces set lease_until = now() + interval '1 hour'")
        ((project_id,),) = await made.sql("select project_id from polaris_data.projects where name = 'pj'")
        await place.write(slack_calls.write_slack_channel, project_id, channel, "pj", "live")
        if people:
            from polaris.bridge.people import read_all

            await read_all(place)
        ingress = SocketIngress(settings(slack, home), pool, http)
        listening = asyncio.create_task(ingress.run())
        try:
            await asyncio.wait_for(ingress.ready.wait(), DEADLINE_SECONDS)
            await until(lambda: slack.sockets, "a socket")
            yield made
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await pool.close()

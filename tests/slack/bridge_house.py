"""An organization whose workspace is connected to the stand-in for Slack; for tests of the bridge."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from polaris.bridge.place import Place
from polaris.bridge.seal import Seal, new_key
from polaris.bridge.web_api import WebApi
from polaris.db import calls, slack_calls
from polaris.db.pool import Database
from polaris.db.push import PUSH, NewEvent, Pushed, Where, columns
from polaris.db.slack_rows import ChannelRow, SlackRow
from polaris.demo_slack import FakeSlack
from polaris.errors import Conflict
from polaris.settings import Settings

R = TypeVar("R")
KEY = new_key()
PUBLIC_URL = "https://polaris.example.com"
NUMBERS = itertools.count(1)


class House:
    """Organization ``acme`` of ``user:manu``, its workspace T1, and whoever makes a bridge of it."""

    def __init__(self, database: Database, slack: FakeSlack, http: aiohttp.ClientSession, home: Path) -> None:
        self.database, self.slack, self.http = database, slack, http
        self.settings = Settings(
            home,
            public_url=PUBLIC_URL,
            slack_client_id=slack.client_id,
            slack_client_secret=slack.client_secret,
            slack_app_token=slack.app_token,
            slack_ingress="socket",
            slack_keys=(KEY,),
            slack_url=slack.url,
        )
        self.org, self.slug, self.me = 0, "acme", "user:manu"

    async def found(self) -> None:
        made = await self.ask(calls.create_org, self.slug, "Acme", "manu", "manu@example.com")
        self.org = made.org_id

    async def ask(self, call: Callable[..., Awaitable[R]], *args: Any, **more: Any) -> R:
        return await self.database.ask(call, *args, **more)

    async def connect(self, team: str = "T1", token: str | None = None) -> SlackRow:
        """The app is installed in *team*, and an administrator has connected it."""
        sealed, key = Seal.of(self.settings).seal(token or self.slack.bot(team))
        about = (self.org, self.me, team, self.slack.app_id, "Acme", None, self.slack.bot_user(team), "B" + team[1:])
        (row,) = await self.ask(slack_calls.connect_slack, *about, ["chat:write"], sealed, key)
        return row

    async def place(self, holder: str = "a bridge", seconds: int = 60) -> Place:
        """The workspace under a lease of its own."""
        (row,) = (r for r in await self.ask(slack_calls.list_slack_workspaces) if r.org_id == self.org)
        fence = await self.ask(slack_calls.lease_slack, self.org, holder, seconds)
        assert fence is not None
        token = Seal.of(self.settings).open(row.token, row.token_key)
        return Place(row, fence, self.database, WebApi(token, self.http, self.slack.url), PUBLIC_URL)

    async def project(self, name: str = "pj", visibility: str = "org") -> int:
        try:
            row = await self.ask(calls.create_project, self.org, self.me, name, visibility)
        except Conflict:
            row = await self.ask(calls.get_project, self.org, self.me, name)
        return row.project_id

    async def session(self, name: str = "fxm", project: str = "pj") -> int:
        """A session that user:manu drives, and its project; answers the project's number."""
        number = await self.project(project)
        await self.ask(calls.join_session, self.org, self.me, project, name, 3600)
        return number

    async def push(self, kind: str, body: str, *, session: str = "fxm", project: str = "pj", **more: Any) -> int:
        """user:manu's daemon captured something in a session that they drive; its number."""
        row = await self.ask(calls.get_session, self.org, self.me, project, session)
        event = NewEvent(
            f"c{next(NUMBERS)}", kind, row.epoch, **{"turn": "t1", "agent": "claude-code"} | more, body=body
        )
        async with self.database.connection() as conn:
            where = Where(self.org, self.me, project, session)
            found = await (await conn.execute(PUSH, columns(self.org, [where], [event]))).fetchone()
        pushed = Pushed(*found or ())
        assert pushed.seq is not None, pushed
        return pushed.seq

    async def channel(self, project: str = "pj") -> ChannelRow:
        rows = await self.ask(slack_calls.list_slack_channels, self.org, None)
        return next(row for row in rows if row.project == project)

    async def workspace(self) -> SlackRow:
        (row,) = await self.ask(slack_calls.get_slack, self.org, None)
        return row

    async def live(self, project: str = "pj") -> ChannelRow:
        """The channel of a project, once it is there."""
        return await until(lambda: self.channel(project), lambda row: row.state == "live")


async def until(
    look: Callable[[], Awaitable[R]], good: Callable[[R], object] = bool, seconds: float = 30, pause: float = 0.02
) -> R:
    """Looks until what is found is good, and answers it; fails after so many seconds and says what it was."""
    end = time.monotonic() + seconds
    while True:
        found = await look()
        if good(found):
            return found
        assert time.monotonic() < end, f"not in time; it is {found!r}"
        await asyncio.sleep(pause)

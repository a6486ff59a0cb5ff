"""Everything that hangs on a credential for longer than a request, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import NamedTuple

import psycopg

from polaris.db import calls
from polaris.db.listen import Control
from polaris.db.pool import Database
from polaris.errors import NotFound, PolarisError, from_database
from polaris.http.auth import Authenticator, Caller
from polaris.tasks import wait

logger = logging.getLogger(__name__)

GOING_AWAY, TRY_AGAIN, TOKEN_DIED, NO_ACCESS = 1001, 1013, 4401, 4403
SHORTEST_SECONDS = 0.2  # between two looks, however many notifications come: they may be forged
ACCESS_ROUNDS = 20  # every so many looks the access to projects is checked without a notification
TOUCH_SECONDS = 60.0  # how often a token behind something live counts as used: its expiry may slide


class End(NamedTuple):
    code: int
    reason: str


class Live:
    """One socket or stream: whose it is, and a future that says that and why it has to end."""

    def __init__(self, caller: Caller, project: str) -> None:
        self.caller, self.project = caller, project
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    def end(self, code: int, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(End(code, reason))


class Registry:
    """All of them in this process, and the watch over their credentials."""

    def __init__(self, database: Database, authenticator: Authenticator, seconds: float) -> None:
        self._database, self._authenticator, self._seconds = database, authenticator, seconds
        self._poked = asyncio.Event()
        self._orgs: set[int] = set()  # whose access to projects is to be looked at
        self._task: asyncio.Task[None] | None = None
        self._touched = time.monotonic()
        self.all: set[Live] = set()
        self.stopping = False

    def add(self, live: Live) -> None:
        self.all.add(live)
        if self.stopping:
            live.end(GOING_AWAY, "the service stops")

    def remove(self, live: Live) -> None:
        self.all.discard(live)

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="revalidation")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def end_all(self) -> None:
        self.stopping = True
        for live in tuple(self.all):
            live.end(GOING_AWAY, "the service stops")

    def control(self, control: Control | None) -> None:
        """A hint that credentials changed; None: hints may have been missed."""
        self._authenticator.forget()
        if control is None:
            self._orgs |= {live.caller.org_id for live in self.all}
        elif control.kind not in ("token", "web_session"):
            self._orgs.add(control.org)
        self._poked.set()

    async def _watch(self) -> None:
        round = 0
        while True:
            began = time.monotonic()
            self._poked.clear()
            round += 1
            if round % ACCESS_ROUNDS == 0:
                self._orgs |= {live.caller.org_id for live in self.all}
            orgs, self._orgs = self._orgs, set()
            try:
                await self.revalidate(orgs)
            except (psycopg.Error, PolarisError, OSError) as error:
                # Nobody can be revoked while the database is away; who was stays due.
                logger.warning("credentials could not be checked", extra={"reason": type(error).__name__})
                self._orgs |= orgs
            await asyncio.sleep(SHORTEST_SECONDS)
            await wait(self._poked, max(0.0, began + self._seconds - time.monotonic()))

    async def revalidate(self, orgs: Iterable[int] = ()) -> None:
        """Ends what hangs on dead credentials, and what watches a project that its actor may not see any more."""
        if not self.all:
            return
        tokens = sorted({live.caller.token_id for live in self.all if live.caller.token_id is not None})
        browsers = {
            (live.caller.web_session_id, live.caller.org_id)
            for live in self.all
            if live.caller.web_session_id is not None
        }
        async with self._database.connection() as conn:
            if tokens and time.monotonic() - self._touched > TOUCH_SECONDS:
                self._touched = time.monotonic()
                await calls.touch_tokens(conn, tokens)
            dead = set(await calls.list_dead_tokens(conn, tokens)) if tokens else set()
            ended = set()
            if browsers:
                sessions, of = (list(column) for column in zip(*sorted(browsers), strict=True))
                ended = {
                    (row.web_session_id, row.org_id) for row in await calls.list_dead_web_sessions(conn, sessions, of)
                }
            for live in tuple(self.all):
                if live.caller.token_id in dead:
                    live.end(TOKEN_DIED, "the token is not valid any more")
                elif (live.caller.web_session_id, live.caller.org_id) in ended:
                    live.end(TOKEN_DIED, "the browser is not signed in any more")
            looked_at = {(v.caller.org_id, v.caller.actor, v.project) for v in self.all if v.caller.org_id in set(orgs)}
            for org_id, actor, project in looked_at:
                try:
                    await calls.get_project(conn, org_id, actor, project)
                except psycopg.Error as error:
                    if not isinstance(from_database(error), NotFound):
                        raise
                    for live in tuple(self.all):
                        if (live.caller.org_id, live.caller.actor, live.project) == (org_id, actor, project):
                            live.end(NO_ACCESS, "no access to this project any more")

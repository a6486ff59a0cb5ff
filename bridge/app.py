"""The bridge: any number of workspaces in one process, and any number of such processes.

Each workspace has one writer, by a lease in its row that is renewed while its workers run. Whoever comes to ask when it
has ended takes over. A bridge that was replaced is stopped by the fence that each of its writes shows.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp

from polaris import log
from polaris.db import pool, slack_calls
from polaris.db.listen import Control, Listener
from polaris.db.pool import Database
from polaris.db.slack_rows import WorkspaceRow
from polaris.errors import Misconfigured, PolarisError
from polaris.settings import Settings
from polaris.tasks import wait

from .place import Place, Replaced, TokenRefused
from .seal import Seal
from .tasks import keep
from .web_api import WebApi
from .workspace import Workspace

LOG = log.get("bridge")

# Held so long, renewed and asked for so often: one that died is replaced within LEASE_SECONDS + TRY_SECONDS at most,
# because the last renewal was at the latest when it died, and somebody asks each TRY_SECONDS.
LEASE_SECONDS = 6
TRY_SECONDS = 2.0
LOOK_SECONDS = 10.0
CONNECTIONS, LEASE_CONNECTIONS = 12, 2


class Bridge:
    """One process. Hears the bus (`polaris.db.listen.Hearer`) for all workspaces that it has."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self.settings = settings
        self.holder = f"{socket.gethostname()[:60]} {os.getpid()} {secrets.token_hex(3)}"
        self.seal = Seal.of(settings)
        self.database = Database(database_url, most=CONNECTIONS, name="polaris bridge")
        # Of their own: however busy the workers are, the leases are renewed in time.
        self.leases = Database(database_url, most=LEASE_CONNECTIONS, name="polaris bridge leases")
        self.listener = Listener(lambda: pool.connect(database_url, name="polaris bridge listener"), self)
        self.tenants: dict[int, Tenant] = {}
        self.hearers: dict[int, Workspace] = {}  # by the project that they want to hear of
        self._look = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Between start and stop; the stop gives every lease back."""
        async with AsyncExitStack() as stack:
            for database in (self.database, self.leases):
                await database.open()
                stack.push_async_callback(database.close)
            # No limit: each workspace has a few calls at most in flight, and a slow one must not hold up the others.
            connector = aiohttp.TCPConnector(limit=0)
            self.http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            stack.push_async_callback(self.listener.stop)
            self.listener.start()
            tasks = [asyncio.create_task(keep("workspaces", self._look_after), name="workspaces")]
            if self.settings.slack_ingress == "socket":
                tasks.append(asyncio.create_task(keep("socket", self._listen_to_slack), name="socket"))
            stack.push_async_callback(self._stop, tasks)
            yield

    async def _stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(tenant.stop() for tenant in self.tenants.values()))

    # The bus

    def project_changed(self, project_id: int) -> None:
        if (workspace := self.hearers.get(project_id)) is not None:
            workspace.project_changed(project_id)

    def control_changed(self, control: Control) -> None:
        if control.kind == "slack":
            self._look.set()
        tenant = self.tenants.get(control.org)
        if tenant is None:
            return
        if control.kind == "slack":
            tenant.wake()
        elif control.kind == "slack_inbox" and tenant.workspace is not None:
            tenant.workspace.told()
        elif control.kind == "project" and tenant.workspace is not None:
            tenant.workspace.wake()

    def connected(self) -> None:
        self._look.set()
        for tenant in self.tenants.values():
            tenant.wake()

    # The workspaces

    async def _look_after(self) -> None:
        """Has a tenant for every workspace that is connected, with its newest token."""
        while True:
            self._look.clear()
            rows = {
                row.org_id: row
                for row in await self.database.ask(slack_calls.list_slack_workspaces)
                if row.state == "connected"
            }
            for org_id, tenant in list(self.tenants.items()):
                if org_id not in rows or tenant.over or not tenant.take(rows[org_id]):
                    await tenant.stop()
                    del self.tenants[org_id]
            for org_id in rows.keys() - self.tenants.keys():
                self.tenants[org_id] = Tenant(self, rows[org_id])
            await wait(self._look, LOOK_SECONDS)

    async def _listen_to_slack(self) -> None:
        """One socket for all workspaces: an app's events come to any one of its sockets."""
        from .socket_mode import SocketIngress

        await SocketIngress(self.settings, self.database, self.http).run()


class Tenant:
    """The workspace of one organization, from the process's side: waits for the lease, and works while it has it."""

    def __init__(self, bridge: Bridge, row: WorkspaceRow) -> None:
        self._bridge, self._row = bridge, row
        self._token = self._open(row)
        self._woken = asyncio.Event()
        self._leased_until = 0.0
        self.workspace: Workspace | None = None
        self._task = asyncio.create_task(self._run(), name=f"workspace of {row.org}")

    @property
    def over(self) -> bool:
        """Whether Slack refused the token; a new one brings another tenant."""
        return self._task.done()

    def take(self, row: WorkspaceRow) -> bool:
        """Takes changed settings; False when it is another workspace, or has another token."""
        old = self._row
        if row.team_id != old.team_id:
            return False
        if (row.token, row.token_key) != (old.token, old.token_key) and self._open(row) != self._token:
            return False  # sealed again under another key it is the same token
        self._row = row
        if self.workspace is not None:
            self.workspace.changed(row)
        return True

    async def listen(self, project_id: int) -> None:
        """The workspace hears of a project from now on (`polaris.bridge.workspace.Ear`)."""
        if self.workspace is not None:
            self._bridge.hearers[project_id] = self.workspace
        await self._bridge.listener.listen(project_id)

    def unlisten(self, project_id: int) -> None:
        self._bridge.hearers.pop(project_id, None)
        self._bridge.listener.unlisten(project_id)

    def wake(self) -> None:
        """Somebody may have given the lease back, or changed what the workers should do."""
        self._woken.set()
        if self.workspace is not None:
            self.workspace.wake()

    async def stop(self) -> None:
        """Lets what is in flight come to its end, and gives the lease back."""
        self._task.cancel()
        (failure,) = await asyncio.gather(self._task, return_exceptions=True)
        if isinstance(failure, Exception):
            LOG.error("a workspace failed", extra={"org": self._row.org}, exc_info=failure)

    def _open(self, row: WorkspaceRow) -> str | None:
        try:
            return self._bridge.seal.open(row.token, row.token_key)
        except Misconfigured as error:
            LOG.error("a workspace rests", extra={"org": row.org, "reason": str(error)})
            return None

    async def _run(self) -> None:
        if self._token is None:  # another token brings another tenant, another key another process
            await asyncio.Event().wait()
            return
        while True:
            self._woken.clear()
            fence = await self._lease()
            if fence is not None and await self._work(fence, self._token):
                return
            await wait(self._woken, TRY_SECONDS)

    async def _lease(self) -> int | None:
        """The fence; None while another bridge has it, and while the database does not answer."""
        try:
            return await self._ask_lease()
        except PolarisError as error:
            LOG.warning("no lease could be asked for", extra={"org": self._row.org, "reason": error.code})
            return None

    async def _ask_lease(self) -> int | None:
        bridge, asked_at = self._bridge, _now()
        fence = await bridge.leases.ask(slack_calls.lease_slack, self._row.org_id, bridge.holder, LEASE_SECONDS)
        if fence is not None:
            self._leased_until = asked_at + LEASE_SECONDS
        return fence

    async def _work(self, fence: int, token: str) -> bool:
        """Runs the workers for as long as the lease lasts; True when Slack refused the token."""
        bridge, row = self._bridge, self._row
        api = LeasedApi(token, bridge.http, bridge.settings.slack_url, lambda: self._leased_until)
        place = Place(row, fence, bridge.database, api, bridge.settings.public_url)
        self.workspace = Workspace(place, self)
        LOG.info("a workspace is taken", extra={"org": row.org, "team": row.team_id, "fence": fence})
        working = asyncio.create_task(self.workspace.run(), name=f"workers of {row.org}")
        renewing = asyncio.create_task(self._renew(fence), name=f"lease of {row.org}")
        try:
            await asyncio.wait([working, renewing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # The lease is renewed still while what is in flight comes to its end.
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            self.workspace = None
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            refused = await self._end(fence, working)
        return refused

    async def _renew(self, fence: int) -> None:
        """Ends when the lease is lost. A database that does not answer lets nobody else have it, either."""
        while True:
            await asyncio.sleep(TRY_SECONDS)
            try:
                mine = await self._ask_lease()
            except PolarisError as error:
                LOG.warning("the lease could not be renewed", extra={"org": self._row.org, "reason": error.code})
                continue
            if mine != fence:
                return

    async def _end(self, fence: int, working: asyncio.Task[None]) -> bool:
        """Tells the database why the workers ended; True when it was Slack that refused the token."""
        bridge, org = self._bridge, self._row
        failure = None if working.cancelled() else working.exception()
        try:
            if isinstance(failure, TokenRefused):
                LOG.error("Slack refuses the token", extra={"org": org.org, "reason": str(failure)})
                await bridge.leases.ask(slack_calls.refuse_slack, org.org_id, fence, str(failure))
                return True
            if isinstance(failure, Replaced) or not await bridge.leases.ask(
                slack_calls.release_slack, org.org_id, fence
            ):
                LOG.info("a workspace was taken over or disconnected", extra={"org": org.org})
            elif failure is not None:
                LOG.error("the workers failed", extra={"org": org.org}, exc_info=failure)
        except PolarisError as error:
            LOG.warning("a lease runs out by itself", extra={"org": org.org, "reason": error.code})
        return False


class LeasedApi(WebApi):
    """The calls of a workspace, for as long as its lease surely lasts.

    The fence stops a late write to the database, but not a late call of Slack: a process that was frozen, or cut off
    from the database, must not put an old text over what its successor has written.
    """

    def __init__(self, token: str, http: aiohttp.ClientSession, url: str, leased_until: Callable[[], float]) -> None:
        super().__init__(token, http, url)
        self._leased_until = leased_until

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """As that of `WebApi`. Raises `Replaced` once the lease may have run out."""
        if _now() >= self._leased_until():
            raise Replaced
        return await super().call(method, **arguments)


def _now() -> float:
    """Seconds that go on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


async def serve(settings: Settings, *, database_url: str, ready: Callable[[str], None] | None = None) -> None:
    """Runs the bridge until it is cancelled; *ready* is called with its name once it looks after the workspaces.

    Raises `Misconfigured` ``slack_not_set_up`` without a Slack app, and what keeps the database from being opened.
    """
    if settings.slack_client_id is None:
        raise Misconfigured(
            "No Slack app is set up.",
            code="slack_not_set_up",
            hint="Set POLARIS_SLACK_CLIENT_ID and its neighbours: docs/slack.md.",
        )
    bridge = Bridge(settings, database_url)
    async with bridge.running():
        LOG.info("the bridge runs", extra={"holder": bridge.holder, "ingress": settings.slack_ingress})
        if ready is not None:
            ready(bridge.holder)
        try:
            await asyncio.Event().wait()
        finally:
            LOG.info("stopping")

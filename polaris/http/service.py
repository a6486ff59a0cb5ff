"""The parts of one API process, made and taken down together."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from aiohttp import web

from polaris.db import calls, pool, sources
from polaris.db.listen import Control, Listener
from polaris.db.pool import Connection, Database
from polaris.db.rows import ProjectRow
from polaris.db.writer import Writer
from polaris.errors import NotFound, PolarisError
from polaris.http.auth import CALLER, Authenticator, Caller
from polaris.http.hub import Hub
from polaris.http.indexer import Indexer
from polaris.http.ingest import Ingest
from polaris.http.keeper import Keeper
from polaris.http.limits import Buckets, Limits
from polaris.http.live import Registry
from polaris.http.metrics import Metrics
from polaris.redact import Redactor
from polaris.settings import Settings

logger = logging.getLogger(__name__)

REDACTORS = 1000
REMEMBER_SECONDS = 3.0


class Service:
    """What every handler works with: ``request.app[SERVICE]``."""

    def __init__(self, settings: Settings, database_url: str, limits: Limits) -> None:
        self.settings, self.limits = settings, limits
        self.metrics = Metrics()
        self.database = Database(database_url, name="polaris api")
        self.writer = Writer(
            lambda: pool.connect(database_url, name="polaris writer", tcp_user_timeout=10_000),
            on_batch=self._on_batch,
        )
        self.indexer = Indexer(
            lambda: pool.connect(database_url, name="polaris indexer"),
            waiting=lambda: self.writer.waiting_events,
            on_step=self.metrics.indexed.inc,
        )
        self.ingest = Ingest(self.writer, self.metrics.on_results)
        self.authenticator = Authenticator(self.database)
        self.buckets = Buckets(limits.rate_per_second, limits.rate_burst)
        self.hub = Hub(self.database, limits, self.metrics.relayed.inc)
        self.listener = Listener(lambda: pool.connect(database_url, name="polaris listener"), self.hub)
        self.registry = Registry(self.database, self.authenticator, limits.revalidate_seconds)
        self.keeper = Keeper(
            lambda: pool.connect(database_url, name="polaris keeper"),
            seconds=limits.keep_seconds,
            waiting=lambda: self.writer.waiting_events,
            on_batch=self.metrics.on_keeping,
            on_lead=self.metrics.keeps.set,
        )
        self.hub.on_control = self._on_control
        self._digest = functools.cache(sources.digest)
        self._redactors: dict[bytes, Redactor] = {}
        self._projects: dict[tuple[int, str], tuple[float, int]] = {}
        self._maintenance: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """Between start and stop. What still runs when it ends was finished by the server before."""
        await self.database.open()
        self.writer.start()
        self.listener.start()
        self.hub.start(self.listener)
        self.registry.start()
        self.indexer.start()
        self.keeper.start()
        self._maintenance = asyncio.create_task(self._maintain(), name="maintenance")
        try:
            yield
        finally:
            self._maintenance.cancel()
            await asyncio.gather(self._maintenance, return_exceptions=True)
            await self.keeper.stop()
            await self.indexer.stop()
            await self.writer.stop()
            await self.registry.stop()
            await self.hub.stop()
            await self.listener.stop()
            await self.database.close()

    async def enter(self, request: web.Request) -> Callable[[Any], Any]:
        """Who asks, and whether it may ask so often; answers what takes the secrets out of what it sends."""
        caller = await self.authenticator.identify(request)
        self.buckets.take(caller.credential)
        request[CALLER] = caller
        return self.redactor(caller).value

    def redactor(self, caller: Caller) -> Redactor:
        """The rules under the organization's key."""
        found = self._redactors.get(caller.redaction_key)
        if found is None:
            if len(self._redactors) >= REDACTORS:
                self._redactors.clear()
            found = self._redactors[caller.redaction_key] = Redactor(caller.redaction_key)
        return found

    async def project(self, conn: Connection, caller: Caller, name: str) -> ProjectRow:
        """A project that the caller may see with this token; 404 otherwise."""
        project = await calls.get_project(conn, caller.org_id, caller.actor, name)
        caller.within(project.project_id)
        return project

    async def admit(self, caller: Caller, name: str) -> None:
        """Raises 404 for a project that a limited token is not for; costs nothing for the others."""
        if caller.project_id is None:
            return
        until, project_id = self._projects.get((caller.org_id, name), (0.0, 0))
        if until < time.monotonic():
            async with self.database.connection() as conn:
                project_id = (await self.project(conn, caller, name)).project_id
            if len(self._projects) >= REDACTORS:
                self._projects.clear()
            self._projects[caller.org_id, name] = (time.monotonic() + REMEMBER_SECONDS, project_id)
        caller.within(project_id)

    async def own_project(self, caller: Caller, name: str | None) -> str:
        """The name of the one project that the caller's limited token is for. 404 where *name* is another one."""
        if name is not None:
            await self.admit(caller, name)
            return name
        async with self.database.connection() as conn:
            for row in await calls.list_projects(conn, caller.org_id, caller.actor):
                if row.project_id == caller.project_id:
                    return row.name
        raise NotFound("The project of this token is not there any more.", code="no_such_project")

    async def check(self) -> dict[str, bool]:
        """What /readyz says: the database answers, has this version's SQL, and notifications come in."""
        found = {"database": False, "migrations": False, "listener": self.listener.is_connected}
        try:
            async with self.database.connection(timeout=3) as conn:
                found["database"] = True
                found["migrations"] = await calls.installed_digest(conn) == self._digest()
        except (psycopg.Error, PolarisError, OSError) as error:
            logger.warning("not ready", extra={"reason": type(error).__name__})
        return found

    async def measure(self) -> bytes:
        """What /metrics says."""
        metrics = self.metrics
        metrics.waiting.set(self.writer.waiting_events)
        metrics.lanes.set(len(self.writer.lanes))
        metrics.subscribers.set(len(self.registry.all))
        metrics.topics.set(len(self.hub.topics))
        metrics.hints.labels("taken").set(self.listener.hints - self.listener.ignored)
        metrics.hints.labels("ignored").set(self.listener.ignored)
        metrics.reconnects.set(self.listener.connects)
        try:
            async with self.database.connection(timeout=3) as conn:
                metrics.notify_queue.set(await calls.notification_queue_usage(conn))
                metrics.lag.set(await self.hub.check_heads(conn))
                metrics.on_unindexed(await calls.list_unindexed(conn, limit=100_000))
        except (psycopg.Error, PolarisError, OSError) as error:
            logger.warning("the database was not measured", extra={"reason": type(error).__name__})
        return metrics.text()

    def _on_batch(self, events: int, seconds: float) -> None:
        self.metrics.on_batch(events, seconds)
        self.indexer.wake()

    def _on_control(self, control: Control | None) -> None:
        self.registry.control(control)
        self.keeper.control(control)

    async def _maintain(self) -> None:
        """Ends leases and deliveries whose time is over. Several processes may: the functions lock what they end."""
        while True:
            await asyncio.sleep(self.limits.maintain_seconds)
            self.buckets.forget()
            try:
                async with self.database.connection() as conn:
                    await calls.reap_blockers(conn)
                    for ended in await calls.reap_analysts(conn):
                        said = {"login": ended.login, "reason": ended.why, "seconds": ended.seconds}
                        logger.warning("ended an analyst's connection", extra=said)
                    for org_id in await calls.list_orgs_with_lapses(conn):
                        self.metrics.lapses.labels("lease").inc(await calls.expire_leases(conn, org_id))
                        self.metrics.lapses.labels("delivery").inc(await calls.expire_deliveries(conn, org_id))
                        self.metrics.lapses.labels("request").inc(await calls.expire_seat_requests(conn, org_id))
            except (psycopg.Error, PolarisError, OSError) as error:
                logger.warning("maintenance failed", extra={"reason": type(error).__name__})


SERVICE = web.AppKey("service", Service)

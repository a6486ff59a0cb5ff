"""The pass behind the ingest: it fills the tables that are made from the record, so that search finds what was said.

One task a process, on a connection of its own. It is woken by what this process wrote, and looks twice a second for
what others did; several processes share the projects, because `polaris.index_events` passes over one that another
fills. Ingest comes first: after each step the task rests, the longer the more events wait to be written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from polaris.db import calls
from polaris.db.pool import Connection
from polaris.db.rows import UnindexedRow
from polaris.tasks import wait

logger = logging.getLogger(__name__)

STEP_EVENTS = 250
COLLECT_SECONDS = 0.1  # what is written meanwhile goes along: many single events are few steps
POLL_SECONDS = 0.5
RETRY_SECONDS = 30.0  # a project that failed
RECONNECT_SECONDS = 1.0
BUSY_EVENTS = 200  # wait to be written
REST, BUSY_REST = 0.5, 3.0  # of the time that the last step took


class Indexer:
    """*waiting* says how many events wait to be written; *on_step* is told how many were indexed."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        waiting: Callable[[], int] = lambda: 0,
        on_step: Callable[[int], None] = lambda events: None,
    ) -> None:
        self._connect, self._waiting, self._on_step = connect, waiting, on_step
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed: dict[tuple[int, int], float] = {}  # project → when it may be tried again

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="indexer")

    async def stop(self) -> None:
        """Ends it where it is: a step that is cut off is undone by the database, and done again later."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Something was written."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            conn: Connection | None = None
            try:
                conn = await self._connect()
                while True:
                    if not await self._round(conn):
                        await wait(self._wake, POLL_SECONDS)
                        await asyncio.sleep(COLLECT_SECONDS)
                    self._wake.clear()
            except (psycopg.Error, OSError) as error:
                logger.warning("the index rests", extra={"reason": type(error).__name__})
            except Exception:
                logger.exception("the index rests")
            finally:
                if conn is not None:
                    with suppress(psycopg.Error, OSError):
                        await conn.close()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _round(self, conn: Connection) -> bool:
        """One step for each project that is behind; whether anything was done."""
        now = time.monotonic()
        self._failed = {project: until for project, until in self._failed.items() if until > now}
        done = 0
        for row in await calls.list_unindexed(conn):
            if (row.org_id, row.project_id) not in self._failed:
                done += await self._step(conn, row)
        return done > 0

    async def _step(self, conn: Connection, row: UnindexedRow) -> int:
        begun = time.monotonic()
        try:
            done = await calls.index_events(conn, row.org_id, row.project_id, STEP_EVENTS)
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            # What is wrong with one event must not hold up the other projects.
            self._failed[row.org_id, row.project_id] = begun + RETRY_SECONDS
            extra = {"org": row.org_id, "project": row.project_id, "reason": type(error).__name__}
            logger.error("a project could not be indexed", extra=extra)
            return 0
        self._on_step(done)
        rest = BUSY_REST if self._waiting() >= BUSY_EVENTS else REST
        await asyncio.sleep(rest * (time.monotonic() - begun))
        return done

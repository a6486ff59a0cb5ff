"""What deletes: retention takes the front of projects, erasures make tombstones, both in small batches.

One process of the whole installation does it at a time: the one whose connection leads (`polaris.lead_keeping`); when
that ends, another takes over within a minute. Each batch is a transaction of its own that locks nothing that a pusher
waits for, and after each the keeper rests for four times as long as the batch took, longer while events wait to be
written. An erasure is begun at once, retention is looked at once a minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg
from psycopg import errors

from polaris.db import keeping_calls
from polaris.db.keeping_calls import WorkRow
from polaris.db.listen import Control
from polaris.db.pool import Connection
from polaris.tasks import wait

logger = logging.getLogger(__name__)

PRUNE_EVENTS = 500
ERASE_EVENTS = 200
REST, BUSY_REST = 4.0, 12.0  # of the time that the last batch took
BUSY_EVENTS = 200  # wait to be written
LONGEST_REST_SECONDS = 10.0

Todo = tuple[int, WorkRow]  # the organization, and what is to be done there


class Keeper:
    """*waiting*: how many events wait to be written. *on_batch* is told of each batch: what it did ("pruned" or
    "erased"), to how many events, in how many seconds; *on_lead* whether this process leads (1) or not (0)."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        seconds: float,
        waiting: Callable[[], int] = lambda: 0,
        on_batch: Callable[[str, int, float], None] = lambda what, events, seconds: None,
        on_lead: Callable[[float], None] = lambda leads: None,
    ) -> None:
        self._connect, self._seconds, self._waiting = connect, seconds, waiting
        self._on_batch, self._on_lead = on_batch, on_lead
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed: dict[Todo, float] = {}  # when each may be tried again

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="keeper")

    async def stop(self) -> None:
        """Ends it where it is: a batch that is cut off is undone by the database, and done again later."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def control(self, control: Control | None) -> None:
        """Something may have been asked for; None: a hint may have been missed."""
        if control is None or control.kind == "keeping":
            self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._lead()
            except (psycopg.Error, OSError) as error:
                logger.warning("the keeper rests", extra={"reason": type(error).__name__})
            except Exception:
                logger.exception("the keeper rests")
            finally:
                self._on_lead(0)
            await asyncio.sleep(self._seconds)

    async def _lead(self) -> None:
        """As long as this process leads; ends at once where another does."""
        conn = await self._connect()
        try:
            while await keeping_calls.lead_keeping(conn):
                self._on_lead(1)
                self._wake.clear()  # before the look: what is asked for during it counts for the next one
                if not await self._round(conn):
                    await wait(self._wake, self._seconds)
        finally:
            with suppress(psycopg.Error, OSError):
                await conn.close()

    async def _round(self, conn: Connection) -> bool:
        """A batch of everything in turn until all is done; True: something new may be to do before that."""
        todo: deque[Todo] = deque()
        now = time.monotonic()
        self._failed = {work: until for work, until in self._failed.items() if until > now}
        for org in await keeping_calls.list_orgs_to_keep(conn):
            found = [(org, work) for work in await keeping_calls.list_keeping_work(conn, org)]
            todo += [one for one in found if one not in self._failed]
        until = time.monotonic() + self._seconds
        while todo:
            if self._wake.is_set() or time.monotonic() > until:
                return True
            org, work = todo.popleft()
            if await self._batch(conn, org, work):
                todo.append((org, work))
        return False

    async def _batch(self, conn: Connection, org: int, work: WorkRow) -> bool:
        """One transaction and a rest; whether there is more. What fails is put off, and holds nothing else up."""
        began = time.monotonic()
        try:
            if work.kind == "erase":
                erased = await keeping_calls.erase_batch(conn, org, work.id, ERASE_EVENTS)
                what, events, more = "erased", erased.erased, not (erased.done or erased.waits)
            else:
                pruned = await keeping_calls.prune_project(conn, org, work.id, PRUNE_EVENTS)
                what, events, more = "pruned", pruned.pruned, pruned.more
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError) and not isinstance(
                error, errors.LockNotAvailable | errors.DeadlockDetected
            ):
                raise
            extra = {"org": org, "kind": work.kind, "id": work.id, "reason": type(error).__name__}
            logger.warning("a batch of keeping was put off", extra=extra)
            self._failed[org, work] = time.monotonic() + self._seconds
            return False
        took = time.monotonic() - began
        self._on_batch(what, events, took)
        await asyncio.sleep(min(LONGEST_REST_SECONDS, took * (BUSY_REST if self._waiting() >= BUSY_EVENTS else REST)))
        return more

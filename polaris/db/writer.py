"""The group commit: one connection of a process writes all pushed events.

While a batch is in flight, arriving pushes collect; the next batch takes them all, as one `push_events` and one
transaction for each organization. There is no timer: a lone event is written at once. (A commit with a NOTIFY holds a
lock of the whole database over the flush of the log, so a transaction an event ends at a fraction of this rate.)

A push is kept or refused event by event, and its answer comes after the commit. What the database refuses as a whole is
halved until the bad event stands alone. A lost connection is replaced and the batch repeated: the client ids make that
safe. A waiter that goes away loses only the answer, never the write.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import psycopg
from psycopg import errors

from polaris.db import calls
from polaris.db.pool import Connection
from polaris.db.push import PUSH, Item, NewEvent, Push, Pushed, Where, arguments, settle
from polaris.errors import DatabaseUnavailable, PolarisError, Unavailable, from_database

logger = logging.getLogger(__name__)

BATCH_EVENTS = 500
BATCH_BYTES = 16 << 20
WAITING_EVENTS = 20_000
WAITING_BYTES = 128 << 20
LANES = 16
GIVE_UP_SECONDS = 10.0
MAIN_LOCK, LANE_LOCK = "100ms", "1s"
RETRIES = 5  # of a batch that met a deadlock


class Writer:
    """Takes pushes and answers each with its results, in order."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        on_batch: Callable[[int, float], None] = lambda events, seconds: None,
        give_up_seconds: float = GIVE_UP_SECONDS,
    ) -> None:
        self.connect, self.on_batch, self.give_up_seconds = connect, on_batch, give_up_seconds
        self.waiting_events = self.waiting_bytes = 0
        self.stopping = False
        self.main = Lane(self, None)
        self.lanes: dict[tuple[int, str], Lane] = {}

    def start(self) -> None:
        self.main.start()

    def submit(self, where: Where, events: Sequence[NewEvent], size: int) -> asyncio.Future[list[Pushed]]:
        """Queues *events* (at least one, *size* bytes in all) and answers a future of their results.

        The future fails with `Unavailable` (503) when the project's counter stays held, the database does not come back
        in time or the process stops; so does the call itself when too much waits already.
        """
        if self.stopping:
            raise Unavailable("The service is stopping.", code="stopping", hint="Send it again in a moment.")
        if self.waiting_events + len(events) > WAITING_EVENTS or self.waiting_bytes + size > WAITING_BYTES:
            raise Unavailable("Too many events wait to be written.", code="writer_busy", hint="Send them again later.")
        push = Push(where, events, size, asyncio.get_running_loop().create_future(), time.monotonic())
        self.waiting_events += len(events)
        self.waiting_bytes += size
        push.done.add_done_callback(lambda _: self._leave(push))
        self.lanes.get(push.lane, self.main).put([push])
        return push.done

    async def push(self, where: Where, events: Sequence[NewEvent], size: int) -> list[Pushed]:
        """Writes *events*; answers after the commit."""
        return await self.submit(where, events, size)

    async def stop(self, timeout: float = 10) -> None:
        """Writes what was taken, then closes the connections; after *timeout* seconds the rest is given up (503)."""
        self.stopping = True
        lanes = [self.main, *self.lanes.values()]
        for lane in lanes:
            lane.wake.set()
        tasks = [lane.task for lane in lanes if lane.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def set_apart(self, pushes: list[Push]) -> None:
        """Gives a project whose counter somebody holds a lane of its own, with all that waits for it."""
        key = pushes[0].lane
        pushes = pushes + [p for p in self.main.queue if p.lane == key]
        self.main.queue = deque(p for p in self.main.queue if p.lane != key)
        if key in self.lanes:
            self.lanes[key].put(pushes)
        elif len(self.lanes) >= LANES:
            for push in pushes:
                push.fail(busy(push))
        else:
            logger.warning("a project's counter is held", extra={"org": key[0], "project": key[1]})
            self.lanes[key] = lane = Lane(self, key)
            lane.put(pushes)
            lane.start()

    def _leave(self, push: Push) -> None:
        self.waiting_events -= len(push.events)
        self.waiting_bytes -= push.size


class Lane:
    """A queue and the connection that works it off: the main one, or one of a project that would hold up the others."""

    def __init__(self, writer: Writer, key: tuple[int, str] | None) -> None:
        self.writer, self.key = writer, key
        self.queue: deque[Push] = deque()
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.conn: Connection | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self._run(), name=f"writer {self.key or 'main'}")

    def put(self, pushes: Iterable[Push]) -> None:
        self.queue.extend(pushes)
        self.wake.set()

    async def _run(self) -> None:
        batch: list[Push] = []
        try:
            while True:
                while not self.queue:
                    if self.key is not None or self.writer.stopping:
                        return
                    self.wake.clear()
                    await self.wake.wait()
                batch = self._take()
                try:
                    await self._write(batch)
                except Exception as error:  # a fault of ours must not end the lane
                    logger.exception("a batch failed")
                    for push in batch:
                        push.fail(from_database(error))
        finally:
            if self.key is not None:
                self.writer.lanes.pop(self.key, None)
            for push in (*batch, *self.queue):
                push.fail(Unavailable("The service is stopping.", code="stopping"))
            if self.conn is not None:
                await self.conn.close()

    def _take(self) -> list[Push]:
        batch = [self.queue.popleft()]
        events, size = len(batch[0].events), batch[0].size
        while self.queue:
            events, size = events + len(self.queue[0].events), size + self.queue[0].size
            if events > BATCH_EVENTS or size > BATCH_BYTES:
                break
            batch.append(self.queue.popleft())
        return batch

    async def _write(self, batch: list[Push]) -> None:
        groups: dict[int, list[Item]] = {}
        for push in batch:
            groups.setdefault(push.where.org, []).extend((push, i) for i in range(len(push.events)))
        if len(groups) > 1:
            groups = await self._write_side_by_side(groups)
        for items in groups.values():
            await self._write_org(items)

    async def _write_side_by_side(self, groups: dict[int, list[Item]]) -> dict[int, list[Item]]:
        """Several organizations in one round trip, a transaction each; answers those that have to be tried alone."""
        conn = await self._connection([p for items in groups.values() for p, _ in items])
        if conn is None:
            return {}
        began = time.monotonic()
        cursors = {org: conn.cursor(binary=True) for org in groups}
        with suppress(psycopg.Error):
            async with conn.pipeline() as pipeline:
                for org, items in groups.items():
                    # An error surfaces at whatever call comes next, so no single one is believed: see below.
                    with suppress(psycopg.Error):
                        await cursors[org].execute(PUSH, arguments(items))
                    with suppress(psycopg.Error):
                        await pipeline.sync()
        rest: dict[int, list[Item]] = {}
        for org, items in groups.items():
            found: list[tuple[object, ...]] = []
            with suppress(psycopg.Error):
                found = await cursors[org].fetchall()
            if len(found) == len(items):
                settle(items, found)
            else:
                rest[org] = items
        self.writer.on_batch(sum(map(len, groups.values())), time.monotonic() - began)
        return rest

    async def _write_org(self, items: list[Item]) -> None:
        """One call, one transaction; whatever goes wrong ends with an answer for every item."""
        retries = 0
        while items := [i for i in items if i[0].open]:
            conn = await self._connection([p for p, _ in items])
            if conn is None:
                return
            began = time.monotonic()
            try:
                cursor = conn.cursor(binary=True)
                await cursor.execute(PUSH, arguments(items))
                settle(items, await cursor.fetchall())
                self.writer.on_batch(len(items), time.monotonic() - began)
                return
            except errors.LockNotAvailable:
                if not await self._wait_for_counter(conn, items):
                    return
            except psycopg.Error as error:
                if conn.closed or isinstance(error, errors.AdminShutdown | errors.CrashShutdown):
                    continue  # the next round connects anew
                if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected) and retries < RETRIES:
                    retries += 1
                    continue
                if not await self._halve(items, error):
                    return
            except (ValueError, TypeError, UnicodeError) as error:  # the driver cannot say this to the server
                if not await self._halve(items, error):
                    return

    async def _halve(self, items: list[Item], error: Exception) -> bool:
        if len(items) > 1:
            middle = len(items) // 2
            await self._write_org(items[:middle])
            await self._write_org(items[middle:])
        else:
            (push, index) = items[0]
            known = from_database(error) if isinstance(error, psycopg.Error) else PolarisError(code="not_valid")
            logger.warning("an event was refused", extra={"reason": type(error).__name__, "code": known.code})
            if known.status >= 500 and isinstance(error, psycopg.DataError):
                known = PolarisError("The database cannot hold this event.", code="not_valid")
            push.settle(index, Pushed(push.events[index].client_id, None, False, False, known.code, known.message))
        return False

    async def _wait_for_counter(self, conn: Connection, items: list[Item]) -> bool:
        """A counter is held: moves its project away from the others. Answers whether to try *items* again here."""
        projects: dict[tuple[int, str], list[Item]] = {}
        for item in items:
            projects.setdefault(item[0].lane, []).append(item)
        if len(projects) > 1:
            for alone in projects.values():
                await self._write_org(alone)
            return False
        if self.key is None:
            self.writer.set_apart(list(dict.fromkeys(push for push, _ in items)))
            return False
        with suppress(psycopg.Error):
            await calls.reap_blockers(conn)
        for push, _ in items:
            if time.monotonic() - push.since > self.writer.give_up_seconds:
                push.fail(busy(push))
        return True

    async def _connection(self, pushes: Sequence[Push]) -> Connection | None:
        """The lane's connection; None when *pushes* had to be given up because the database does not come back."""
        delay = 0.05
        while self.conn is None or self.conn.closed:
            try:
                conn = await self.writer.connect()
                conn.prepare_threshold = 0
                await conn.execute(f"set lock_timeout = '{MAIN_LOCK if self.key is None else LANE_LOCK}'".encode())
                self.conn = conn
                break
            except (psycopg.Error, PolarisError, OSError) as error:
                logger.warning("the writer has no connection", extra={"reason": type(error).__name__})
                oldest = time.monotonic() - self.writer.give_up_seconds
                for push in (*pushes, *self.queue):
                    if push.since < oldest:
                        push.fail(DatabaseUnavailable())
                self.queue = deque(p for p in self.queue if p.open)
                if not any(p.open for p in pushes):
                    return None
            await asyncio.sleep(delay * (0.5 + random.random()))
            delay = min(delay * 2, 1.0)
        return self.conn


def busy(push: Push) -> Unavailable:
    return Unavailable(
        f"Somebody holds the counter of project {push.where.project}.",
        code="project_busy",
        hint="Send the events again in a moment; the client ids make that safe.",
    )

"""The relay: one read and one encoding of each event for all its readers in this process.

A topic is a project that somebody watches. It reads from its cursor whenever it is woken, by a notification, by the
listener's reconnect or by the slow poll, and puts what it read into the queue of each subscriber. A queue is bounded:
who does not keep up is told where to resume.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import psycopg

from polaris.db import calls, wire
from polaris.db.listen import Control, Listener
from polaris.db.pool import Connection, Database
from polaris.db.rows import EventRow, ProjectRow
from polaris.errors import PolarisError
from polaris.http.limits import Limits

logger = logging.getLogger(__name__)

PAGE = 500
PAGE_BYTES = 8 << 20  # about what one read may bring; large events make smaller pages
LINGER_SECONDS = 5.0  # how long a topic stays warm after its last reader
RETRY_SECONDS = 0.5


class Item:
    """One event, encoded once, framed once for each kind of reader; ``html`` is what the pages made of it."""

    __slots__ = ("_sse", "_ws", "html", "json", "kind", "row", "seq", "session")

    def __init__(self, row: EventRow) -> None:
        self.seq, self.session, self.kind = row.seq, row.session, row.kind
        self.row = row
        self.json = wire.event(row)
        self.html: bytes | None = None
        self._ws: bytes | None = None
        self._sse: bytes | None = None

    @property
    def ws(self) -> bytes:
        if self._ws is None:
            self._ws = b'{"type":"event","event":' + self.json + b"}"
        return self._ws

    @property
    def sse(self) -> bytes:
        if self._sse is None:
            self._sse = b"id: %d\r\ndata: %b\r\n\r\n" % (self.seq, self.json)
        return self._sse


class Slow(Exception):
    """The reader did not keep up; its queue was dropped."""


class Subscriber:
    """One reader's bounded queue."""

    def __init__(self, session: str | None, limits: Limits, on_slow: Callable[[], None]) -> None:
        self.session, self._limits, self._on_slow = session, limits, on_slow
        self._queue: deque[Item] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self.is_slow = False

    def offer(self, item: Item) -> None:
        if self.is_slow or (self.session is not None and item.session != self.session):
            return
        self._queue.append(item)
        self._bytes += len(item.json)
        if len(self._queue) > self._limits.queue_events or self._bytes > self._limits.queue_bytes:
            self.is_slow = True
            self._queue.clear()
            self._on_slow()
        self._wake.set()

    async def take(self) -> list[Item]:
        """Everything that waits, at least one. Raises `Slow`."""
        while not self._queue:
            if self.is_slow:
                raise Slow
            self._wake.clear()
            await self._wake.wait()
        items = list(self._queue)
        self._queue.clear()
        self._bytes = 0
        return items


class Topic:
    """A watched project: where the relay is in it, and who reads."""

    def __init__(self, project: ProjectRow) -> None:
        self.org_id, self.project_id = project.org_id, project.project_id
        self.cursor = project.last_seq
        self.readers: set[Subscriber] = set()
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.limit = PAGE
        self.held = 0  # by whom it may not be closed

    async def follow(self, database: Database, on_read: Callable[[int], None]) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()  # before the read: a later hint wakes again
            try:
                while await self.read(database, on_read):
                    pass
            except (psycopg.Error, PolarisError, OSError) as error:
                logger.warning("the relay could not read", extra={"reason": type(error).__name__})
                await asyncio.sleep(RETRY_SECONDS * (0.5 + random.random()))
                self.wake.set()

    async def read(self, database: Database, on_read: Callable[[int], None]) -> bool:
        """One page; answers whether there may be more."""
        limit = self.limit
        async with database.connection() as conn:
            rows = await calls.read_project_events(conn, self.org_id, self.project_id, self.cursor, limit)
        if not rows:
            return False
        size = 0
        for row in rows:
            item = Item(row)
            size += len(item.json)
            for reader in self.readers:
                reader.offer(item)
        self.cursor = rows[-1].seq
        self.limit = max(8, min(PAGE, PAGE_BYTES * len(rows) // size))
        on_read(len(rows))
        return len(rows) == limit


class Hub:
    """All topics of a process; what the listener tells."""

    def __init__(self, database: Database, limits: Limits, on_read: Callable[[int], None]) -> None:
        self.database, self.limits, self.on_read = database, limits, on_read
        self.topics: dict[int, Topic] = {}
        self.on_control: Callable[[Control | None], None] = lambda control: None
        self.listener: Listener | None = None
        self._poller: asyncio.Task[None] | None = None

    def start(self, listener: Listener) -> None:
        self.listener = listener
        self._poller = asyncio.create_task(self._poll(), name="hub poll")

    async def stop(self) -> None:
        tasks = [topic.task for topic in self.topics.values()] + [self._poller]
        self.topics.clear()
        for task in (found := [t for t in tasks if t is not None]):
            task.cancel()
        await asyncio.gather(*found, return_exceptions=True)

    # What the listener says.

    def project_changed(self, project_id: int) -> None:
        if topic := self.topics.get(project_id):
            topic.wake.set()

    def control_changed(self, control: Control) -> None:
        self.on_control(control)

    def connected(self) -> None:
        for topic in self.topics.values():
            topic.wake.set()
        self.on_control(None)

    # What the readers need.

    async def topic(self, project: ProjectRow) -> Topic:
        """The topic of a project, warm: what commits from now on reaches its readers. To be given back by `release`."""
        assert self.listener is not None
        topic = self.topics.get(project.project_id)
        if topic is None:
            topic = self.topics[project.project_id] = Topic(project)
            topic.task = asyncio.create_task(
                topic.follow(self.database, self.on_read), name=f"topic {project.project_id}"
            )
        topic.held += 1
        try:
            await self.listener.listen(project.project_id)
        except BaseException:
            self.release(topic)
            raise
        topic.wake.set()  # listening first, then what came between the look at the project and now
        return topic

    def enter(self, topic: Topic, session: str | None, on_slow: Callable[[], None]) -> Subscriber:
        """Begins to queue what comes after ``topic.cursor``."""
        reader = Subscriber(session, self.limits, on_slow)
        topic.readers.add(reader)
        return reader

    def release(self, topic: Topic, reader: Subscriber | None = None) -> None:
        if reader is not None:
            topic.readers.discard(reader)
        topic.held -= 1
        if not topic.held:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close_idle, topic)

    def _close_idle(self, topic: Topic) -> None:
        if topic.held or self.topics.get(topic.project_id) is not topic:
            return
        del self.topics[topic.project_id]
        if topic.task is not None:
            topic.task.cancel()
        if self.listener is not None:
            self.listener.unlisten(topic.project_id)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self.limits.poll_seconds * (0.85 + 0.3 * random.random()))
            with suppress(psycopg.Error, PolarisError, OSError):
                if self.topics:
                    async with self.database.connection() as conn:
                        await self.check_heads(conn)

    async def check_heads(self, conn: Connection) -> int:
        """Wakes every topic that lags behind the record; answers by how many events they lag."""
        lag = 0
        for org_id in {topic.org_id for topic in self.topics.values()}:
            mine = [topic.project_id for topic in self.topics.values() if topic.org_id == org_id]
            for head in await calls.list_heads(conn, org_id, mine):
                topic = self.topics.get(head.project_id)
                if topic is not None:
                    topic.cursor = max(topic.cursor, head.first_seq - 1)  # what was deleted is not waited for
                if topic is not None and head.last_seq > topic.cursor:
                    lag += head.last_seq - topic.cursor
                    topic.wake.set()
        return lag

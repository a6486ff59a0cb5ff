"""The one connection of a process that listens.

A notification is a hint: it can be lost, doubled or forged by anybody who may connect. So a payload is never believed,
only taken as a reason to read; and after every (re)connect everything is read again from where it was left.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import psycopg

from polaris.db.pool import Connection
from polaris.errors import PolarisError

logger = logging.getLogger(__name__)

CONTROL = "polaris_control"
PROJECT = "polaris_project_"
FIRST_DELAY, LONGEST_DELAY = 0.1, 2.0  # seconds between attempts to connect


class Control(NamedTuple):
    """What the control channel says happened; to be looked up, not believed."""

    org: int
    kind: str
    id: int


class Hearer(Protocol):
    """Who is told. The calls must be quick and may not wait."""

    def project_changed(self, project_id: int) -> None: ...

    def control_changed(self, control: Control) -> None: ...

    def connected(self) -> None:
        """Everything listens again, and anything may have been missed."""


class Listener:
    """Keeps a listening connection, and which projects it listens on.

    Outside the pool, with keepalives, straight to the primary (a transaction pooler cannot LISTEN). Listening for
    another project interrupts the wait for notifications, it does not need a second connection: each listener costs
    every notifier of the database.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], hearer: Hearer, *, control: bool = True) -> None:
        self._connect, self._hearer, self._control = connect, hearer, control
        self._wanted: set[int] = set()
        self._heard: set[int] = set()
        self._changed = asyncio.Event()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self.conn: Connection | None = None
        self.connects = self.hints = self.ignored = 0

    @property
    def is_connected(self) -> bool:
        return self.conn is not None

    @property
    def listened(self) -> frozenset[int]:
        """The projects that this connection hears."""
        return frozenset(self._heard)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="listener")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def listen(self, project_id: int) -> None:
        """Returns when the project is listened on; at once while there is no connection: `connected` follows then."""
        self._wanted.add(project_id)
        if self.conn is None or project_id in self._heard:
            return
        done = asyncio.get_running_loop().create_future()
        self._waiters.append((project_id, done))
        self._changed.set()
        await done

    def unlisten(self, project_id: int) -> None:
        self._wanted.discard(project_id)
        self._changed.set()

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                conn = await self._connect()
                try:
                    await self._listen_all(conn)
                    delay = FIRST_DELAY
                    await self._follow(conn)
                finally:
                    self.conn = None
                    self._release(everybody=True)  # they need not wait for what `connected` will make good
                    await conn.close()
            except (psycopg.Error, PolarisError, OSError) as error:
                logger.warning("the listener lost its connection", extra={"reason": type(error).__name__})
            await asyncio.sleep(delay * (0.5 + random.random()))
            delay = min(delay * 2, LONGEST_DELAY)

    async def _listen_all(self, conn: Connection) -> None:
        self._heard = set()
        if self._control:
            await conn.execute(f"listen {CONTROL}".encode())
        await self._apply(conn)
        self.conn = conn
        self.connects += 1
        self._hearer.connected()

    async def _follow(self, conn: Connection) -> None:
        while True:
            reading = asyncio.create_task(self._read(conn))
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({reading, changed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                failed = reading.exception() if reading.done() and not reading.cancelled() else None
                reading.cancel()
                changed.cancel()
                await asyncio.gather(reading, changed, return_exceptions=True)
            if failed is not None:
                raise failed
            self._changed.clear()
            await self._apply(conn)
            self._release()

    async def _read(self, conn: Connection) -> None:
        async for note in conn.notifies():
            self._hear(note.channel, note.payload)
        raise psycopg.OperationalError("the listening connection ended")

    async def _apply(self, conn: Connection) -> None:
        wanted = set(self._wanted)
        words = [f"listen {PROJECT}{p}" for p in wanted - self._heard]
        words += [f"unlisten {PROJECT}{p}" for p in self._heard - wanted]
        if words:  # numbers only, so nothing needs quoting
            await conn.execute(";".join(words).encode())
        self._heard = wanted

    def _release(self, *, everybody: bool = False) -> None:
        waiters, self._waiters = self._waiters, []
        for project_id, waiter in waiters:
            if not everybody and project_id not in self._heard and project_id in self._wanted:
                self._waiters.append((project_id, waiter))  # it came while others were applied
            elif not waiter.done():
                waiter.set_result(None)

    def _hear(self, channel: str, payload: str) -> None:
        self.hints += 1
        if channel == CONTROL:
            if (control := read_control(payload)) is not None:
                self._hearer.control_changed(control)
                return
        elif (project := read_project(channel)) in self._wanted:
            self._hearer.project_changed(project)
            return
        self.ignored += 1


def read_project(channel: str) -> int:
    """The project that a channel is about; -1 for none."""
    number = channel.removeprefix(PROJECT)
    return int(number) if number != channel and number.isascii() and number.isdecimal() else -1


def read_control(payload: str) -> Control | None:
    """The control message, or None for garbage."""
    try:
        match json.loads(payload):
            case {"org": int(org), "kind": str(kind), "id": int(number)}:
                return Control(org, kind, number)
    except (ValueError, RecursionError):
        pass
    return None

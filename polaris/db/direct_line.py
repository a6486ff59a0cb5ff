"""The connections of a direct client: a few for calls, and the one of the process that listens.

A `Line` is one login. It opens a connection when a call needs one and keeps up to `KEPT` of them. An `Exchange` has all
lines of a process and, for each database, one `Bus`: the listening connection that all of its lines share (each
listener costs every notifier of the database), and the watch over the logins behind what is live.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from polaris.addresses import Address
from polaris.db import calls, pool
from polaris.db.bus import Bus
from polaris.db.pool import Connection
from polaris.db.rows import MeRow
from polaris.errors import DatabaseUnavailable, Misconfigured, PolarisError, Unauthorized, from_database
from polaris.redact import Redactor

P = ParamSpec("P")
R = TypeVar("R")

MOST, KEPT = 3, 2  # connections of one login for calls: at once, and while nothing happens
WAIT_SECONDS, CONNECT_SECONDS, CALL_SECONDS = 10.0, 5, 25.0
LINGER_SECONDS = 5.0  # how long a line stays warm after its last client
# A connection that fails has no SQLSTATE, only the server's words. In another language than English a refusal counts
# as being away: it is tried again, in vain.
_REFUSED = re.compile(
    r"authentication failed|not permitted to log ?in|role \".*\" does not exist|no pg_hba\.conf entry"
    r"|no password supplied|permission denied for database"
)


class Line:
    """One login, as it is used by all of its clients in this process."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.users = 0
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(MOST)
        self._redactor: Redactor | None = None

    async def ask(
        self, call: Callable[Concatenate[Connection, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """One call of `polaris.db.calls` as this login. Raises what the API would answer."""
        try:
            async with self.connection() as conn:
                return await _uncancelled(conn, call(conn, *args, **kwargs))
        except (psycopg.Error, OSError) as error:
            raise self._known(error) from error

    async def whoami(self) -> MeRow:
        """Who this login is; 401 when it is nobody any more."""
        me = await self.ask(calls.get_me, None, None)
        if self._redactor is None:
            self._redactor = Redactor(me.redaction_key)
        return me

    async def redactor(self) -> Redactor:
        """The rules under the organization's key, as the API has them."""
        if self._redactor is None:
            await self.whoami()
        assert self._redactor is not None
        return self._redactor

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one call. Who gets no answer for `CALL_SECONDS` has it cut off."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._slots.acquire()
        except TimeoutError:
            raise self._away("too many calls wait") from None
        try:
            conn = self._take() or await self.connect("polaris direct")
            limit = asyncio.get_running_loop().call_later(CALL_SECONDS, cut, conn)
            try:
                yield conn
            finally:
                limit.cancel()
                if _usable(conn) and len(self._idle) < KEPT:
                    self._idle.append(conn)
                else:
                    await conn.close()
        finally:
            self._slots.release()

    async def connect(self, name: str) -> Connection:
        """A new connection of this login. Raises `Unauthorized` ``login_refused``, or 503."""
        try:
            return await pool.connect(
                self.address.secret, name=name, service=False, connect_timeout=CONNECT_SECONDS, tcp_user_timeout=10_000
            )
        except (psycopg.Error, OSError) as error:
            reason = pool.reason(error)
            if _REFUSED.search(reason):
                raise Unauthorized(
                    f"The database at {self.address.host} does not let {self.address.login} in.",
                    code="login_refused",
                    hint="Ask an administrator for a new login: polaris login-role create.",
                ) from error
            raise self._away(reason) from error

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    def _take(self) -> Connection | None:
        while self._idle:
            conn = self._idle.pop()
            if _usable(conn) and not _readable(conn):
                return conn
            conn.pgconn.finish()  # the server ended it meanwhile
        return None

    def _known(self, error: BaseException) -> PolarisError:
        """The error as the API would give it."""
        if isinstance(error, OSError | errors.InterfaceError):
            return self._away(pool.reason(error))
        if isinstance(error, errors.UndefinedFunction | errors.InvalidSchemaName):
            return Misconfigured(
                "This database is not set up for this version of Polaris.",
                code="database_not_migrated",
                hint="Whoever looks after it runs: polaris db migrate",
            )
        known = from_database(error)
        if known.code == "org_is_missing":  # the service's own login, or the administrator's
            return Unauthorized(
                f"The login {self.address.login} is no participant.",
                code="login_unknown",
                hint="Ask an administrator for one: polaris login-role create.",
            )
        return self._away(pool.reason(error)) if type(known) is DatabaseUnavailable else known

    def _away(self, reason: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"The database at {self.address.host}:{self.address.port} does not answer: {reason}",
            hint="Polaris tries again by itself.",
        )


class Exchange:
    """All direct lines of one process. To be closed."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._buses: dict[tuple[str, int, str], Bus] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def enter(self, address: Address) -> Line:
        """The line of a login, until `leave`."""
        line = self._lines.get(address.secret)
        if line is None:
            line = self._lines[address.secret] = Line(address)
        line.users += 1
        return line

    def leave(self, line: Line) -> None:
        line.users -= 1
        if not line.users:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close_unused, line)

    def bus(self, line: Line) -> Bus:
        """What tells of changes in the line's database."""
        server = line.address.server
        bus = self._buses.get(server)
        if bus is None:
            bus = self._buses[server] = Bus()
        return bus

    async def close(self) -> None:
        for bus in self._buses.values():
            await bus.stop()
        self._buses.clear()
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            await line.close()
        await asyncio.gather(*self._closing)

    def _close_unused(self, line: Line) -> None:
        if line.users or self._lines.get(line.address.secret) is not line:
            return
        del self._lines[line.address.secret]
        task = asyncio.create_task(line.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def cut(conn: Connection) -> None:
    """Ends a connection from below, so that whoever waits on it is told at once, whatever the other side does."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(conn.pgconn.socket)) as raw:
        raw.shutdown(socket.SHUT_RDWR)


async def _uncancelled(conn: Connection, work: Awaitable[R]) -> R:
    """The answer of *work*; who is cancelled meanwhile does not wait until a silent server takes the cancellation."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            cut(conn)
            await asyncio.wait([task], timeout=1)
        if task.done() and not task.cancelled():
            task.exception()
        raise


def _usable(conn: Connection) -> bool:
    return not conn.closed and conn.info.transaction_status == TransactionStatus.IDLE


def _readable(conn: Connection) -> bool:
    """Whether something came in that nobody asked for: an idle connection's end."""
    poll = select.poll()
    poll.register(conn.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))

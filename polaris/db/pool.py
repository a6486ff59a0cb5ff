"""Connections to Postgres: how each is set up, and the pool for everything that is not the writer or the listener.

Every connection autocommits, speaks UTC and acts as ``polaris_service``. A failure to get one is told in a sentence,
never with the connection string (it may hold a password).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from polaris.db import arrays
from polaris.errors import DatabaseUnavailable, Misconfigured, from_database

logger = logging.getLogger(__name__)

Connection = AsyncConnection[TupleRow]
R = TypeVar("R")
SERVICE = "polaris_service"
WAIT_SECONDS, ASK_SECONDS = 5.0, 0.5
KEEPALIVE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 10}

# One question: is this login the service, may it become the service, or neither?
_WHO = """
select session_user::text,
  case when to_regrole('polaris_service') is null then 'no role'
       when current_user = 'polaris_service' then 'set'
       when pg_has_role(session_user, 'polaris_service', 'member') then 'member'
       else 'stranger' end
"""


async def connect(url: str, *, name: str = "polaris", service: bool = True, **options: Any) -> Connection:
    """A connection outside the pool: for the writer, the listener, a direct client (``service=False``)."""
    conn = await AsyncConnection.connect(url, autocommit=True, application_name=name, **(KEEPALIVE | options))
    try:
        await prepare(conn, service=service)
    except BaseException:
        await conn.close()
        raise
    return conn


async def prepare(conn: Connection, *, service: bool = True) -> None:
    """Sets a new connection up. Raises `Misconfigured` when its login is not the service."""
    arrays.register(conn)
    await conn.execute("set timezone = 'UTC'")
    if not service:
        return
    row = await (await conn.execute(_WHO)).fetchone()
    login, standing = row if row else ("", "stranger")
    if standing == "no role":
        raise Misconfigured(
            "This database was never set up for Polaris.",
            code="database_not_migrated",
            hint="Run: polaris db migrate",
        )
    if standing == "stranger":
        raise Misconfigured(
            f"The Postgres login {login} may not act as {SERVICE}.",
            code="login_is_not_the_service",
            hint=f"As an administrator: grant {SERVICE} to {login};",
        )
    if standing == "member":
        await conn.execute("set role polaris_service")


class Database:
    """The pool of a process."""

    def __init__(self, url: str, *, least: int = 1, most: int = 8, name: str = "polaris") -> None:
        self.url = url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=least,
            max_size=most,
            open=False,
            timeout=10,
            reconnect_timeout=0,  # each attempt ends at once: a request is told, the next one tries again
            kwargs={"autocommit": True, "application_name": name, **KEEPALIVE},
            configure=prepare,
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self, timeout: float = 10) -> None:
        """Opens the pool. A first connection outside it says in words what is wrong, where the pool only times out."""
        try:
            async with asyncio.timeout(timeout):
                await (await connect(self.url)).close()
        except (psycopg.OperationalError, TimeoutError, OSError) as error:
            raise DatabaseUnavailable(f"The database does not answer: {reason(error)}") from error
        await self._pool.open(wait=True, timeout=timeout)

    async def close(self) -> None:
        await self._pool.close(timeout=5)

    @asynccontextmanager
    async def connection(self, timeout: float = WAIT_SECONDS) -> AsyncIterator[Connection]:
        """A connection of the pool. Raises `DatabaseUnavailable` when none can be had in time."""
        conn = await self._get(timeout)
        try:
            yield conn
        finally:
            await self._pool.putconn(conn)

    async def ask(self, call: Callable[..., Awaitable[R]], *args: Any, **kwargs: Any) -> R:
        """Runs one stub on a connection of the pool. Whatever the database says against it is a `PolarisError`."""
        task = asyncio.current_task()
        cancelled = task.cancelling() if task is not None else 0
        try:
            async with self.connection() as conn:
                answer = await call(conn, *args, **kwargs)
        except psycopg.Error as error:
            raise from_database(error) from error
        # The driver waits with asyncio.wait_for, which in Python 3.11 swallows a cancellation that comes together with
        # the answer: a task that loops would go on for ever.
        if task is not None and task.cancelling() > cancelled:
            raise asyncio.CancelledError
        return answer

    async def _get(self, timeout: float) -> Connection:
        # Each question makes the pool try to connect once, so it is asked anew: after a restart every second counts.
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            try:
                return await self._pool.getconn(min(left, ASK_SECONDS))
            except PoolTimeout as error:
                if left <= ASK_SECONDS:
                    raise DatabaseUnavailable from error

    def stats(self) -> dict[str, int]:
        return dict(self._pool.get_stats())


def reason(error: BaseException) -> str:
    """The first line of a driver's error: libpq names host and port there, never the password."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]

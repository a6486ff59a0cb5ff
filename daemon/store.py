"""The daemon's SQLite file on a thread of its own: callers that wait at the same moment share one commit.

Nothing here knows what is stored; the statements are in `spool` and `records`. A job is a function of the open
connection; it runs between ``savepoint`` and ``release``, so that a failing job undoes itself and nobody else. The
future of a job is resolved after the commit (WAL, ``synchronous=full``): what was answered survives ``kill -9`` and a
power cut.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from polaris.errors import Misconfigured, PolarisError

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

BATCH = 256


class StoreFull(PolarisError):
    """The disk, or the share of it that Polaris may use, is full."""

    status, code = 507, "spool_full"
    hint = "The service has not taken events for a long time: see `polaris status`."


@dataclass
class _Task:
    job: Callable[[sqlite3.Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Store:
    """One SQLite file and its thread. *steps* make the tables of a new file; an older one is taken on from its own."""

    def __init__(self, file: Path, steps: Sequence[str]) -> None:
        self.file = file
        self._steps = steps
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="polaris-store", daemon=True)
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Raises `Misconfigured` when the file is no database or one of a newer Polaris."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives -wal and -shm the mode of the file; so it has to be 0600 before SQLite opens it.
        os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
        self.file.chmod(0o600)
        try:
            self._connection = _connect(self.file, self._steps)
        except sqlite3.DatabaseError as error:
            raise Misconfigured(
                f"{self.file} cannot be used: {error}", hint="Move the file away; what it held is lost to Polaris then."
            ) from error
        self._thread.start()

    async def do(self, job: Job[T]) -> T:
        """Runs *job* in the next transaction and answers its result after the commit. Raises what it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._tasks.put(_Task(job, loop, future))
        return await future

    def close(self) -> None:
        """Finishes what was asked for, then closes the file."""
        if self._connection is None:
            return
        self._tasks.put(None)
        self._thread.join()
        self._connection.close()
        self._connection = None

    def _work(self) -> None:
        assert self._connection is not None
        running = True
        while running:
            batch = [self._tasks.get()]
            # No timer: what came while the last commit ran goes into this one, and a lone job is not delayed.
            while len(batch) < BATCH and not self._tasks.empty():
                batch.append(self._tasks.get())
            running = None not in batch
            if tasks := [task for task in batch if task is not None]:
                self._commit(self._connection, tasks)
                _resolve(tasks)

    def _commit(self, connection: sqlite3.Connection, tasks: list[_Task]) -> None:
        try:
            connection.execute("begin immediate")
            for task in tasks:
                self._run(connection, task)
            connection.execute("commit")
        except Exception as error:
            if connection.in_transaction:
                connection.execute("rollback")
            for task in tasks:
                task.error = task.error or _translated(error)

    def _run(self, connection: sqlite3.Connection, task: _Task) -> None:
        connection.execute("savepoint job")
        try:
            task.result = task.job(connection)
        except BaseException as error:
            task.error = _translated(error)
            if not connection.in_transaction:
                raise  # a full disk rolls everything back
            connection.execute("rollback to job")
        connection.execute("release job")


def _connect(file: Path, steps: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5)
    connection.row_factory = sqlite3.Row
    for pragma in (
        "auto_vacuum=incremental",
        "journal_mode=wal",
        "synchronous=full",
        "secure_delete=fast",
        "foreign_keys=on",
    ):
        connection.execute(f"pragma {pragma}").fetchall()
    found = connection.execute("pragma user_version").fetchone()[0]
    if found > len(steps):
        raise Misconfigured(f"{file} was written by a newer Polaris.", hint="Install that version again.")
    for number, step in enumerate(steps[found:], found + 1):
        connection.executescript(f"begin; {step}; pragma user_version={number}; commit;")
    return connection


def _resolve(tasks: list[_Task]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Task]] = {}
    for task in tasks:
        by_loop.setdefault(task.loop, []).append(task)
    for loop, group in by_loop.items():
        # A loop that has ended: nobody waits any more, and the commit stands.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, group)


def _settle(tasks: list[_Task]) -> None:
    for task in tasks:
        if task.future.done():
            continue
        if task.error is not None:
            task.future.set_exception(task.error)
        else:
            task.future.set_result(task.result)


def _translated(error: BaseException) -> BaseException:
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorname", "") in (
        "SQLITE_FULL",
        "SQLITE_IOERR_WRITE",
    ):
        return StoreFull()
    return error

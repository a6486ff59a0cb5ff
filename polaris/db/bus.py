"""What a database tells a process of direct clients: one listening connection for all of them.

The rule of all readers holds: listen first, then read everything after the last seen number, then follow. A
notification only wakes; a slow poll wakes too, because a notification can be lost. What is live ends when its login was
revoked or may not see the project any more: looked at every three seconds, and at once when the control channel speaks.
Leases and advice whose time is over are ended from here too, because there may be no other process that does it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING

from polaris.db import calls
from polaris.db.listen import Control, Listener
from polaris.db.pool import Connection
from polaris.db.rows import ProjectRow
from polaris.errors import NotFound, PolarisError, SocketClosed, Unauthorized, Unavailable
from polaris.tasks import wait

if TYPE_CHECKING:
    from polaris.db.direct_line import Line

logger = logging.getLogger(__name__)

POLL_SECONDS, MAINTAIN_SECONDS = 12.0, 6.0
REVALIDATE_SECONDS, SHORTEST_SECONDS = 3.0, 0.2
ACCESS_ROUNDS = 20  # every so many looks the access to projects is checked without a notification
LOGIN_DIED, NO_ACCESS = 4401, 4403


class Watch:
    """One reader of one project: woken when there may be something new, ended when it may not go on."""

    def __init__(self, line: Line, project: ProjectRow) -> None:
        self.line, self.project = line, project
        self.woken = asyncio.Event()
        self.woken.set()
        self.ended: asyncio.Future[PolarisError] = asyncio.get_running_loop().create_future()

    def end(self, error: PolarisError) -> None:
        if not self.ended.done():
            self.ended.set_result(error)
            self.woken.set()

    async def wait(self) -> None:
        """Returns when there may be something new; raises why it is over."""
        await self.woken.wait()
        self.woken.clear()  # before the read: a later hint wakes again
        if self.ended.done():
            raise self.ended.result()


class Bus:
    """All watches over one database. Runs while there are any; the connection that listens is a login's of them."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._listener: Listener | None = None
        self._task: asyncio.Task[None] | None = None
        self._poked = asyncio.Event()
        self._look_at_access = False

    async def watch(self, line: Line, project: ProjectRow) -> Watch:
        """Begins to wake; to be ended by `leave`. What commits from now on wakes, and it is awake at first."""
        watch = Watch(line, project)
        self._watches.add(watch)
        if self._listener is None:
            self._listener = Listener(self._connect, self)
            self._listener.start()
            self._task = asyncio.create_task(self._look(), name="direct logins")
        try:
            await self._listener.listen(project.project_id)
        except BaseException:
            await self.leave(watch)
            raise
        return watch

    async def leave(self, watch: Watch) -> None:
        self._watches.discard(watch)
        if not self._watches:
            await self.stop()
        elif self._listener and all(w.project.project_id != watch.project.project_id for w in self._watches):
            self._listener.unlisten(watch.project.project_id)

    async def stop(self) -> None:
        listener, self._listener = self._listener, None
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if listener is not None:
            await listener.stop()

    # What the listener says.

    def project_changed(self, project_id: int) -> None:
        for watch in self._watches:
            if watch.project.project_id == project_id:
                watch.woken.set()

    def control_changed(self, control: Control) -> None:
        if control.kind != "web_session":
            self._look_at_access |= control.kind != "token"
            self._poked.set()

    def connected(self) -> None:
        for watch in self._watches:
            watch.woken.set()
        self._look_at_access = True
        self._poked.set()

    async def _connect(self) -> Connection:
        """As any login that still may: what is heard is numbers, which have no owner."""
        failure: PolarisError = Unavailable()
        for line in {watch.line for watch in self._watches}:
            try:
                return await line.connect("polaris listener")
            except PolarisError as error:
                failure = error
                if isinstance(error, Unauthorized):
                    self._poked.set()
        raise failure

    # The watch over the logins.

    async def _look(self) -> None:
        round, polled, maintained = 0, time.monotonic(), 0.0
        while True:
            began = time.monotonic()
            self._poked.clear()
            round += 1
            access, self._look_at_access = self._look_at_access or round % ACCESS_ROUNDS == 0, False
            for line in {watch.line for watch in self._watches}:
                await self._revalidate(line, access)
            if began - maintained > MAINTAIN_SECONDS * (0.75 + 0.5 * random.random()):
                maintained = began
                await self._maintain()
            if began - polled > POLL_SECONDS * (0.85 + 0.3 * random.random()):
                polled = began
                for watch in self._watches:
                    watch.woken.set()
            await asyncio.sleep(SHORTEST_SECONDS)
            await wait(self._poked, max(0.0, began + REVALIDATE_SECONDS - time.monotonic()))

    async def _maintain(self) -> None:
        """Ends what has lapsed in the organizations of these logins. Several processes may: the functions lock."""
        for line in {watch.line for watch in self._watches}:
            try:
                await line.ask(calls.expire_leases, None)
                await line.ask(calls.expire_deliveries, None)
                await line.ask(calls.expire_seat_requests, None)
            except PolarisError as error:
                logger.warning("maintenance failed", extra={"reason": error.code})

    async def _revalidate(self, line: Line, access: bool) -> None:
        mine = [watch for watch in self._watches if watch.line is line]
        try:
            await line.whoami()
            for name in {watch.project.name for watch in mine} if access else ():
                try:
                    await line.ask(calls.get_project, None, None, name)
                except NotFound:
                    for watch in mine:
                        if watch.project.name == name:
                            watch.end(SocketClosed(NO_ACCESS, "no access to this project any more"))
        except Unauthorized:
            for watch in mine:
                watch.end(SocketClosed(LOGIN_DIED, "the login is not valid any more"))
        except PolarisError as error:
            # Nobody can be revoked while the database is away; whoever waits for an answer finds out by itself.
            logger.warning("a login could not be checked", extra={"reason": type(error).__name__})
            self._look_at_access |= access

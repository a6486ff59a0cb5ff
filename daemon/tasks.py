"""Background tasks that are looked after: a failure is logged, shown in the status, and the task starts again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from polaris import log

LOG = log.get("daemon.tasks")


class Tasks:
    """A set of named tasks. One that returns is over; one that raises is started again after a growing pause."""

    def __init__(self, first_seconds: float = 0.5, most_seconds: float = 30.0) -> None:
        self._running: dict[str, asyncio.Task[None]] = {}
        self._first, self._most = first_seconds, most_seconds
        # The last failure of each task; stays until the task has ended well.
        self.failures: dict[str, str] = {}

    def start(self, name: str, main: Callable[[], Awaitable[None]]) -> None:
        """Does nothing when a task of that name runs already."""
        if name not in self._running:
            task = asyncio.create_task(self._keep(name, main), name=name)
            self._running[name] = task
            task.add_done_callback(lambda _: self._running.pop(name, None))

    def running(self, name: str) -> bool:
        return name in self._running

    async def over(self, name: str) -> None:
        """Waits until the task of that name has ended."""
        if task := self._running.get(name):
            await asyncio.wait([task])

    async def stop(self) -> None:
        """Cancels all and waits until they are over."""
        while running := list(self._running.values()):
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _keep(self, name: str, main: Callable[[], Awaitable[None]]) -> None:
        pause = self._first
        while True:
            try:
                await main()
            except Exception as error:
                # The type alone: a message may quote what somebody typed. The log has the rest, masked.
                self.failures[name] = type(error).__name__
                LOG.exception("a task failed and starts again", extra={"task_name": name, "pause_seconds": pause})
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._most)
            else:
                self.failures.pop(name, None)
                return

"""Workers that are looked after, and work that is not torn apart when its worker is told to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from polaris import log

from .place import Replaced, TokenRefused
from .web_api import Limited

R = TypeVar("R")
LOG = log.get("bridge.tasks")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
STEADY_SECONDS = 60.0


async def finished(work: Coroutine[Any, Any, R]) -> R:
    """Runs *work* to its end, even when this task is cancelled meanwhile; only then the cancellation goes on.

    For what may not end between its steps: a call to Slack, and the row that says what became of it.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.warning("the last work failed", extra={"reason": type(error).__name__})
        raise


async def keep(name: str, main: Callable[[], Awaitable[None]], **about: Any) -> NoReturn:
    """Runs *main* again whenever it ends or fails, after a growing pause; *about* stands in the log.

    `Replaced` and `TokenRefused` end it: they concern the whole workspace.
    """
    pause = FIRST_PAUSE_SECONDS
    task = asyncio.current_task()
    # A failure can hide a cancellation that came together with it.
    while task is None or not task.cancelling():
        begun = time.monotonic()
        wait = 0.0
        try:
            await main()
            LOG.error("a worker ended and starts again", extra=about | {"worker": name})
        except (Replaced, TokenRefused):
            raise
        except Limited as limit:
            LOG.info("a worker waits for Slack", extra=about | {"worker": name, "seconds": limit.seconds})
            wait = limit.seconds
        except Exception:
            LOG.exception("a worker failed and starts again", extra=about | {"worker": name, "pause_seconds": pause})
        if time.monotonic() - begun > STEADY_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(max(pause, wait))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    raise asyncio.CancelledError


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Runs all at once until one ends or fails; the others are cancelled and waited for, the failure is raised."""
    running = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    for task in done:
        task.result()


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until *event* is set, or for so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass

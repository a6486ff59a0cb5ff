"""Tasks of asyncio: several that live and end together, work that is not torn apart, a wait with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from polaris import log

R = TypeVar("R")
LOG = log.get("tasks")


async def together(*mains: Awaitable[None]) -> None:
    """Runs all at once until one ends or fails; the others are cancelled and waited for, the failure is raised."""
    running = [asyncio.ensure_future(main) for main in mains]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    for task in done:
        task.result()


async def finished(work: Coroutine[Any, Any, R]) -> R:
    """Runs *work* to its end, even when this task is cancelled meanwhile; only then the cancellation goes on.

    For what may not end between its steps: a call to Slack and the row that says what became of it, a server that
    starts in a thread.
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


async def wait(event: asyncio.Event, seconds: float | None) -> bool:
    """Until *event* is set, or for so many seconds; whether it is set. Without *seconds* however long it takes."""
    try:
        # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with what it waits for.
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False

"""Workers that are looked after: one that ends or fails starts again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from polaris import log

from .place import Replaced, TokenRefused
from .web_api import Limited

LOG = log.get("bridge.tasks")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
STEADY_SECONDS = 60.0


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

"""Advice that goes to Claude Code by itself, over ``claude/channel``, where it was launched with our channel.

The daemon hands it out on a request that stays open. Only advice is pushed: whoever wants to read along asks
polaris_context. Nothing here proves that a piece was seen; the daemon finds that out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from polaris import log
from polaris.errors import PolarisError

from . import greeting
from .daemon import Daemon, Json
from .identity import Identity

LOG = log.get("channel")

PAUSE_SECONDS, MOST_SECONDS = 1.0, 30.0
NOT_LOADED = "channel_not_loaded"
# Claude Code drops other keys without a word.
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Push = Callable[[str, dict[str, Any]], Awaitable[None]]


async def keep_pushing(daemon: Daemon, identity: Identity, push: Push) -> None:
    """Passes on what the daemon says, for as long as the connection lives; over any number of its restarts.

    Returns when there is no channel to pass it to.
    """
    pid = identity.claude_pid()
    if pid is None:
        return
    pause = PAUSE_SECONDS
    while True:
        try:
            async with daemon.lines(f"/channel?pid={pid}") as lines:
                pause = PAUSE_SECONDS
                async for line in lines:
                    if (params := event(line)) is not None:
                        await push(f"notifications/{greeting.CHANNEL}", params)
        except PolarisError as error:
            if error.code == NOT_LOADED:
                return
            LOG.debug("no channel for now", extra={"code": error.code})
        await asyncio.sleep(pause)
        pause = min(pause * 2, MOST_SECONDS)


def event(line: Json) -> dict[str, Any] | None:
    """A line of the daemon as the parameters of the notification; None for what is no text."""
    content, meta = line.get("content"), line.get("meta")
    if not isinstance(content, str) or not content:
        return None
    told = meta.items() if isinstance(meta, dict) else ()
    return {"content": content, "meta": {key: str(value) for key, value in told if _KEY.fullmatch(key)}}

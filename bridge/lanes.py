"""What is to be done for a post, each in its lane: a method of Slack and a channel. Lanes go on side by side."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from polaris.db.slack_rows import PostRow

MAKE, HINT, INVITE = "chat.postMessage", "chat.postEphemeral", "conversations.invite"
EDIT, DELETE, REACT, UNREACT = "chat.update", "chat.delete", "reactions.add", "reactions.remove"
LONGEST_PAUSE_SECONDS = 30.0


class Lane(NamedTuple):
    method: str
    channel: str


class Budget:
    """So many calls a minute at most, whichever minute is looked at, and only a few of them at once.

    Slack allows "50 and more" of each of the methods that change something, in a minute and workspace.
    """

    def __init__(self, a_minute: int = 45, at_once: int = 15) -> None:
        self._rate, self._most = (a_minute - at_once) / 60, at_once
        self._left, self._at = at_once / 3, time.monotonic()  # another process may have spent the rest just now

    def take(self) -> float:
        """0, or in how many seconds there will be something to take."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self._rate
        self._left -= 1
        return 0

    async def spend(self) -> None:
        """Takes one, as soon as there is one."""
        if seconds := self.take():
            await asyncio.sleep(seconds)
            await self.spend()


def lanes_of(post: PostRow) -> list[Lane]:
    """The lanes in which something is to be done for *post*."""
    channel = post.channel_id or ""
    if post.state in ("waiting", "posting", "unsure"):
        return [Lane({"hint": HINT, "invite": INVITE}.get(post.kind, MAKE), channel)]
    wanted = {
        DELETE: post.extra_ts is not None,
        EDIT: post.version > post.shown,
        REACT: post.reaction != post.reaction_shown,
    }
    return [Lane(method, channel) for method, is_wanted in wanted.items() if is_wanted and post.ts]


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(LONGEST_PAUSE_SECONDS, 2.0 ** min(failures - 1, 10))

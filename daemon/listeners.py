"""Who waits at this daemon for what an agent session is to be told: `polaris mcp` with its channel, OpenCode's plugin.

Both are ways into an idle session, like those that an agent's module offers; here it is the other side that asks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from .agents import claude_inbox
from .agents.base import Sleeper, Standing, Waker
from .records import Binding

# A line has to be taken in this time, or the listener has hung.
WRITE_SECONDS = 2.0


class Channel:
    """Claude Code's channel: a line for `polaris mcp`, which makes it a notification of the protocol."""

    PATH = "channel"

    def __init__(self, write: Callable[[bytes], Awaitable[None]], closed: Callable[[], bool]) -> None:
        self._write, self._closed = write, closed

    def look(self, sleeper: Sleeper) -> Standing:
        if self._closed():
            return Standing("unavailable", "the channel is closed")
        return claude_inbox.rest(sleeper)

    async def wake(self, sleeper: Sleeper, text: str, delivery_id: str) -> Standing:
        if self._closed():
            return Standing("unavailable", "the channel is closed")
        line = json.dumps({"content": text, "meta": {"delivery": delivery_id}}, ensure_ascii=True)
        async with asyncio.timeout(WRITE_SECONDS):
            await self._write(line.encode() + b"\n")
        return Standing("handed")

    def lost(self, sleeper: Sleeper, delivery_id: str, since: float) -> bool:
        return claude_inbox.Inbox().lost(sleeper, delivery_id, since)


class Poll:
    """One question of OpenCode's plugin, answered with one text, or not in time."""

    PATH = "prompt_async"

    def __init__(self) -> None:
        self._text: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.over = False

    async def text(self, seconds: float) -> str | None:
        """What is to be said; None when nothing came in time, and from then on nothing will."""
        await asyncio.wait([self._text], timeout=seconds)
        if not self._text.done():
            self.close()
        return None if self._text.cancelled() else self._text.result()

    def close(self) -> None:
        self.over = True
        if not self._text.done():
            self._text.cancel()

    def written(self, whole: bool | None) -> None:
        """The answer went out whole, surely did not, or (None) nobody knows."""
        if self._written.done():
            return
        if self._text.cancelled():
            self._written.cancel()  # nothing was handed over, and nobody asks how it went
        elif whole is None:
            self._written.set_exception(ConnectionError("the answer may have arrived in part"))
        else:
            self._written.set_result(whole)

    def look(self, sleeper: Sleeper) -> Standing:
        if self.over:
            return Standing("unavailable", "its plugin does not ask")
        return Standing("later", "in a turn") if sleeper.busy else Standing("ready")

    async def wake(self, sleeper: Sleeper, text: str, delivery_id: str) -> Standing:
        if self.over:
            return Standing("unavailable", "its plugin does not ask")
        self.over = True
        self._text.set_result(text)
        whole = await self._written
        return Standing("handed") if whole else Standing("later", "its plugin had gone")

    def lost(self, sleeper: Sleeper, delivery_id: str, since: float) -> bool:
        return False


class Listeners:
    """At most one channel a process and one question a session; a newer one takes the place of the older."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._channels: dict[int, Channel] = {}
        self._polls: dict[str, Poll] = {}

    def of(self, binding: Binding) -> list[Waker]:
        """The ways that are open into this agent session now."""
        channel = None if binding.pid is None else self._channels.get(binding.pid)
        poll = self._polls.get(binding.agent_session_id)
        return [*([channel] if channel else []), *([poll] if poll and not poll.over else [])]

    def open_channel(self, pid: int, channel: Channel) -> None:
        self._channels[pid] = channel
        self._changed()

    def close_channel(self, pid: int, channel: Channel) -> None:
        if self._channels.get(pid) is channel:
            del self._channels[pid]

    def open_poll(self, agent_session_id: str, poll: Poll) -> None:
        if older := self._polls.get(agent_session_id):
            older.close()
        self._polls[agent_session_id] = poll
        self._changed()

    def close_poll(self, agent_session_id: str, poll: Poll) -> None:
        if self._polls.get(agent_session_id) is poll:
            del self._polls[agent_session_id]

    def close(self) -> None:
        """The daemon ends: nobody waits any longer."""
        for poll in list(self._polls.values()):
            poll.close()

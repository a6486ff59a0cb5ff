"""A project's channel in Slack: made with its first session, and what people do to it afterwards.

An event is only the reason to look: what a channel is now comes from ``conversations.info``, so that nothing depends on
the order in which Slack tells things, and each hour everything is looked at again. Nothing of somebody else's is taken:
where a name is taken, only a channel that this bot made itself is used again, else the next name.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from polaris import log
from polaris.db import slack_calls
from polaris.db.slack_calls import Jsonb
from polaris.db.slack_rows import ChannelRow, SlackEventRow
from polaris.tasks import wait

from .place import Place
from .web_api import Away, Limited, Refused, Unsure

LOG = log.get("bridge.channels")

LOOK_SECONDS = 15.0
ALL_SECONDS = 3600.0
SPACE_SECONDS = 2.0  # between two looks of the hourly round: Slack answers 50 a minute
AWAY_SECONDS = 5.0
PAGE = 1000
TOPIC_LENGTH = 250
MOST_NAMES = 9

# What Slack says when a message cannot be posted, and what that makes of the channel; anything else: refused.
LOSSES = {"is_archived": "archived", "not_in_channel": "left", "channel_not_found": "missing"}


class Channels:
    """The channels of one workspace. ``reason`` of a channel is Slack's own word, such as ``restricted_action``.

    *follow* is told the rows each time that they were read.
    """

    def __init__(self, place: Place, follow: Callable[[Sequence[ChannelRow]], Awaitable[None]] | None = None) -> None:
        self._place, self._follow = place, follow
        self._woken = asyncio.Event()
        self._looks: deque[int] = deque()
        self._round: deque[int] = deque()
        self._round_at = self._look_at = self._rest_until = 0.0
        self._topics: deque[tuple[str, str]] = deque()
        self._own: dict[str, dict[str, Any]] | None = None

    def wake(self) -> None:
        """A project may need a channel: it has a session, became open, an administrator wants it back."""
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled; one step at a time, and the rows are read anew before each."""
        while True:
            self._woken.clear()
            rows = await self._read()
            if self._follow is not None:
                await self._follow(rows)
            now = time.monotonic()
            if now >= self._round_at:
                self._round.extend(row.project_id for row in rows if row.channel_id is not None)
                self._round_at = now + ALL_SECONDS
            if now < self._rest_until:
                await wait(self._woken, self._rest_until - now)
            elif not await self._tried(rows):
                await wait(self._woken, max(self._look_at - now, 0.1) if self._round else LOOK_SECONDS)

    async def heard(self, event: SlackEventRow) -> None:
        """Something happened to a channel, which is looked at; the payload is ``{"type", "new_channel_id"}``.

        Only that it was deleted is believed: a look shows no more of a channel that became private.
        """
        if event.project_id is None:
            return
        told = json.loads(event.payload or "{}")
        row = await self._row(event.project_id)
        if row is not None and row.channel_id == event.channel_id:
            if new := told.get("new_channel_id"):
                await self._write(row, str(new), row.name, row.state, row.reason)
            elif told.get("type") == "channel_deleted":
                # Somebody who archived it, or sent the bot away, wanted quiet: no other one is made.
                state = row.state if row.state in ("archived", "left") else "missing"
                await self._write(row, None, row.project, state, "channel_not_found")
        self._looks.append(event.project_id)
        self.wake()

    async def lost(self, project_id: int, error: str) -> None:
        """Slack refused a message to a project's channel: nothing is posted there until it is found or made again."""
        row = await self._row(project_id)
        if row is None or row.state != "live":
            return
        state = LOSSES.get(error, "refused")
        LOG.warning("a channel is lost", extra=self._about(row) | {"state": state, "reason": error})
        await self._write(row, None if state == "missing" else row.channel_id, row.name, state, error)
        self.wake()

    # One step

    async def _tried(self, rows: Sequence[ChannelRow]) -> bool:
        """Does what is first to be done; False when there is nothing. What Slack did not take is done again later."""
        try:
            return await self._step(rows)
        except Limited as limit:
            self._rest_until = time.monotonic() + limit.seconds
        except (Away, Unsure) as error:
            # Perhaps it was made: then it is among our own when its name is taken.
            self._own = None
            self._rest_until = time.monotonic() + AWAY_SECONDS
            LOG.warning("Slack did not answer", extra={"org": self._place.workspace.org, "reason": str(error)})
        return True

    async def _step(self, rows: Sequence[ChannelRow]) -> bool:
        for row in rows:
            if row.shown and row.sessions and row.state == "missing":
                await self._make(row, rows)
                return True
        if self._topics:
            await self._set_topic(*self._topics[0])
            self._topics.popleft()
            return True
        by_id = {row.project_id: row for row in rows}
        now = time.monotonic()
        for looks in (self._looks, self._round if now >= self._look_at else deque[int]()):
            if looks:
                one = by_id.get(looks[0])
                if one is not None and one.channel_id is not None:
                    self._look_at = now + SPACE_SECONDS
                    await self._look(one, one.channel_id)
                looks.popleft()  # only now: what was not answered stays the first
                return True
        return False

    async def _make(self, row: ChannelRow, rows: Sequence[ChannelRow]) -> None:
        taken = {other.channel_id for other in rows if other.project_id != row.project_id}
        if row.channel_id is not None and await self._enter_again(row, row.channel_id):
            return
        for name in names(row.project):
            try:
                channel = (await self._place.call("conversations.create", name=name))["channel"]
            except Refused as refusal:
                if refusal.error != "name_taken":
                    await self._refuse(row, refusal.error)
                    return
                own = await self._find_own(name)
                if own is None or own.get("is_archived") or own["id"] in taken:
                    continue
                if not own.get("is_member"):
                    try:
                        await self._place.call("conversations.join", channel=own["id"])
                    except Refused:
                        continue
                channel = own
            await self._write(row, channel["id"], channel["name"], "live", None, _shared(channel))
            self._topics.append((channel["id"], self._topic(row.project)))
            LOG.info("a project has a channel", extra=self._about(row) | {"channel": channel["id"]})
            return
        await self._refuse(row, "name_taken")

    async def _enter_again(self, row: ChannelRow, channel_id: str) -> bool:
        """Goes back into the channel that a project had, because an administrator wants it."""
        try:
            channel = await self._info(channel_id)
            if channel is None or channel.get("is_archived"):
                return False
            if not channel.get("is_member"):
                await self._place.call("conversations.join", channel=channel_id)
        except Refused as refusal:
            await self._refuse(row, refusal.error)
            return True
        await self._write(row, channel_id, channel.get("name", row.name), "live", _private(channel), _shared(channel))
        return True

    async def _look(self, row: ChannelRow, channel_id: str) -> None:
        """Writes what the channel is now."""
        try:
            channel = await self._info(channel_id) or {"is_private": True, "is_member": True}
        except Refused as refusal:
            LOG.warning("a channel is not shown", extra=self._about(row) | {"reason": refusal.error})
            return
        state, reason = row.state, row.reason
        if channel.get("is_archived"):
            state, reason = "archived", "is_archived"
        elif not channel.get("is_member"):
            state, reason = "left", "not_in_channel"
            if row.state == "archived":  # opened again, and bots do not come back with it
                try:
                    await self._place.call("conversations.join", channel=channel_id)
                    state, reason = "live", None
                except Refused as refusal:
                    reason = refusal.error
        elif state != "refused":
            state, reason = "live", _private(channel)
        await self._write(row, channel_id, channel.get("name", row.name), state, reason, _shared(channel))

    async def _set_topic(self, channel_id: str, topic: str) -> None:
        try:
            await self._place.call("conversations.setTopic", channel=channel_id, topic=topic)
        except Refused as refusal:
            LOG.info("a channel has no topic", extra={"channel": channel_id, "reason": refusal.error})

    # Slack and the rows

    async def _info(self, channel_id: str) -> dict[str, Any] | None:
        """A channel as Slack shows it; None: it shows none. It became private, or was deleted."""
        try:
            found: dict[str, Any] = (await self._place.call("conversations.info", channel=channel_id))["channel"]
        except Refused as refusal:
            if refusal.error in ("channel_not_found", "missing_scope"):
                return None
            raise
        return found

    async def _find_own(self, name: str) -> dict[str, Any] | None:
        """The channel of that name, if this very bot made it: before a crash, or before it was connected again."""
        if self._own is None:
            own: dict[str, dict[str, Any]] = {}
            cursor: str | None = None
            while cursor != "":
                page = await self._place.call("conversations.list", types="public_channel", limit=PAGE, cursor=cursor)
                own |= {c["name"]: c for c in page["channels"] if c.get("creator") == self._place.workspace.bot_user_id}
                cursor = page.get("response_metadata", {}).get("next_cursor", "")
            self._own = own
        return self._own.get(name)

    async def _read(self) -> list[ChannelRow]:
        return await self._place.read(slack_calls.list_slack_channels, None)

    async def _row(self, project_id: int) -> ChannelRow | None:
        return next(iter(await self._place.read(slack_calls.list_slack_channels, None, project_id)), None)

    async def _refuse(self, row: ChannelRow, error: str) -> None:
        LOG.warning("Slack gives a project no channel", extra=self._about(row) | {"reason": error})
        await self._write(row, row.channel_id, row.name, "refused", error)

    async def _write(
        self,
        row: ChannelRow,
        channel_id: str | None,
        name: str,
        state: str,
        reason: str | None,
        shared: bool | None = None,
    ) -> None:
        """Writes what differs, and says in the channel how much it was not told while it was away."""
        same = row.shared if shared is None else shared
        if (channel_id, name, state, reason, same) == (row.channel_id, row.name, row.state, row.reason, row.shared):
            return
        place = self._place
        skipped = await place.write(
            slack_calls.write_slack_channel, row.project_id, channel_id, name, state, reason, shared
        )
        if skipped and row.level not in ("muted", "digest"):
            await self._tell_gap(row.project_id, skipped)
        place.channels.set()
        place.posts.set()

    async def _tell_gap(self, project_id: int, skipped: int) -> None:
        # The cursor may move between reading and writing; then the note comes a little later, not never.
        for _ in range(5):
            row = await self._row(project_id)
            if row is None or row.state != "live":
                return
            text = f"_{skipped} events happened while this channel was closed to Polaris; the project has them all._"
            note = Jsonb([{"key": f"gap:{row.cursor}", "kind": "note", "text": text}])
            if await self._place.write(slack_calls.write_slack_posts, project_id, row.cursor, row.cursor, note, []):
                return

    def _topic(self, project: str) -> str:
        words = f"Polaris project {project}. Speak to a session: @session and your words."
        if self._place.public_url is None:
            return words
        address = f"{self._place.public_url}/o/{self._place.workspace.org}/p/{project}"
        return f"{words} {address}" if len(words) + len(address) < TOPIC_LENGTH else address[:TOPIC_LENGTH]

    def _about(self, row: ChannelRow) -> dict[str, Any]:
        return {"org": self._place.workspace.org, "project": row.project}


def names(project: str) -> Iterator[str]:
    """What a project's channel may be called, best first. A project's name has the letters of a channel's."""
    yield project
    yield f"polaris-{project}"
    for number in range(2, MOST_NAMES):
        yield f"{project}-{number}"


def _shared(channel: dict[str, Any]) -> bool | None:
    """Whether another workspace is in it; None: Slack does not say."""
    shared = channel.get("is_ext_shared")
    return None if shared is None else bool(shared)


def _private(channel: dict[str, Any]) -> str | None:
    """What is said in a private channel does not reach us: that is told beside its state."""
    return "is_private" if channel.get("is_private") else None

"""From the record to the outbox: what happens in a project becomes posts of its channel, once and in its order.

Each project with a live channel has a reader. It reads on from the channel's cursor whenever it is woken and writes
the posts together with the new cursor, which the database compares with the old one: an event becomes posts once,
whoever else reads, and wherever a process ends.
"""

from __future__ import annotations

import asyncio

from polaris import log
from polaris.db import calls, slack_calls
from polaris.db.rows import EventRow
from polaris.db.slack_calls import Jsonb
from polaris.db.slack_rows import ChannelRow
from polaris.errors import PolarisError

from . import format
from .place import Place

LOG = log.get("bridge.outbound")

PAGE = 200
PAGE_BYTES = 4 << 20  # about what one read may bring: large events make smaller pages
RETRY_SECONDS = 0.5
LOOK_SECONDS = 0.2  # between two looks at the channels


class Outbound:
    """The readers of all projects of a workspace that have a live channel."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._readers: dict[int, Reader] = {}

    def project_changed(self, project_id: int) -> None:
        """Something happened in a project."""
        reader = self._readers.get(project_id)
        if reader is not None:
            reader.woken.set()
        else:  # perhaps it has a channel by now
            self._place.channels.set()

    async def run(self) -> None:
        """Until it is cancelled. Raises `Replaced`, and whatever else a reader fails of."""
        try:
            while True:
                self._place.channels.clear()  # before the look: what changes during it counts for the next one
                await self._look()
                await self._changed()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            tasks = [reader.task for reader in self._readers.values()]
            self._readers.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _changed(self) -> None:
        """Until the channels may have changed, or a reader has ended. Raises what a reader failed of."""
        waiting = asyncio.create_task(self._place.channels.wait())
        try:
            done, _ = await asyncio.wait(
                {waiting, *(reader.task for reader in self._readers.values())}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        for task in done - {waiting}:
            task.result()

    async def _look(self) -> None:
        """Lets exactly the projects be read that have a live channel, as their channels are set now."""
        live = {
            row.project_id: row
            for row in await self._place.read(slack_calls.list_slack_channels, None)
            if row.state == "live" and row.shown
        }
        for project_id, reader in list(self._readers.items()):
            if project_id not in live or reader.task.done():
                del self._readers[project_id]
                reader.task.cancel()
                (failure,) = await asyncio.gather(reader.task, return_exceptions=True)
                if isinstance(failure, Exception):
                    raise failure
        for project_id, row in live.items():
            found = self._readers.get(project_id)
            if found is None:
                self._readers[project_id] = Reader(self._place, row)
                continue
            found.level = row.level
            if row.last_seq > found.cursor:
                found.woken.set()


class Reader:
    """One project, read from where its channel is."""

    def __init__(self, place: Place, row: ChannelRow) -> None:
        self.project_id, self.cursor, self.level = row.project_id, row.cursor, row.level
        self.woken = asyncio.Event()
        self.woken.set()
        self._place = place
        self._since = row.cursor
        self._asked: dict[str, str] = {}
        self._limit = PAGE // 4
        self.task = asyncio.create_task(self._follow(), name=f"slack reader {row.project_id}")

    async def _follow(self) -> None:
        """Ends when the cursor is not where it was thought to be, or nothing may be posted now."""
        while True:
            await self.woken.wait()
            self.woken.clear()  # before the read: what comes later wakes again
            try:
                while (done := await self._page()) is None:
                    pass
            except PolarisError as error:
                LOG.warning("a project could not be read", extra={"project_id": self.project_id, "reason": error.code})
                await asyncio.sleep(RETRY_SECONDS)
                self.woken.set()
                continue
            if not done:
                return

    async def _page(self) -> bool | None:
        """Turns the next events into posts. None: there may be more; False: the channel is elsewhere by now."""
        place = self._place
        rows = await place.read(calls.read_project_events, self.project_id, self.cursor, self._limit)
        if not rows:
            return True
        room = await self._room(rows)
        # Apart from the loop: Markdown takes its time, and a lease has to be renewed meanwhile.
        told = [row for row in rows if row.erased_at is None]
        items, deliveries = await asyncio.to_thread(format.posts, told, room)
        if not await place.write(
            slack_calls.write_slack_posts, self.project_id, self.cursor, rows[-1].seq, Jsonb(items), deliveries
        ):
            place.channels.set()
            return False
        self.cursor = rows[-1].seq
        if items or deliveries:
            place.posts.set()
        more = len(rows) == self._limit
        self._limit = max(8, min(PAGE, PAGE_BYTES * len(rows) // max(1, sum(map(_size, rows)))))
        return None if more else True

    async def _room(self, rows: list[EventRow]) -> format.Room:
        place = self._place
        members = sorted({row.actor.removeprefix("user:") for row in rows if row.actor.startswith("user:")})
        people = await place.read(slack_calls.list_slack_people, None, None, members) if members else []
        return format.Room(
            org=place.workspace.org,
            level=self.level,
            public_url=place.public_url,
            threads_turns=place.workspace.threads_turns,
            invites_drivers=place.workspace.invites_drivers,
            people=format.who(people),
            since=self._since,
            asked=self._asked,
        )


def _size(row: EventRow) -> int:
    return len(row.body or "") + len(row.payload or "")

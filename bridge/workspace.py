"""One workspace while this process has its lease: its workers, looked after, and how they learn what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from polaris import log
from polaris.db import slack_calls
from polaris.db.slack_rows import ChannelRow, WorkspaceRow
from polaris.tasks import together, wait

from . import people
from .channels import Channels
from .inbound import Inbound
from .outbound import Outbound
from .place import Place
from .poster import Poster
from .tasks import keep

LOG = log.get("bridge.workspace")

NUDGE_SECONDS = 10.0
DIGEST_SECONDS = 60.0
DIGESTS_A_PRUNING = 60
PEOPLE_AGE = timedelta(hours=24)


class Ear(Protocol):
    """The listening connection, as far as a workspace needs it."""

    async def listen(self, project_id: int) -> None: ...

    def unlisten(self, project_id: int) -> None: ...


class Workspace:
    """All workers of one workspace; `run` is their life."""

    def __init__(self, place: Place, ear: Ear) -> None:
        self.place, self._ear = place, ear
        self.channels = Channels(place, self._follow)
        self.outbound = Outbound(place)
        self.poster = Poster(place, self.channels)
        self.inbound = Inbound(place, self.channels)
        # The projects that are listened on: those with a channel, and those whose first session will make one.
        self.projects: set[int] = set()
        self._live: set[int] = set()
        self._people = asyncio.Event()

    async def run(self) -> None:
        """Until it is cancelled. Raises `Replaced` or `TokenRefused`; any other failure of a worker is logged only.

        What is in flight when it is cancelled comes to its end.
        """
        workers = {
            "channels": self.channels.run,
            "outbound": self.outbound.run,
            "poster": self.poster.run,
            "inbound": self.inbound.run,
            "people": self._read_people,
            "chores": self._do_chores,
            "nudges": self._nudge,
        }
        try:
            await together(*(keep(name, main, org=self.place.workspace.org) for name, main in workers.items()))
        finally:
            for project_id in self.projects:
                self._ear.unlisten(project_id)

    # What is new

    def project_changed(self, project_id: int) -> None:
        """Something happened in a project: an event, or its first session."""
        if project_id in self._live:
            self.outbound.project_changed(project_id)
        else:
            self.channels.wake()

    def changed(self, workspace: WorkspaceRow) -> None:
        """The settings of the workspace are these now."""
        self.place.workspace = workspace
        self._people.set()

    def told(self) -> None:
        """Slack told something, or showed us a message of our own."""
        self.place.inbox.set()
        self.place.posts.set()

    def wake(self) -> None:
        """Anything may be new: every worker looks, and a lost notification is made good."""
        self.told()
        self.place.channels.set()
        self.channels.wake()

    async def _follow(self, rows: Sequence[ChannelRow]) -> None:
        """Listens on every project that may be shown: each event of some, of the others only the first session."""
        wanted = {row.project_id for row in rows if row.shown and row.state in ("live", "missing")}
        self._live = {row.project_id for row in rows if row.shown and row.state == "live"}
        for project_id in self.projects - wanted:
            self._ear.unlisten(project_id)
        new, self.projects = wanted - self.projects, wanted
        for project_id in sorted(new):
            await self._ear.listen(project_id)
            if project_id in self._live:  # what happened before it was listened on
                self.outbound.project_changed(project_id)
            else:
                self.channels.wake()

    # What comes round

    async def _nudge(self) -> None:
        while True:
            await asyncio.sleep(NUDGE_SECONDS)
            self.wake()

    async def _read_people(self) -> None:
        """Everybody at once after the workspace was connected, and each day what `user_change` did not tell."""
        while True:
            self._people.clear()
            read = self.place.workspace.people_at
            age = None if read is None else datetime.now(UTC) - read
            if age is None or age >= PEOPLE_AGE:
                await people.read_all(self.place)
                self.place.workspace = self.place.workspace._replace(people_at=datetime.now(UTC))
                age = timedelta(0)
            await wait(self._people, (PEOPLE_AGE - age).total_seconds())

    async def _do_chores(self) -> None:
        while True:
            await self.place.write(slack_calls.prune_slack)
            for _ in range(DIGESTS_A_PRUNING):
                if await self.place.write(slack_calls.digest_slack):
                    self.place.posts.set()
                await asyncio.sleep(DIGEST_SECONDS)

"""All links of one daemon: started where something is bound or still waits, forgotten when it is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from polaris import log
from polaris.settings import Credential

from .advice import Advice
from .bindings import Bindings
from .direct import Opener
from .keyring import Keyring
from .link import ANSWER_SECONDS, Link
from .records import Route
from .spool import Spool
from .tasks import Tasks

LOG = log.get("daemon.links")


class Links:
    """One `Link` a route, each a supervised task."""

    def __init__(
        self,
        tasks: Tasks,
        bindings: Bindings,
        spool: Spool,
        advice: Advice,
        keyring: Keyring,
        credential: Callable[[Route], Credential],
        opener: Opener,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._tasks, self._bindings, self._spool = tasks, bindings, spool
        self._advice, self._keyring, self._credential = advice, keyring, credential
        self._opener = opener
        self._answer_seconds = answer_seconds
        self._links: dict[int, Link] = {}

    def start(self) -> None:
        """Links every route of an earlier run; those with nothing to do end by themselves."""
        for route_id in list(self._bindings.routes):
            self.ensure(route_id)

    def ensure(self, route_id: int) -> None:
        """Starts the link of a route, or makes the running one look again."""
        route = self._bindings.routes.get(route_id)
        if route is None or not route.session or not self._opener.is_open:
            return
        link = self._links.get(route_id)
        if link is None:
            link = Link(
                route_id,
                self._bindings,
                self._spool,
                self._advice,
                self._credential,
                self._opener,
                self._answer_seconds,
            )
            self._links[route_id] = link
            self._tasks.start(f"link {route_id}", partial(self._run, link))
        else:
            link.nudge()

    def wake(self, route_id: int) -> None:
        """Something new waits to be sent."""
        if link := self._links.get(route_id):
            link.wake()
        else:
            self.ensure(route_id)

    def holds(self, route_id: int) -> bool:
        link = self._links.get(route_id)
        return link is not None and link.holds

    def of(self, route_id: int) -> Link | None:
        return self._links.get(route_id)

    def waiting(self, route_id: int) -> int:
        return self._spool.waiting[route_id]

    async def drained(self, route_id: int, seconds: float) -> bool:
        """Whether everything of a route is with the service, its seat given up included; waits so long at most."""
        link = self._links.get(route_id)
        return link is None or await link.drained(seconds)

    async def _run(self, link: Link) -> None:
        await link.run()
        self._links.pop(link.route_id, None)
        await self.forget(link.route_id)
        link.over()
        # What was bound again in the last moment must not be left without a link.
        if any(one.state != "ended" for one in self._bindings.of_route(link.route_id)):
            self._tasks.start(f"again {link.route_id}", partial(self._again, link.route_id))

    async def _again(self, route_id: int) -> None:
        while self._tasks.running(f"link {route_id}"):
            await self._tasks.over(f"link {route_id}")
        self.ensure(route_id)

    async def forget(self, route_id: int) -> None:
        """Drops a route that nothing refers to any more, and the tokens that nobody uses."""
        if (
            route_id in self._bindings.routes
            and not self._bindings.of_route(route_id)
            and not self._spool.refused[route_id]
        ):
            await self._advice.forget(route_id)
            try:
                await self._bindings.forget_route(route_id)
            except sqlite3.IntegrityError:
                LOG.info("a route is still in use", extra={"route": route_id})
        self._keyring.keep_only(route.token_ref for route in self._bindings.routes.values())

    def status(self) -> list[dict[str, Any]]:
        """One object a link: ``project, session, actor, state, reason, waiting, refused, holds_seat, last_push_at``."""
        shown = []
        for route_id, route in sorted(self._bindings.routes.items()):
            link = self._links.get(route_id)
            shown.append(
                {
                    "project": route.project,
                    "session": route.session or None,
                    "actor": route.actor,
                    "state": link.state if link else "ended",
                    "reason": link.reason if link else None,
                    "holds_seat": bool(link and link.holds),
                    "waiting": self._spool.waiting[route_id],
                    "refused": self._spool.refused[route_id],
                    "last_push_at": link.last_push if link else None,
                }
            )
        return shown

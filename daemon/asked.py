"""Who asks for the seat that an agent session here holds, for its status line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from polaris import log
from polaris.client import Client
from polaris.errors import PolarisError
from polaris.tasks import wait

from .records import Route

LOG = log.get("daemon.asked")

# A request that ends without a word, because its time is over where nobody maintains, is forgotten so late.
LOOK_SECONDS = 30.0


class Asked:
    """Who asks for the seat of one route; `follow` keeps ``actors`` true as long as a connection lives."""

    def __init__(self) -> None:
        self.actors: list[str] = []
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """Something about requests or the seat changed: look now."""
        self._stirred.set()

    async def follow(self, client: Client, route: Route, drives: Callable[[], bool]) -> None:
        """Looks again and again, for ever. A service that knows no requests is no failure."""
        while True:
            self._stirred.clear()
            try:
                found = await client.seat_requests(route.project, route.session) if drives() else []
            except PolarisError as error:
                LOG.info("requests for the seat are not known", extra={"place": route.place, "code": error.code})
            else:
                self.actors = [str(one["actor"]) for one in found if one["ended_at"] is None]
            await wait(self._stirred, LOOK_SECONDS)


def sign(actors: list[str]) -> str:
    """What stands behind the status line of a driver: `` · user:krishna asks for the seat``."""
    if not actors:
        return ""
    more = f" and {len(actors) - 1} more ask" if len(actors) > 1 else " asks"
    return f" · {actors[0]}{more} for the seat"

"""Keeping the driver's seat of one session: renewed while an agent drives, taken again or given up when it was lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from polaris import log, render
from polaris.client import Client, Json
from polaris.errors import PolarisError
from polaris.tasks import wait

from . import processes
from .advice import Advice
from .bindings import Bindings
from .records import Binding, Route

LOG = log.get("daemon.seat")
ENDINGS = ("driver.released", "driver.expired")
REASON_CHARACTERS = 80  # of a takeover, in the status line
TAKEN_LOOKED_AT = 50


class Seat:
    """The seat of one route; outlives the connections over which it is kept. *idle*: nobody drives here now."""

    def __init__(self, route_id: int, bindings: Bindings, advice: Advice, idle: Callable[[], None]) -> None:
        self._route_id, self._bindings, self._advice, self._idle = route_id, bindings, advice, idle
        self._held_until = 0.0
        self._check = asyncio.Event()

    @property
    def held(self) -> bool:
        """Whether it is surely ours at this moment; without a connection as long as the last lease runs."""
        return time.monotonic() < self._held_until

    def check(self) -> None:
        """Something about it changed: look now."""
        self._check.set()

    def given_up(self) -> None:
        self._held_until = 0.0

    async def keep(self, client: Client, ask: Callable[[Json], Awaitable[Json]], lease_seconds: float) -> None:
        """Renews the lease, for ever, while an agent drives here."""
        while True:
            self._check.clear()
            binding = self._bindings.driver(self._route_id)
            if binding and binding.state == "active" and processes.gone(binding.pid, binding.started):
                LOG.info("the agent has left without a word", extra={"pid": binding.pid})
                binding = await self._bindings.change(binding.agent_session_id, state="ended")
                await self._advice.left(self._route_id)
            if binding and binding.state == "active":
                asked = time.monotonic()
                lease = await ask({"type": "heartbeat", "epoch": binding.epoch})
                if lease.get("held"):
                    self._held_until = asked + lease_seconds
                else:
                    self._held_until = 0.0
                    await self._recover(client, binding, lease)
            else:
                self._idle()
            await wait(self._check, lease_seconds / 3)

    async def _recover(self, client: Client, binding: Binding, lease: Json) -> None:
        """Takes the seat again when its lease ran out and nobody wanted it; else the binding is lost."""
        route, driver = self._bindings.routes[self._route_id], lease.get("driver")
        if taken := await _taken(client, route, binding.epoch):
            # Whoever comes back, even to an open seat: an administrator said that it is theirs no more.
            await self._lose(binding, taken)
            return
        if driver not in (None, route.actor):
            await self._lose(binding, f"{driver} drives")
            return
        if driver is None:
            page = await client.messages(route.project, route.session, kind=ENDINGS, limit=1)
            if page["items"] and page["items"][-1]["kind"] == "driver.released":
                # Somebody gave it up on purpose: taking it back would undo a handoff.
                await self._lose(binding, "the seat was released")
                return
        try:
            row = await client.claim(route.project, route.session)
        except PolarisError as error:
            if error.status != 409:
                raise
            details = error.details if isinstance(error.details, dict) else {}
            await self._lose(binding, f"{details.get('driver') or 'somebody else'} drives")
            return
        epoch = int(row["epoch"])
        if epoch > binding.epoch + 1:
            # Somebody drove in between: what waits here may have been handed there.
            await self._advice.lost(self._route_id)
        await self._bindings.set_epoch(binding.agent_session_id, epoch)
        self._check.set()

    async def _lose(self, binding: Binding, reason: str) -> None:
        LOG.warning("the seat is lost", extra={"place": self._bindings.routes[self._route_id].place, "reason": reason})
        await self._bindings.change(binding.agent_session_id, state="lost", reason=reason)
        await self._advice.lost(self._route_id)


async def _taken(client: Client, route: Route, epoch: int) -> str | None:
    """How the seat of this epoch was taken over, in words; None when it was not."""
    page = await client.messages(route.project, route.session, kind=("driver.taken",), limit=TAKEN_LOOKED_AT)
    for event in page["items"]:
        told = event.get("payload")
        if event.get("kind") == "driver.taken" and event.get("epoch") == epoch and isinstance(told, dict):
            reason = render.shortened(str(told.get("reason") or ""), REASON_CHARACTERS)
            return f"{event['actor']} took the seat: {reason}"
    return None

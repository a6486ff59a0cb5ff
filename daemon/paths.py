"""How waiting advice gets to an agent that does nothing: which way, when, and when a way has failed.

A busy agent is given its advice with the answer to its next hook event (`intake`). For an idle one this goes through
the ways into its session, in order: what its module offers (`agents.base.Waker`), then who listens for it at this
daemon (`listeners`). The next way is taken only when the one before provably does not exist or provably did not show
the piece. One piece at a time: the turn that it begins has hook events, and they carry the others.

Nothing here waits for a timer when advice arrives or a turn ends. Only while a dialog is open, the seat is not surely
ours or a copy is on its way, it looks again every quarter of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

from polaris import log
from polaris.tasks import wait

from . import agents
from .advice import ANSWERS, UNPROVEN, Advice
from .agents.base import Sleeper, Standing, Waker
from .bindings import Bindings
from .records import Binding, Piece
from .turns import Turns

LOG = log.get("daemon.paths")

STEP_SECONDS = 0.25
# So long a session has to stay idle before the missing trace of a message says something; and before one gives up.
REST_SECONDS = 20.0
UNPROVEN_SECONDS = 60.0
# How long handing over may take, and how long a way that just failed is left alone.
ACT_SECONDS = 30.0
CLOSED_SECONDS = 10.0
_NEVER = float("inf")


class Listening(Protocol):
    """Those who wait at this daemon for what is to be said to an agent session."""

    def of(self, binding: Binding) -> Iterable[Waker]: ...


class Paths:
    """All agent sessions that have advice waiting or on its way."""

    def __init__(
        self,
        advice: Advice,
        bindings: Bindings,
        turns: Turns,
        listeners: Listening,
        holds: Callable[[int], bool],
        look: Callable[[Iterable[int]], Awaitable[None]],
        bypass: Callable[[], bool],
        rest_seconds: float = REST_SECONDS,
        unproven_seconds: float = UNPROVEN_SECONDS,
    ) -> None:
        self._advice, self._bindings, self._turns, self._listeners = advice, bindings, turns, listeners
        self._holds, self._look, self._bypass = holds, look, bypass
        self._rest, self._unproven = rest_seconds, max(rest_seconds, unproven_seconds)
        self._acting: dict[int, asyncio.Task[None]] = {}
        # Ways that failed or did not take a piece: until when (on the loop's clock) they are left alone, and why.
        self._closed: dict[tuple[str, int | None, str], tuple[float, Standing]] = {}
        # Since when a session has been at rest while a copy of a piece is on its way to it; and which copies it has.
        self._resting: dict[str, float] = {}
        self._taken: set[str] = set()
        self._reasons: dict[int, str] = {}

    async def run(self) -> None:
        """For ever."""
        try:
            while True:
                self._advice.moved.clear()
                routes = self._advice.undecided()
                self._reasons = {route: reason for route, reason in self._reasons.items() if route in routes}
                watched = [self._consider(route_id) for route_id in routes]
                await wait(self._advice.moved, STEP_SECONDS if any(watched) else None)
        finally:
            for task in self._acting.values():
                task.cancel()

    def reason(self, route_id: int) -> str | None:
        """Why advice of this route still waits."""
        return self._reasons.get(route_id) if self._advice.of(route_id, "waiting") else None

    def readable(self, piece: Piece) -> bool:
        """Whether it proves something that a piece left no trace: its turn, or its whole session, is over."""
        binding = self._bindings.driver(piece.route_id)
        if binding is None:
            return False
        if piece.path not in ANSWERS:
            return self._is_lost(binding, piece)
        agent = agents.find(binding.agent)
        if agent is None or agent.transcript() is None or binding.transcript is None:
            return False
        return Path(binding.transcript).exists()

    def _consider(self, route_id: int) -> bool:
        """Does what can be done now; answers whether to look again soon, because nothing else tells."""
        binding = self._bindings.driver(route_id)
        if route_id in self._acting or binding is None or binding.state != "active":
            return False
        sleeper = self._sleeper(binding)
        if queued := [one for one in self._advice.of(route_id, *UNPROVEN) if one.path not in ANSWERS]:
            return self._watch(binding, sleeper, queued)
        waiting = self._advice.waiting(route_id)
        if not waiting:
            return False
        if binding.paused:
            return self._wait(route_id, "capture is paused")
        if not self._holds(route_id):
            self._wait(route_id, "not connected")
            return True
        way, standing = self._way(binding, sleeper, waiting[0])
        if way is None or standing.state != "ready":
            self._wait(route_id, standing.reason)
            return standing.state == "later" or any(self._opens_again(binding, one.PATH) for one in self._ways(binding))
        self._start(route_id, self._hand(binding, sleeper, way, waiting[0]))
        return False

    def _wait(self, route_id: int, reason: str) -> bool:
        self._reasons[route_id] = reason
        return False

    def _way(self, binding: Binding, sleeper: Sleeper, piece: Piece) -> tuple[Waker | None, Standing]:
        """The first way that is there, and how it stands; one that is there but not now is waited for."""
        first: Standing | None = None
        for way in self._ways(binding):
            standing = self._tried(binding, piece, way.PATH) or way.look(sleeper)
            if standing.state != "unavailable":
                return way, standing
            first = first or standing
        return None, first or Standing("unavailable", "nothing can wake it")

    def _ways(self, binding: Binding) -> list[Waker]:
        waker = self._waker(binding)
        return [*([waker] if waker else []), *self._listeners.of(binding)]

    def _waker(self, binding: Binding) -> Waker | None:
        return getattr(agents.find(binding.agent), "WAKER", None)

    def _tried(self, binding: Binding, piece: Piece, path: str) -> Standing | None:
        if path in piece.tried.split():
            return Standing("unavailable", f"its {path} did not take the piece")
        until, standing = self._closed.get(_way_of(binding, path), (0.0, None))
        return standing if _now() < until else None

    def _opens_again(self, binding: Binding, path: str) -> bool:
        until, _ = self._closed.get(_way_of(binding, path), (0.0, None))
        return _now() < until < _NEVER

    async def _hand(self, binding: Binding, sleeper: Sleeper, way: Waker, piece: Piece) -> None:
        handed = await self._advice.hand_one(binding, piece.delivery_id, way.PATH)
        if handed is None:
            return
        try:
            async with asyncio.timeout(ACT_SECONDS):
                standing = await way.wake(sleeper, handed.text, handed.delivery_id)
        except Exception:
            # Perhaps shown: it stays `handing`, and is looked for.
            LOG.exception("handing over failed", extra={"agent": binding.agent, "path_name": way.PATH})
            return
        if standing.state != "handed":
            LOG.info("not handed over", extra={"path_name": way.PATH, "reason": standing.reason})
            seconds = STEP_SECONDS if standing.state == "later" else CLOSED_SECONDS
            self._closed[_way_of(binding, way.PATH)] = (_now() + seconds, standing)
        await self._advice.written([handed], whole=standing.state == "handed")

    def _watch(self, binding: Binding, sleeper: Sleeper, queued: list[Piece]) -> bool:
        """Copies are on their way: how long has the session been at rest without a trace of them?"""
        waker = self._waker(binding)
        state = waker.look(sleeper).state if waker else "ready"
        if state == "later" or (state == "unavailable" and sleeper.busy) or (waker is None and sleeper.busy):
            for piece in queued:
                self._resting.pop(piece.delivery_id, None)
            return True
        now = _now()
        for piece in queued:
            rested = now - self._resting.setdefault(piece.delivery_id, now)
            over = rested >= self._unproven
            if over or (rested >= self._rest and piece.delivery_id not in self._taken):
                self._start(binding.route_id, self._decide(binding, piece, over))
                return False
        return True

    async def _decide(self, binding: Binding, piece: Piece, over: bool) -> None:
        await self._look([binding.route_id])
        lost = self._is_lost(binding, piece)
        if not lost and not over:
            self._taken.add(piece.delivery_id)
            return
        self._taken.discard(piece.delivery_id)
        self._resting.pop(piece.delivery_id, None)
        if lost and piece.state == "sent" and piece.path:
            standing = Standing("unavailable", f"its {piece.path} takes no messages from other programs")
            self._closed[_way_of(binding, piece.path)] = (_NEVER, standing)
        await self._advice.rested(piece.delivery_id, lost)

    def _is_lost(self, binding: Binding, piece: Piece) -> bool:
        waker = self._waker(binding)
        since = (piece.handed_at or piece.arrived_at) / 1000
        return waker is not None and waker.lost(self._sleeper(binding), piece.delivery_id, since)

    def _sleeper(self, binding: Binding) -> Sleeper:
        return Sleeper(
            agent_session_id=binding.agent_session_id,
            pid=binding.pid,
            started=binding.started,
            transcript=binding.transcript,
            busy=self._turns.busy(binding.agent_session_id),
            mode=binding.mode,
            bypass=self._bypass(),
        )

    def _start(self, route_id: int, work: Awaitable[None]) -> None:
        """Runs beside all others: a slow way into one session keeps no other waiting."""

        async def main() -> None:
            try:
                await work
            except Exception:
                LOG.exception("a piece could not be followed", extra={"route": route_id})
                await asyncio.sleep(CLOSED_SECONDS)
            finally:
                self._acting.pop(route_id, None)
                self._advice.moved.set()

        self._acting[route_id] = asyncio.create_task(main())


def _way_of(binding: Binding, path: str) -> tuple[str, int | None, str]:
    return (binding.agent_session_id, binding.pid, path)


def _now() -> float:
    return asyncio.get_running_loop().time()

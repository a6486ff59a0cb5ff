"""Advice on its way into the agent, and the truth about it.

waiting → handing → sent → seen → done. ``handing`` is committed before the act (a hook's answer, a message into the
agent's inbox), so that after a crash the piece counts as perhaps shown; ``sent`` says that the act was done; ``seen``
comes from what the agent itself recorded and from nothing else. Only a waiting piece is handed, so that there is never
a second copy on its way. What an answer carried is refuted by a turn that ended and left no trace of it: the piece goes
back to ``waiting``. What lies in the agent's own queue outlives turns; `paths` says when that is refuted. Every step
is in SQLite, its receipt for the service in the same commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from polaris import log

from . import records
from .bindings import now_ms
from .records import Binding, Piece, Receipt
from .store import Store

LOG = log.get("daemon.advice")

# Agents write their transcript late: so long after a turn's end its lines may still come.
GRACE_SECONDS = 3.0
# After a handing the transcript is looked at in short steps for so long; later only at hook events.
LOOK_SECONDS = 10.0
ATTEMPTS = 5
FINISHED_KEPT_MS = 7 * 86_400_000
UNPROVEN = ("handing", "sent")
# On these ways a piece is part of an answer that the agent waits for; on all others it lies in a queue of the agent.
ANSWERS = (None, "hook", "mcp")
STARTS_A_TURN = ("prompt", "notice", "tool.call")


@dataclass(frozen=True)
class Happened:
    """An event of the main agent as far as it matters here; ``end`` is the end of the agent session."""

    kind: str
    turn: str | None
    at: int


@dataclass(frozen=True)
class Step:
    """What becomes of one piece, and the receipts (state, reason) that tell it."""

    piece: Piece
    receipts: tuple[tuple[str, str | None], ...] = ()


class Advice:
    """All pieces of one daemon.

    *changed* is called with the route that has a new receipt; *readable* says whether the absence of a piece's trace
    proves anything: without a transcript nothing can.
    """

    def __init__(
        self,
        store: Store,
        changed: Callable[[int], None],
        readable: Callable[[Piece], bool],
        grace_seconds: float = GRACE_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._store, self._changed, self._readable = store, changed, readable
        self._grace, self._look = int(grace_seconds * 1000), int(look_seconds * 1000)
        self._pieces: dict[str, Piece] = {}
        self._lock = asyncio.Lock()
        self._restarted = 0
        # Set when there is something to look for; the one who looks clears it.
        self.unproven = asyncio.Event()
        # Set when a piece waits, or what was known of a waiting one may have changed; `paths` clears it.
        self.moved = asyncio.Event()

    async def load(self) -> None:
        """Takes over what an earlier run left; what it handed may have been shown and is looked for."""
        found = await self._store.do(records.read_pieces)
        self._pieces = {piece.delivery_id: piece for piece in found}
        old = now_ms() - FINISHED_KEPT_MS
        await self._drop([one.delivery_id for one in found if one.state == "done" and one.arrived_at < old])
        self._restarted = now_ms()
        if any(piece.state in UNPROVEN for piece in self._pieces.values()):
            self.unproven.set()
        self.moved.set()

    def of(self, route_id: int, *states: str) -> list[Piece]:
        return [one for one in self._pieces.values() if one.route_id == route_id and one.state in states]

    def undecided(self) -> set[int]:
        """The routes with a piece that waits, or of which nobody knows whether it was shown."""
        return {one.route_id for one in self._pieces.values() if one.state in ("waiting", *UNPROVEN)}

    def to_look_for(self) -> set[int]:
        """The routes whose transcripts are worth a look; a turn that ended stays until `settle` has decided."""
        now = now_ms()
        unproven = (one for one in self._pieces.values() if one.state in UNPROVEN)
        return {one.route_id for one in unproven if one.ended_at is not None or now < self._until(one)}

    def counts(self) -> dict[str, int]:
        """How many pieces are in each state, the finished ones left out."""
        return dict(Counter(one.state for one in self._pieces.values() if one.state != "done"))

    async def arrived(self, binding: Binding | None, route_id: int, delivery: dict[str, Any]) -> None:
        """A piece from the service, or the same one again after a new connection."""
        async with self._lock:
            known = self._pieces.get(str(delivery["delivery_id"]))
            epoch = binding.epoch if binding else int(delivery.get("epoch") or 0)
            if known is not None:
                if known.state != "done" and known.epoch != epoch:
                    await self._apply([Step(replace(known, epoch=epoch, route_id=route_id))])
                return
            piece = Piece(
                delivery_id=str(delivery["delivery_id"]),
                route_id=route_id,
                epoch=epoch,
                state="waiting",
                marker=str(delivery["marker"]),
                text=str(delivery["text"]),
                expires_at=_ms(delivery.get("expires_at")),
                arrived_at=now_ms(),
            )
            if delivery.get("state") != "sent":
                await self._apply([Step(piece)])
            elif delivery.get("epoch") == epoch:
                # This seat handed it and does not remember: it may have been shown.
                path = str(delivery.get("path") or "hook")
                await self._apply([Step(replace(piece, state="sent", path=path, handed_at=piece.arrived_at))])
            else:
                await self._apply([Step(piece, (("queued", "the driver changed"),))])

    async def ended(self, delivery_id: str) -> None:
        """The service has ended the piece by itself: expired, declined or withdrawn."""
        async with self._lock:
            if (piece := self._pieces.get(delivery_id)) and piece.state != "done":
                await self._apply([Step(replace(piece, state="done"))])

    async def happened(
        self, route_id: int, events: Sequence[Happened], seen: Mapping[str, str | None] | None = None
    ) -> None:
        """Follows the agent's turns; *seen*: the deliveries that it proved to have in its context, and since which."""
        seen = seen or {}
        if not self.of(route_id, "waiting", "seen", *UNPROVEN):
            return
        async with self._lock:
            steps = []
            for piece in self.of(route_id, "waiting", "seen", *UNPROVEN):
                step = _proved(piece, seen[piece.delivery_id]) if piece.delivery_id in seen else Step(piece)
                for event in events:
                    step = _turned(step, event, self._grace)
                step = self._judged(step)
                if step.piece != piece:
                    steps.append(step)
            await self._apply(steps)

    def waiting(self, route_id: int) -> list[Piece]:
        """What may be handed now."""
        now = now_ms()
        return [one for one in self.of(route_id, "waiting") if one.expires_at is None or one.expires_at > now]

    async def hand(
        self, binding: Binding, turn: str | None, fits: Callable[[str], bool], path: str = "hook"
    ) -> list[Piece]:
        """What this answer carries: as many waiting pieces as fit, at least one. From here on they may be shown."""
        if not self.of(binding.route_id, "waiting"):
            return []
        async with self._lock:
            text, steps = "", list[Step]()
            for piece in self.waiting(binding.route_id):
                text = f"{text}\n\n{piece.text}" if text else piece.text
                if steps and not fits(text):
                    break
                steps.append(Step(_handed(piece, binding, turn, path)))
            await self._apply(steps)
            return [step.piece for step in steps]

    async def hand_one(self, binding: Binding, delivery_id: str, path: str) -> Piece | None:
        """One piece for a way that takes one at a time; None when it does not wait any more."""
        async with self._lock:
            piece = next((one for one in self.waiting(binding.route_id) if one.delivery_id == delivery_id), None)
            if piece is None:
                return None
            piece = _handed(piece, binding, None, path)
            await self._apply([Step(piece)])
            return piece

    async def written(self, pieces: Iterable[Piece], whole: bool) -> None:
        """The act was done whole, or it is sure that nobody was shown anything of it."""
        async with self._lock:
            steps = []
            for piece in (self._pieces[one.delivery_id] for one in pieces if one.delivery_id in self._pieces):
                if piece.state == "handing" and whole:
                    steps.append(Step(replace(piece, state="sent"), (("sent", None),)))
                elif piece.state == "handing":
                    back = replace(piece, state="waiting", handed_at=None, attempts=piece.attempts - 1)
                    steps.append(Step(back))
            await self._apply(steps)

    async def rested(self, delivery_id: str, lost: bool) -> None:
        """The agent's queue held the piece and its session came to rest without a trace of it.

        *lost*: surely not shown and never to be; then it waits for another way. Otherwise nobody will ever know.
        """
        async with self._lock:
            piece = self._pieces.get(delivery_id)
            if piece is None or piece.state not in UNPROVEN:
                return
            if not lost:
                await self._apply([Step(replace(piece, state="done"), (("failed", "unproven"),))])
                return
            # Of what was being handed when the daemon died it is not known whether the way took it.
            tried = " ".join(dict.fromkeys([*piece.tried.split(), str(piece.path)])) if piece.state == "sent" else ""
            await self._apply([_again(Step(replace(piece, tried=tried or piece.tried)), "the agent did not take it")])

    async def left(self, route_id: int) -> None:
        """The agent session is over: nothing more of it will be shown, and what was may still come to light."""
        await self.happened(route_id, [Happened("end", None, now_ms())])

    async def lost(self, route_id: int) -> None:
        """The seat is gone or given up: what was not proved waits at the service for the next driver."""
        async with self._lock:
            steps, kept = [], set()
            for piece in self.of(route_id, "waiting", "seen", *UNPROVEN):
                told: tuple[tuple[str, str | None], ...] = ()
                if piece.state in UNPROVEN and piece.path not in (None, "hook") and piece.ended_at is None:
                    # An agent that goes on has it, in its queue or from our MCP server: no second copy goes out.
                    told = (("failed", "unproven"),)
                    kept.add(piece.delivery_id)
                elif piece.state == "sent":
                    told = (("queued", "the driver left"),)
                steps.append(Step(replace(piece, state="done"), told))
            await self._apply(steps)
            if steps:
                # They may come back to this very seat: then they are new.
                await self._drop([one.piece.delivery_id for one in steps if one.piece.delivery_id not in kept])

    async def forget(self, route_id: int) -> None:
        """Drops what is done of a route that is given up."""
        async with self._lock:
            await self._drop([one.delivery_id for one in self.of(route_id, "done")])

    async def settle(self) -> None:
        """Decides what can wait no longer: the grace after a turn's end is over and nothing proved the piece."""
        async with self._lock:
            steps = [(piece, self._judged(Step(piece))) for piece in self._pieces.values()]
            await self._apply([step for piece, step in steps if step.piece != piece])

    async def receipts(self, route_id: int, limit: int) -> list[Receipt]:
        return await self._store.do(lambda db: records.read_receipts(db, route_id, limit))

    async def acknowledged(self, receipt: Receipt) -> None:
        await self._store.do(lambda db: records.drop_receipt(db, receipt.receipt_id))

    async def refused(self, receipt: Receipt) -> None:
        """The service knows better (expired, another driver): the piece is not ours to tell of any more."""
        await self.acknowledged(receipt)
        await self.ended(receipt.delivery_id)

    def _judged(self, step: Step) -> Step:
        """A piece whose turn is over, and the grace too: refuted, or for ever unproven where nothing can be read."""
        piece = step.piece
        if piece.state not in UNPROVEN or piece.ended_at is None or piece.ended_at + self._grace > now_ms():
            return step
        if not self._readable(piece):
            return Step(replace(piece, state="done"), (*step.receipts, ("failed", "unproven")))
        return _again(step, "the turn ended without it")

    def _until(self, piece: Piece) -> int:
        return max(piece.handed_at or 0, self._restarted) + self._look

    async def _drop(self, names: Sequence[str]) -> None:
        await self._store.do(lambda db: records.drop_pieces(db, names))
        for name in names:
            self._pieces.pop(name, None)

    async def _apply(self, steps: Sequence[Step]) -> None:
        if not steps:
            return

        def job(db: sqlite3.Connection) -> None:
            records.save_pieces(db, (step.piece for step in steps))
            for step in steps:
                for state, reason in step.receipts:
                    records.add_receipt(db, step.piece, state, reason=reason)

        await self._store.do(job)
        for step in steps:
            self._pieces[step.piece.delivery_id] = step.piece
        if any(step.piece.state in UNPROVEN for step in steps):
            self.unproven.set()
        if any(step.piece.state in ("waiting", *UNPROVEN) for step in steps):
            self.moved.set()
        for route_id in {step.piece.route_id for step in steps if step.receipts}:
            self._changed(route_id)


def _handed(piece: Piece, binding: Binding, turn: str | None, path: str) -> Piece:
    return replace(
        piece,
        state="handing",
        attempts=piece.attempts + 1,
        agent_session_id=binding.agent_session_id,
        turn=turn,
        handed_at=now_ms(),
        ended_at=None,
        replied=0,
        path=path,
    )


def _proved(piece: Piece, turn: str | None) -> Step:
    """The agent has it; whichever copy it was, there is no second one from here on."""
    if piece.state == "seen" or (not piece.attempts and piece.state == "waiting"):
        return Step(piece)  # a marker of what was never handed is a quotation
    told = [] if piece.state == "sent" else [("sent", None)]
    told.append(("seen", None))
    if piece.replied:
        told.append(("answered", None))
    over = piece.ended_at is not None or piece.state == "waiting"
    # What lay in a queue was handed in no turn: the one that shows it is its own.
    turn = piece.turn or turn if piece.path in ANSWERS else turn or piece.turn
    return Step(replace(piece, state="done" if over else "seen", turn=turn), tuple(told))


def _turned(step: Step, event: Happened, grace: int) -> Step:
    piece = step.piece
    if piece.state not in ("seen", *UNPROVEN) or piece.ended_at is not None or event.at < (piece.handed_at or 0):
        return step
    if piece.state in UNPROVEN and piece.path not in ANSWERS and event.kind != "end":
        return step
    if event.kind in STARTS_A_TURN and event.turn is not None:
        if piece.turn is None:
            return Step(replace(piece, turn=event.turn), step.receipts)
        if piece.turn == event.turn or (event.kind == "tool.call" and piece.path not in ANSWERS):
            return step  # a call of the turn that ran while the piece came into the queue may be told after it
        # The turn ended untold (interrupted). Its lines were written long ago if the handing was.
        over = replace(piece, ended_at=event.at if event.at - (piece.handed_at or 0) < grace else event.at - grace)
    elif event.kind == "reply" and piece.turn in (None, event.turn):
        over = replace(piece, ended_at=event.at, replied=1)
    elif event.kind == "end" or (event.kind in ("turn.interrupted", "turn.ended") and piece.turn in (None, event.turn)):
        over = replace(piece, ended_at=event.at)
    else:
        return step
    if piece.state != "seen":
        return Step(over, step.receipts)
    return Step(replace(over, state="done"), (*step.receipts, *([("answered", None)] if over.replied else [])))


def _again(step: Step, why: str) -> Step:
    """Refuted: it was not shown and will not be."""
    piece = step.piece
    if piece.attempts >= ATTEMPTS:
        return Step(replace(piece, state="done"), (*step.receipts, ("failed", f"not shown in {ATTEMPTS} attempts")))
    told = [("queued", why)] if piece.state == "sent" else []
    return Step(replace(piece, state="waiting"), (*step.receipts, *told))


def _ms(text: Any) -> int | None:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if isinstance(text, str) else None

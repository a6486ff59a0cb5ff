"""One call of `push_events`: its columns, its answer, and the pushes that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from polaris.db.arrays import Longs, Texts
from polaris.errors import PolarisError

PUSH = b"""
select client_id, seq, created, late, code, message from polaris.push_events(
  p_org => %b::bigint, p_actor => %b::text[], p_project => %b::text[], p_session => %b::text[], p_epoch => %b::bigint[],
  p_kind => %b::text[], p_client_id => %b::text[], p_turn => %b::text[], p_agent => %b::text[], p_body => %b::text[],
  p_payload => %b::text[]::jsonb[], p_occurred_at => %b::text[]::timestamptz[],
  p_facts => %b::text[]::jsonb[]) order by ord
"""


class NewEvent(NamedTuple):
    """One event on its way in. ``payload`` and ``facts`` are JSON text, ``occurred_at`` RFC 3339; none has NUL."""

    client_id: str
    kind: str
    epoch: int
    turn: str | None = None
    agent: str | None = None
    body: str | None = None
    payload: bytes | str | None = None
    occurred_at: str | None = None
    facts: bytes | str | None = None


class Pushed(NamedTuple):
    """What became of one event: a number, or a code and a message."""

    client_id: str
    seq: int | None
    created: bool
    late: bool
    code: str | None
    message: str | None


class Where(NamedTuple):
    """Who pushes, into which session."""

    org: int
    actor: str
    project: str
    session: str


@dataclass(eq=False, slots=True)
class Push:
    where: Where
    events: Sequence[NewEvent]
    size: int
    done: asyncio.Future[list[Pushed]]
    since: float
    given_up: bool = False
    results: list[Pushed | None] = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = len(self.events)
        self.results = [None] * self.left

    @property
    def open(self) -> bool:
        """Whether something is still to be written, also when nobody waits for the answer any more."""
        return self.left > 0 and not self.given_up

    @property
    def lane(self) -> tuple[int, str]:
        return self.where.org, self.where.project

    def settle(self, index: int, result: Pushed) -> None:
        self.left -= self.results[index] is None
        self.results[index] = result
        if not self.left and not self.done.done():  # the waiter may have gone away
            self.done.set_result([r for r in self.results if r is not None])

    def fail(self, error: PolarisError) -> None:
        self.given_up = True
        if not self.done.done():
            self.done.set_exception(error)


Item = tuple[Push, int]  # one event of a push


def settle(items: list[Item], found: Sequence[tuple[object, ...]]) -> None:
    for (push, index), row in zip(items, found, strict=True):
        push.settle(index, Pushed(*row))  # type: ignore[arg-type]


def arguments(items: list[Item]) -> tuple[object, ...]:
    wheres = [push.where for push, _ in items]
    return columns(wheres[0].org, wheres, [push.events[i] for push, i in items])


def columns(org: int | None, wheres: Sequence[Where], events: Sequence[NewEvent]) -> tuple[object, ...]:
    """The arguments of `PUSH`; a direct client leaves *org* None, and its actors are not looked at."""
    return (
        org,
        Texts([w.actor for w in wheres]),
        Texts([w.project for w in wheres]),
        Texts([w.session for w in wheres]),
        Longs([e.epoch for e in events]),
        Texts([e.kind for e in events]),
        Texts([e.client_id for e in events]),
        Texts([e.turn for e in events]),
        Texts([e.agent for e in events]),
        Texts([e.body for e in events]),
        Texts([e.payload for e in events]),
        Texts([e.occurred_at for e in events]),
        Texts([e.facts for e in events]),
    )

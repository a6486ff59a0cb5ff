"""How a piece of advice follows the turns of its agent."""

from __future__ import annotations

import pytest

from polaris.daemon.advice import Happened, Step, _turned
from polaris.daemon.records import Piece

GRACE_MS = 3000


def seen(path: str) -> Piece:
    """A piece that the agent has, in the turn ``second``."""
    return Piece(
        delivery_id="d",
        route_id=1,
        epoch=1,
        state="seen",
        marker="(polaris:advice:d)",
        text="use RS256",
        expires_at=None,
        arrived_at=1,
        attempts=1,
        turn="second",
        handed_at=2,
        path=path,
    )


def follow(path: str, *events: tuple[str, str | None]) -> Step:
    step = Step(seen(path))
    for at, (kind, turn) in enumerate(events, 3):
        step = _turned(step, Happened(kind, turn, at), GRACE_MS)
    return step


def test_calls_of_the_turn_before_do_not_end_what_came_into_the_queue_meanwhile() -> None:
    step = follow("prompt_async", ("tool.call", "first"), ("message", "first"), ("reply", "second"))

    assert (step.piece.state, step.receipts) == ("done", (("answered", None),))


@pytest.mark.parametrize("kind", ["prompt", "notice"])
def test_another_turn_ends_it_without_an_answer(kind: str) -> None:
    step = follow("prompt_async", (kind, "third"), ("reply", "third"))

    assert (step.piece.state, step.receipts) == ("done", ())


def test_a_call_of_another_turn_ends_what_an_answer_carried() -> None:
    assert follow("hook", ("tool.call", "third")).piece.state == "done"

"""A batch on its way in: what is slow to redact holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from polaris.db import judge
from polaris.redact import Redactor


class Waits(Redactor):
    """Needs something that only happens while it works."""

    def __init__(self) -> None:
        super().__init__(b"key")
        self.begun, self.go_on = threading.Event(), threading.Event()

    def value(self, value: Any, source: bytes | None = None) -> Any:
        self.begun.set()
        assert self.go_on.wait(10), "the loop was held"
        return super().value(value, source)


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {"client_id": f"c{number}", "kind": "tool.result", "epoch": 1} | fields


async def test_the_loop_goes_on_while_a_large_event_is_redacted() -> None:
    redactor = Waits()
    large = {"stdout": "PASSWORD=hunter2x " * (judge.LARGE_BYTES // 16)}
    batch = asyncio.create_task(judge.batch({"events": [event(1, payload=large)]}, redactor))
    while not redactor.begun.is_set():
        await asyncio.sleep(0.001)
    redactor.go_on.set()
    (kept,) = (await batch).events

    assert isinstance(kept.payload, bytes)
    assert b"hunter2x" not in kept.payload


async def test_order_and_refusals_stay_where_they_are_when_some_events_are_large() -> None:
    given = [event(n, body=f"{n} " + "x y " * (10_000 if n % 2 else 1)) for n in range(6)]
    given.insert(3, {"client_id": "bad"})
    judged = await judge.batch({"events": given}, Redactor(b"key"))

    assert [one.client_id for one in judged.events] == [f"c{n}" for n in range(6)]
    assert [index for index, one in enumerate(judged.results) if one] == [3]


async def test_what_is_too_large_is_refused_before_it_is_looked_through() -> None:
    redactor = Waits()
    judged = await judge.batch({"events": [event(1, payload={"x": "y" * (2 << 20)})]}, redactor)

    assert judged.results[0] is not None
    assert judged.results[0].code == "event_too_large"
    assert not redactor.begun.is_set()


async def test_facts_are_kept_without_their_secrets_and_refused_in_their_place() -> None:
    facts = {
        "repository": "https://me:hunter2hunter2@git.example/a/b",
        "commit": "a" * 40,
        "usage": [{"message": "m1"}],
    }
    given = [event(1, facts=facts), event(2, facts={"commit": "main"}), event(3, facts=[]), event(4, facts={"x": 1})]
    judged = await judge.batch({"events": given}, Redactor(b"key"))

    (kept,) = judged.events
    assert isinstance(kept.facts, bytes)
    assert b"hunter2" not in kept.facts
    assert b'"commit":"' + b"a" * 40 in kept.facts
    assert [one and one.code for one in judged.results] == [None, *["facts_not_valid"] * 3]

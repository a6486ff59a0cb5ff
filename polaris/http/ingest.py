"""The way in of captured events: read, judged one by one, redacted, written by the group commit.

An event that is no good is refused in its place, the others are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from polaris.db import judge
from polaris.db.push import NewEvent, Pushed, Where
from polaris.db.writer import Writer
from polaris.errors import NotFound, Unprocessable
from polaris.model import BATCH_EVENTS
from polaris.redact import Redactor

BREATHE_BYTES = 256 << 10  # how much is redacted before other requests get their turn
GONE = ("no_such_project", "no_such_session")


class Ingest:
    """Pushes of one process."""

    def __init__(self, writer: Writer, on_results: Callable[[int, int, int], None]) -> None:
        self._writer, self._on_results = writer, on_results

    async def begin(self, where: Where, redactor: Redactor, value: Any) -> Push:
        """Judges, redacts and queues the events of *value* (``{"events": […]}``).

        Whoever calls it one after the other has them written in that order. Raises 422 for a batch that is none, 503
        when too much waits.
        """
        if type(value) is not dict or value.keys() != {"events"} or type(value["events"]) is not list:
            raise Unprocessable("A push is an object with the field events, a list.")
        given = value["events"]
        if not 1 <= len(given) <= BATCH_EVENTS:
            raise Unprocessable(f"A push has 1 to {BATCH_EVENTS} events.", code="batch_size")
        push = Push(given)
        size = since = 0
        for index, item in enumerate(given):
            try:
                event, bytes_ = judge.read(item, redactor)
            except judge.Refused as refusal:
                push.results[index] = Pushed(judge.client_id(item), None, False, False, refusal.code, refusal.message)  # type: ignore[arg-type]
                continue
            push.events.append(event)
            size, since = size + bytes_, since + bytes_
            if since > BREATHE_BYTES:
                since = 0
                await asyncio.sleep(0)
        if push.events:
            push.future = self._writer.submit(where, push.events, size)
        return push

    async def finish(self, push: Push) -> list[dict[str, Any]]:
        """The results, in order, when everything is committed. Raises 404 when project or session is not there."""
        written = iter(await push.future if push.future is not None else ())
        kept = repeated = refused = 0
        answer: list[dict[str, Any]] = []
        gone: Pushed | None = None
        for slot in push.results:
            result = slot or next(written)
            if result.code is None:
                kept, repeated = kept + result.created, repeated + (not result.created)
                answer.append(
                    {
                        "client_id": result.client_id,
                        "seq": result.seq,
                        "created": result.created,
                        "late": result.late,
                    }
                )
            else:
                refused += 1
                gone = result if result.code in GONE else gone
                answer.append({"client_id": result.client_id, "code": result.code, "message": result.message})
        if gone is not None:  # one batch has one session: then none of it is there
            raise NotFound(gone.message, code=gone.code)
        self._on_results(kept, repeated, refused)
        return answer


class Push:
    """A batch between its two halves."""

    def __init__(self, given: list[Any]) -> None:
        self.results: list[Pushed | None] = [None] * len(given)
        self.events: list[NewEvent] = []
        self.future: asyncio.Future[list[Pushed]] | None = None


def encode(results: list[dict[str, Any]]) -> bytes:
    return orjson.dumps({"results": results})

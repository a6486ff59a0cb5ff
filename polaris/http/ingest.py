"""The way in of captured events: read, judged one by one, redacted, written by the group commit.

An event that is no good is refused in its place, the others are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from polaris.db import judge
from polaris.db.push import Pushed, Where
from polaris.db.writer import Writer
from polaris.redact import Redactor


class Ingest:
    """Pushes of one process."""

    def __init__(self, writer: Writer, on_results: Callable[[int, int, int], None]) -> None:
        self._writer, self._on_results = writer, on_results

    async def begin(self, where: Where, redactor: Redactor, value: Any) -> Push:
        """Judges, redacts and queues the events of *value* (``{"events": […]}``).

        Whoever calls it one after the other has them written in that order. Raises 422 for a batch that is none, 503
        when too much waits.
        """
        batch = await judge.batch(value, redactor)
        if not batch.events:
            return Push(batch)
        return Push(batch, self._writer.submit(where, batch.events, batch.size))

    async def finish(self, push: Push) -> list[dict[str, Any]]:
        """The results, in order, when everything is committed. Raises 404 when project or session is not there."""
        batch = push.batch
        answer = batch.answer(await push.future if push.future is not None else ())
        self._on_results(batch.kept, batch.repeated, batch.refused)
        return answer


class Push(NamedTuple):
    """A batch between its two halves."""

    batch: judge.Batch
    future: asyncio.Future[list[Pushed]] | None = None


def encode(results: list[dict[str, Any]]) -> bytes:
    return orjson.dumps({"results": results})

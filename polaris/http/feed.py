"""What one reader sees: history from where it left off, then the live events, without a gap and without a double."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from polaris.db import calls
from polaris.db.rows import ProjectRow
from polaris.http.hub import PAGE_BYTES, Hub, Item, Subscriber

CATCH_UP = 200  # events of one page of history


async def follow(
    hub: Hub, actor: str, project: ProjectRow, session: str | None, after: int, on_slow: Callable[[], None]
) -> AsyncGenerator[list[Item]]:
    """Yields the events after *after*, in order, for ever. Raises `hub.Slow` when the reader does not keep up.

    The long way is read page by page before the reader gets a queue; then the queue is opened and the last short piece
    read once more. Everything at or below the position is dropped, so the two may overlap but never leave a hole.
    """
    topic = await hub.topic(project)
    reader: Subscriber | None = None
    position, limit = after, CATCH_UP
    try:
        while True:
            async with hub.database.connection() as conn:
                rows = await calls.read_events(
                    conn, project.org_id, actor, project.name, session=session, after=position, limit=limit
                )
            if rows:
                items = [Item(row) for row in rows]
                yield items
                position = items[-1].seq
                size = sum(len(item.json) for item in items)
            if len(rows) < limit:
                if reader is not None:
                    break
                reader = hub.enter(topic, session, on_slow)
            if rows:
                limit = max(8, min(CATCH_UP, PAGE_BYTES * len(rows) // size))
        while True:
            if items := [item for item in await reader.take() if item.seq > position]:
                yield items
                position = items[-1].seq
    finally:
        hub.release(topic, reader)

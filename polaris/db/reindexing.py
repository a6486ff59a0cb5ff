"""The tables that are made from the record, made anew from its first event on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from polaris.db import calls, pool

STEP_EVENTS = 500


async def reindex(url: str, on_step: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Goes through the whole record; *on_step* is told how much is done, of how much. Answers the number of events.

    The indexers of running services help: `polaris.index_events` passes over a project that another one fills.
    """
    conn = await pool.connect(url, name="polaris reindex")
    try:
        whole = await calls.reset_index(conn)
        while behind := await calls.list_unindexed(conn, limit=10_000):
            done = 0
            for row in behind:
                done += await calls.index_events(conn, row.org_id, row.project_id, STEP_EVENTS)
            left = sum(row.behind for row in behind) - done
            on_step(max(0, min(whole - left, whole - 1)), whole)
            if not done:
                await asyncio.sleep(0.1)
        on_step(whole, whole)
        return whole
    finally:
        await conn.close()

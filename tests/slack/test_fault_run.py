"""A day of three organizations in a minute, and everything goes wrong that may: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from judge import MARK, judge
from real_bridge import bridges
from traffic import Stage, post_of, stage

pytestmark = pytest.mark.slow
SEED, TURNS, MESSAGES, PACE_SECONDS = 20261123, 3, 12, 8.0


async def tamper(day: Stage) -> list[tuple[int, int, int]]:
    """Takes a message away, says the next one twice in its place, puts it at the end: what the judge finds each time.

    Lost, second copies, out of order. A judge that finds nothing when something is wrong proves nothing.
    """
    channel = str((await day.houses["T1"].channel("alpha")).channel_id)
    messages = day.slack.teams["T1"]["messages"][channel]
    first = next(m for m in messages if post_of(m) and MARK.search(m["text"]) and "thread_ts" not in m)
    place = messages.index(first)
    found = []
    for change in ("away", "twice", "last"):
        match change:
            case "away":
                messages.remove(first)
            case "twice":
                messages.insert(place, first)
                messages.insert(place, first)
            case _:
                messages.remove(first)
                messages.remove(first)
                messages.append(first)
        verdict = await judge(day)
        found.append((verdict.lost, verdict.copies_left, verdict.out_of_order))
    return found


@pytest.mark.timeout(240)
async def test_a_day_with_faults_loses_nothing_and_doubles_only_what_it_counts(database: Any, tmp_path: Path) -> None:
    async with stage(database.service, database.owner, tmp_path, SEED) as day:
        settings = day.houses["T1"].settings
        async with bridges(settings, database.service, tmp_path, "bridge") as (bridge,):
            await day.furnished()
            aging = asyncio.create_task(day.age())
            try:
                await day.run(TURNS, MESSAGES, PACE_SECONDS)
                done = await day.settled(90)
            finally:
                aging.cancel()
            open_ends = await day.open_ends()
            verdict = await judge(day)
            tampered = await tamper(day)
        print(verdict, dict(sorted(day.told.faults.items())), sep="\n")

        assert done, open_ends
        assert verdict.problems == []
        assert (verdict.lost, verdict.copies_left, verdict.out_of_order, verdict.limited) == (0, 0, 0, 0)
        assert verdict.doubles <= verdict.repeats
        assert verdict.shown > 500
        assert verdict.advice > 20
        assert tampered == [(1, 0, 0), (0, 2, 1), (0, 0, 1)]
        said = "\n".join(bridge.said())
        assert "Traceback" not in said
        assert "xoxb-" not in said
        assert not any(spoken.mark in said for spoken in day.told.said)

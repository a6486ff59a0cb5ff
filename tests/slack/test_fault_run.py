"""A day of three organizations in a minute, and everything goes wrong that may: nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from judge import judge
from real_bridge import bridges
from traffic import stage

pytestmark = pytest.mark.slow
SEED, TURNS, MESSAGES, PACE_SECONDS = 20261123, 3, 12, 8.0


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
        print(verdict, dict(sorted(day.told.faults.items())), sep="\n")

        assert done, open_ends
        assert verdict.problems == []
        assert (verdict.lost, verdict.copies_left, verdict.out_of_order, verdict.limited) == (0, 0, 0, 0)
        assert verdict.doubles <= verdict.repeats
        assert verdict.shown > 500
        assert verdict.advice > 20
        said = "\n".join(bridge.said())
        assert "Traceback" not in said
        assert "xoxb-" not in said
        assert not any(spoken.mark in said for spoken in day.told.said)

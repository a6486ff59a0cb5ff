"""Two bridges at once: one writes, the other takes over within ten seconds, and no message is made by both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bridge_house import until
from judge import Verdict, judge
from real_bridge import RealBridge, bridges, holder
from traffic import Stage, stage

pytestmark = pytest.mark.slow
SEED, TAKEOVER_SECONDS = 7, 10.0
PROJECTS = {"alpha": ("fxm", "fxk"), "beta": ("api", "web")}


class Pair:
    """Two bridges on the same organizations, and who of them writes."""

    def __init__(self, day: Stage, first: RealBridge, second: RealBridge) -> None:
        self.day, self.first, self.second = day, first, second

    def has(self, bridge: RealBridge) -> list[int]:
        """The organizations whose lease a bridge has now."""
        orgs = [house.org for house in self.day.houses.values()]
        return [org for org in orgs if (found := holder(self.day.owner, org)) and found[0] == bridge.pid]

    async def taken_over(self, bridge: RealBridge, since: float) -> float:
        """How many seconds after *since* everything was that bridge's."""
        await until(
            lambda: asyncio.sleep(0, len(self.has(bridge)) == len(self.day.houses)), seconds=TAKEOVER_SECONDS, pause=0.1
        )
        return time.monotonic() - since

    async def work_while(self, happens: Callable[[], Any]) -> Verdict:
        """Traffic in fine weather, in whose middle something happens; the judge's word on all of it."""
        seats = [asyncio.create_task(self.day.work(seat, 3, 5.0)) for seat in self.day.seats]
        talks = [asyncio.create_task(self.day.talk(team, 6, 2.0)) for team in self.day.houses]
        await asyncio.sleep(5)
        await happens()
        await asyncio.gather(*seats, *talks)
        # What was handed over by the one that ended is repeated after a minute without an echo, if it has to be.
        assert await self.day.settled(70), await self.day.open_ends()
        return await judge(self.day)


@pytest.fixture
async def pair(database: Any, tmp_path: Path) -> AsyncIterator[Pair]:
    async with _pair(database, tmp_path) as pair:
        yield pair


@asynccontextmanager
async def _pair(database: Any, folder: Path) -> AsyncIterator[Pair]:
    async with stage(database.service, database.owner, folder, SEED, ("acme", "globex"), PROJECTS) as day:
        settings = day.houses["T1"].settings
        async with bridges(settings, database.service, folder, "first", "second") as (first, second):
            await day.furnished()
            pair = Pair(day, first, second)
            assert len(pair.has(first)) == 2
            yield pair


def fine(verdict: Verdict) -> None:
    assert verdict.problems == []
    assert (verdict.lost, verdict.copies_left, verdict.out_of_order, verdict.limited) == (0, 0, 0, 0)
    assert verdict.shown > 100
    assert verdict.doubles == 0


@pytest.mark.timeout(180)
async def test_one_that_is_killed_is_replaced_in_ten_seconds(pair: Pair) -> None:
    took: list[float] = []

    async def kill() -> None:
        begun = time.monotonic()
        await pair.first.kill()
        took.append(await pair.taken_over(pair.second, begun))

    verdict = await pair.work_while(kill)

    fine(verdict)
    assert took[0] < TAKEOVER_SECONDS


@pytest.mark.timeout(180)
async def test_one_that_is_told_to_stop_gives_its_workspaces_to_the_other_at_once(pair: Pair) -> None:
    took: list[float] = []

    async def stop() -> None:
        begun = time.monotonic()
        assert await pair.first.stop() == 0
        took.append(await pair.taken_over(pair.second, begun))

    verdict = await pair.work_while(stop)

    fine(verdict)
    assert verdict.repeats == 0
    assert took[0] < TAKEOVER_SECONDS / 2


@pytest.mark.timeout(180)
async def test_one_that_slept_through_its_lease_writes_nothing_any_more(pair: Pair) -> None:
    fences = {house.org: holder(pair.day.owner, house.org)[1] for house in pair.day.houses.values()}

    async def sleep() -> None:
        begun = time.monotonic()
        pair.first.freeze()
        await pair.taken_over(pair.second, begun)
        pair.first.thaw()

    verdict = await pair.work_while(sleep)

    fine(verdict)
    assert len(pair.has(pair.second)) == 2
    assert all(holder(pair.day.owner, org)[1] > fence for org, fence in fences.items())
    assert sum("taken over" in line for line in pair.first.said()) == 2

"""The Slack bridge: how soon an event is in a quiet channel, and a day of three organizations with everything wrong.

Slack is the stand-in, which holds its limits; the bridge is the real process. What takes Slack's answer away is told
by our own echo, or is repeated after a minute, which is three seconds here: a day goes by in two minutes.
Run: ``python bench/slack.py``. Prints a table and JSON.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "slack"))

from judge import judge
from load import centile
from real_bridge import bridges
from service import Service, service
from traffic import Stage, stage

QUIET = 40
SEED, TURNS, MESSAGES, PACE_SECONDS = 1, 6, 30, 15.0
SETTLE_SECONDS = 300


async def measure(service: Service) -> dict[str, Any]:
    """The figures of `judge`, ``quiet_p50_ms`` and ``quiet_p95_ms``, and what the bridge takes of memory."""
    with tempfile.TemporaryDirectory(prefix="polaris-bench-slack-") as name:
        folder = Path(name)
        async with stage(service.database, service.database, folder, SEED) as day:
            settings = day.houses["T1"].settings
            async with bridges(settings, service.database, folder, "bridge") as (bridge,):
                await day.furnished()
                if not await day.settled(60):
                    raise SystemExit(f"the channels were not quiet: {await day.open_ends()}")
                quiet = await _quiet(day)
                begun, memory = time.perf_counter(), bridge.megabytes()
                aging = asyncio.create_task(day.age())
                await day.run(TURNS, MESSAGES, PACE_SECONDS)
                settled = await day.settled(SETTLE_SECONDS)
                seconds = time.perf_counter() - begun
                aging.cancel()
                verdict = await judge(day)
                after = bridge.megabytes()
    return {
        "quiet_p50_ms": round(statistics.median(quiet), 1),
        "quiet_p95_ms": round(centile(quiet, 95), 1),
        "seconds": round(seconds),
        "events": verdict.events,
        "posts": verdict.posts,
        "lost": verdict.lost + (not settled),
        "out_of_order": verdict.out_of_order,
        "repeats": verdict.repeats,
        "doubles": verdict.doubles,
        "copies_left": verdict.copies_left,
        "advice": verdict.advice,
        "wrongly_advised": verdict.wrongly_advised,
        "limited_by_weather": verdict.limited_by_weather,
        "limited": verdict.limited,
        "longest_wait_s": round(verdict.longest_wait, 1),
        "megabytes_before": round(memory),
        "megabytes_after": round(after),
        "faults": sum(day.told.faults.values()),
        "problems": verdict.problems[:10],
    }


async def _quiet(day: Stage) -> list[float]:
    """From before a prompt is pushed until Slack is called with it, in ms; one at a time, the channel at rest."""
    seat = next(seat for seat in day.seats if (seat.team, seat.project) == ("T1", "beta"))
    waits = []
    for _ in range(QUIET):
        await asyncio.sleep(1.3)
        known, words = len(day.slack.calls), day.mark()
        begun = time.monotonic()
        await day.push(seat, ("prompt", f"{words} is it there?"))
        while not (found := [c for c in day.slack.calls[known:] if words in str(c.args.get("text"))]):
            await asyncio.sleep(0.002)
        waits.append((found[0].at - begun) * 1000)
    return waits


def table(result: dict[str, Any]) -> str:
    """The figures, one a line."""
    return "\n".join(f"{name:<20} {value:>10,}" for name, value in result.items() if name != "problems")


if __name__ == "__main__":

    async def main() -> None:
        async with service() as running:
            result = await measure(running)
        print(table(result), json.dumps(result), sep="\n\n")

    asyncio.run(main())

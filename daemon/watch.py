"""Looking for the trace of handed advice: in short steps, and only while something is unproven."""

from __future__ import annotations

import asyncio

from .advice import Advice
from .intake import Intake

STEP_SECONDS = 0.25


async def watch(advice: Advice, intake: Intake) -> None:
    """Sleeps until something was handed; looks and decides until nothing is left to look for; for ever."""
    while True:
        await advice.unproven.wait()
        advice.unproven.clear()
        while advice.to_look_for():
            await asyncio.sleep(STEP_SECONDS)
            await intake.look(advice.to_look_for())
            await advice.settle()

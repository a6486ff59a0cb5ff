"""Looking for the trace of handed advice: in short steps, and only while something is unproven."""

from __future__ import annotations

import asyncio
from pathlib import Path

from .advice import Advice
from .bindings import Bindings
from .intake import Intake
from .records import Piece

STEP_SECONDS = 0.25


class Watch:
    """The one task that reads transcripts between hook events."""

    def __init__(self, advice: Advice, bindings: Bindings, intake: Intake) -> None:
        self._advice, self._bindings, self._intake = advice, bindings, intake

    async def run(self) -> None:
        """Sleeps until something was handed; looks and decides until nothing is left to look for."""
        while True:
            await self._advice.unproven.wait()
            self._advice.unproven.clear()
            while self._advice.to_look_for():
                await asyncio.sleep(STEP_SECONDS)
                await self._intake.look(self._advice.to_look_for())
                await self._advice.settle(self._readable)

    def _readable(self, piece: Piece) -> bool:
        """Whether the absence of a trace proves anything: without a transcript nothing can."""
        binding = self._bindings.driver(piece.route_id)
        return binding is not None and binding.transcript is not None and Path(binding.transcript).exists()

"""From a hook's payload to Postgres: the real daemon, the real API, counted in the tables."""

from __future__ import annotations

import asyncio

from daemon_tools import DaemonProcess, prompt
from real_service import RealService


async def test_a_prompt_becomes_a_row(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    await manu.hook(prompt("a1", "hello"))
    await manu.drained()

    (row,) = service.events("fxm", "prompt")
    assert (row["actor"], row["body"], row["epoch"], row["late"]) == ("user:manu", "hello", 1, False)

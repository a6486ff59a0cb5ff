"""What the daemon takes at rest: memory and processor, with no session and with 200 that are connected.

Run: ``python bench/rest.py [SECONDS]``, on Linux. The service is the tests' own in memory, so that the figures are the
daemon's alone. Prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "daemon"))

from daemon_tools import DaemonProcess, prompt, sign_in
from fake_service import FakeService, until

SESSIONS = 200
EVENTS = 5


async def measure(seconds: float = 10.0) -> dict[str, Any]:
    """``{"alone": {"megabytes", "processor_percent"}, "200_sessions": {…, "peak_megabytes"}}``."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        daemon = DaemonProcess(home)
        async with FakeService() as fake:
            sign_in(daemon, fake.url, "token-of-manu", "user:manu")
            await daemon.start()
            try:
                alone = await _rest(daemon, seconds)
                for at in range(0, SESSIONS, 20):
                    await asyncio.gather(*(daemon.connect(f"a{n}", session=f"s{n}") for n in range(at, at + 20)))
                await asyncio.gather(*(_work(daemon, f"a{n}") for n in range(SESSIONS)))
                await until(lambda: len(fake.events) >= SESSIONS * EVENTS, 120)
                many = await _rest(daemon, seconds)
            finally:
                await daemon.stop()
    return {"alone": alone, f"{SESSIONS}_sessions": many, "seconds": seconds}


async def _work(daemon: DaemonProcess, name: str) -> None:
    for number in range(EVENTS):
        await daemon.hook(prompt(name, f"do {number} " + "word " * 400, f"{name}-{number}"))


async def _rest(daemon: DaemonProcess, seconds: float) -> dict[str, float]:
    assert daemon.process
    folder = Path(f"/proc/{daemon.process.pid}")

    def used() -> float:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    await asyncio.sleep(2)
    before = used()
    await asyncio.sleep(seconds)
    share = (used() - before) / seconds
    told = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return {
        "megabytes": round(int(told["VmRSS"].split()[0]) / 1024, 1),
        "peak_megabytes": round(int(told["VmHWM"].split()[0]) / 1024, 1),
        "processor_percent": round(share * 100, 2),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)), indent=2))

"""The real `polaris bridge`, a process that can be killed, frozen and watched."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from polaris.settings import Settings

POLARIS = [sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())"]
START_SECONDS = 30.0


class RealBridge:
    """One bridge process on *database_url*, the service's login. What it logs goes to *log*."""

    def __init__(self, settings: Settings, database_url: str, log: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
        own = {"POLARIS_DATABASE_URL": database_url, "POLARIS_HOME": str(settings.home)}
        self._environment = kept | settings.web_environment() | own
        self.log = log
        self.name = ""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> RealBridge:
        """Returns once it says that it is ready."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *POLARIS,
                "bridge",
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = (await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)).decode()
        assert line.startswith("ready "), line + self.log.read_text()
        self.name = line.removeprefix("ready ").strip()
        return self

    async def kill(self) -> None:
        """Ends it without a word, wherever it is."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Asks it to end; answers its code."""
        return await self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """As a machine that is out of memory, or a laptop's lid."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def megabytes(self) -> float:
        """The memory that it has now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def said(self) -> list[str]:
        """What it has logged, line by line."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(how)
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)  # a frozen one ends, too
        return await asyncio.wait_for(self._process.wait(), 30)


@asynccontextmanager
async def bridges(settings: Settings, database_url: str, folder: Path, *names: str) -> AsyncIterator[list[RealBridge]]:
    """One process for each name, started one after the other; whatever runs at the end is killed."""
    found = [RealBridge(settings, database_url, folder / f"{name}.log") for name in names]
    try:
        for bridge in found:
            await bridge.start()
        yield found
    finally:
        for bridge in found:
            if bridge._process is not None:
                await bridge.kill()


def holder(owner_url: str, org: int) -> Any:
    """Which process has the lease of an organization's workspace now (a pid), and its fence; None for nobody."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        row = connection.execute(
            "select holder, fence from polaris_data.slack_workspaces "
            "where org_id = %s and lease_until > clock_timestamp()",
            [org],
        ).fetchone()
    return None if row is None or row[0] is None else (int(row[0].split()[-2]), row[1])

"""`polaris serve` as a process of its own, at an address that stays over its restarts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from polaris import tokens
from polaris.client import Client
from polaris.db import founding

POLARIS = (sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())")
READY_SECONDS = 30


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a command of this test sees, and nothing of the Polaris of who runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")} | {
        "POLARIS_HOME": str(home),
        **more,
    }


class Served:
    """The service over the test's database, with local sign-in, and the organization ``acme`` of ``user:manu``."""

    def __init__(self, home: Path, database: Any) -> None:
        self.home, self.database = home, database
        self.port = 0
        self.token = tokens.new("u")
        self.process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Client:
        """user:manu without a browser."""
        return Client(self.url, self.token)

    async def found(self) -> None:
        await founding.create_org(self.database.owner, "acme", "manu", self.token, name="Acme", label="test")

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *POLARIS,
            "serve",
            f"--port={self.port}",
            f"--log={self.home / 'api.log'}",
            env=environment(self.home, POLARIS_DATABASE_URL=self.database.service, POLARIS_LOCAL_SIGN_IN="1"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        line = (await asyncio.wait_for(self.process.stdout.readline(), READY_SECONDS)).decode()
        assert line.startswith("ready http://127.0.0.1:"), line
        self.port = int(line.strip().rpartition(":")[2])

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await asyncio.wait_for(self.process.wait(), READY_SECONDS)

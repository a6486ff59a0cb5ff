"""A whole Polaris for one benchmark: `polaris up` on a home of its own, with Postgres as users get it (fsync on)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from polaris import credentials
from polaris.db.embedded import Server
from polaris.settings import Settings


@dataclass(frozen=True)
class Service:
    """Where it answers, as whom we come, and the database behind it."""

    home: Path
    url: str
    token: str
    actor: str
    database: str
    daemon_port: int
    daemon_token: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """Starts it, waits until it answers, and leaves nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="polaris-bench-"))
    home.chmod(0o711)  # root's Postgres runs as nobody and has to pass through
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())"],
        *["up", "--port", "0", "--temporary"],
        env={**clean, "POLARIS_HOME": str(home), "POLARIS_PORT": "0"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 90)).decode().split()
        if line[:1] != ["ready"]:
            raise SystemExit("polaris up did not start")
        mine = credentials.acting(Settings.from_env({"POLARIS_HOME": str(home)}))
        daemon = json.loads((home / "daemon.json").read_text())
        token = (home / "daemon.token").read_text().strip()
        yield Service(home, line[1], mine.token, mine.actor, Server(home).urls().owner, daemon["port"], token)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 60)
        shutil.rmtree(home, ignore_errors=True)

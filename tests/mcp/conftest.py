"""A daemon, the real service and the real ``polaris mcp``, spoken to in raw lines or by the SDK's own client."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "daemon"))

from daemon_tools import DaemonProcess, sign_in
from raw import Raw
from real_service import RealService


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def environment(home: Path, tmp_path: Path) -> dict[str, str]:
    """What an agent gives its MCP servers; nothing of the person who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"HOME": str(tmp_path), "POLARIS_HOME": str(home)}


@pytest.fixture
async def daemon(home: Path) -> AsyncIterator[DaemonProcess]:
    process = DaemonProcess(home)
    yield process
    if process.process and process.process.returncode is None:
        await process.kill()


@pytest.fixture
async def service(database: Any, tmp_path: Path) -> AsyncIterator[RealService]:
    folder = tmp_path / "api"
    folder.mkdir(mode=0o700)
    real = RealService(folder, database.service, database.owner)
    await real.start()
    yield real
    await real.end()


@pytest.fixture
async def manu(daemon: DaemonProcess, service: RealService) -> DaemonProcess:
    """A running daemon of user:manu at the real service; nothing is connected yet."""
    sign_in(daemon, service.url, service.tokens["user:manu"], "user:manu")
    return await daemon.start()


@pytest.fixture
async def raw(environment: dict[str, str]) -> AsyncIterator[Callable[..., Any]]:
    """``await raw()`` starts a server and shakes hands; ``await raw(hello=None)`` only starts it."""
    started: list[Raw] = []

    async def start(hello: str | None = "a-test", **more: str) -> Raw:
        server = await Raw(environment | more).start()
        started.append(server)
        if hello:
            await server.hello(hello)
        return server

    yield start
    for server in started:
        await server.kill()


@pytest.fixture
def claude_session(tmp_path: Path) -> Callable[[str], None]:
    """Writes the file by which Claude Code tells its session; the tests stand in for Claude Code."""

    def tell(session_id: str) -> None:
        folder = tmp_path / ".claude" / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{os.getpid()}.json").write_text(f'{{"pid": {os.getpid()}, "sessionId": "{session_id}"}}')

    return tell

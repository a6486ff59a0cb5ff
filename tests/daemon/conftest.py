"""A home, a daemon and a fake service, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, sign_in
from fake_service import FakeService
from real_service import RealService


@pytest.fixture
async def fake() -> AsyncIterator[FakeService]:
    async with FakeService() as service:
        yield service


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
async def daemon(home: Path) -> AsyncIterator[DaemonProcess]:
    """A daemon that is not started yet; whatever it becomes, it is gone at the end."""
    process = DaemonProcess(home)
    yield process
    if process.process and process.process.returncode is None:
        await process.kill()


@pytest.fixture
async def bound(daemon: DaemonProcess, fake: FakeService) -> DaemonProcess:
    """A running daemon whose profile is user:manu at the fake service; agent session a1 drives pj/fxm."""
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect("a1")
    await daemon.until("/status/a1", lambda status: status["connected"])
    return daemon


@pytest.fixture
async def service(database: Any, tmp_path: Path) -> AsyncIterator[RealService]:
    """The real API, running; at the end it is gone."""
    folder = tmp_path / "api"
    folder.mkdir(mode=0o700)
    real = RealService(folder, database.service, database.owner)
    await real.start()
    yield real
    await real.kill()


@pytest.fixture
async def killable(service: RealService) -> RealService:
    """The real API in a process of its own: `kill` is ``kill -9``."""
    await service.kill()
    service.inside = False
    return await service.start()


@pytest.fixture
async def manu(daemon: DaemonProcess, service: RealService) -> DaemonProcess:
    """A running daemon of user:manu at the real service; nothing is connected yet."""
    sign_in(daemon, service.url, service.tokens["user:manu"], "user:manu")
    return await daemon.start()

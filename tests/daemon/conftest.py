"""A home, a daemon and a fake service, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, sign_in, sign_in_as
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
def link(request: pytest.FixtureRequest) -> str:
    """How daemons reach the service: ``api`` or ``direct``. Tests that run over both have `both_links`."""
    return getattr(request, "param", "api")


@pytest.fixture
async def service(database: Any, tmp_path: Path, link: str) -> AsyncIterator[RealService]:
    """The real API over a real Postgres, running; at the end it is gone. On a direct link daemons pass it by."""
    folder = tmp_path / "api"
    folder.mkdir(mode=0o700)
    real = RealService(folder, database.service, database.owner, link)
    await real.start()
    yield real
    await real.end()


@pytest.fixture
async def killable(service: RealService) -> RealService:
    """The real API in a process of its own: `kill` is ``kill -9``. On a direct link the way to Postgres is cut."""
    await service.kill()
    service.inside = False
    return await service.start()


@pytest.fixture
async def manu(daemon: DaemonProcess, service: RealService) -> DaemonProcess:
    """A running daemon of user:manu at the real service; nothing is connected yet."""
    sign_in_as(daemon, service.credential("user:manu"))
    return await daemon.start()

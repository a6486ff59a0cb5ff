"""Slack in the tests: a stand-in that speaks its protocol, with one workspace in which people are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bridge_house import House

from polaris.bridge.web_api import WebApi
from polaris.db.pool import Database
from polaris.demo_slack import FakeSlack

TEAM = "T1"
PEOPLE = [
    {"id": "U1", "name": "manu", "email": "manu@example.com"},
    {"id": "U2", "name": "krishna", "email": "krishna@example.com"},
    {"id": "U3", "name": "Priya Rao", "email": "priya@example.com"},
    {"id": "UGUEST", "name": "gus", "email": "gus@guest.example", "is_restricted": True},
    {"id": "UGONE", "name": "gone", "email": "gone@example.com", "deleted": True},
]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """The stand-in with the workspace T1 and its people; the app is not installed yet (``slack.bot("T1")`` does it)."""
    slack = FakeSlack(ack_timeout=0.5)
    await slack.start()
    slack.team(TEAM, "Acme", PEOPLE)
    yield slack
    await slack.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """The connections of one process."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def web_api(slack: FakeSlack, http: aiohttp.ClientSession) -> WebApi:
    """The calls of the app, which is installed in T1."""
    return WebApi(slack.bot(TEAM), http, slack.url)


@pytest.fixture
async def house(database: Any, slack: FakeSlack, http: aiohttp.ClientSession, tmp_path: Path) -> AsyncIterator[House]:
    """An organization on a database of its own, whose workspace is T1; ``await house.connect()`` connects it."""
    pool = Database(database.service, name="test")
    await pool.open()
    house = House(pool, slack, http, tmp_path)
    await house.found()
    yield house
    await pool.close()

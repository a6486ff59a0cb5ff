"""The fixtures of the API's tests; what they give is in ``api_place.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from api_place import Client, Place, running, settle

from polaris.db import pool


@pytest.fixture
async def place(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    """A service with the organization ``acme`` of ``user:manu``."""
    async with running(database, tmp_path) as found:
        await settle(found)
        yield found


@pytest.fixture
async def manu(place: Place) -> Client:
    """The admin, who drives session fxm of project pj under epoch 1."""
    await place.admin.post("/projects/pj/sessions/fxm/join")
    return place.admin


@pytest.fixture
async def direct(database: Any) -> AsyncIterator[pool.Connection]:
    """A connection as the service, outside of it."""
    conn = await pool.connect(database.service, name="test")
    yield conn
    await conn.close()

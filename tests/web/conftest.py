"""One Chromium a worker, a service a test, people with a browser each.

The tests of this folder share one event loop, because the browser's connection lives in it: every module says
``pytestmark = pytest.mark.asyncio(loop_scope="session")``.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser

sys.path.insert(0, str(Path(__file__).parents[1] / "http"))
import chromium
from api_place import Client, Place, running, settle
from chromium import Person, SignIn
from processes import Served
from slack_pages import UNASKED

from polaris.http.limits import Limits
from polaris.http.web import visitor as visitors


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium.chromium() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def place(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    """A service with the organization ``acme`` of ``user:manu``, and local sign-in; with the limits that users have."""
    async with running(database, tmp_path, Limits(), local_sign_in=True, **UNASKED) as found:
        await settle(found)
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def manu(place: Place) -> Client:
    """The admin, who drives session fxm of project pj under epoch 1."""
    await place.admin.post("/projects/pj/sessions/fxm/join")
    return place.admin


@pytest_asyncio.fixture(loop_scope="session")
async def people(browser: Browser, place: Place) -> AsyncIterator[SignIn]:
    """``await people("priya")``: that member in front of a browser, signed in; ``await people()``: a stranger.

    With *issuer* and *subject* it is whom that issuer vouches for. At the end nobody's browser may have complained.
    """
    async with AsyncExitStack() as stack:

        async def come(
            handle: str | None = None, *, issuer: str = "local", subject: str = "", **options: Any
        ) -> Person:
            cookie = None
            person = options.pop("person", {})
            if handle is not None:
                await place.client(f"user:{handle}")  # a member, if it was none
                subject = f"{place.org_id}:{handle}"
            if subject:
                async with place.service.database.connection() as conn:
                    secret = await visitors.sign_in(conn, issuer, subject, user_agent="test", **person)
                cookie = (visitors.cookie_name(place.url), secret)
            return await stack.enter_async_context(chromium.somebody(browser, place.url, cookie, **options))

        yield come


@pytest_asyncio.fixture(loop_scope="session")
async def served(database: Any, tmp_path: Path) -> AsyncIterator[Served]:
    """The same as a process of its own, which can be killed."""
    one = Served(tmp_path, database)
    await one.found()
    await one.start()
    yield one
    await one.stop()

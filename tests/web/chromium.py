"""A real Chromium, people in front of it, and a watch that notes whatever a page complains about."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
    async_playwright,
    expect,
)

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# What playwright sets anyway is not repeated. No name is looked up: whatever is not on this machine does not exist.
ARGUMENTS = ("--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
OURS = ("127.0.0.1",)
DEADLINE_MS = 15_000  # only a failure ever waits so long
# The browser itself gave it up, because its page was left: a stream, a mark that something was read.
LEFT = "net::ERR_ABORTED"
expect.set_options(timeout=DEADLINE_MS)


def executable() -> str:
    """Where Chromium or Chrome is. Raises `RuntimeError` with what to do."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        raise RuntimeError("The tests of the web drive a real Chromium. Debian and Ubuntu: apt install chromium")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser process; everybody gets a context of their own in it."""
    async with async_playwright() as playwright:
        browser = await _launch(playwright)
        try:
            yield browser
        finally:
            await browser.close()


async def _launch(playwright: Playwright) -> Browser:
    async def start(sandbox: bool) -> Browser:
        return await playwright.chromium.launch(
            executable_path=executable(), args=list(ARGUMENTS), chromium_sandbox=sandbox
        )

    if os.geteuid() == 0:  # Chromium refuses a sandbox for root
        return await start(sandbox=False)
    try:
        return await start(sandbox=True)
    except Error as error:  # containers often allow no sandbox to anybody; only our own pages are opened
        if "sandbox" not in str(error):
            raise
        return await start(sandbox=False)


@dataclass
class Watch:
    """What went wrong in one context: words of the console, requests that failed or went elsewhere, bad answers."""

    complaints: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """What fits is meant to happen: a regular expression over complaints, also over those that are there."""
        self.allowed.append(pattern)

    def check(self) -> None:
        """Fails when anything happened that nobody allowed."""
        wrong = [one for one in self.complaints if not any(re.search(pattern, one) for pattern in self.allowed)]

        assert not wrong, "\n".join(wrong)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        context.on("request", self._asked)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and place.hostname not in OURS:
            self.complaints.append(f"elsewhere: {request.method} {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT:
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"answered {response.status}: {response.request.method} {response.url}")


@dataclass
class Person:
    """Somebody in front of a browser of their own."""

    origin: str
    context: BrowserContext
    page: Page
    watch: Watch = field(default_factory=Watch)

    async def open(self, path: str, *, status: int = 200) -> Page:
        """Goes to a page of the service, as by typing its address."""
        answer = await self.page.goto(self.origin + path)
        assert answer is not None
        assert answer.status == status, (answer.status, answer.url)
        return self.page

    @property
    def path(self) -> str:
        """Where the browser is, on the service."""
        return self.page.url.removeprefix(self.origin)

    async def live(self) -> None:
        """Waits until the page follows its stream."""
        await self.page.locator("#live-state.on").wait_for()


SignIn = Callable[..., Awaitable[Person]]


@asynccontextmanager
async def somebody(
    browser: Browser, origin: str, cookie: tuple[str, str] | None = None, **options: Any
) -> AsyncIterator[Person]:
    """A person with a new context; *cookie* is the name and the value of a session. Checks the watch at the end."""
    context = await browser.new_context(**options)
    context.set_default_timeout(DEADLINE_MS)
    person = Person(origin, context, await context.new_page())
    person.watch.follow(context)
    if cookie is not None:
        await context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": origin}])
    try:
        yield person
        person.watch.check()  # before the end, which breaks things off
    finally:
        await context.close()

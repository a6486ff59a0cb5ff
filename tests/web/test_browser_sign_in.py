"""Ways in with a real browser: a provider that others wrote, and `polaris login` with a browser here or elsewhere."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import chromium
import pytest
from api_place import running
from fake_oidc import independent
from playwright.async_api import Browser, expect
from processes import POLARIS, Served, environment

from polaris.http.limits import Limits

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRIYA = {"sub": "priya-17", "email": "priya@northwind.example", "email_verified": True, "name": "Priya"}
# The provider's own pages: their style comes from elsewhere, and there is no elsewhere here.
THEIRS = r"cdn\.jsdelivr\.net|/favicon\.ico"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
CODE = re.compile(r"[B-Z]{4}-[B-Z]{4}")


async def test_a_stranger_comes_by_a_provider_and_makes_an_organization(
    browser: Browser, database: Any, tmp_path: Path
) -> None:
    with independent(PRIYA) as issuer:
        provider = {"oidc_issuer": issuer, "oidc_client_id": "polaris", "oidc_client_secret": "secret"}
        async with (
            running(database, tmp_path, Limits(), **provider) as place,
            chromium.somebody(browser, place.url) as priya,
        ):
            priya.watch.allow(THEIRS)
            page = await priya.open("/")
            await page.get_by_role("link", name="Sign in").first.click()
            await page.get_by_role("link", name=re.compile("^Continue with")).click()
            await page.get_by_role("button", name="priya-17").click()
            await expect(page).to_have_url(f"{place.url}/o")
            await page.get_by_role("link", name="Make an organization").click()
            await page.get_by_label("Name", exact=True).fill("Northwind Traders")
            await page.get_by_role("button", name="Make the organization").click()

            await expect(page).to_have_url(f"{place.url}/o/northwind-traders")
            await expect(page.locator(".flash")).to_contain_text("Northwind Traders is yours.")
            await expect(page.locator("header")).to_contain_text("user:priya")

            # Out again, and in again: the same person, who belongs somewhere now.
            await page.locator("summary", has_text="user:priya").click()
            await page.get_by_role("button", name="Sign out", exact=True).click()
            await expect(page).to_have_url(f"{place.url}/")
            await priya.open("/o/northwind-traders")
            await page.get_by_role("link", name=re.compile("^Continue with")).click()
            await page.get_by_role("button", name="priya-17").first.click()
            await expect(page).to_have_url(f"{place.url}/o/northwind-traders")


async def test_who_says_no_at_the_provider_is_told_on_a_plain_page(
    browser: Browser, database: Any, tmp_path: Path
) -> None:
    with independent(PRIYA) as issuer:
        provider = {"oidc_issuer": issuer, "oidc_client_id": "polaris", "oidc_client_secret": "secret"}
        async with (
            running(database, tmp_path, Limits(), **provider) as place,
            chromium.somebody(browser, place.url) as priya,
        ):
            priya.watch.allow(THEIRS)
            priya.watch.allow(r"40\d.*/sign-in/callback")  # this provider's no lacks the state, which counts as forged
            page = await priya.open("/sign-in")
            await page.get_by_role("link", name=re.compile("^Continue with")).click()
            await page.get_by_role("button", name="Deny").click()

            await expect(page.get_by_role("heading", name="The sign-in did not work")).to_be_visible()
            await page.get_by_role("link", name="Sign in again").click()
            await expect(page).to_have_url(f"{place.url}/sign-in")


async def test_polaris_login_through_the_browser_of_the_same_machine(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    # A browser that opens nothing: the person follows the address that the command shows.
    async with login(served, home, BROWSER="true") as command, chromium.somebody(browser, served.url) as manu:
        page = manu.page
        await page.goto(await command.said(LINK, "/cli/authorize"))
        await page.get_by_role("button", name="Continue as user:manu").click()
        await page.get_by_role("button", name="Sign in", exact=True).click()

        await expect(page.get_by_role("heading")).to_have_text("Back to the terminal")
        assert await command.ended() == 0, command.text
    saved(home, served)


async def test_polaris_login_through_a_browser_elsewhere(browser: Browser, served: Served, tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with login(served, home, "--device") as command, chromium.somebody(browser, served.url) as manu:
        page = manu.page
        await page.goto(await command.said(LINK, "/device"))
        await page.get_by_role("button", name="Continue as user:manu").click()
        await page.get_by_label("Code").fill(await command.said(CODE))
        await page.get_by_role("button", name="Look it up").click()
        await expect(page.get_by_role("heading")).to_have_text("Sign in this machine?")
        await page.get_by_role("button", name=re.compile("^Sign in ")).click()

        await expect(page.get_by_role("heading")).to_have_text("Done")
        assert await command.ended() == 0, command.text
    saved(home, served)


async def test_a_no_in_the_browser_ends_the_command_and_saves_nothing(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    async with login(served, home, BROWSER="true") as command, chromium.somebody(browser, served.url) as manu:
        await manu.page.goto(await command.said(LINK, "/cli/authorize"))
        await manu.page.get_by_role("button", name="Continue as user:manu").click()
        await manu.page.get_by_role("button", name="Cancel").click()

        await expect(manu.page.get_by_role("heading")).to_have_text("Nothing was signed in")
        assert await command.ended() == 77, command.text
    assert "The page said no" in command.text
    assert not (home / "credentials.json").exists()


# The command line beside the browser.


class Command:
    """A running ``polaris login``; *text* is what it has written for people so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.text = process, ""

    async def said(self, pattern: re.Pattern[str], part: str = "") -> str:
        """The first of its words that fits."""
        assert self.process.stderr
        async with asyncio.timeout(30):
            while True:
                for found in pattern.findall(self.text):
                    if part in found:
                        return str(found)
                line = await self.process.stderr.readline()
                assert line, self.text
                self.text += line.decode()

    async def ended(self) -> int:
        assert self.process.stderr
        self.text += (await asyncio.wait_for(self.process.stderr.read(), 30)).decode()
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def login(served: Served, home: Path, *words: str, **more: str) -> AsyncIterator[Command]:
    clean = {name: value for name, value in environment(home, **more).items() if name != "SSH_CONNECTION"}
    process = await asyncio.create_subprocess_exec(
        *[*POLARIS, "login", served.url, "--no-install", *words],
        env=clean,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def saved(home: Path, served: Served) -> None:
    """The credentials are there, and nobody else can read them."""
    file = home / "credentials.json"
    (profile,) = json.loads(file.read_text())["profiles"].values()

    assert (profile["url"], profile["org"], profile["actor"]) == (served.url, "acme", "user:manu")
    assert re.fullmatch(r"plr_u_[0-9A-Za-z]{49}", profile["token"])
    assert (file.stat().st_mode & 0o777, home.stat().st_mode & 0o777) == (0o600, 0o700)

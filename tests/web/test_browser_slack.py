"""Slack in a real browser: connected through the stand-in, somebody recognized, a channel muted, disconnected again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from api_place import Place, running, settle
from chromium import SignIn
from playwright.async_api import expect
from slack_pages import KEY, app, ask, channel, connected, fake, led, peopled, person
from test_accessibility import look

from polaris.bridge.seal import Seal
from polaris.db import slack_calls
from polaris.demo_slack import FakeSlack
from polaris.http.limits import Limits

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = "/o/acme/settings/slack"


@pytest_asyncio.fixture(loop_scope="session")
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def place(database: Any, tmp_path: Path, slack: FakeSlack) -> AsyncIterator[Place]:
    """The service with the app of the stand-in."""
    async with running(database, tmp_path, Limits(), local_sign_in=True, **app(slack)) as found:
        await settle(found)
        yield found


async def test_an_administrator_connects_recognizes_mutes_and_disconnects(
    place: Place, people: SignIn, slack: FakeSlack
) -> None:
    await place.client("user:krishna")
    await place.admin.post("/projects/pj/sessions/fxm/join")
    manu = await people("manu")
    page = await manu.open("/o/acme/settings/members")
    await page.get_by_role("link", name="Slack", exact=True).click()

    # There and back.
    await page.get_by_role("button", name="Connect Slack").click()
    await page.get_by_role("button", name=re.compile("^Allow")).click()
    await expect(page).to_have_url(place.url + HERE)
    await expect(page.get_by_role("status")).to_have_text("Acme is connected.")
    await expect(page.get_by_text("No bridge works for it.")).to_be_visible()

    # What a bridge would do.
    fence = await led(place)
    await peopled(place, fence, person("U1", "Manu"), person("U2", "Krishna Rao", "krishna@elsewhere.example"))
    number = await channel(place, fence, "pj")
    await page.reload()
    await expect(page.get_by_text("No bridge works for it.")).to_have_count(0)
    await expect(page.get_by_role("link", name="#pj")).to_have_attribute(
        "href", f"https://acme.slack.com/archives/{number}"
    )

    # Who is who.
    await page.get_by_role("link", name="who is who").click()
    line = page.get_by_role("row", name="Krishna Rao")
    await expect(line).to_contain_text("slack:krishna-rao")
    await line.get_by_label("The member that Krishna Rao is").fill("user:krishna")
    await line.get_by_role("button", name="Save who Krishna Rao is").click()
    await expect(page.get_by_role("status")).to_have_text("Krishna Rao speaks as user:krishna.")
    await expect(line).to_contain_text("set by an administrator")

    # A channel is muted, and how it is used is changed.
    await page.get_by_role("link", name="Slack", exact=True).click()
    await page.get_by_label("What is posted of pj", exact=True).select_option("muted")
    await page.get_by_role("button", name="Set what is posted of pj").click()
    await expect(page.get_by_role("status")).to_have_text("#pj: muted.")
    await page.get_by_label("Put each turn into a thread").check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_label("Put each turn into a thread")).to_be_checked()
    await page.goto(f"{place.url}/o/acme/p/pj")
    await expect(page.get_by_role("link", name="In Slack")).to_be_visible()

    # The end.
    await page.goto(place.url + HERE)
    await page.get_by_text("Disconnect", exact=True).click()
    await page.get_by_role("button", name="Disconnect Acme").click()
    await expect(page.get_by_role("heading", name="Acme")).to_be_visible()
    await expect(page.get_by_text("An administrator disconnected it.")).to_be_visible()
    assert slack.called("auth.revoke", "ok")


async def test_who_does_not_allow_it_is_told_and_finds_back(place: Place, people: SignIn) -> None:
    manu = await people("manu")
    manu.watch.allow(r"403.*/slack/oauth/callback")
    page = await manu.open(HERE)
    await page.get_by_role("button", name="Connect Slack").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("heading", name="Slack was not connected")).to_be_visible()
    await page.get_by_role("link", name="Back to the settings").click()

    await expect(page.get_by_role("button", name="Connect Slack")).to_be_visible()


async def test_no_state_of_the_page_has_a_serious_finding(place: Place, people: SignIn) -> None:
    manu = await people("manu", reduced_motion="reduce")
    menus: set[str] = set()
    findings: list[str] = []

    async def see(state: str) -> None:
        page = await manu.open(HERE)
        findings.extend(f"{state}: {found}" for found in await look(page, menus))

    await see("not connected")
    sealed, name = Seal([KEY]).seal("xoxb-1")
    await connected(place, token=sealed, token_key=name)
    await see("no bridge")
    await connected(place, scopes="chat:write")
    await see("a key that is missing, and permissions")
    await ask(place, slack_calls.refuse_slack, await led(place), "token_revoked")
    await see("refused")
    findings += [f"dashboard: {found}" for found in await look(await manu.open("/o/acme"), menus)]
    await ask(place, slack_calls.disconnect_slack, "user:manu", "administrator")
    await see("disconnected")

    assert not findings, "\n".join(findings)


async def test_a_service_without_an_app_shows_how_to_get_one(
    database: Any, tmp_path: Path, place: Place, people: SignIn
) -> None:
    bare = place.service.settings.replace(slack_client_id=None, slack_client_secret=None)
    place.service.settings = bare
    manu = await people("manu", reduced_motion="reduce")
    page = await manu.open(HERE)
    await page.get_by_text("The app, with Socket Mode").click()

    await expect(page.get_by_role("link", name="Make it in Slack")).to_be_visible()
    assert not (found := await look(page, set())), "\n".join(found)

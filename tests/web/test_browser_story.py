"""The story of a team in two browsers: from sign-up to a seat that changes hands; and who is heard how."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from typing import Any

import aiohttp
import pytest
from api_place import Client, Place, event, receive
from chromium import Person, SignIn
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Answers when (milliseconds of this machine's clock) an entry with this text stood on the page.
STANDS = """text => new Promise(done => {
  const timeline = document.querySelector("#timeline");
  const look = () => timeline.textContent.includes(text) && (done(Date.now()), true);
  const observer = new MutationObserver(() => look() && observer.disconnect());
  if (!look()) observer.observe(timeline, {childList: true, subtree: true});
})"""


class Agent:
    """What a daemon does for the coding agent of a session's driver: takes advice, and tells what became of it."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, epoch: int = 1) -> None:
        self.ws, self.epoch = ws, epoch

    async def advice(self) -> dict[str, Any]:
        found: dict[str, Any] = (await receive(self.ws, "advice"))["delivery"]
        return found

    async def settle(self, delivery: str, state: str) -> None:
        await self.ws.send_json(
            {"type": "settle", "id": 1, "delivery": delivery, "state": state, "path": "hook", "epoch": self.epoch}
        )
        assert (await receive(self.ws, "settled"))["delivery"]["state"] == state


async def advise(person: Person, text: str) -> None:
    await person.page.get_by_label("Advise fxm").fill(text)
    await person.page.get_by_role("button", name="Advise").click()


async def test_a_team_signs_up_watches_advises_and_hands_over(place: Place, people: SignIn) -> None:
    # Priya comes from a provider, belongs to nothing yet, and makes her organization.
    priya = await people(issuer="https://id.example.com", subject="17", person={"email": "priya@northwind.example"})
    page = await priya.open("/o")
    await page.get_by_role("link", name="Make an organization").click()
    await page.get_by_label("Name", exact=True).fill("Northwind")
    await expect(page.get_by_label("Your handle")).to_have_value("priya")
    await page.get_by_role("button", name="Make the organization").click()
    await expect(page).to_have_url(f"{place.url}/o/northwind")
    await make_project(page, "pj")
    await expect(page).to_have_url(f"{place.url}/o/northwind/p/pj")
    await priya.live()

    # Her coding agent opens a session and works; the floor shows it while it happens.
    ((org_id,),) = await place.sql("select org_id from polaris_data.orgs where slug = 'northwind'")
    driver = await place.client("user:priya", org_id=org_id)
    await driver.post("/projects/pj/sessions/fxm/join")
    waits = [await shown_after(page, driver, f"We need rate limiting, part {number}") for number in range(5)]
    # Within a second each; on two cores with three workers one of them may have been unlucky.
    assert statistics.median(waits) < 1.0, waits
    assert max(waits) < 5.0, waits

    # Krishna, a member by now, signs in on the same machine in a browser of his own, and advises.
    await place.client("user:krishna", org_id=org_id)
    krishna = await people()
    his = await krishna.open("/o/northwind/p/pj/s/fxm")
    await his.get_by_role("button", name="Continue as user:krishna").click()
    await expect(his).to_have_url(f"{place.url}/o/northwind/p/pj/s/fxm")
    await krishna.live()
    async with driver.socket("/projects/pj/sessions/fxm/ws") as ws:
        agent = Agent(ws)
        await advise(krishna, "Use RS256")
        await expect(his.get_by_label("Advise fxm")).to_have_value("")
        advice = await agent.advice()
        assert (advice["sender"], advice["body"]) == ("user:krishna", "Use RS256")
        for browser in (his, page):
            await expect(state_of(browser, advice)).to_have_text("queued")
        for state, words in (
            ("sent", "sent, not seen yet"),
            ("seen", "seen by the agent"),
            ("answered", "answered"),
        ):
            await agent.settle(advice["delivery_id"], state)
            for browser in (his, page):
                await expect(state_of(browser, advice)).to_have_text(words)

    # Priya leaves the seat; Krishna takes it in his browser, then leaves it again.
    await expect(his.locator("#part")).to_contain_text("user:priya")
    await driver.post("/projects/pj/sessions/fxm/handoff")
    await his.get_by_role("button", name="Claim the seat").click()
    await expect(his.locator("#part")).to_contain_text("user:krishna (you)")
    await expect(entry(page, "driver.claimed").last).to_contain_text("user:krishna/fxm drives (epoch 2)")
    await his.get_by_role("button", name="Release the seat").click()
    await expect(his.locator("#part")).to_contain_text("Nobody drives.")
    await expect(entry(page, "driver.released").last).to_contain_text("user:krishna/fxm left the seat")


async def test_a_suggestion_waits_for_the_driver_who_rewords_and_sends_it(
    place: Place, manu: Client, people: SignIn
) -> None:
    driver, priya = await people("manu"), await people("priya")
    page, hers = await driver.open("/o/acme/p/pj/s/fxm"), await priya.open("/o/acme/p/pj/s/fxm")
    await driver.live()
    await priya.live()
    await page.get_by_text("Who may speak to it").click()
    await page.get_by_label("People", exact=True).select_option("suggest")
    row = page.locator("li", has=page.get_by_label("People", exact=True))
    async with page.expect_response(re.compile("/policies$")):
        await row.get_by_role("button", name="Set").click()

    async with manu.socket("/projects/pj/sessions/fxm/ws") as ws:
        await advise(priya, "Use HS256")
        await expect(hers.locator("#timeline [data-state-of]")).to_have_text("waits for the driver")
        box = page.get_by_label("Suggestion of user:priya")
        await expect(box).to_have_value("Use HS256")
        await expect(hers.get_by_role("button", name="Send", exact=True)).to_have_count(0)
        await box.fill("Use RS256, as in the other services")
        await page.get_by_role("button", name="Send", exact=True).click()
        advice = await Agent(ws).advice()

        assert advice["body"] == "Use RS256, as in the other services"
        await expect(box).to_have_count(0)
        await expect(hers.locator("#part")).to_contain_text("changed by user:manu before it was sent")
        await expect(hers.locator("#timeline [data-state-of]")).to_have_text("queued")

        # The next one she does not get past him.
        await advise(priya, "And drop the tests")
        await page.get_by_role("button", name="Dismiss", exact=True).click()
        await expect(hers.locator("#timeline [data-state-of]").last).to_have_text(re.compile("^declined"))


async def test_a_muted_sender_is_told_and_keeps_what_was_written(place: Place, manu: Client, people: SignIn) -> None:
    await manu.call("PUT", "/projects/pj/sessions/fxm/policies", json={"sender_class": "human", "policy": "mute"})
    priya = await people("priya")
    hers = await priya.open("/o/acme/p/pj/s/fxm")
    await priya.live()
    priya.watch.allow(r"403.*/advise")  # htmx logs what was refused, and so does the browser

    await advise(priya, "Use RS256")

    await expect(hers.get_by_role("alert")).to_contain_text("fxm takes no advice from people.")
    await expect(hers.get_by_label("Advise fxm")).to_have_value("Use RS256")
    assert await place.sql("select from polaris_data.deliveries") == []


# Steps.


async def make_project(page: Page, name: str) -> None:
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_role("button", name=re.compile("^(Make|Create)")).click()


async def shown_after(page: Page, driver: Client, text: str) -> float:
    """Seconds from the answer to a push until the text stood on the page."""
    shown = asyncio.ensure_future(page.evaluate(STANDS, text))
    await driver.push("pj", "fxm", event(body=text))
    pushed = time.time()
    found: float = await asyncio.wait_for(shown, 15)
    return found / 1000 - pushed


def state_of(page: Page, advice: dict[str, Any]) -> Any:
    return page.locator(f"#timeline [data-state-of='{advice['advice_seq']}']")


def entry(page: Page, kind: str) -> Any:
    return page.locator(f"#timeline [data-kind='{kind}']")

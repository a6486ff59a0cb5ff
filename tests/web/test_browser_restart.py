"""The service goes away under an open page and comes back: the page shows every event once, in its order."""

from __future__ import annotations

import asyncio
import itertools
import signal

import chromium
import pytest
from chromium import Person
from playwright.async_api import Browser, expect
from processes import Served

from polaris.client import Client
from polaris.errors import PolarisError

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What the browser says of a service that is not there: its stream, a mark that something was read, a part of the page.
GONE = r"net::ERR_(CONNECTION_|INCOMPLETE_CHUNKED|EMPTY_RESPONSE|SOCKET_)|htmx:sendError|htmx:afterRequest"
SEEN = "() => [...document.querySelectorAll('#timeline .entry')].map(entry => Number(entry.dataset.seq))"
STATES = """() => {
  const state = document.querySelector("#live-state");
  window.states = [state.textContent];
  new MutationObserver(() => window.states.push(state.textContent)).observe(state, {childList: true});
}"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_restart_under_load_shows_each_event_once(
    browser: Browser, served: Served, number: signal.Signals
) -> None:
    acknowledged: dict[str, int] = {}
    stop = asyncio.Event()
    async with chromium.somebody(browser, served.url) as manu, served.client() as client:
        epoch = (await client.join("pj", "fxm"))["epoch"]
        manu.watch.allow(GONE)
        await sign_in(manu, "/o/acme/p/pj")
        await manu.page.evaluate(STATES)
        pusher = asyncio.create_task(push(client, epoch, acknowledged, stop))
        for _ in range(2):
            await reached(acknowledged, len(acknowledged) + 60)
            await served.stop(number)
            await served.start()
        await reached(acknowledged, len(acknowledged) + 60)
        stop.set()
        await pusher

        last = max(acknowledged.values())
        # A page that found nobody for a while asks less and less often.
        await manu.page.locator(f"#e{last}").wait_for(timeout=45_000)
        seen = await manu.page.evaluate(SEEN)
        states = await manu.page.evaluate("window.states")
        record = [event async for event in client.history("pj")]

    assert seen == list(range(1, last + 1))
    assert [event["seq"] for event in record] == seen
    assert {event["client_id"]: event["seq"] for event in record if event["kind"] == "notice"} == acknowledged
    assert "reconnecting…" in states
    assert states[-1] == "live"


async def test_a_page_says_when_it_will_not_come_back(browser: Browser, served: Served) -> None:
    async with chromium.somebody(browser, served.url) as manu, served.client() as client:
        await client.join("pj", "fxm")
        await sign_in(manu, "/o/acme/p/pj")
        elsewhere = await manu.context.new_page()
        await elsewhere.goto(served.url + "/o")
        await elsewhere.locator("summary", has_text="user:manu").click()
        manu.watch.allow(r"/live|/o/acme/p/pj")  # the stream ends, and the page asks why
        await elsewhere.get_by_role("button", name="Sign out", exact=True).click()

        await expect(manu.page.locator("#live-state")).to_contain_text("you are signed out", timeout=30_000)


# Steps.


async def sign_in(person: Person, path: str) -> None:
    await person.open(path)
    await person.page.get_by_role("button", name="Continue as user:manu").click()
    await expect(person.page).to_have_url(person.origin + path)
    await person.live()


async def push(client: Client, epoch: int, acknowledged: dict[str, int], stop: asyncio.Event) -> None:
    """Events one after the other, each until it is acknowledged, as a daemon does; the client id makes that safe."""
    for number in itertools.count():
        event = {"client_id": f"n{number}", "kind": "notice", "epoch": epoch, "body": f"line {number}"}
        while True:
            try:
                (result,) = await client.push("pj", "fxm", [event])
                break
            except PolarisError as error:
                if error.status != 503:
                    raise
                await asyncio.sleep(0.02)
        acknowledged[f"n{number}"] = result["seq"]
        if stop.is_set():
            return
        await asyncio.sleep(0.005)


async def reached(acknowledged: dict[str, int], count: int) -> None:
    async with asyncio.timeout(30):
        while len(acknowledged) < count:
            await asyncio.sleep(0.01)

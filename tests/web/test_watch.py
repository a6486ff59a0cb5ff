"""The watch itself: a page that does something wrong does not go unnoticed."""

from __future__ import annotations

import chromium
import pytest
from api_place import Place, until
from playwright.async_api import Browser, Error

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = {
    "script-src": "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
    "style-src": "document.body.setAttribute('style', 'color: red')",
    "connect-src": "void fetch('https://id.example.com', {mode: 'no-cors'}).catch(() => 0)",
    "answered 404": "void fetch('/nowhere')",
    "exception: ": "void setTimeout(() => { throw new Error('boom') })",
    "console warning: ": "console.warn('mind')",
}


@pytest.mark.parametrize("complaint", WRONG)
async def test_it_notes(browser: Browser, place: Place, complaint: str) -> None:
    async with chromium.somebody(browser, place.url) as person:
        page = await person.open("/sign-in")
        person.watch.check()
        await page.evaluate(f"() => {{ {WRONG[complaint]} }}")
        await until(lambda: person.watch.complaints, complaint)

        with pytest.raises(AssertionError, match=complaint):
            person.watch.check()
        person.watch.allow(".")


async def test_nobody_is_looked_up_outside_of_this_machine(browser: Browser, place: Place) -> None:
    async with chromium.somebody(browser, place.url) as person:
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            await person.page.goto("https://id.example.com")

        with pytest.raises(AssertionError, match=r"elsewhere: GET https://id\.example\.com"):
            person.watch.check()
        person.watch.allow(".")

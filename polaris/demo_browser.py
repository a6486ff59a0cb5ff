"""A browser without a window, for the demo: opens a page, reads what it says, sends one of its forms."""

from __future__ import annotations

import html
import re
from typing import NamedTuple
from urllib.parse import urljoin

import aiohttp

from polaris.demo_stage import DemoFailed


class Page(NamedTuple):
    """Where one arrived, and its HTML."""

    url: str
    text: str

    @property
    def words(self) -> str:
        """What one reads there."""
        main = self.text.partition("<main")[2] or self.text
        shown = re.sub(
            r"<[^>]*>", " ", re.sub(r"<(script|style)\b.*?</\1>|<option\b.*?</option>", " ", main, flags=re.S)
        )
        return " ".join(html.unescape(shown).split())[:2000]


def browser() -> aiohttp.ClientSession:
    """One that keeps the cookies of this machine, too."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def open_page(http: aiohttp.ClientSession, url: str) -> Page:
    """The page at *url*, or where that leads."""
    async with http.get(url) as answer:
        return Page(str(answer.url), await answer.text())


async def press(http: aiohttp.ClientSession, page: Page, action: str, having: str = "", **fields: str) -> Page:
    """Sends the form of *page* that goes to *action* and has *having* in it, with what a person chose in *fields*."""
    forms = [found[0] for found in re.finditer(r"<form\b.*?</form>", page.text, re.DOTALL)]
    form = next((f for f in forms if (f'action="{action}"' in f or not action) and having in f), None)
    if form is None:
        raise DemoFailed(f"{page.url} has no form for {action or 'anything'}: {page.words}")
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    origin = re.match(r"https?://[^/]+", page.url)
    assert origin
    data = {name: html.unescape(value) for name, value in hidden} | fields
    async with http.post(urljoin(page.url, action), data=data, headers={"Origin": origin[0]}) as answer:
        return Page(str(answer.url), await answer.text())

"""What a browser and its person do, for tests: signs in locally, opens a page, presses a button.

``python stand_in_browser.py URL`` is a browser for ``BROWSER``: it says yes on the page of ``polaris login``.
"""

from __future__ import annotations

import html
import re
import sys
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class StandIn:
    """One browser; redirects are followed, cookies kept."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, url: str, fields: dict[str, str] | None = None) -> str:
        """The page at *url*; *fields* are posted."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        headers = {"Origin": self.site, "Sec-Fetch-Site": "same-origin"} if data is not None else {}
        with self.opener.open(urllib.request.Request(url, data, headers), timeout=20) as answer:
            return str(answer.read().decode())

    def sign_in(self) -> None:
        """As the first person whom this installation vouches for."""
        person = re.search(r'name="person" value="([^"]+)"', self.open(f"{self.site}/sign-in"))
        assert person
        self.open(f"{self.site}/sign-in/local", {"person": html.unescape(person[1])})

    def press(self, path: str, page: str, **more: str) -> str:
        """Sends the form of *page* that goes to *path*, with a button or what was typed in *more*."""
        form = re.search(rf'<form[^>]* action="{re.escape(path)}".*?</form>', page, re.DOTALL)
        assert form, page
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0])
        return self.open(self.site + path, {name: html.unescape(value) for name, value in hidden} | more)

    def allow(self, url: str) -> str:
        """Says yes on the page that ``polaris login`` opened; what its callback shows."""
        return self.press("/cli/authorize", self.open(url), decision="allow")

    def enter(self, code: str) -> str:
        """Enters a device's code, looks at the machine, says yes."""
        typed = self.press("/device", self.open(f"{self.site}/device"), user_code=code)
        return self.press("/device", typed, decision="allow")


if __name__ == "__main__":
    address = urllib.parse.urlsplit(sys.argv[1])
    browser = StandIn(f"{address.scheme}://{address.netloc}")
    browser.sign_in()
    assert "Back to the terminal" in browser.allow(sys.argv[1])

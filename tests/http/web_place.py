"""A browser without a window: cookies, forms with their token, pages as text; all of the real application."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from api_place import Place

from polaris.http.web import visitor as visitors


@dataclass
class Page:
    """What came back; ``path`` is where a redirect leads."""

    status: int
    text: str
    headers: Any
    path: str | None


@dataclass
class Browser:
    """One browser; ``await Browser(place).sign_in("manu")`` is the person of ``user:manu``."""

    place: Place
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    @property
    def origin(self) -> str:
        return self.place.url

    async def sign_in(self, handle: str, org_id: int | None = None) -> Browser:
        """As the member *handle*, who has to be there; a session like any other."""
        subject = f"{org_id or self.place.org_id}:{handle}"
        async with self.place.service.database.connection() as conn:
            cookie = await visitors.sign_in(conn, "local", subject, user_agent="test")
        return self.hold(cookie)

    async def sign_in_as(self, issuer: str, subject: str, **person: Any) -> Browser:
        """As anybody whom an issuer vouches for; members or not."""
        async with self.place.service.database.connection() as conn:
            return self.hold(await visitors.sign_in(conn, issuer, subject, **person))

    def hold(self, cookie: str) -> Browser:
        self.cookies[visitors.cookie_name(self.origin)] = cookie
        self.csrf = visitors._csrf(cookie)
        return self

    @property
    def cookie(self) -> str:
        return self.cookies[visitors.cookie_name(self.origin)]

    async def request(self, method: str, path: str, **options: Any) -> Page:
        """One request; redirects are not followed, cookies are kept."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Accept": "text/html"}
        headers |= options.pop("headers", {})
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, self.origin + path, headers=headers, allow_redirects=False, **options) as answer,
        ):
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    if morsel.value and morsel["max-age"] != "0":
                        self.cookies[name] = morsel.value
                    else:
                        self.cookies.pop(name, None)
            leads = answer.headers.get("Location")
            return Page(answer.status, await answer.text(), answer.headers, leads)

    async def get(self, path: str, status: int = 200, **options: Any) -> Page:
        page = await self.request("GET", path, **options)
        assert page.status == status, (page.status, page.path, page.text[:2000])
        return page

    async def post(self, path: str, status: int = 303, headers: dict[str, str] | None = None, **fields: str) -> Page:
        """Sends a form as a page of this site would."""
        sent = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        page = await self.request("POST", path, data={"csrf": self.csrf} | fields, headers=sent)
        assert page.status == status, (page.status, page.path, page.text[:2000])
        return page

    async def follow(self, page: Page) -> Page:
        """Where a redirect leads, on this site."""
        assert page.path is not None
        place = urlsplit(page.path)
        return await self.get(place.path + (f"?{place.query}" if place.query else ""))

"""The stand-in for Slack in a browser: its channels, and the page on which somebody allows the app.

Whoever posts here is heard by agents, so only this server's own pages may send a form, under a name of this machine.
"""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from polaris.demo_slack import page as pages
from polaris.demo_slack.methods import Methods


class Window(Methods):
    """The pages, and what people do on them."""

    def routes(self) -> list[web.RouteDef]:
        """Everything that is for browsers."""
        return [
            web.get("/", self.first),
            web.get("/c/{team}/{channel}", self.look),
            web.post("/c/{team}/{channel}", self.post),
            web.get("/avatar/{team}/{user}.svg", self.picture),
            web.get("/oauth/v2/authorize", self.ask),
            web.post("/oauth/v2/authorize", self.decide),
        ]

    # Installing

    def grant(self, authorize_url: str, team: str, user: str = "U1", *, enterprise: bool = False) -> str:
        """*user* allows the app on the page at *authorize_url*: the address to which Slack sends the browser."""
        asked, code = dict(parse_qsl(urlsplit(authorize_url).query)), secrets.token_hex(12)
        self.codes[code] = {**asked, "team": team, "user": user, "enterprise": enterprise, "at": time.monotonic()}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    def deny(self, authorize_url: str) -> str:
        """Somebody cancels there: the address to which Slack sends the browser then."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query))
        return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked.get('state', '')})}"

    async def ask(self, request: web.Request) -> web.Response:
        _guard(request)
        asked = {name: request.query.get(name, "") for name in ("client_id", "scope", "redirect_uri", "state")}
        if asked["client_id"] != self.client_id or not asked["redirect_uri"] or not asked["scope"]:
            return _html(lambda nonce: pages.nothing("This app is not known, or asks for nothing.", nonce), status=400)
        people = [
            (f"{team['id']} {user['id']}", f"{user['real_name']} in {team['name']}")
            for team in self.teams.values()
            for user in team["users"].values()
            if not user["is_bot"] and not user["deleted"] and not user["is_restricted"] and user["id"] != "USLACKBOT"
        ]
        scopes = asked["scope"].split(",")
        return _html(lambda nonce: pages.consent("Polaris", scopes, asked, people, nonce))

    async def decide(self, request: web.Request) -> web.Response:
        _guard(request)
        form = {name: str(value) for name, value in (await request.post()).items()}
        asked = "?" + urlencode({name: form.get(name, "") for name in ("client_id", "scope", "redirect_uri", "state")})
        team, _, user = form.get("who", "").partition(" ")
        if form.get("answer") != "allow":
            raise web.HTTPFound(self.deny(asked))
        if team not in self.teams or user not in self.teams[team]["users"]:
            raise web.HTTPBadRequest(text="nobody is called that")
        raise web.HTTPFound(self.grant(asked, team, user))

    # Looking and talking

    async def first(self, request: web.Request) -> web.Response:
        _guard(request)
        for team in self.teams.values():
            for channel in team["channels"].values():
                raise web.HTTPFound(f"/c/{team['id']}/{channel['id']}")
        return _html(lambda nonce: pages.nothing("No channel was made yet.", nonce))

    async def look(self, request: web.Request) -> web.Response:
        _guard(request)
        view = self.view(request.match_info["team"], request.match_info["channel"], request.query)
        if view is None:
            return _html(lambda nonce: pages.nothing("There is no such channel.", nonce), status=404)
        if request.query.get("part") == "messages":
            return web.Response(text=pages.messages(view), content_type="text/html")
        return _html(lambda nonce: pages.page(view, nonce))

    async def post(self, request: web.Request) -> web.Response:
        _guard(request)
        team, channel = request.match_info["team"], request.match_info["channel"]
        form = {name: str(value) for name, value in (await request.post()).items()}
        user, words, thread = form.get("user", ""), form.get("text", "").strip(), form.get("thread") or None
        if self.view(team, channel, {}) is None or user not in self.teams[team]["users"] or not words:
            raise web.HTTPBadRequest(text="no such channel or person, or nothing to say")
        self.teams[team]["channels"][channel]["members"].add(user)
        await self.write(team, channel, user, words, thread, wait=False)
        again = {"as": user} | ({"thread": thread} if thread else {})
        raise web.HTTPSeeOther(f"{request.path}?{urlencode(again)}")

    async def picture(self, request: web.Request) -> web.Response:
        team = self.teams.get(request.match_info["team"], {"users": {}})
        user = team["users"].get(request.match_info["user"])
        name = user["real_name"] if user else request.match_info["user"]
        return web.Response(text=pages.avatar(name), content_type="image/svg+xml")

    def view(self, team: str, channel: str, query: Any) -> pages.View | None:
        """What there is to see of a channel; None when there is none."""
        here = self.teams.get(team)
        if here is None or channel not in here["channels"]:
            return None
        return pages.View(
            url=self.url,
            team=here,
            teams=list(self.teams.values()),
            channel=here["channels"][channel],
            messages=here["messages"].get(channel, []),
            hints=here["hints"].get(channel, []),
            names=pages.Names(
                {number: user["real_name"] for number, user in here["users"].items()},
                {number: one["name"] for number, one in here["channels"].items()},
            ),
            thread=query.get("thread"),
            author=query.get("as"),
        )


def _guard(request: web.Request) -> None:
    """Refuses a page of another server that sends a form here, and a name of another server for this address."""
    if urlsplit(f"//{request.host}").hostname not in ("127.0.0.1", "localhost"):
        raise web.HTTPForbidden(text="not under this name")
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin is not None and origin != f"http://{request.host}":
        raise web.HTTPForbidden(text="not from there")


def _html(make: Any, status: int = 200) -> web.Response:
    nonce = secrets.token_urlsafe(12)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
    return web.Response(text=make(nonce), content_type="text/html", headers=headers, status=status)

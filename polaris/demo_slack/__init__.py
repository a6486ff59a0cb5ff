"""A stand-in for Slack, for the tests, the demo and a look at the bridge without a workspace: ``FakeSlack``.

It speaks Slack's own protocol (Web API, OAuth, Socket Mode, signed events), so that the unchanged slack-sdk drives
it; it proves our side, not Slack's. ``python -m polaris.demo_slack --port 8090`` runs it alone, with a page to look at.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from polaris.demo_slack.window import Window


@dataclass
class Call:
    """A call of the Web API that came in. ``outcome``: ok, Slack's error, "429", "HTTP 500", "cut", "dropped"."""

    method: str
    args: dict[str, Any]
    team: str | None
    at: float
    outcome: str = ""


@dataclass
class Fault:
    """What goes wrong with the next *times* calls of *method* for which *when* is true.

    One of: *error* (``ok: false``), *status* with a *body* of *content_type* (429 with *retry_after*), *after* (done,
    then the connection breaks; with a *status*: done, then that), *drop* (the connection breaks, nothing was done);
    *slow*: so many seconds go by first.
    """

    method: str
    times: int = 1
    error: str | None = None
    status: int | None = None
    body: str = "oops"
    content_type: str = "text/plain"
    retry_after: float = 1
    after: bool = False
    drop: bool = False
    slow: float = 0
    when: Callable[[dict[str, Any]], bool] = field(default=lambda args: True)


@dataclass
class Gate:
    """A call that is held: ``reached`` when it is there, goes on with ``open``."""

    method: str
    after: bool
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)


class FakeSlack(Window):
    """Slack with one app and any number of workspaces. Begin with ``await FakeSlack().start()``, `team` and `bot`."""

    def __init__(
        self,
        signing_secret: str = "sig",
        *,
        app_id: str = "A0POLARIS",
        rate: float | None = None,  # least seconds between two posts in a channel
        budgets: dict[str, int] | None = None,  # calls a minute and workspace, by method
        ack_timeout: float = 1.0,
    ) -> None:
        super().__init__(app_id, signing_secret, ack_timeout)
        self.rate, self.budgets = rate, budgets or {}
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.weather: Callable[[str, dict[str, Any]], Fault | None] = lambda method, args: None
        self.gates: list[Gate] = []
        self._runner: web.AppRunner | None = None
        self._last_post: dict[tuple[str, str], float] = {}
        self._spent: dict[tuple[str, str], list[float]] = {}

    # What a test sets up and asks

    def fail(self, method: str, times: int = 1, **how: Any) -> Fault:
        """Lets the next calls of *method* fail; see `Fault`. ``weather`` does the same for every call, as it likes."""
        fault = Fault(method, times, **how)
        self.faults.append(fault)
        return fault

    def hold(self, method: str, *, after: bool = False) -> Gate:
        """Holds the next call of *method* before it is done, or *after*."""
        gate = Gate(method, after)
        self.gates.append(gate)
        return gate

    def called(self, method: str, outcome: str | None = None) -> list[Call]:
        """The calls of *method* so far, oldest first."""
        return [c for c in self.calls if c.method == method and outcome in (None, c.outcome)]

    # The server

    async def start(self, port: int = 0) -> FakeSlack:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self.api)
        app.router.add_get("/link", self.link)
        app.router.add_routes(self.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = site.port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def stop(self) -> None:
        for gate in self.gates:
            gate.open.set()
        await self.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def api(self, request: web.Request) -> web.StreamResponse:
        """One call: merges query, form and JSON, as Slack does (slack-sdk sends many arguments in the query)."""
        method, args = request.match_info["method"], dict(request.query)
        if await request.read():
            args |= await request.json() if "json" in request.content_type else dict(await request.post())  # type: ignore[arg-type]
        token = self._token(request, args)
        call = Call(method, args, self.tokens.get(token, {}).get("team"), time.monotonic())
        self.calls.append(call)
        await self._pass_gate(method, after=False)
        fault = self._fault(method, args)
        await asyncio.sleep(fault.slow if fault else 0)
        if fault and (early := self._fail_before(request, call, fault)) is not None:
            return early
        if limited := self._limit(call):
            call.outcome = "429"
            return self._limited(limited)
        answer = self.answer(method, args, token)
        call.outcome = "ok" if answer["ok"] else str(answer["error"])
        await self._pass_gate(method, after=True)
        if fault and fault.after:
            if fault.status:
                return self._odd(fault)
            self._cut(request)
            return web.Response()
        scopes = ",".join(sorted(self.tokens.get(token, {}).get("scopes", [])))
        return web.json_response(answer, headers={"x-oauth-scopes": scopes})

    @staticmethod
    def _token(request: web.Request, args: dict[str, Any]) -> str:
        given = request.headers.get("Authorization", "")
        if given.startswith("Basic "):  # oauth.v2.access of slack-sdk
            name, _, secret = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
            args |= {"client_id": name, "client_secret": secret}
            return ""
        return given.removeprefix("Bearer ") or str(args.pop("token", ""))

    def _fault(self, method: str, args: dict[str, Any]) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.times > 0 and fault.when(args):
                fault.times -= 1
                return fault
        return self.weather(method, args)

    def _fail_before(self, request: web.Request, call: Call, fault: Fault) -> web.Response | None:
        """The answer to a call that is not done; None when it is done, whatever comes then."""
        if fault.after:
            return None
        if fault.drop:
            call.outcome = "dropped"
            self._cut(request)
            return web.Response()
        if fault.status == 429:
            call.outcome = "429"
            return self._limited(fault.retry_after)
        if fault.status:
            call.outcome = f"HTTP {fault.status}"
            return self._odd(fault)
        if fault.error:
            call.outcome = fault.error
            return web.json_response({"ok": False, "error": fault.error})
        return None

    async def _pass_gate(self, method: str, *, after: bool) -> None:
        gate = next((g for g in self.gates if g.method == method and g.after == after and not g.reached.is_set()), None)
        if gate:
            gate.reached.set()
            await gate.open.wait()

    def _limit(self, call: Call) -> float:
        """How many seconds the caller has to wait; 0: none."""
        now = call.at
        if call.method == "chat.postMessage" and self.rate:
            lane = (call.team or "", str(call.args.get("channel")))
            if (left := self.rate - (now - self._last_post.get(lane, -1e9))) > 0:
                return left
            self._last_post[lane] = now
        if budget := self.budgets.get(call.method):
            spent = self._spent.setdefault((call.team or "", call.method), [])
            spent[:] = [at for at in spent if now - at < 60]
            if len(spent) >= budget:
                return 60 - (now - spent[0])
            spent.append(now)
        return 0

    @staticmethod
    def _limited(seconds: float) -> web.Response:
        wait = {"Retry-After": str(max(1, -int(-seconds // 1)))}  # whole seconds, rounded up
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=wait)

    @staticmethod
    def _odd(fault: Fault) -> web.Response:
        return web.Response(status=fault.status or 200, text=fault.body, content_type=fault.content_type)

    @staticmethod
    def _cut(request: web.Request) -> None:
        if request.transport is not None:
            request.transport.abort()

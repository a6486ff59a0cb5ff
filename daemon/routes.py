"""The daemon's HTTP interface; `guard` stands before every route.

Everything but ``POST /events`` takes and answers JSON objects; errors are problems ``{code, message, hint, details}``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from polaris.errors import Unprocessable

from . import guard
from .bindings import SESSION_ID, Sighting
from .intake import Answer, Header

if TYPE_CHECKING:
    from .app import Daemon


class Routes:
    """Handlers over one `Daemon`."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/events", self.events)
        app.router.add_post("/register", self.register)
        app.router.add_post("/connect", self.connect)
        app.router.add_post("/disconnect", self.disconnect)
        app.router.add_post("/handoff", self.handoff)
        app.router.add_post("/ask", self.ask)
        app.router.add_post("/seat", self.seat)
        app.router.add_get("/inbox", self.inbox)
        app.router.add_post("/pause", self.pause)
        app.router.add_post("/reply", self.reply)
        app.router.add_post("/inject", self.inject)
        app.router.add_get("/context", self.context)
        app.router.add_post("/context", self.context)
        app.router.add_get("/status", self.status)
        app.router.add_get("/status/{agent_session_id}", self.session_status)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A hook's payload. 200 with the hook's output or nothing; 507 without room: the hook keeps it then."""
        body = await guard.read_body(request)
        told = request.headers
        header = Header.of(
            told.get("X-Polaris-Capture"),
            told.get("X-Polaris-Agent"),
            told.get("X-Polaris-Pid"),
            told.get("X-Polaris-At"),
        )
        # The hook may give up and hang up; what it brought is kept all the same.
        answer = await asyncio.shield(self._daemon.intake.take(header, body))
        response = web.Response(body=answer.output, content_type="application/json")
        if not answer.pieces:
            return response
        return await self._hand(request, response, answer)

    async def _hand(self, request: web.Request, response: web.Response, answer: Answer) -> web.StreamResponse:
        """Writes the answer here, so that it is known whether it went out before anybody is told so."""
        gone = request.transport is None or request.transport.is_closing()
        if not gone:
            try:
                await response.prepare(request)
                await response.write_eof()
            except (ConnectionError, asyncio.CancelledError):
                # Part of it may have arrived: only the transcript knows. It stays `handing`.
                raise
        await asyncio.shield(self._daemon.intake.written(answer, whole=not gone))
        return response

    async def register(self, request: web.Request) -> web.Response:
        """An MCP server tells whose child it is: ``{pid, agent, agent_session_id?}``; answers that session's status.

        Its session id is the one at its start; what a hook of the same process said later is newer and wins.
        """
        asked = await guard.read_object(request)
        pid, named = asked.get("pid"), asked.get("agent_session_id")
        if not isinstance(pid, int) or isinstance(pid, bool) or not 0 < pid < 2**31:
            raise Unprocessable("A pid is a positive number.", code="pid_not_valid")
        bindings = self._daemon.bindings
        known = bindings.session_of(pid)
        bound = next((one for one in bindings if one.pid == pid), None)
        if known is None and bound is None and isinstance(named, str) and SESSION_ID.fullmatch(named):
            await bindings.note(Sighting(str(asked.get("agent") or "claude-code"), named, pid))
            known = bindings.session_of(pid)
        found = bound or known
        session, agent = (found.agent_session_id, found.agent) if found else (None, None)
        status = self._daemon.connector.status(session or "")
        return web.json_response({"agent_session_id": session, "agent": agent} | status)

    async def connect(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, agent?, project, session?, token?, role?}``; see `connect.Connector`."""
        return web.json_response(await self._daemon.connector.connect(await guard.read_object(request)))

    async def disconnect(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, release?}``."""
        return web.json_response(await self._daemon.connector.disconnect(await guard.read_object(request)))

    async def handoff(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, to?}``."""
        return web.json_response(await self._daemon.connector.handoff(await guard.read_object(request)))

    async def ask(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, project?, session, note?, client_id?, token?}``: asks a driver for the seat."""
        return web.json_response(await self._daemon.speaking.ask(await guard.read_object(request)))

    async def seat(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, answer, who?, reason?}``: the driver gives the seat to who asks, or declines."""
        return web.json_response(await self._daemon.answering.answer(await guard.read_object(request)))

    async def inbox(self, request: web.Request) -> web.Response:
        """``?agent_session_id=`` or ``?pid=``: what is said to this session, and what became of it."""
        asked = {name: value for name, value in request.query.items() if name == "agent_session_id"}
        pid = _number(request.query.get("pid"), None)
        return web.json_response(await self._daemon.connector.inbox(asked | ({"pid": pid} if pid else {})))

    async def pause(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, paused?}``."""
        return web.json_response(await self._daemon.connector.pause(await guard.read_object(request)))

    async def reply(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, body, client_id?, annotation?, about?, answers?}``: the agent speaks up."""
        return web.json_response(await self._daemon.speaking.reply(await guard.read_object(request)))

    async def inject(self, request: web.Request) -> web.Response:
        """``{agent_session_id | pid, project?, session, body, client_id?, token?}``: advises another session."""
        return web.json_response(await self._daemon.speaking.inject(await guard.read_object(request)))

    async def context(self, request: web.Request) -> web.Response:
        """``?agent_session_id=|pid=&project=&session=&query=&after=&limit=&wait=``; or a body, with ``token``."""
        asked: dict[str, Any]
        if request.method == "POST":
            asked = await guard.read_object(request)
        else:
            # A token has no place in an address.
            asked = {name: value for name, value in request.query.items() if name != "token"}
            for name in ("pid", "after", "limit", "wait"):
                if name in asked:
                    asked[name] = _number(asked[name], None)
        return web.json_response(await self._daemon.speaking.context(asked))

    async def status(self, request: web.Request) -> web.Response:
        """Sessions, links, queue, refused events, failures, the last event: what `polaris status` shows."""
        return web.json_response(await self._daemon.status())

    async def session_status(self, request: web.Request) -> web.Response:
        """``{connected, project, session, actor, line, …}``; from memory, for the status line."""
        status = self._daemon.connector.status(request.match_info["agent_session_id"])
        binding = self._daemon.bindings.of(request.match_info["agent_session_id"])
        # Why advice waits: no seat, a dialog, nothing that could wake the agent.
        reason = self._daemon.paths.reason(binding.route_id) if binding else None
        return web.json_response(status | {"advice_reason": reason})


def _number(text: str | None, default: int | None) -> int | None:
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Unprocessable("A number was expected.", code="number_not_valid")
    return int(text)

"""The ways on which advice is fetched: ``POST /advice``, ``GET /channel``, ``POST /wake``; `guard` stands before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from polaris.errors import Conflict, NotFound, Unprocessable
from polaris.tasks import wait

from . import guard, processes
from .bindings import SESSION_ID
from .listeners import Channel, Poll
from .records import Piece

if TYPE_CHECKING:
    from .app import Daemon

# How long OpenCode's plugin is kept waiting, and how often a quiet channel is tried.
POLL_SECONDS = 25.0
QUIET_SECONDS = 20.0
# What the answer of an MCP tool carries; an agent takes more, but nobody wants to read it.
MCP_CHARACTERS = 20_000
CHANNELS = {
    "--dangerously-load-development-channels": "server:polaris",
    "--channels": "plugin:polaris",
}


class DeliveryRoutes:
    """Handlers over one `Daemon`."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._ending = asyncio.Event()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/advice", self.advice)
        app.router.add_get("/channel", self.channel)
        app.router.add_post("/wake", self.wake)
        app.on_shutdown.append(self._close)

    async def advice(self, request: web.Request) -> web.StreamResponse:
        """``{agent_session_id | pid, path?}`` → ``{"texts": [...]}``: what waits, for the answer of an MCP tool.

        An agent session that is not connected has no advice, and that is no error.
        """
        asked = await guard.read_object(request)
        if asked.get("path", "mcp") != "mcp":
            raise Unprocessable("Here advice goes out with the answers of MCP tools.", code="path_not_valid")
        try:
            binding = self._daemon.bindings.of(self._daemon.connector.who(asked).agent_session_id)
        except NotFound:
            binding = None
        pieces: list[Piece] = []
        if binding and binding.captures and binding.state == "active" and self._daemon.links.holds(binding.route_id):
            turn = self._daemon.turns.turn(binding.agent_session_id)
            pieces = await self._daemon.advice.hand(binding, turn, lambda text: len(text) <= MCP_CHARACTERS, "mcp")
        response = web.json_response({"texts": [piece.text for piece in pieces]})
        if pieces:
            gone = not await _written(request, response)
            await asyncio.shield(self._daemon.advice.written(pieces, whole=not gone))
        return response

    async def channel(self, request: web.Request) -> web.StreamResponse:
        """``?pid=``: one JSON object a line, ``{"content", "meta": {"delivery"}}``, for `polaris mcp` to pass on.

        409 ``channel_not_loaded`` when the agent's process was not started with our channel: it would pass on nothing.
        """
        text = request.query.get("pid", "")
        if not text.isascii() or not text.isdecimal() or not 0 < int(text[:12]) < 2**31:
            raise Unprocessable("A pid is a positive number.", code="pid_not_valid")
        pid = int(text)
        if not _has_channel(await asyncio.to_thread(processes.arguments, pid)):
            raise Conflict("The agent was started without the Polaris channel.", code="channel_not_loaded")
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"})
        await response.prepare(request)

        def closed() -> bool:
            return request.transport is None or request.transport.is_closing()

        channel = Channel(response.write, closed)
        self._daemon.listeners.open_channel(pid, channel)
        try:
            while not self._ending.is_set() and not closed():
                if not await wait(self._ending, QUIET_SECONDS):
                    await response.write(b"\n")
        except ConnectionError:
            pass  # the MCP server has ended
        finally:
            self._daemon.listeners.close_channel(pid, channel)
        return response

    async def wake(self, request: web.Request) -> web.StreamResponse:
        """``{agent_session_id, pid?}`` → ``{"prompt": text}`` as soon as the idle session is to be told something.

        204 after 25 seconds, or when a newer question of the same session took its place. 404 ``not_connected``.
        """
        asked = await guard.read_object(request)
        session = asked.get("agent_session_id")
        if not isinstance(session, str) or not SESSION_ID.fullmatch(session):
            raise Unprocessable("agent_session_id is missing.", code="agent_session_id_not_valid")
        binding = self._daemon.bindings.of(session)
        if binding is None or binding.role != "driver":
            raise NotFound("This agent session is not connected.", code="not_connected")
        poll = Poll()
        self._daemon.listeners.open_poll(binding.agent_session_id, poll)
        try:
            text = await poll.text(POLL_SECONDS)
            if text is None:
                return web.Response(status=204)
            response = web.json_response({"prompt": text})
            poll.written(await _written(request, response))
            return response
        finally:
            poll.close()
            poll.written(None)
            self._daemon.listeners.close_poll(binding.agent_session_id, poll)

    async def _close(self, _: web.Application) -> None:
        self._ending.set()
        self._daemon.listeners.close()


async def _written(request: web.Request, response: web.Response) -> bool:
    """Writes the answer here, so that it is known whether it went out whole; False when the asker had gone before.

    Raises what broke in the middle: then part of it may have arrived.
    """
    if request.transport is None or request.transport.is_closing():
        return False
    await response.prepare(request)
    await response.write_eof()
    return True


def _has_channel(arguments: list[str]) -> bool:
    """Whether Claude Code was told to load our channel; several may follow one flag."""
    current = None
    for argument in arguments:
        flag, _, value = argument.partition("=")
        if argument.startswith("--"):
            current = CHANNELS.get(flag)
        names = (value if argument.startswith("--") else argument).replace(",", " ").split()
        if current and any(name == current or name.startswith((f"{current}@", f"{current}:")) for name in names):
            return True
    return False

"""What stands before every route of the daemon: it is for programs of this user on this machine, and for nobody else.

A web page can make a browser send requests to 127.0.0.1, under any name that resolves there; another user of the
machine can connect to any port. The first is stopped by Host, Origin, Sec-Fetch-Site and the content type, the second
by a token that only this user can read; and whoever has not shown it can hold no connection for long.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
import stat
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from polaris import log
from polaris.errors import (
    BadRequest,
    Forbidden,
    Misconfigured,
    PolarisError,
    TooLarge,
    Unauthorized,
    UnsupportedMedia,
)
from polaris.settings import write_private

LOG = log.get("daemon.guard")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BODY_BYTES = 16 * 1024 * 1024
# A hook has one second for everything; whoever sends slower than this is none.
BODY_SECONDS = 5.0
# Bodies above this are read a few at a time: a hundred of the largest at once would be gigabytes.
LARGE_BYTES = 1024 * 1024
LARGE_AT_ONCE = 4
# Connections at once, and how long one may last that shows no token. Of our own, which may wait long, none is closed.
MOST_CONNECTIONS = 600
UNPROVEN_SECONDS = 5.0
SWEEP_SECONDS = 1.0
KEEPALIVE_SECONDS = 30.0
TOKEN_HEADER = "X-Polaris-Token"


class Misdirected(PolarisError):
    """This request was meant for another host."""

    status, code = 421, "wrong_host"


class TooSlow(PolarisError):
    """The body of the request did not come in time."""

    status, code = 408, "too_slow"


def read_token(file: Path) -> str:
    """The daemon's secret; made at the first start, and anew when others could have read or written it.

    Raises `Misconfigured` when it cannot be read.
    """
    try:
        about = file.lstat()
        token = file.read_text(encoding="ascii").strip()
        if token and _private(about):
            return token
        LOG.warning("others could read the daemon's token; there is a new one")
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read.", hint="Remove it; the daemon makes a new one.") from error
    token = secrets.token_urlsafe(32)
    write_private(file, token)
    return token


class Door:
    """Makes the protocol of each connection, and sees to it that strangers cannot take up the room of our own."""

    def __init__(self, most: int = MOST_CONNECTIONS) -> None:
        self._most = most
        self._server: web.Server | None = None
        # When each connection came that has not shown the token yet, oldest first.
        self._unproven: dict[asyncio.BaseProtocol, float] = {}

    def over(self, server: web.Server) -> Door:
        self._server = server
        return self

    def __call__(self) -> asyncio.Protocol:
        assert self._server
        if len(self._server.connections) >= self._most:
            self._make_room()
        protocol = self._server()
        self._unproven[protocol] = time.monotonic()
        return protocol

    def proved(self, request: web.Request) -> None:
        self._unproven.pop(request.protocol, None)

    async def sweep(self) -> None:
        """Closes, for ever, what has shown no token in time: also who sends its headers byte by byte."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            for protocol, since in list(self._unproven.items()):
                # Gone by itself, or late.
                if since < now - UNPROVEN_SECONDS or (since < now - SWEEP_SECONDS and not _transport(protocol)):
                    self._abort(protocol)

    def _make_room(self) -> None:
        """The oldest that has shown nothing has to go; where all are our own, this one is one more."""
        for protocol in list(self._unproven):
            if self._abort(protocol):
                return

    def _abort(self, protocol: asyncio.BaseProtocol) -> bool:
        self._unproven.pop(protocol, None)
        transport = _transport(protocol)
        if transport is not None:
            transport.abort()
        return transport is not None


def _transport(protocol: asyncio.BaseProtocol) -> asyncio.WriteTransport | None:
    found: asyncio.WriteTransport | None = getattr(protocol, "transport", None)
    return found


def guard(token: str, door: Door) -> Any:
    """A middleware that lets only this user's own programs through and tells errors as problems."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check(request, token)
            door.proved(request)
            return await handler(request)
        except PolarisError as error:
            if error.status >= 500:
                LOG.warning("a request failed", extra={"path": request.path, "code": error.code})
            return web.json_response(error.problem(), status=error.status)
        except web.HTTPException as error:
            problem = {
                "code": error.reason.lower().replace(" ", "_"),
                "message": error.reason,
                "hint": None,
                "details": None,
            }
            return web.json_response(problem, status=error.status, headers=_allow(error))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:
            LOG.exception("a request failed", extra={"path": request.path})
            return web.json_response(PolarisError().problem(), status=500)

    return middleware


async def read_body(request: web.Request) -> bytes:
    """The body, whole, within size and time. Raises `TooLarge` or `TooSlow`."""
    told = request.content_length
    if told is not None and told > BODY_BYTES:
        raise TooLarge()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            if told is not None and told <= LARGE_BYTES:
                return await _whole(request)
            async with _large:
                return await _whole(request)
    except TimeoutError as error:
        raise TooSlow() from error


_large = asyncio.Semaphore(LARGE_AT_ONCE)


async def _whole(request: web.Request) -> bytes:
    parts, size = [], 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > BODY_BYTES:
            raise TooLarge()
        parts.append(part)
    return b"".join(parts)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object; no body is an empty one. Raises `BadRequest`."""
    raw = await read_body(request)
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise BadRequest("The body has to be a JSON object.")
    return body


def _private(about: os.stat_result) -> bool:
    """Whether a file, which is no link, is this user's alone."""
    own = not hasattr(os, "getuid") or about.st_uid == os.getuid()
    return own and stat.S_ISREG(about.st_mode) and not about.st_mode & 0o077


def _check(request: web.Request, token: str) -> None:
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    if request.headers.get("Host", "").lower() not in {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}:
        raise Misdirected()  # DNS rebinding
    if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none":
        raise Forbidden("No browser is a client of the daemon.", code="browser_refused")
    if request.method not in ("GET", "HEAD") and request.content_type != "application/json":
        raise UnsupportedMedia()  # a "simple" request would need no preflight
    shown = request.headers.get(TOKEN_HEADER) or request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), token.encode()):
        raise Unauthorized(
            "This needs the token in daemon.token.", hint="Only programs of this user may call the daemon."
        )


def _allow(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}

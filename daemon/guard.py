"""What stands before every route of the daemon: it is for programs of this user on this machine, and for nobody else.

A web page can make a browser send requests to 127.0.0.1, under any name that resolves there; another user of the
machine can connect to any port. The first is stopped by Host, Origin, Sec-Fetch-Site and the content type, the second
by a token that only this user can read.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
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
TOKEN_HEADER = "X-Polaris-Token"


class Misdirected(PolarisError):
    """This request was meant for another host."""

    status, code = 421, "wrong_host"


class TooSlow(PolarisError):
    """The body of the request did not come in time."""

    status, code = 408, "too_slow"


def read_token(file: Path) -> str:
    """The daemon's secret; made at the first start. Raises `Misconfigured` when it cannot be read."""
    try:
        token = file.read_text(encoding="ascii").strip()
        if token:
            file.chmod(0o600)
            return token
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read.", hint="Remove it; the daemon makes a new one.") from error
    token = secrets.token_urlsafe(32)
    write_private(file, token)
    return token


def guard(token: str) -> Any:
    """A middleware that lets only this user's own programs through and tells errors as problems."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check(request, token)
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
    if request.content_length is not None and request.content_length > BODY_BYTES:
        raise TooLarge()
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.content.iter_any():
                size += len(part)
                if size > BODY_BYTES:
                    raise TooLarge()
                parts.append(part)
    except TimeoutError as error:
        raise TooSlow() from error
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

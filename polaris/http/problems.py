"""Gives every error one shape, and never says more than it means: a fault of ours is logged, not shown."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
import psycopg
from aiohttp import web
from aiohttp.typedefs import Handler

from polaris.errors import PolarisError, Unauthorized, Unavailable, from_database, of_status

logger = logging.getLogger(__name__)

# What aiohttp itself refuses, before or beside a handler.
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
RETRY_SECONDS = {429: 1, 503: 1}


def known(error: BaseException) -> PolarisError:
    """The error as one of ours."""
    if isinstance(error, PolarisError):
        return error
    if isinstance(error, psycopg.Error):
        return from_database(error)
    return PolarisError()


def answer(error: PolarisError, headers: dict[str, str] | None = None) -> web.Response:
    """The HTTP answer of an error."""
    headers = dict(headers or {})
    if isinstance(error, Unauthorized) or error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="polaris"'
    if error.status in RETRY_SECONDS:
        headers.setdefault("Retry-After", str(getattr(error, "retry_after", RETRY_SECONDS[error.status])))
    body = orjson.dumps(error.problem(), default=str)
    return web.Response(status=error.status, body=body, content_type="application/json", headers=headers)


def frame(error: PolarisError, number: Any) -> dict[str, Any]:
    """The same error on a WebSocket; *number* is the ``id`` of the message that it answers."""
    return {
        "type": "problem",
        "id": number,
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "details": error.details,
        "status": error.status,
    }


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost one: whatever goes wrong leaves as a Problem."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kind = of_status(error.status)
        code = CODES.get(error.status, kind.code)
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return answer(kind(f"{error.reason}.", code=code, status=error.status), headers)
    except (asyncio.CancelledError, ConnectionResetError):
        raise
    except Exception as error:
        problem = known(error)
        if problem.status >= 500 and not isinstance(problem, Unavailable):
            logger.exception("a request failed", extra={"method": request.method, "path": request.path})
        return answer(problem)

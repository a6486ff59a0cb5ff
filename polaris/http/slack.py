"""Where Slack tells us what happens, over HTTP: ``POST /slack/events``, signed by Slack, acknowledged once it is kept.

Slack tells everything again that was not acknowledged within 3 seconds, up to three times: what is known already
changes nothing, so a repeat needs no special care. What it tells goes into the inbox; a bridge does it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from polaris import log
from polaris.bridge.envelope import take
from polaris.errors import BadRequest, NotFound, TooLarge, Unauthorized, Unavailable
from polaris.http.service import SERVICE

LOG = log.get("http.slack")

WINDOW_SECONDS = 300  # how old a signature may be
ANSWER_SECONDS = 2.5  # Slack waits 3
MOST_BYTES = 1 << 20


async def events(request: web.Request) -> web.Response:
    """One event. 401 for what Slack did not sign, 404 where Slack does not tell anything over HTTP."""
    settings = request.app[SERVICE].settings
    if settings.slack_signing_secret is None or settings.slack_ingress != "http":
        raise NotFound
    body = await _body(request)
    if not is_signed(settings.slack_signing_secret, request.headers, body, time.time()):
        raise Unauthorized(
            "This was not signed by Slack.",
            code="slack_signature_not_valid",
            hint="Look at POLARIS_SLACK_SIGNING_SECRET and at the clock of this machine.",
        )
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("This is not JSON.") from error
    if isinstance(told, dict) and told.get("type") == "url_verification":
        return web.Response(text=str(told.get("challenge", ""))[:1000])
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            did: str = await take(request.app[SERVICE].database, told)
    except TimeoutError as error:
        raise Unavailable("It could not be kept in time; Slack tells it again.") from error
    about: dict[str, Any] = {"did": did, "again": request.headers.get("X-Slack-Retry-Num", "0")[:5]}
    LOG.debug("Slack told something", extra=about)
    return web.Response()


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether Slack signed these very bytes with *secret* less than five minutes from *now* (seconds since 1970)."""
    stamp, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(now - int(stamp)) > WINDOW_SECONDS:
        return False
    right = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    # As bytes: as texts, what is not ASCII raises.
    return hmac.compare_digest(f"v0={right}".encode(), signature.encode("utf-8", "surrogateescape"))


async def _body(request: web.Request) -> bytes:
    """The raw body: the signature is over these bytes. Read in pieces, because nobody knows yet who sends it."""
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > MOST_BYTES:
            raise TooLarge
        pieces.append(piece)
    return b"".join(pieces)

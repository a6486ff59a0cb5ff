"""Slack's Web API, one call at a time, and what an answer that is none means for whoever wants to try again.

Retrying is the outbox's business: slack-sdk's own retries post a message twice when the connection broke after Slack
had taken it (measured with slack-sdk 3.47), so they are off.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

CALL_SECONDS = 20
# What Slack says of a token that will never work again: only an administrator who connects the workspace anew mends it.
TOKEN_ERRORS = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "team_access_not_granted"}
)
# What the app asks a workspace for; the reasons stand in docs/slack.md.
SCOPES = (
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "reactions:write",
    "users:read",
    "users:read.email",
)
# slack-sdk logs every argument when somebody wants to see everything: what people wrote would be among them.
_log = logging.getLogger("polaris.slack_sdk")
_log.setLevel(logging.WARNING)


class Limited(Exception):
    """429, or ``ratelimited``: nothing was done; wait so long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"limited for {seconds} s")
        self.seconds = seconds


class Refused(Exception):
    """``ok: false``: nothing was done, and ``error`` says why."""

    def __init__(self, error: str, needed: str | None = None) -> None:
        super().__init__(error)
        self.error, self.needed = error, needed


class Away(Exception):
    """No connection came about: Slack knows nothing of it."""


class Unsure(Exception):
    """The connection broke, it took too long, or Slack answered with a fault of its own: perhaps it was done."""


class WebApi:
    """The calls of one workspace; *session* is shared by all of a process. *url* is Slack's, such as https://slack.com."""

    def __init__(self, token: str | None, session: aiohttp.ClientSession, url: str) -> None:
        self._client = AsyncWebClient(
            token=token, session=session, base_url=f"{url}/api/", retry_handlers=[], logger=_log
        )

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a method such as ``chat.postMessage``; an argument that is None is left out.

        Raises `Limited`, `Refused`, `Away` or `Unsure`.
        """
        # As a form, which every method takes; many do not take JSON.
        form = {name: _word(value) for name, value in arguments.items() if value is not None}
        try:
            # A limit of the client's own would count only without a shared session.
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._client.api_call(method, data=form)
        except SlackApiError as error:
            raise _failure(error) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Away(type(error).__name__) from error
        except AttributeError as error:  # the answer is JSON or text, but no object; slack-sdk asks it all the same
            raise Unsure("an answer that is none") from error
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unsure(type(error).__name__) from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}


def _word(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (bool, Mapping, list)) else str(value)


def _failure(error: SlackApiError) -> Exception:
    response: Any = error.response
    if isinstance(response, aiohttp.ClientResponse):  # said to be JSON, and is not: slack-sdk hands out the bare answer
        status, data = response.status, {}
    else:
        status, data = response.status_code, response.data if isinstance(response.data, dict) else {}  # or a plain text
    if status == 429 or data.get("error") in ("ratelimited", "rate_limited"):
        try:
            return Limited(max(float(response.headers.get("Retry-After", "1")), 1.0))
        except ValueError:
            return Limited(30.0)
    if status >= 500 or not data.get("error"):
        return Unsure(f"HTTP {status}")
    if data["error"] in ("internal_error", "fatal_error", "service_unavailable", "request_timeout"):
        return Unsure(str(data["error"]))  # Slack: part of it may have succeeded
    return Refused(str(data["error"]), data.get("needed"))

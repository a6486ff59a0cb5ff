"""Slack's Web API, one call at a time, and what an answer that is none means for whoever wants to try again.

Retrying is the outbox's business: slack-sdk's own retries post a message twice when the connection broke after Slack
had taken it (measured with slack-sdk 3.47), so they are off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

CALL_SECONDS = 20
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
            token=token, session=session, base_url=f"{url}/api/", timeout=CALL_SECONDS, retry_handlers=[]
        )

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a method such as ``chat.postMessage``; an argument that is None is left out.

        Raises `Limited`, `Refused`, `Away` or `Unsure`.
        """
        # As a form, which every method takes; many do not take JSON.
        form = {name: _word(value) for name, value in arguments.items() if value is not None}
        try:
            answer = await self._client.api_call(method, data=form)
        except SlackApiError as error:
            raise _failure(error) from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientConnectionResetError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise Away(type(error).__name__) from error
            raise Unsure(type(error).__name__) from error
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unsure(type(error).__name__) from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}


def _word(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (bool, Mapping, list)) else str(value)


def _failure(error: SlackApiError) -> Exception:
    response: Any = error.response
    data = response.data if isinstance(response.data, dict) else {}
    if response.status_code == 429 or data.get("error") in ("ratelimited", "rate_limited"):
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            return Limited(max(float(headers.get("retry-after", "1")), 1.0))
        except ValueError:
            return Limited(30.0)
    if response.status_code >= 500 or not data.get("error"):
        return Unsure(f"HTTP {response.status_code}")  # a plain text: .data is a str then
    if data["error"] in ("internal_error", "fatal_error", "service_unavailable", "request_timeout"):
        return Unsure(str(data["error"]))
    return Refused(str(data["error"]), data.get("needed"))

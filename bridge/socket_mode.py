"""Socket Mode: what Slack tells comes over a WebSocket that we open; one for all workspaces of the app.

The client is slack-sdk's, one instance a connection, because its own reconnecting does harm (measured with 3.47): with
a token that Slack does not take it asks again for ever, beside ten open sockets it asks hundreds of times a second, and
an address that led nowhere, good for one use only, is tried again and again. Its task for each envelope would change
their order: here one loop takes them, and acknowledges each once it is kept.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import Any

import aiohttp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from polaris import log
from polaris.db.pool import Database
from polaris.errors import PolarisError
from polaris.settings import Settings
from polaris.tasks import together, wait

from .envelope import take
from .web_api import TOKEN_ERRORS, Limited, Refused, WebApi

LOG = log.get("bridge.socket")

# Of a token, and of an app: what only a person can mend.
FATAL = TOKEN_ERRORS | {
    *("not_allowed_token_type", "missing_scope", "forbidden_team", "invalid_app_id", "access_denied"),
}
FATAL_SECONDS = 60.0  # until a token that Slack does not take is tried again
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a connection that lasted so long was a good one
PING_SECONDS = 5.0
CONNECT_SECONDS = 10.0


class SocketIngress:
    """Keeps one connection to Slack; `run` is its life. Several processes may: each thing is told to one of them."""

    def __init__(self, settings: Settings, database: Database, http: aiohttp.ClientSession) -> None:
        self._settings, self._database, self._http = settings, database, http
        self._envelopes: asyncio.Queue[tuple[_Client, SocketModeRequest]] = asyncio.Queue()
        self.connects = 0
        self.ready = asyncio.Event()  # set while a connection is open

    async def run(self) -> None:
        """Until it is cancelled."""
        await together(self._connect(), self._take())

    async def _connect(self) -> None:
        """Has a connection, and another one when it ends: at once the first time, then after a pause that grows."""
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                self.connects += 1
                await self._follow()
                failures = 0 if time.monotonic() - begun > STEADY_SECONDS else failures + 1
                pause = 0.0 if failures <= 1 else _pause(failures)
            except _Fatal as error:
                LOG.error(
                    "Slack does not take the app-level token: nothing is heard",
                    extra={"reason": error.code, "variable": "POLARIS_SLACK_APP_TOKEN"},
                )
                pause = FATAL_SECONDS
            except _Failed as error:
                failures += 1
                pause = max(_pause(failures), error.seconds)
                LOG.warning("no connection to Slack", extra={"reason": error.reason, "pause_seconds": round(pause, 1)})
            await asyncio.sleep(pause)

    async def _follow(self) -> None:
        """One connection, from its beginning to its end."""
        client = _Client(self._settings, self._http, self._envelopes)
        try:
            await client.open()
            LOG.info("connected to Slack")
            self.ready.set()
            while not client.ended.is_set() and await client.is_connected():
                await wait(client.ended, 1.0)
        finally:
            self.ready.clear()
            await client.close()  # type: ignore[no-untyped-call]

    async def _take(self) -> None:
        """One envelope after the other, in the order in which they came.

        Also what came over a connection that has ended: Slack tells it again, perhaps later than what followed it.
        """
        while True:
            client, request = await self._envelopes.get()
            try:
                if request.type == "events_api":
                    await take(self._database, request.payload)
                await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
            except PolarisError as error:
                LOG.warning("not acknowledged: Slack tells it again", extra={"reason": error.code})
            except (aiohttp.ClientError, OSError) as error:
                LOG.info("an acknowledgement got lost", extra={"reason": type(error).__name__})
            except Exception:
                LOG.exception("not acknowledged: Slack tells it again")


class _Fatal(Exception):
    """Slack does not take the token."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Failed(Exception):
    """No connection came about; not before so many seconds again."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.seconds = reason, seconds


class _Client(SocketModeClient):
    """slack-sdk's client for one connection: it never connects again by itself."""

    def __init__(
        self,
        settings: Settings,
        http: aiohttp.ClientSession,
        envelopes: asyncio.Queue[tuple[_Client, SocketModeRequest]],
    ) -> None:
        # What it logs itself would show addresses with tickets, and texts. Ours is told above.
        quiet = logging.Logger("slack-sdk", level=logging.CRITICAL + 1)
        token = settings.slack_app_token or ""
        super().__init__(app_token=token, logger=quiet, auto_reconnect_enabled=False, ping_interval=PING_SECONDS)
        self._api = WebApi(token, http, settings.slack_url)
        self._envelopes = envelopes
        self.ended = asyncio.Event()
        self._failure: Exception | None = None
        self.socket_mode_request_listeners.append(self._on_request)
        self.on_close_listeners.append(self._on_close)

    async def open(self) -> None:
        """Connects. Raises `_Fatal` or `_Failed`."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.connect()  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            raise self._failure or _Failed("it took too long") from error
        if self._failure is not None:
            raise self._failure

    async def issue_new_wss_url(self) -> str:
        try:
            return str((await self._api.call("apps.connections.open"))["url"])
        except Exception as error:
            self._failure = _failure(error)
            self.closed = True  # `connect` ends
            raise

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Slack said that it disconnects: for a refresh every few hours, or because there are too many."""
        self.ended.set()

    async def _on_request(self, client: Any, request: SocketModeRequest) -> None:
        self._envelopes.put_nowait((self, request))  # nothing is awaited before, so the order is that of arrival

    async def _on_close(self, message: aiohttp.WSMessage) -> None:
        self.ended.set()


def _failure(error: Exception) -> Exception:
    if isinstance(error, Refused):
        return _Fatal(error.error) if error.error in FATAL else _Failed(error.error)
    return _Failed(str(error) or type(error).__name__, error.seconds if isinstance(error, Limited) else 0.0)


def _pause(failures: int) -> float:
    """Twice as long each time, and never the same for two processes."""
    return min(LONGEST_PAUSE_SECONDS, float(2 ** min(failures, 10))) * (0.5 + random.random() / 2)

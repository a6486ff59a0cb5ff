"""How the stand-in for Slack delivers events: over one of the open sockets (Socket Mode), or as signed HTTP requests.

As Slack does it: one event goes to exactly one receiver, again and again until it is acknowledged or given up; an app
has ten sockets at most, a ticket opens one. Slack tries again at once, after a minute and after five; here after
``retry_delays``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
import time
import uuid
from collections.abc import Coroutine
from typing import Any, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

MAX_SOCKETS = 10


class Delivery(NamedTuple):
    """One attempt to hand an event over."""

    event_id: str
    attempt: int
    acknowledged: bool


class Deliveries:
    """Everything that goes from Slack to the app. ``events_url``: over HTTP to there; None: Socket Mode."""

    def __init__(self, app_id: str, signing_secret: str, ack_timeout: float) -> None:
        self.app_id, self.signing_secret, self.ack_timeout = app_id, signing_secret, ack_timeout
        self.events_url: str | None = None
        self.retry_delays: tuple[float, ...] = (ack_timeout / 2,) * 3
        self.lost_acks = 0  # so many acknowledgements that come next are taken for none: the event comes again
        self.sent: dict[str, dict[str, Any]] = {}  # every event that was sent, by its id
        self.deliveries: list[Delivery] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.tickets: set[str] = set()
        self._pending: dict[str, asyncio.Future[bool]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._round = itertools.count()
        self._session: ClientSession | None = None

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs *work* beside everything else; `quiet` waits for it, `close` ends it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def quiet(self) -> None:
        """Waits until nothing is on its way any more: all events are acknowledged or given up."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Ends every delivery, socket and connection."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        for ws in list(self.sockets):
            await ws.close()
        if self._session is not None:
            await self._session.close()

    async def emit(self, team: str, event: dict[str, Any], external: bool = False) -> str:
        """Delivers *event* until it is acknowledged or given up; answers its id."""
        event_id = "Ev" + secrets.token_hex(5).upper()
        bot = {"enterprise_id": None, "team_id": team, "user_id": "UBOT" + team[1:], "is_bot": True}
        self.sent[event_id] = {
            "token": "verification-token-nobody-should-use",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": self.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(time.time()),
            "is_ext_shared_channel": external,
            "authorizations": [bot | {"is_enterprise_install": False}],
        }
        await self.redeliver(event_id)
        return event_id

    async def redeliver(self, event_id: str, attempt: int = 0) -> None:
        """Delivers a sent event, once more if it was delivered before: the same id and the same words."""
        for number, delay in enumerate((*self.retry_delays, 0.0), attempt):
            send = self._over_http if self.events_url else self._over_socket
            acknowledged = await send(self.sent[event_id], number)
            if acknowledged and self.lost_acks > 0:
                self.lost_acks, acknowledged = self.lost_acks - 1, False
            self.deliveries.append(Delivery(event_id, number, acknowledged))
            if acknowledged:
                return
            await asyncio.sleep(delay)

    async def _over_socket(self, payload: dict[str, Any], attempt: int) -> bool:
        if not self.sockets:
            await asyncio.sleep(self.ack_timeout)
            return False
        ws = self.sockets[next(self._round) % len(self.sockets)]
        envelope_id = str(uuid.uuid4())
        acknowledged = self._pending[envelope_id] = asyncio.get_running_loop().create_future()
        envelope = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": "events_api",
            "accepts_response_payload": False,
            "retry_attempt": attempt,
            "retry_reason": "timeout" if attempt else "",
        }
        try:
            await ws.send_str(json.dumps(envelope))
            return await asyncio.wait_for(acknowledged, self.ack_timeout)
        except (TimeoutError, ConnectionError):
            return False
        finally:
            self._pending.pop(envelope_id, None)

    async def _over_http(self, payload: dict[str, Any], attempt: int) -> bool:
        again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"} if attempt else {}
        try:
            status, _ = await self.send_signed(json.dumps(payload).encode(), again)
        except (ClientError, TimeoutError):
            return False
        return status // 100 == 2

    async def send_signed(self, body: bytes, headers: dict[str, str], age: int = 0) -> tuple[int, str]:
        """Sends *body* to the app as Slack signs it, *age* seconds ago; answers status and text."""
        stamp = str(int(time.time()) - age)
        digest = hmac.new(self.signing_secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        signed = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": "v0=" + digest,
        }
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=3 * self.ack_timeout))
        async with self._session.post(str(self.events_url), data=body, headers=signed | headers) as answer:
            return answer.status, await answer.text()

    async def verify_url(self) -> bool:
        """What Slack does when somebody enters the address of the events: a challenge that has to come back."""
        challenge = secrets.token_hex(16)
        body = json.dumps({"type": "url_verification", "token": "x", "challenge": challenge}).encode()
        status, text = await self.send_signed(body, {})
        return status == 200 and challenge in text

    async def link(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket that apps.connections.open points to; a ticket is good for one connection."""
        if request.query.get("ticket") not in self.tickets:
            return web.Response(status=404)
        self.tickets.discard(request.query["ticket"])
        ws = web.WebSocketResponse(heartbeat=10)
        await ws.prepare(request)
        if len(self.sockets) >= MAX_SOCKETS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        self.sockets.append(ws)
        about = {
            "connection_info": {"app_id": self.app_id},
            "debug_info": {"host": "stand-in", "approximate_connection_time": 18060},
        }
        await ws.send_json({"type": "hello", "num_connections": len(self.sockets), **about})
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    waiting = self._pending.get(json.loads(message.data).get("envelope_id"))
                    if waiting and not waiting.done():
                        waiting.set_result(True)
        finally:
            if ws in self.sockets:
                self.sockets.remove(ws)
        return ws

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Closes every socket with a word of farewell, as Slack does every few hours."""
        for ws in list(self.sockets):
            await ws.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}})
            self.sockets.remove(ws)
            await ws.close()

    def abort(self) -> None:
        """Drops every socket without a word."""
        for ws in list(self.sockets):
            self.sockets.remove(ws)
            if ws._req is not None and ws._req.transport is not None:
                ws._req.transport.abort()

"""WebSockets: events down; on a session's socket also advice down, and pushes, receipts and heartbeats up.

docs/api.md shows every frame. Frames are text, JSON, not compressed (deflate takes seven eighths of the fan-out).
"""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

import orjson
import psycopg
from aiohttp import WSMsgType, web
from pydantic import TypeAdapter, ValidationError

from polaris import model
from polaris.db import calls, wire
from polaris.db.push import Where
from polaris.db.rows import ProjectRow, SessionRow
from polaris.db.waiting import STIRRING, Waiting
from polaris.errors import NotFound, PolarisError, Unprocessable
from polaris.http import feed, problems
from polaris.http.auth import CALLER
from polaris.http.hub import Item, Slow
from polaris.http.live import NO_ACCESS, TRY_AGAIN, End, Live
from polaris.http.operations import invalid
from polaris.http.paths import InProject, InSession
from polaris.http.service import SERVICE

logger = logging.getLogger(__name__)

FRAME_BYTES = model.BATCH_BYTES + (64 << 10)
AT_ONCE = 64  # messages of one socket in work
CLOSE_SECONDS = 2.0
_ADVICE = TypeAdapter(model.Advice)
_DELIVERY = TypeAdapter(model.Delivery)


class Heartbeat(model.Body):
    epoch: model.Epoch


async def project_socket(request: web.Request, params: InProject, query: model.StreamQuery) -> web.StreamResponse:
    return await _open(request, params.p, None, query.after)


async def session_socket(request: web.Request, params: InSession, query: model.StreamQuery) -> web.StreamResponse:
    return await _open(request, params.p, params.s, query.after)


async def _open(request: web.Request, name: str, session: str | None, after: int | None) -> web.StreamResponse:
    service, caller = request.app[SERVICE], request[CALLER]
    ws = web.WebSocketResponse(
        compress=False,
        heartbeat=service.limits.ping_seconds,
        max_msg_size=FRAME_BYTES,
        timeout=CLOSE_SECONDS,
        decode_text=False,
    )
    if not ws.can_prepare(request).ok:
        raise Unprocessable("This is a WebSocket.", code="not_a_websocket", hint="Connect with a WebSocket client.")
    async with service.database.connection() as conn:
        project = await service.project(conn, caller, name)
        seat = await calls.get_session(conn, caller.org_id, caller.actor, name, session) if session else None
    await ws.prepare(request)
    socket = Socket(request, ws, project, seat)
    service.registry.add(socket.live)
    try:
        await socket.run(project.last_seq if after is None else after)
    finally:
        service.registry.remove(socket.live)
    return ws


class Socket:
    """One connection of one participant."""

    def __init__(
        self, request: web.Request, ws: web.WebSocketResponse[bool], project: ProjectRow, seat: SessionRow | None
    ) -> None:
        self.service, self.caller = request.app[SERVICE], request[CALLER]
        self.request, self.ws, self.project, self.seat = request, ws, project, seat
        self.live = Live(self.caller, project.name)
        self.sent = 0  # the last event that was given to the connection
        self._waiting = Waiting(self.caller.org_id, self.caller.actor, project.name, seat.name) if seat else None
        self._stirred = asyncio.Event()
        self._push_order, self._order = asyncio.Lock(), asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._work: set[asyncio.Task[None]] = set()

    async def run(self, after: int) -> None:
        self.sent = after
        with suppress(ConnectionError):
            await self.send(self.hello())
            if after < self.project.first_seq - 1:
                await self.send({"type": "gone", "first_seq": self.project.first_seq})
            self._stirred.set()
            tasks: list[asyncio.Task[Any]] = [
                asyncio.create_task(self.receive()),
                asyncio.create_task(self.pump(after)),
            ]
            if self._waiting is not None:
                tasks.append(asyncio.create_task(self.advise(self._waiting)))
            try:
                await asyncio.wait([*tasks, self.live.ended], return_when=asyncio.FIRST_COMPLETED)
                end = self.live.ended.result() if self.live.ended.done() else None
                if end is not None:
                    await self._finish_work()
            finally:
                for task in tasks:
                    task.cancel()
                failures = await asyncio.gather(*tasks, return_exceptions=True)
            await self._close(end, failures)

    def hello(self) -> dict[str, Any]:
        seat = self.seat
        return {
            "type": "hello",
            "project": self.project.name,
            "session": seat.name if seat else None,
            "actor": self.caller.actor,
            "driver": seat.driver if seat else None,
            "epoch": seat.epoch if seat else None,
            "last_seq": self.project.last_seq,
            "first_seq": self.project.first_seq,
            "lease_seconds": self.service.settings.lease_seconds,
            "redaction_key": base64.b64encode(self.caller.redaction_key).decode(),
        }

    async def send(self, message: dict[str, Any]) -> None:
        await self.ws.send_frame(orjson.dumps(message, option=wire.OPTIONS), WSMsgType.TEXT)

    # Down.

    async def pump(self, after: int) -> None:
        """The events, in order."""
        session = self.seat.name if self.seat else None
        following = feed.follow(self.service.hub, self.caller.actor, self.project, session, after, self._grow_slow)
        async with aclosing(following) as chunks:
            async for items in chunks:
                for item in items:
                    await self.ws.send_frame(item.ws, WSMsgType.TEXT)
                    self.sent = item.seq
                self._look(items)

    def _look(self, items: list[Item]) -> None:
        if self.seat is not None and any(item.kind in STIRRING for item in items):
            self._stirred.set()

    def _grow_slow(self) -> None:
        """The queue ran over. Who reads again in time is told where to resume, who does not is cut off."""

        def cut() -> None:
            if not self.ws.closed and self.request.transport is not None:
                self.request.transport.abort()

        asyncio.get_running_loop().call_later(self.service.limits.slow_seconds, cut)

    async def advise(self, waiting: Waiting) -> None:
        """Gives the seat's holder the advice that waits: at first, and whenever something stirs."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            try:
                async with self.service.database.connection() as conn:
                    news = await waiting.news(conn, self.caller.actor)
                for advice in news:
                    await self.send({"type": "advice", "delivery": _ADVICE.dump_python(advice)})
                    waiting.told(advice)
            except (psycopg.Error, PolarisError, OSError) as error:
                if isinstance(error, ConnectionError):
                    raise
                logger.warning("advice could not be read", extra={"reason": type(error).__name__})
                await asyncio.sleep(1)
                self._stirred.set()

    # Up.

    async def receive(self) -> None:
        """Messages, many at a time; pushes keep their order, and so do receipts and heartbeats."""
        while True:
            message = await self.ws.receive()
            if message.type is not WSMsgType.TEXT:
                if message.type is WSMsgType.BINARY:
                    await self.send(problems.frame(Unprocessable("Frames are text."), None))
                    continue
                return
            await self._slots.acquire()
            task = asyncio.create_task(self._answer(message.data))
            self._work.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._slots.release()

    async def _answer(self, data: bytes) -> None:
        number: Any = None
        try:
            value = wire.loads(data)
            if type(value) is not dict:
                raise Unprocessable("A message is an object.")
            number = value.get("id")
            self.service.buckets.take(self.caller.credential)
            kind = value.pop("type", None)
            if kind != "push":  # events are redacted one by one
                value = self.service.redactor(self.caller).value(value)
            answer = await self._handle(kind, value)
        except ConnectionError:
            return
        except ValidationError as error:
            answer = problems.frame(invalid(error), number)
        except Exception as error:
            known = problems.known(error)
            if known.status >= 500 and known.status != 503:
                logger.exception("a message failed")
            answer = problems.frame(known, number)
        with suppress(ConnectionError):
            await self.send(answer)

    async def _handle(self, kind: Any, value: dict[str, Any]) -> dict[str, Any]:
        number = value.pop("id", None)
        if self.seat is None:
            raise Unprocessable("A project's socket only listens.", hint="Open the socket of a session.")
        caller, project, session = self.caller, self.project.name, self.seat.name
        match kind:
            case "push":
                async with self._push_order:
                    where = Where(caller.org_id, caller.actor, project, session)
                    push = await self.service.ingest.begin(where, self.service.redactor(caller), value)
                return {"type": "pushed", "id": number, "results": await self.service.ingest.finish(push)}
            case "settle":
                delivery = TypeAdapter(UUID).validate_python(value.pop("delivery", None))
                settle = model.SettleIn.model_validate(value)
                async with self._order, self.service.database.connection() as conn:
                    settled = await calls.settle_delivery(
                        conn,
                        caller.org_id,
                        caller.actor,
                        delivery,
                        settle.state,
                        settle.reason,
                        settle.path,
                        settle.epoch,
                    )
                return {"type": "settled", "id": number, "delivery": _DELIVERY.dump_python(settled)}
            case "heartbeat":
                epoch = Heartbeat.model_validate(value).epoch
                async with self._order, self.service.database.connection() as conn:
                    (lease,) = await calls.heartbeat(
                        conn,
                        caller.org_id,
                        [caller.actor],
                        [project],
                        [session],
                        [epoch],
                        self.service.settings.lease_seconds,
                    )
                return {"type": "lease", "id": number, **lease.model_dump(exclude={"project", "session"})}
        raise Unprocessable("There is no message of this type.", code="unknown_message")

    # The end.

    async def _finish_work(self) -> None:
        """What was begun is answered before the goodbye."""
        if self._work:
            await asyncio.wait(self._work, timeout=CLOSE_SECONDS)

    async def _close(self, end: End | None, failures: list[Any]) -> None:
        if any(isinstance(failure, Slow) for failure in failures):
            self.service.metrics.slow.inc()
            await self.send({"type": "resume", "after": self.sent, "reason": "slow"})
            end = End(TRY_AGAIN, "slow")
        for failure in failures:
            if isinstance(failure, Exception) and isinstance(problems.known(failure), NotFound):
                end = end or End(NO_ACCESS, "no access to this project any more")  # found out by reading on
            elif isinstance(failure, Exception) and not isinstance(failure, Slow | ConnectionError):
                logger.error("a socket failed", exc_info=failure)
                end = end or End(1011, "internal")
        if end is not None and not self.ws.closed:
            try:
                async with asyncio.timeout(2 * CLOSE_SECONDS):
                    await self.ws.close(code=end.code, message=end.reason.encode())
            except TimeoutError:
                if self.request.transport is not None:
                    self.request.transport.abort()

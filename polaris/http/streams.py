"""Server-sent events: one event of the record a message, its number as the id.

An EventSource reconnects by itself with the last id it saw, so a cut, a restart or being too slow costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import orjson
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from polaris.db import calls
from polaris.db.rows import ProjectRow
from polaris.errors import NotFound, Unprocessable
from polaris.http import feed, problems
from polaris.http.auth import CALLER, Caller
from polaris.http.hub import Item, Slow
from polaris.http.live import Live
from polaris.http.paths import InProject, InSession
from polaris.http.service import SERVICE
from polaris.model import StreamQuery

CHUNK = 64  # events of one write
RETRY_MILLISECONDS = 1000


async def follow_project(request: web.Request, params: InProject, query: StreamQuery) -> web.StreamResponse:
    return await _follow(request, params.p, None, query.after)


async def follow_session(request: web.Request, params: InSession, query: StreamQuery) -> web.StreamResponse:
    return await _follow(request, params.p, params.s, query.after)


async def _follow(request: web.Request, name: str, session: str | None, after: int | None) -> web.StreamResponse:
    service, caller = request.app[SERVICE], request[CALLER]
    after = last_event_id(request, after)
    async with service.database.connection() as conn:
        project = await service.project(conn, caller, name)
        if session is not None:
            await calls.get_session(conn, caller.org_id, caller.actor, name, session)
    start = project.last_seq if after is None else after
    return await relay(request, caller, project, session, start, _messages)


async def relay(
    request: web.Request,
    caller: Caller,
    project: ProjectRow,
    session: str | None,
    start: int,
    encode: Callable[[list[Item]], bytes],
) -> web.StreamResponse:
    """Answers with what comes after *start* until the reader leaves, its credential dies or the service stops.

    *encode* makes the messages of up to `CHUNK` events. A reader that is too slow is told where to resume, one that
    asks for what retention has deleted where history begins.
    """
    service = request.app[SERVICE]
    live = Live(caller, project.name)
    stream = EventSourceResponse(ping_interval=service.limits.ping_seconds, send_timeout=service.limits.slow_seconds)
    sent = start

    async def pump() -> None:
        nonlocal sent
        async with aclosing(feed.follow(service.hub, caller.actor, project, session, start, _nothing)) as chunks:
            async for items in chunks:
                for i in range(0, len(items), CHUNK):
                    part = items[i : i + CHUNK]
                    async with asyncio.timeout(service.limits.slow_seconds):
                        await stream.write(encode(part))
                    sent = part[-1].seq

    service.registry.add(live)
    try:
        await stream.prepare(request)
        async with stream:
            await stream.write(b"retry: %d\r\n\r\n" % RETRY_MILLISECONDS)
            if start < project.first_seq - 1:
                await stream.send(orjson.dumps({"first_seq": project.first_seq}).decode(), event="gone")
            tasks = [asyncio.create_task(pump()), asyncio.create_task(stream.wait())]
            until: list[asyncio.Future[Any]] = [*tasks, live.ended]
            try:
                await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                (failure, _) = await asyncio.gather(*tasks, return_exceptions=True)
            if isinstance(failure, Slow):
                service.metrics.slow.inc()
                await stream.send(orjson.dumps({"after": sent, "reason": "slow"}).decode(), event="resume")
            elif isinstance(failure, TimeoutError) and request.transport is not None:
                request.transport.abort()
            elif isinstance(failure, Exception) and isinstance(problems.known(failure), NotFound):
                pass  # no access to the project any more, found out by reading on
            elif isinstance(failure, Exception) and not isinstance(failure, ConnectionError):
                raise failure
    except ConnectionError:
        pass  # the reader left
    finally:
        service.registry.remove(live)
    return stream


def last_event_id(request: web.Request, after: int | None) -> int | None:
    """Where to go on: the header of a reconnect counts more than the URL that the reader began with."""
    header = request.headers.get("Last-Event-ID", "").strip()
    if not header:
        return after
    if not (header.isascii() and header.isdecimal() and len(header) < 19):
        raise Unprocessable("Last-Event-ID is a number of an event.")
    return int(header)


def _messages(items: list[Item]) -> bytes:
    return b"".join([item.sse for item in items])


def _nothing() -> None:
    """A stream that is stuck is found by the time limit of its write."""

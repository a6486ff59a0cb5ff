"""The real application on a real port over the real database, and clients of it."""

from __future__ import annotations

import asyncio
import io
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psycopg
from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.http.limits import Limits
from polaris.http.server import LINE_BYTES, make_app
from polaris.http.service import SERVICE, Service
from polaris.settings import Settings

DEADLINE = 15.0  # seconds; only a failure ever waits so long
QUICK = Limits(poll_seconds=0.5, maintain_seconds=0.3, revalidate_seconds=1, slow_seconds=1)
_numbers = itertools.count(1)


async def until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Waits for *condition* (a plain or async call) to be true; answers what it answered."""
    end = time.monotonic() + DEADLINE
    while True:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"waited {DEADLINE} s for {what}"
        await asyncio.sleep(0.01)


def event(**fields: Any) -> dict[str, Any]:
    """A pushed event with whatever a test does not care about filled in."""
    return {"client_id": f"c{next(_numbers)}", "kind": "prompt", "epoch": 1, "body": "hello"} | fields


@dataclass
class Client:
    """One participant over HTTP."""

    url: str
    actor: str
    token: str
    token_id: int
    http: aiohttp.ClientSession = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        headers = self.headers | options.pop("headers", {})
        async with self.http.request(method, self.url + path, headers=headers, **options) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if answer.content_type == "application/json" else text)

    async def get(self, path: str, **options: Any) -> Any:
        status, body = await self.call("GET", path, **options)
        assert status == 200, (status, body)
        return body

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        status, answer = await self.call("POST", path, json=body, **options)
        assert status in (200, 201), (status, answer)
        return answer

    async def push(self, project: str, session: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
        data = io.BytesIO(orjson.dumps({"events": list(events)}))
        status, body = await self.call(
            "POST",
            f"/projects/{project}/sessions/{session}/events",
            data=data,
            headers={"Content-Type": "application/json"},
        )
        assert status == 200, (status, body)
        results: list[dict[str, Any]] = body["results"]
        return results

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.http.ws_connect(self.url + path, headers=self.headers, max_msg_size=32 << 20) as ws:
            yield ws

    @asynccontextmanager
    async def stream(self, path: str, **headers: str) -> AsyncIterator[Stream]:
        async with self.http.get(self.url + path, headers=self.headers | headers) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            assert answer.content_type == "text/event-stream"
            yield Stream(answer)


class Stream:
    """Reads server-sent events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> dict[str, str] | None:
        """The next message as its fields; None at the end of the stream."""
        found: dict[str, str] = {}
        while True:
            line = (await asyncio.wait_for(self.answer.content.readline(), DEADLINE)).decode()
            if not line:
                return None
            name, _, value = line.rstrip("\r\n").partition(": ")
            if name in ("id", "data", "event"):
                found[name] = value
            elif not line.strip() and found:
                return found

    async def take(self, count: int) -> list[int]:
        """The numbers of the next *count* events."""
        found: list[int] = []
        while len(found) < count:
            message = await self.next()
            assert message is not None, f"the stream ended after {found}"
            found.append(int(message["id"]))
        return found


async def receive(ws: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """The next frame of this type; others are passed over."""
    while True:
        message = await ws.receive(timeout=DEADLINE)
        assert message.type is aiohttp.WSMsgType.TEXT, f"waited for {kind}: {message.type!r} {message.data!r}"
        found: dict[str, Any] = message.json()
        if found["type"] == kind:
            return found


async def closed(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    """Reads to the end; answers the close code."""
    while True:
        message = await ws.receive(timeout=DEADLINE)
        if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
            return ws.close_code


@dataclass
class Place:
    """A running service and one organization in it."""

    url: str
    database: str
    owner: str
    service: Service
    runner: web.AppRunner
    org_id: int
    http: aiohttp.ClientSession = field(repr=False)
    admin: Client = field(init=False)

    async def client(self, actor: str, *, org_id: int | None = None, **fields: Any) -> Client:
        """A client with a new token; ``user:`` actors become members first."""
        org_id = org_id or self.org_id
        secret = tokens.new(tokens.kind_for(actor))
        async with self.service.database.connection() as conn:
            if actor.startswith("user:"):
                members = {m.actor for m in await calls.list_members(conn, org_id, None)}
                if actor not in members:
                    await calls.add_member(conn, org_id, None, actor.removeprefix("user:"), "member")
            row = await calls.issue_token(
                conn,
                org_id,
                fields.pop("by", None),
                for_=actor,
                name="test",
                hash=tokens.digest(secret),
                shown=tokens.shown(secret),
                **fields,
            )
        return Client(self.url, actor, secret, row.token_id, self.http)

    async def org(self, slug: str) -> Client:
        """Another organization; answers its admin."""
        async with self.service.database.connection() as conn:
            org = await calls.create_org(conn, slug, slug, "manu")
        return await self.client("user:manu", org_id=org.org_id)

    async def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the superuser: what no function lets a test see or break."""
        async with await psycopg.AsyncConnection.connect(self.owner, autocommit=True) as conn:
            cursor = await conn.execute(query.encode(), values)
            return await cursor.fetchall() if cursor.description else []


@asynccontextmanager
async def running(database: Any, home: Path, limits: Limits = QUICK, **settings: Any) -> AsyncIterator[Place]:
    """One API process, inside the test's loop."""
    app = make_app(Settings.from_env({}, home=str(home), **settings), database.service, limits)
    runner = web.AppRunner(app, shutdown_timeout=10, handle_signals=False, access_log=None, max_line_size=LINE_BYTES)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service = app[SERVICE]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        async with service.database.connection() as conn:
            known = await (await conn.execute("select 1")).fetchone()
            assert known
        place = Place(f"http://127.0.0.1:{site.port}", database.service, database.owner, service, runner, 0, http)
        try:
            yield place
        finally:
            await runner.cleanup()


async def settle(found: Place) -> None:
    async with found.service.database.connection() as conn:
        found.org_id = (await calls.create_org(conn, "acme", "Acme", "manu")).org_id
    found.admin = await found.client("user:manu")

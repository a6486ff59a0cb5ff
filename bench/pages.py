"""What a person waits for pages of the web: a project with 100,000 events, a signed-in session, one request at a time.

Beside each page stands what the web framework alone takes to answer as many bytes, asked in turns with it, so that both
meet the same machine. Everything a browser asks for after the page (its stream, its part at the side) is not in it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import psycopg
from load import TEXT, Connection, centile, request
from service import Service
from service import service as started

from polaris.client import Client
from polaris.db import pool
from polaris.http.web import visitor as visitors

EVENTS = 100_000
SESSIONS = ("fxm", "fxk", "tests", "docs")
TURN = 10  # events of a turn
BATCH = 100
ROUNDS = 150
WARM_UP = 10
BAR_MS = 50

BARE = """
import asyncio, sys, uvloop
from aiohttp import web

async def answer(request):
    return web.Response(body=b"x" * int(request.query["bytes"]), content_type="text/html")

async def main():
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)

uvloop.run(main())
"""


async def measure(service: Service) -> dict[str, Any]:
    """``{page: {"median_ms", "p95_ms", "bytes", "bare_median_ms", "ratio"}, "worst_median_ms"}``."""
    async with Client(service.url, service.token) as client:
        epochs = {session: (await client.join("pages", session))["epoch"] for session in SESSIONS}
        await _fill(service, epochs)
        about = await client.project("pages")
    last = about["last_seq"]
    floor = "/o/local/p/pages"
    pages = {
        "dashboard": "/o/local",
        "floor": floor,
        "floor_in_the_middle": f"{floor}?before={last // 2}",
        "floor_filtered": f"{floor}?kind=turns&session=fxk",
        "session": f"{floor}/s/fxm",
        "event": f"{floor}/e/{last // 2}",
        "members": "/o/local/settings/members",
        "tokens": "/o/local/settings/tokens",
        "project_settings": f"{floor}/settings",
    }
    cookie = await _sign_in(service)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BARE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    bare = await Connection.open(int(await process.stdout.readline()))
    connection = await Connection.open(service.port)
    try:
        found = {
            name: await _compare(connection, _get(path, service.port, cookie), bare) for name, path in pages.items()
        }
    finally:
        connection.close()
        bare.close()
        process.stdin.close()
        await process.wait()
    return {"events": last, **found, "worst_median_ms": max(one["median_ms"] for one in found.values())}


async def _fill(service: Service, epochs: dict[str, int]) -> None:
    """Turns as agents have them: a prompt, a word, four tools with their results of 2 KB, an answer."""

    async def fill(session: str) -> None:
        connection = await Connection.open(service.port)
        for batch in range(EVENTS // len(SESSIONS) // BATCH):
            first = batch * BATCH
            events = [_event(session, number, epochs[session]) for number in range(first, first + BATCH)]
            path = f"/projects/pages/sessions/{session}/events"
            status, body = await connection.ask(request("127.0.0.1", service.token, path, {"events": events}))
            if status != 200 or b'"code":' in body.replace(b'"code":null', b""):
                raise SystemExit(f"a batch was refused: {status} {body[:300]!r}")
        connection.close()

    await asyncio.gather(*(fill(session) for session in SESSIONS))


def _event(session: str, number: int, epoch: int) -> dict[str, Any]:
    turn, at = divmod(number, TURN)
    about = {"client_id": f"{session}:{number}", "epoch": epoch, "turn": f"{session}-{turn}", "agent": "claude-code"}
    if at == 0:
        return about | {"kind": "prompt", "body": f"Please mend the middleware, step {turn}."}
    if at == TURN - 1:
        return about | {"kind": "reply", "body": f"Done: the tests pass again.\n\n{TEXT[:600]}"}
    use = f"toolu_{session}_{turn}_{(at - 1) // 2}"
    payload: dict[str, Any] = {
        "tool_name": "Bash",
        "tool_use_id": use,
        "tool_input": {"command": f"npm test -- --run part-{at}", "description": "Runs the tests"},
    }
    if at % 2:
        return about | {"kind": "tool.call", "body": "npm test", "payload": payload}
    payload["tool_response"] = {"stdout": TEXT.replace("tempor ", "tempor\n"), "stderr": "", "interrupted": False}
    return about | {"kind": "tool.result", "body": "tests passed", "payload": payload}


async def _sign_in(service: Service) -> str:
    """A browser's session of the owner; the cookie as a browser would send it."""
    async with await psycopg.AsyncConnection.connect(service.database) as owner:
        row = await (await owner.execute("select org_id from polaris_data.orgs where slug = 'local'")).fetchone()
    assert row is not None
    conn = await pool.connect(service.database, name="bench")
    async with conn:
        secret = await visitors.sign_in(conn, "local", f"{row[0]}:{service.actor.removeprefix('user:')}")
    return f"{visitors.cookie_name(service.url)}={secret}"


def _get(path: str, port: int, cookie: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\nCookie: {cookie}\r\n\r\n".encode()


async def _compare(connection: Connection, page: bytes, bare: Connection) -> dict[str, Any]:
    waits: list[float] = []
    bare_waits: list[float] = []
    for number in range(WARM_UP + ROUNDS):
        begun = time.perf_counter()
        status, body = await connection.ask(page)
        waited = time.perf_counter() - begun
        if status != 200:
            raise SystemExit(f"{page.split()[1].decode()} answered {status}")
        same = _get(f"/?bytes={len(body)}", 0)
        begun = time.perf_counter()
        await bare.ask(same)
        bare_waited = time.perf_counter() - begun
        if number >= WARM_UP:
            waits.append(waited * 1000)
            bare_waits.append(bare_waited * 1000)
    median, bare_median = centile(waits, 50), centile(bare_waits, 50)
    return {
        "median_ms": round(median, 1),
        "p95_ms": round(centile(waits, 95), 1),
        "bytes": len(body),
        "bare_median_ms": round(bare_median, 2),
        "ratio": round(median / bare_median, 1),
    }


if __name__ == "__main__":

    async def main() -> None:
        async with started() as service:
            print(json.dumps(await measure(service), indent=2))

    asyncio.run(main())

"""Durable ingest: batches and single events through the API, against what the same Postgres takes without us.

The bare limit is a multi-row insert of the same rows, 100 a transaction on one connection, into a copy of the events
table with all its indexes. The other reference is one event, one transaction, one NOTIFY, 64 connections at once.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import Any

import psycopg
from load import Connection, centile, event, request
from service import Service

from polaris.client import Client

BATCH = 100
SECONDS = 6.0
PUSHERS = 64
PROJECTS = 4
ROW = """insert into bench_bare (org_id, project_id, seq, session_id, epoch, kind, actor, turn, agent, body,
    payload, client_id, late, occurred_at, recorded_at)
  select 1, 1, u.seq, 1, 1, 'tool.result', 'user:bench', 'turn', 'claude-code', 'tests passed',
    u.payload, u.client_id, false, clock_timestamp(), clock_timestamp()
  from unnest(%b::bigint[], %b::text[], %b::text[]::jsonb[]) as u (seq, client_id, payload)"""

BARE_HTTP = """
import asyncio, sys, uvloop
from aiohttp import web

async def answer(request):
    await request.read()
    return web.json_response({})

async def main():
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)

uvloop.run(main())
"""


async def measure(service: Service) -> dict[str, Any]:
    """Events a second of every way, interleaved so that a slow minute of the machine slows all of them."""
    async with Client(service.url, service.token) as client:
        epochs = [(await client.join(f"ingest-{n}", "s"))["epoch"] for n in range(PROJECTS)]
    bare, batches = [], []
    for _ in range(3):
        bare.append(await _bare(service, SECONDS / 3))
        batches.append(await _batches(service, epochs, SECONDS / 3))
    notify = await _one_by_one(service, SECONDS / 2)
    bare_http = await _bare_http(SECONDS / 2)
    single, p50, p99 = await _single(service, epochs, SECONDS)
    bare.sort()
    batches.sort()
    return {
        "bare_inserts_per_second": round(bare[1]),
        "api_batches_per_second": round(batches[1]),
        "ratio_to_bare": round(batches[1] / bare[1], 2),
        "one_event_one_notify_per_second": round(notify),
        "ratio_to_one_event_one_notify": round(batches[1] / notify, 1),
        "single_pushes_per_second": round(single),
        "bare_http_per_second": round(bare_http),
        "single_ratio_to_bare_http": round(single / bare_http, 2),
        "single_push_p50_ms": round(p50, 1),
        "single_push_p99_ms": round(p99, 1),
    }


_ids = itertools.count()


async def _bare(service: Service, seconds: float) -> float:
    payload = json.dumps(event("x", 1)["payload"])
    async with await psycopg.AsyncConnection.connect(
        service.database, autocommit=True, prepare_threshold=1
    ) as connection:
        await connection.execute("create table if not exists bench_bare (like polaris_data.events including all)")
        begun, count = time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            numbers = [next(_ids) for _ in range(BATCH)]
            await connection.execute(
                ROW, (numbers, [f"cc:session:tool.result:{n}" for n in numbers], [payload] * BATCH)
            )
            count += BATCH
        return count / (time.perf_counter() - begun)


async def _one_by_one(service: Service, seconds: float) -> float:
    payload = json.dumps(event("x", 1)["payload"])
    count = 0
    begun = time.perf_counter()

    async def writer() -> None:
        nonlocal count
        async with await psycopg.AsyncConnection.connect(service.database, prepare_threshold=1) as connection:
            while time.perf_counter() < begun + seconds:
                number = next(_ids)
                await connection.execute(ROW, ([number], [f"cc:session:tool.result:{number}"], [payload]))
                await connection.execute("select pg_notify('bench', %s)", (str(number),))
                await connection.commit()
                count += 1

    await asyncio.gather(*(writer() for _ in range(PUSHERS)))
    return count / (time.perf_counter() - begun)


async def _batches(service: Service, epochs: list[int], seconds: float) -> float:
    count = 0
    begun = time.perf_counter()

    async def pusher(project: int) -> None:
        nonlocal count
        connection = await Connection.open(service.port)
        path = f"/projects/ingest-{project}/sessions/s/events"
        while time.perf_counter() < begun + seconds:
            events = [event(f"cc:session:tool.result:{next(_ids)}", epochs[project]) for _ in range(BATCH)]
            status, body = await connection.ask(request("127.0.0.1", service.token, path, {"events": events}))
            if status != 200 or b'"code":' in body.replace(b'"code":null', b""):
                raise SystemExit(f"a batch was refused: {status} {body[:300]!r}")
            count += BATCH
        connection.close()

    await asyncio.gather(*(pusher(n) for n in range(PROJECTS)))
    return count / (time.perf_counter() - begun)


async def _bare_http(seconds: float) -> float:
    """What the web framework alone answers a second: the same requests to a handler that reads the body and no more."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BARE_HTTP, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert process.stdin
    port = int(await process.stdout.readline())
    data = request("127.0.0.1", "token", "/", {"events": [event("MARK-MARK-MARK", 1)]})
    begun, count = time.perf_counter(), 0

    async def pusher() -> None:
        nonlocal count
        connection = await Connection.open(port)
        while time.perf_counter() < begun + seconds:
            await connection.ask(data)
            count += 1
        connection.close()

    await asyncio.gather(*(pusher() for _ in range(PUSHERS)))
    rate = count / (time.perf_counter() - begun)
    process.stdin.close()
    await process.wait()
    return rate


async def _single(service: Service, epochs: list[int], seconds: float) -> tuple[float, float, float]:
    waits: list[float] = []
    begun = time.perf_counter()

    async def pusher(project: int) -> None:
        connection = await Connection.open(service.port)
        path = f"/projects/ingest-{project}/sessions/s/events"
        ready = request("127.0.0.1", service.token, path, {"events": [event("MARK-MARK-MARK", epochs[project])]})
        while time.perf_counter() < begun + seconds:
            # As long as the mark, so that Content-Length stays right.
            data = ready.replace(b"MARK-MARK-MARK", b"s:%012d" % next(_ids), 1)
            sent = time.perf_counter()
            status, body = await connection.ask(data)
            waits.append((time.perf_counter() - sent) * 1000)
            if status != 200:
                raise SystemExit(f"a push was refused: {status} {body[:300]!r}")
        connection.close()

    await asyncio.gather(*(pusher(n % PROJECTS) for n in range(PUSHERS)))
    return len(waits) / (time.perf_counter() - begun), centile(waits, 50), centile(waits, 99)

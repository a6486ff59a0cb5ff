"""Memory at size: a page of history, search, the brief of a long session, and what filling the index costs the ingest.

Everything is asked over HTTP, of a service with a generated record (see generate.py): a million events, or as many as
``POLARIS_BENCH_EVENTS`` says. ``python bench/run.py memory`` runs it alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import generate
import psycopg
from load import Connection, centile, event, request
from service import Service, service

from polaris.client import Client

EVENTS = int(os.environ.get("POLARIS_BENCH_EVENTS", "1000000"))
FILLERS = 2
ROUNDS = 200  # questions of each kind
BATCH, PUSHERS, PUSH_SECONDS = 100, 4, 4.0


async def measure(running: Service) -> dict[str, Any]:
    """Fills the database, lets the index catch up, then asks."""
    with psycopg.connect(running.database) as conn:
        (org_id,) = conn.execute("select org_id from polaris_data.orgs").fetchone() or (0,)
    made = await asyncio.to_thread(generate.fill, running.database, org_id, EVENTS)
    indexed = await _index(running, EVENTS)
    chance = random.Random(generate.SEED)
    async with Client(running.url, running.token) as client:
        history = await _history(client, made["projects"], chance)
        search = await _search(client, generate.Language(random.Random(generate.SEED)), made["projects"], chance)
        brief = await _times(20, lambda: client.brief(made["long_project"], made["long_session"]))
    return {
        "events": EVENTS,
        "generated_per_second": round(EVENTS / made["seconds"]),
        "indexed_per_second": indexed,
        "history_page": _figures(history),
        "search": {name: _figures(times) for name, times in search.items()},
        "search_p95_ms": round(centile([t for times in search.values() for t in times], 95), 1),
        "brief_of_a_long_session": _figures(brief),
        "ingest": await _ingest(running),
    }


async def _index(running: Service, events: int) -> int:
    """Events a second of two fillers beside the service's own."""
    begun = time.perf_counter()

    async def fill(part: int) -> None:
        async with await psycopg.AsyncConnection.connect(running.database, autocommit=True) as conn:
            while True:
                rows = await (
                    await conn.execute("select org_id, project_id from polaris.list_unindexed(1000)")
                ).fetchall()
                if not rows:
                    return
                mine = [row for row in rows if len(rows) < FILLERS or row[1] % FILLERS == part]
                for org_id, project_id in mine:
                    await conn.execute("select polaris.index_events(%s, %s, 500)", (org_id, project_id))
                if not mine:
                    await asyncio.sleep(0.1)

    await asyncio.gather(*(fill(part) for part in range(FILLERS)))
    async with await psycopg.AsyncConnection.connect(running.database, autocommit=True) as conn:
        await conn.execute("vacuum analyze polaris_data.search_entries")
    return round(events / (time.perf_counter() - begun))


async def _history(client: Client, projects: Sequence[str], chance: random.Random) -> list[float]:
    """Pages of 100 with payloads: the newest, and deep ones both ways."""
    heads = {name: (await client.project(name))["last_seq"] for name in projects}

    async def page() -> Any:
        name = chance.choice(list(projects))
        bound = chance.choice(
            [{}, {"before": chance.randint(1, heads[name])}, {"after": chance.randint(1, heads[name])}]
        )
        return await client.messages(name, limit=100, **bound)  # type: ignore[arg-type]

    return await _times(ROUNDS, page)


async def _search(
    client: Client, language: generate.Language, projects: Sequence[str], chance: random.Random
) -> dict[str, list[float]]:
    """Questions of every kind; each asks for something else."""

    def words() -> list[str]:
        return chance.choice(language.chunks).split()

    def common() -> str:
        return language.words[int(chance.paretovariate(0.8)) % 300]

    def pair() -> str:
        found = words()
        at = chance.randrange(len(found) - 1)
        return f'"{found[at]} {found[at + 1]}"'

    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "common_word": lambda: {"query": common()},
        "any_word": lambda: {"query": language.word()},
        "two_words": lambda: {"query": f"{common()} {chance.choice(words())}"},
        "three_words": lambda: {"query": " ".join(chance.sample(words(), 3))},
        "phrase": lambda: {"query": pair()},
        "prefix": lambda: {"query": f"{chance.choice(words())[:4]}*"},
        "identifier": lambda: {"query": next((w for w in words() if "_" in w or "-" in w), language.path())},
        "path": lambda: {"query": language.path()},
        "not_there": lambda: {"query": f"{chance.getrandbits(60):015x}"},
        "not": lambda: {"query": f"{common()} -{common()}"},
        "project": lambda: {"query": common(), "project": chance.choice(projects)},
        "session": lambda: {"query": common(), "project": projects[0], "session": f"s-{chance.randrange(15)}"},
        "kind_and_actor": lambda: {
            "query": chance.choice(words()),
            "kind": ["prompt", "reply"],
            "actor": [f"user:{chance.choice(generate.PEOPLE)}"],
        },
        "file": lambda: {"query": "", "file": language.path()},
    }
    return {
        name: await _times(ROUNDS // 4, lambda question=question: client.search(**question()))  # type: ignore[misc]
        for name, question in kinds.items()
    }


async def _ingest(running: Service) -> dict[str, Any]:
    """Batches a second with the index filling and without, in turns: without, its cursors are held."""
    async with Client(running.url, running.token) as client:
        epochs = [(await client.join(f"fill-{n}", "s"))["epoch"] for n in range(PUSHERS)]
    await asyncio.sleep(1)
    filling, resting = [], []
    for _ in range(3):
        async with _held(running):
            resting.append(await _push(running, epochs))
        filling.append(await _push(running, epochs))
    lag = await _lag(running)
    return {
        "without_per_second": round(statistics.median(resting)),
        "with_per_second": round(statistics.median(filling)),
        "ratio": round(statistics.median(filling) / statistics.median(resting), 2),
        "lag_after_saturation": lag,
        "lag_at_1000_per_second": await _lag_at(running, epochs),
    }


@asynccontextmanager
async def _held(running: Service) -> AsyncIterator[None]:
    async with await psycopg.AsyncConnection.connect(running.database) as conn:
        await conn.execute("select from polaris_data.index_cursors for update")
        yield
        await conn.rollback()


async def _push(running: Service, epochs: Sequence[int]) -> float:
    count, begun = 0, time.perf_counter()

    async def pusher(number: int) -> None:
        nonlocal count
        conn = await Connection.open(running.port)
        while time.perf_counter() < begun + PUSH_SECONDS:
            events = [event(f"f{random.getrandbits(60)}", epochs[number]) for _ in range(BATCH)]
            path = f"/projects/fill-{number}/sessions/s/events"
            status, body = await conn.ask(request(f"127.0.0.1:{running.port}", running.token, path, {"events": events}))
            assert status == 200, body
            count += BATCH
        conn.close()

    await asyncio.gather(*(pusher(n) for n in range(len(epochs))))
    return count / (time.perf_counter() - begun)


async def _lag(running: Service) -> dict[str, float]:
    async with aiohttp.ClientSession() as http, http.get(f"{running.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    found = {
        name: float(value)
        for name, _, value in (line.partition(" ") for line in lines)
        if name.startswith("polaris_index_lag")
    }
    return {name.removeprefix("polaris_index_lag_"): round(value, 2) for name, value in found.items()}


async def _lag_at(
    running: Service, epochs: Sequence[int], per_second: int = 1000, seconds: float = 10
) -> dict[str, float]:
    """The worst lag while so much comes in, after the backlog is gone."""
    while (await _lag(running))["events"] > 0:
        await asyncio.sleep(0.5)
    conn = await Connection.open(running.port)
    begun, worst, step = time.perf_counter(), {"events": 0.0, "seconds": 0.0}, 20
    for number in range(int(seconds * per_second / step)):
        await asyncio.sleep(max(0.0, begun + number * step / per_second - time.perf_counter()))
        events = [event(f"l{random.getrandbits(60)}", epochs[0]) for _ in range(step)]
        path = "/projects/fill-0/sessions/s/events"
        await conn.ask(request(f"127.0.0.1:{running.port}", running.token, path, {"events": events}))
        if number % 10 == 0:
            lag = await _lag(running)
            worst = {name: max(value, worst[name]) for name, value in lag.items()}
    conn.close()
    return worst


async def _times(rounds: int, ask: Callable[[], Awaitable[Any]]) -> list[float]:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await ask()
        found.append((time.perf_counter() - begun) * 1000)
    return found


def _figures(times: Sequence[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(centile(times, 95), 1),
        "worst_ms": round(max(times), 1),
    }


async def main() -> None:
    async with service() as running:
        json.dump(await measure(running), sys.stdout, indent=2)


if __name__ == "__main__":
    asyncio.run(main())

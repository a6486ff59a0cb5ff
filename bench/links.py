"""The direct link against the API's, in one run: an agent's hook to its row, and a row to the daemon.

Run: ``python bench/links.py``. One service, one Postgres, two daemons: one over the WebSocket of the API, one over SQL.
The two take turns, so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp
import psycopg
from load import centile
from service import Service
from service import service as started

from polaris import resources
from polaris.addresses import Address
from polaris.client import Client, Socket
from polaris.daemon.app import serve
from polaris.db import logins
from polaris.db.direct import DirectClient
from polaris.replay import Agent, recorded
from polaris.settings import Credential, Settings, save_credential

ROUNDS = 100


class Way:
    """One link: a daemon over it and an agent that it captures; the record is looked at over the same link."""

    def __init__(self, name: str, client: Client, socket: Socket, agent: Agent) -> None:
        self.name, self.client, self.socket, self.agent = name, client, socket, agent
        self.up: list[float] = []
        self.down: list[float] = []


@asynccontextmanager
async def way(service: Service, name: str, credential: Credential, client: Client) -> AsyncIterator[Way]:
    """A daemon of its own, and an agent that drives a session of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"polaris-bench-{name}-")))
        settings = Settings.from_env({}, home=str(folder / "home"))
        save_credential(settings.credentials_file, "local", credential)
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        daemon = asyncio.create_task(serve(settings, port=0, ready=ready.set_result, stop=stop))
        stack.push_async_callback(lambda: daemon)
        stack.callback(stop.set)
        port = await ready
        (folder / "agent").mkdir()
        environment = {"POLARIS_HOME": str(settings.home), "POLARIS_PORT": str(port)}
        capture = resources.path("hooks", "capture.sh")
        agent = await stack.enter_async_context(Agent(folder / "agent", capture, environment))
        wish = {"agent_session_id": agent.session_id, "agent": "claude-code", "pid": agent.pid}
        wish |= {"project": "links", "session": name, "transcript_path": str(agent.transcript)}
        headers = {"X-Polaris-Token": settings.daemon_token_file.read_text().strip()}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"http://127.0.0.1:{port}/connect", json=wish) as answer,
        ):
            assert answer.status == 200, await answer.text()
        await stack.enter_async_context(client)
        yield Way(name, client, await stack.enter_async_context(client.socket("links", name)), agent)


async def measure(service: Service) -> dict[str, Any]:
    """``{"api": {"hook_to_row_p50_ms", …, "row_to_daemon_p50_ms", …}, "direct": {…}}``."""
    with psycopg.connect(service.database, autocommit=True) as db:
        row = db.execute("select org_id from polaris_data.orgs order by org_id limit 1").fetchone()
        assert row
    login = logins.create_client(service.database, row[0], service.actor, "bench_direct")
    address = Address.parse(login.url)
    api = Credential(service.url, "", service.actor, service.token)
    sql = Credential(address.place, "", service.actor, address.secret)
    direct = cast(Client, DirectClient(address.secret))
    async with (
        way(service, "api", api, Client(service.url, service.token)) as over_api,
        way(service, "direct", sql, direct) as over_sql,
    ):
        watched = await psycopg.AsyncConnection.connect(service.database, autocommit=True)
        async with watched:
            for one in (over_api, over_sql):
                await one.agent.prompt("measure")
            for number in range(ROUNDS):
                for one in (over_api, over_sql):
                    one.up.append(await _hook_to_row(watched, one, number))
            for number in range(ROUNDS):
                for one in (over_api, over_sql):
                    one.down.append(await _row_to_client(watched, one, number))
        return {one.name: _told(one) for one in (over_api, over_sql)}


async def _hook_to_row(db: psycopg.AsyncConnection[Any], one: Way, number: int) -> float:
    """From before the hook's process starts until its row is committed, by the row's own time."""
    name = f"toolu_{one.name}_{number:06d}"
    begun = time.time()
    await one.agent.hook(recorded("PreToolUse.Bash") | {"tool_use_id": name})
    query = "select extract(epoch from recorded_at)::float8 from polaris_data.events where client_id like %s"
    while (found := await (await db.execute(query, [f"%{name}"])).fetchone()) is None:
        await asyncio.sleep(0.001)
    return float(found[0] - begun) * 1000


async def _row_to_client(db: psycopg.AsyncConnection[Any], one: Way, number: int) -> float:
    """From a row's own time until its frame has come over the session's socket."""
    given = await one.client.inject("links", one.name, f"advice {number}")
    while True:
        frame = await one.socket.receive()
        if frame["type"] == "event" and frame["event"]["seq"] == given["advice_seq"]:
            break
    came = time.time()
    query = "select extract(epoch from recorded_at)::float8 from polaris_data.events where seq = %s and kind = 'advice'"
    row = await (await db.execute(query, [given["advice_seq"]])).fetchone()
    assert row
    return float(came - row[0]) * 1000


def _told(one: Way) -> dict[str, float]:
    return {
        "hook_to_row_p50_ms": round(centile(one.up, 50), 1),
        "hook_to_row_p99_ms": round(centile(one.up, 99), 1),
        "row_to_daemon_p50_ms": round(centile(one.down, 50), 1),
        "row_to_daemon_p99_ms": round(centile(one.down, 99), 1),
    }


if __name__ == "__main__":

    async def main() -> None:
        async with started() as service:
            print(json.dumps(await measure(service), indent=2))

    asyncio.run(main())

"""How long after its commit a subscriber has an event, and the whole way from an agent's hook to a subscriber."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from load import Connection, centile, event, request
from service import Service
from service import service as started

from polaris import resources
from polaris.client import Client
from polaris.replay import Agent, recorded

RATE = 1000
SECONDS = 6.0
HOOKS = 200


async def commit_to_subscriber(service: Service) -> dict[str, Any]:
    """1,000 events a second, ten a push, one subscriber by WebSocket; from recorded_at to the frame's arrival."""
    waits: list[float] = []
    async with Client(service.url, service.token) as client:
        epoch = (await client.join("latency", "s"))["epoch"]
        total = int(RATE * SECONDS)
        async with client.socket("latency", after=2) as socket:

            async def listen() -> None:
                while len(waits) < total:
                    frame = await socket.receive()
                    if frame["type"] == "event" and frame["event"]["kind"] == "tool.result":
                        recorded_at = datetime.fromisoformat(frame["event"]["recorded_at"]).timestamp()
                        waits.append((time.time() - recorded_at) * 1000)

            listener = asyncio.create_task(listen())
            connections = [await Connection.open(service.port) for _ in range(4)]
            free: asyncio.Queue[Connection] = asyncio.Queue()
            for connection in connections:
                free.put_nowait(connection)
            begun = time.perf_counter()

            async def push(number: int) -> None:
                connection = await free.get()
                events = [event(f"cc:latency:{number}:{n}", epoch) for n in range(10)]
                path = "/projects/latency/sessions/s/events"
                status, _ = await connection.ask(request("127.0.0.1", service.token, path, {"events": events}))
                assert status == 200, status
                free.put_nowait(connection)

            async with asyncio.TaskGroup() as group:
                for number in range(total // 10):
                    await asyncio.sleep(max(0.0, begun + number * 10 / RATE - time.perf_counter()))
                    group.create_task(push(number))
            rate = total / (time.perf_counter() - begun)
            await asyncio.wait_for(listener, 20)
            for connection in connections:
                connection.close()
    return {
        "events_per_second": round(rate),
        "p50_ms": round(centile(waits, 50), 1),
        "p99_ms": round(centile(waits, 99), 1),
    }


async def hook_to_subscriber(service: Service) -> dict[str, Any]:
    """A tool call's hook, from before its process starts until a subscriber has the event; one at a time."""
    waits: list[float] = []
    with tempfile.TemporaryDirectory(prefix="polaris-bench-agent-") as folder:
        environment = {"POLARIS_HOME": str(service.home), "POLARIS_PORT": str(service.daemon_port)}
        capture = resources.path("hooks", "capture.sh")
        async with Agent(Path(folder), capture, environment) as agent, Client(service.url, service.token) as client:
            async with aiohttp.ClientSession() as http:
                wish = {"agent_session_id": agent.session_id, "agent": "claude-code", "pid": agent.pid}
                wish |= {"project": "hook", "session": "s", "transcript_path": str(agent.transcript)}
                url = f"http://127.0.0.1:{service.daemon_port}/connect"
                async with http.post(url, json=wish, headers={"X-Polaris-Token": service.daemon_token}) as answer:
                    assert answer.status == 200, await answer.text()
            async with client.socket("hook", after=0) as socket:
                await agent.prompt("measure")
                for number in range(HOOKS):
                    payload = recorded("PreToolUse.Bash") | {"tool_use_id": f"toolu_{number:06d}"}
                    begun = time.perf_counter()
                    hook = asyncio.create_task(agent.hook(payload))
                    while True:
                        frame = await socket.receive()
                        if frame["type"] == "event" and frame["event"]["client_id"].endswith(f"toolu_{number:06d}"):
                            break
                    waits.append((time.perf_counter() - begun) * 1000)
                    await hook
    return {"hooks": HOOKS, "p50_ms": round(centile(waits, 50), 1), "p99_ms": round(centile(waits, 99), 1)}


if __name__ == "__main__":

    async def main() -> None:
        async with started() as service:
            print(
                json.dumps({"commit": await commit_to_subscriber(service), "hook": await hook_to_subscriber(service)})
            )

    asyncio.run(main())

"""1,000 WebSocket subscribers of one project in one process of the service: is anything lost, and what does it cost?

The subscribers live in a process of their own (``python fanout.py PORT``, the token on stdin), as raw sockets that only
count frames: a client library would need more of the two cores than the service.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from load import Connection, event, request
from service import Service

from polaris.client import Client

SUBSCRIBERS = 1000
EVENTS = 200
MARK = b'"kind":"tool.result"'


async def measure(service: Service) -> dict[str, Any]:
    async with Client(service.url, service.token) as client:
        epoch = (await client.join("fanout", "s"))["epoch"]
    before = _memory(service)
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(service.port), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(service.token.encode() + b"\n")  # a command line is for everybody to read
    assert (await asyncio.wait_for(process.stdout.readline(), 60)).strip() == b"listening"
    full = _memory(service)
    connection = await Connection.open(service.port)
    begun = time.perf_counter()
    for number in range(EVENTS // 10):
        events = [event(f"cc:fanout:{number}:{n}", epoch) for n in range(10)]
        status, _ = await connection.ask(
            request("127.0.0.1", service.token, "/projects/fanout/sessions/s/events", {"events": events})
        )
        assert status == 200, status
    counted = json.loads(await asyncio.wait_for(process.stdout.readline(), 120))
    seconds = time.perf_counter() - begun
    connection.close()
    process.stdin.close()
    await process.wait()
    await asyncio.sleep(1)
    return {
        "subscribers": SUBSCRIBERS,
        "events": EVENTS,
        "lost": SUBSCRIBERS * EVENTS - counted["frames"],
        "messages_per_second": round(counted["frames"] / seconds),
        "service_mib_before": before,
        "service_mib_with_subscribers": full,
        "service_mib_after": _memory(service),
    }


def _memory(service: Service) -> int:
    """MiB of the process that listens on the service's port (Linux; 0 elsewhere)."""
    inode = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{service.port:04X}") and fields[3] == "0A":
            inode = f"socket:[{fields[9]}]"
    for folder in Path("/proc").glob("[0-9]*/fd") if inode else ():
        try:
            if any(os.readlink(file) == inode for file in folder.iterdir()):
                status = (folder.parent / "status").read_text()
                return int(status.split("VmRSS:")[1].split()[0]) // 1024
        except OSError:
            continue
    return 0


async def _subscribe(port: int, token: str, ready: asyncio.Semaphore, total: list[int], done: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /projects/fanout/ws?after=2 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head, head[:200]
    ready.release()
    mine = 0
    while mine < EVENTS:
        first, second = await reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await reader.readexactly(8), "big")
        body = await reader.readexactly(length)
        if first & 0x0F == 9:
            mask = os.urandom(4)
            writer.write(bytes([0x8A, 0x80 | len(body)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)))
        elif first & 0x0F == 8:
            break
        elif MARK in body:
            mine += 1
            total[0] += 1
            if total[0] == SUBSCRIBERS * EVENTS:
                done.set()
    await done.wait()
    writer.close()


async def _subscribers(port: int, token: str) -> None:
    ready, total, done = asyncio.Semaphore(0), [0], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(SUBSCRIBERS):
            group.create_task(_subscribe(port, token, ready, total, done))
        for _ in range(SUBSCRIBERS):
            await ready.acquire()
        print("listening", flush=True)
        try:
            async with asyncio.timeout(90):
                await done.wait()
        except TimeoutError:
            done.set()
        print(json.dumps({"frames": total[0]}), flush=True)


if __name__ == "__main__":
    asyncio.run(_subscribers(int(sys.argv[1]), sys.stdin.readline().strip()))

"""A load generator that costs little: ready-made HTTP/1.1 requests on kept connections, and event bodies of 2 KB."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Sequence

TEXT = "lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam nonumy eirmod tempor " * 21


def event(client_id: str, epoch: int, *, kind: str = "tool.result") -> dict[str, object]:
    """One event of about 2 KB, as a daemon would push it."""
    return {
        "client_id": client_id,
        "kind": kind,
        "epoch": epoch,
        "turn": "6db813e5-c3e4-40d8-8699-3cd6dc1d374b",
        "agent": "claude-code",
        "body": "tests passed",
        "payload": {"tool_name": "Bash", "tool_input": {"command": "npm test"}, "tool_response": {"stdout": TEXT}},
    }


def request(host: str, token: str, path: str, body: object) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


class Connection:
    """One kept connection; `ask` sends a ready request and answers the status and the body."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 24))

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        self._writer.write(data)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        body = await self._reader.readexactly(length)
        return int(head[9:12]), body

    def close(self) -> None:
        self._writer.close()


def centile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]

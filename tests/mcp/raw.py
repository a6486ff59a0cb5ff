"""``polaris mcp`` as an agent sees it: one process, lines in, lines out. Whatever is no message fails the test."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import Any

Json = dict[str, Any]

COMMAND = (sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())", "mcp")
SECONDS = 40.0


def initialize(name: str = "a-test", version: str = "2025-11-25") -> Json:
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": name, "version": "1"}}


class Raw:
    """One server; `request` answers the message with the same id, `notes` is what came without one."""

    def __init__(self, environment: dict[str, str], command: tuple[str, ...] = COMMAND) -> None:
        self._environment, self._command = environment, command
        self._ids = itertools.count(1)
        self._answers: dict[Any, asyncio.Future[Json]] = {}
        self.notes: asyncio.Queue[Json] = asyncio.Queue()
        self.strange: list[bytes] = []
        self.errors = b""

    async def start(self) -> Raw:
        self.process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            cwd="/",
            limit=16 * 1024 * 1024,
        )
        self._reading = [asyncio.create_task(self._read()), asyncio.create_task(self._read_errors())]
        return self

    @property
    def pid(self) -> int:
        return self.process.pid

    def write(self, line: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + b"\n")

    def send(self, message: Json) -> None:
        self.write(json.dumps(message).encode())

    async def ask(self, method: str, params: Json | None = None, number: Any = None) -> Json:
        """The whole answer, error or result."""
        number = next(self._ids) if number is None else number
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        self.send(message | ({"params": params} if params is not None else {}))
        return await asyncio.wait_for(self._answers[number], SECONDS)

    async def hello(self, name: str = "a-test") -> Json:
        answer = await self.ask("initialize", initialize(name))
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    async def call(self, tool: str, _meta: Json | None = None, **arguments: Any) -> Json:
        """The result of a tool."""
        params = {"name": tool, "arguments": arguments} | ({"_meta": _meta} if _meta else {})
        return dict((await self.ask("tools/call", params))["result"])

    async def done(self, tool: str, _meta: Json | None = None, **arguments: Any) -> Json:
        """The structured answer of a tool that has to succeed."""
        result = await self.call(tool, _meta, **arguments)
        assert not result.get("isError"), result
        return dict(result["structuredContent"])

    async def refused(self, tool: str, _meta: Json | None = None, **arguments: Any) -> str:
        """The text of a tool that has to fail."""
        result = await self.call(tool, _meta, **arguments)
        assert result.get("isError"), result
        return str(result["content"][0]["text"])

    async def end(self) -> int:
        """Closes stdin, as an agent does that leaves."""
        assert self.process.stdin
        self.process.stdin.close()
        return await asyncio.wait_for(self.process.wait(), SECONDS)

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await asyncio.gather(*self._reading)

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            try:
                message = json.loads(line)
                assert message["jsonrpc"] == "2.0"
            except (ValueError, AssertionError, TypeError, KeyError):
                self.strange.append(line)
                continue
            waiting = self._answers.pop(message.get("id"), None) if "method" not in message else None
            if waiting is not None:
                waiting.set_result(message)
            else:
                self.notes.put_nowait(message)

    async def _read_errors(self) -> None:
        assert self.process.stderr
        self.errors = await self.process.stderr.read()

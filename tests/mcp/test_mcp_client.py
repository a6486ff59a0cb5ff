"""The SDK's own client against ``polaris mcp``; and advice that the server pushes by itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from mcp import Client, MCPError, StdioServerParameters
from raw import COMMAND, Raw

Start = Callable[..., Awaitable[Raw]]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_sdks_client_lists_calls_and_is_refused(environment: dict[str, str], mode: str) -> None:
    parameters = StdioServerParameters(
        command=COMMAND[0], args=list(COMMAND[1:]), env=environment | {"POLARIS_PORT": "9"}
    )
    async with Client(parameters, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        away = await client.call_tool("polaris_status", {})
        wrong = await client.call_tool("polaris_reply", {"text": "", "loud": 1})
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool("polaris_nothing", {})

        assert client.protocol_version == "2025-11-25"
        assert client.server_capabilities.experimental == {"claude/channel": {}}
    assert sorted(tools) == sorted(f"polaris_{name}" for name in NAMES.split())
    assert all(tool.output_schema and tool.annotations and tool.title for tool in tools.values())
    assert away.is_error
    assert wrong.is_error


NAMES = "connect disconnect status reply context inject handoff"


@pytest.fixture
async def channel(home: Path) -> AsyncIterator[tuple[list[str], asyncio.Queue[bytes | None]]]:
    """A daemon that only has a channel: what was asked of it, and what it says; None ends one answer."""
    asked: list[str] = []
    says: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.splitlines()[0])
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while (part := await says.get()) is not None:
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    (home / "daemon.json").write_text(json.dumps({"port": listening.sockets[0].getsockname()[1], "pid": 1}))
    yield asked, says
    says.put_nowait(None)
    listening.close()
    await asyncio.sleep(0)


async def test_advice_is_pushed_to_claude_code_and_the_channel_comes_back_after_a_break(
    raw: Start, channel: tuple[list[str], asyncio.Queue[bytes | None]], claude_session: Callable[[str], None]
) -> None:
    asked, says = channel
    claude_session("a1")
    line = {"content": "Advice from user:priya", "meta": {"delivery": "d1", "not-a-key": "x", "n": 7}}
    says.put_nowait(b"\n" + json.dumps(line).encode()[:20])
    says.put_nowait(json.dumps(line).encode()[20:] + b"\n")

    server = await raw("claude-code")
    first = await asyncio.wait_for(server.notes.get(), 40)
    says.put_nowait(None)
    says.put_nowait(b'not json\n[]\n{"content": ""}\n{"content": "second"}\n')
    second = await asyncio.wait_for(server.notes.get(), 40)

    assert first["method"] == "notifications/claude/channel"
    assert first["params"] == {"content": "Advice from user:priya", "meta": {"delivery": "d1", "n": "7"}}
    assert second["params"] == {"content": "second", "meta": {}}
    assert asked == [f"GET /channel?pid={os.getpid()} HTTP/1.1"] * 2


async def test_no_other_client_asks_for_the_channel(
    raw: Start, channel: tuple[list[str], asyncio.Queue[bytes | None]]
) -> None:
    asked, _ = channel
    server = await raw("Cursor")

    await server.ask("tools/call", {"name": "polaris_nothing", "arguments": {}})

    assert asked == []

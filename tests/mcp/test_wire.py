"""What is on the wire, line by line; no daemon runs here unless a test says so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from raw import COMMAND, Raw, initialize

from polaris.channel import greeting

Start = Callable[..., Awaitable[Raw]]
ENVELOPE = {
    "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
}
# As polaris mcp runs, but every tool prints, and so does a child process of it.
NOISY = """
import subprocess, sys
from polaris.channel import calls
from polaris.channel.__main__ import main
quiet = calls.Calls._run
async def noisy(self, name, asked, meta):
    print("stray"); sys.stdout.write('{"jsonrpc": "2.0"}\\n'); sys.stdout.flush()
    subprocess.run(["sh", "-c", "echo stray child; read -r line; test -z \\"$line\\""], check=True)
    return await quiet(self, name, asked, meta)
calls.Calls._run = noisy
main()
"""


async def test_the_handshake_offers_the_channel_and_never_the_answering_of_permissions(raw: Start) -> None:
    server = await raw(None)

    result = (await server.hello())["result"]

    assert result["capabilities"] == {"experimental": {"claude/channel": {}}, "tools": {"listChanged": False}}
    assert result["serverInfo"]["name"] == "polaris"
    assert "polaris:advice:" in result["instructions"]
    assert len(result["instructions"]) < 2000


async def test_initialize_is_answered_within_the_time_that_agents_are_promised(environment: dict[str, str]) -> None:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        server = await Raw(environment).start()
        await server.ask("initialize", initialize())
        times.append(time.perf_counter() - began)
        await server.kill()

    assert min(times) < 0.8, times


async def test_a_probe_for_the_newer_protocol_is_refused_and_the_handshake_follows(raw: Start) -> None:
    server = await raw(None)

    probe = await server.ask("server/discover", ENVELOPE, number="probe-1")
    hello = await server.hello("claude-code")
    listed = await server.ask("tools/list")
    late = await server.ask("server/discover", ENVELOPE, number="probe-2")

    assert (probe["error"]["code"], late["error"]["code"]) == (-32601, -32601)
    assert hello["result"]["protocolVersion"] == "2025-11-25"
    assert len(listed["result"]["tools"]) == 7


async def test_a_client_of_the_newer_protocol_alone_is_told_which_ones_there_are(raw: Start) -> None:
    server = await raw(None)

    listed = await server.ask("tools/list", ENVELOPE)
    called = await server.ask("tools/call", {"name": "polaris_status", "arguments": {}} | ENVELOPE)

    for answer in (listed, called):
        assert answer["error"]["code"] == -32022
        assert answer["error"]["data"]["supported"] == list(greeting.VERSIONS)
        assert "initialize handshake" in answer["error"]["message"]


@pytest.mark.parametrize(("asked", "answered"), [("2024-11-05", "2024-11-05"), ("2099-01-01", "2025-11-25")])
async def test_a_version_that_nobody_knows_gets_our_newest(raw: Start, asked: str, answered: str) -> None:
    server = await raw(None)

    result = (await server.ask("initialize", initialize(version=asked)))["result"]

    assert result["protocolVersion"] == answered


async def test_junk_and_requests_out_of_order_are_survived(raw: Start) -> None:
    server = await raw(None)
    for line in (b"not json", b"[]", b"17", b'{"jsonrpc": "2.0"}', b"\xff\xfe", b"", b'{"method": 1, "id": 1}'):
        server.write(line)

    early = await server.ask("tools/list")
    unknown = await server.ask("no/such")
    hello = await server.hello()
    server.write(b"{")
    pong = await server.ask("ping")
    wrong = await server.ask("tools/call", {"name": "polaris_nothing", "arguments": {}})
    again = await server.ask("initialize", initialize())

    assert (early["error"]["code"], unknown["error"]["code"], wrong["error"]["code"]) == (-32602, -32601, -32602)
    assert hello["result"]["capabilities"]["experimental"] == {"claude/channel": {}}
    assert (pong["result"], again["result"]["serverInfo"]["name"]) == ({}, "polaris")
    assert server.strange == []


async def test_an_incomplete_handshake_is_left_to_the_sdk(raw: Start) -> None:
    server = await raw(None)

    answer = await server.ask("initialize", {"protocolVersion": "2025-11-25"})

    assert answer["error"]["code"] == -32602


async def test_nothing_that_prints_reaches_the_wire(environment: dict[str, str]) -> None:
    server = await Raw(environment, (sys.executable, "-c", NOISY)).start()
    await server.hello()

    texts = [await server.refused("polaris_status") for _ in range(5)]
    ended = await server.end()
    await server.kill()

    assert (len(texts), ended) == (5, 0)
    assert (server.strange, server.notes.qsize()) == ([], 0)
    assert server.errors.count(b"stray child") == 5


async def test_without_a_daemon_every_tool_says_what_to_do_and_the_server_lives(raw: Start) -> None:
    server = await raw(POLARIS_PORT="9")

    calls = {
        "polaris_connect": {"project": "pj", "session": "fxm"},
        "polaris_disconnect": {},
        "polaris_status": {},
        "polaris_reply": {"text": "hello"},
        "polaris_context": {},
        "polaris_inject": {"session": "fxk", "text": "hello"},
        "polaris_handoff": {},
    }
    texts = [await server.refused(name, **arguments) for name, arguments in calls.items()]

    assert all("does not answer on port 9" in text and "polaris start" in text for text in texts), texts


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_end_of_stdin_ends_the_process_at_once(environment: dict[str, str], at_once: bool) -> None:
    server = await Raw(environment).start()
    if at_once:
        await server.ask("initialize", initialize())
    else:
        await server.hello()
        await server.ask("tools/list")
    began = time.perf_counter()

    code = await server.end()
    took = time.perf_counter() - began
    await server.kill()

    assert (code, server.errors) == (0, b"")
    assert took < 0.5


async def test_the_end_of_stdin_does_not_wait_for_calls(raw: Start, environment: dict[str, str]) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    asked, gone = asyncio.Event(), asyncio.Event()
    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    server = await raw(POLARIS_PORT=str(listening.sockets[0].getsockname()[1]))
    server.send({"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": {"name": "polaris_status"}})
    await asyncio.wait_for(asked.wait(), 20)
    began = time.perf_counter()

    code = await server.end()

    assert code == 0
    assert time.perf_counter() - began < 0.5
    await asyncio.wait_for(gone.wait(), 10)
    listening.close()


async def test_a_stranger_on_the_port_is_no_daemon(raw: Start) -> None:
    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop())
        await writer.drain()
        writer.close()

    answers = [b"220 mail ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{}", b""] * 4
    listening = await asyncio.start_server(stranger, "127.0.0.1", 0)
    server = await raw(POLARIS_PORT=str(listening.sockets[0].getsockname()[1]))

    texts = [await server.refused("polaris_status") for _ in range(3)]

    assert all("does not answer" in text for text in texts)
    listening.close()


async def test_the_same_is_answered_by_the_door_and_by_the_sdk(environment: dict[str, str]) -> None:
    """The door answers the handshake in the SDK's place: whatever it says has to be what the SDK would have said."""
    patched = """
from polaris.channel import greeting
greeting.initialized = lambda params: None
from polaris.channel.__main__ import main
main()
"""
    for version in (*greeting.VERSIONS, "2026-07-28", "1"):
        answers = []
        for command in (COMMAND, (sys.executable, "-c", patched)):
            server = await Raw(environment, command).start()
            answers.append(await server.ask("initialize", initialize(version=version)))
            await server.kill()

        assert answers[0] == answers[1], version


def test_the_versions_are_those_of_the_sdk() -> None:
    from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

    assert list(greeting.VERSIONS) == list(HANDSHAKE_PROTOCOL_VERSIONS)


def test_the_door_loads_nothing_that_takes_time() -> None:
    import subprocess

    code = "import sys; import polaris.cli, polaris.channel.door; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) & {"mcp", "mcp_types", "pydantic", "asyncio", "aiohttp", "fire"} == set()


async def test_the_daemon_is_found_by_setting_or_by_its_file_and_nobody_else_is_asked(tmp_path: Path) -> None:
    from polaris.channel.daemon import Daemon

    environ = {"POLARIS_HOME": str(tmp_path)}
    without = Daemon(environ).port()
    (tmp_path / "daemon.json").write_text(json.dumps({"port": 5001, "pid": 1}))
    by_file = Daemon(environ).port()
    by_setting = Daemon(environ | {"POLARIS_PORT": "5002"}).port()
    (tmp_path / "daemon.json").write_text("{")

    assert (without, by_file, by_setting, Daemon(environ).port()) == (0, 5001, 5002, 0)

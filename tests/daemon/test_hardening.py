"""Strangers, hostile bodies, many sessions, rest: what must not bring the daemon down or make it talk."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, sign_in, stop
from fake_service import FakeService, until

ALL = 200
# Put together, so that no file of ours holds what looks like somebody's token.
SECRETS = ["gh" + "p_" + "a1B2c3D4e5F6" * 3, "xox" + "b-" + "2345678901-4567890123456-a1B2c3D4e5F6g7H8i9J0k1L2"]


@pytest.fixture
async def alone(daemon: DaemonProcess) -> DaemonProcess:
    return await daemon.start()


async def connected(daemon: DaemonProcess, first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
    writer.write(first)
    await writer.drain()
    return reader, writer


async def ended(reader: asyncio.StreamReader, seconds: float = 15.0) -> bytes:
    """What came until the other side hung up."""
    try:
        return await asyncio.wait_for(reader.read(), seconds)
    except ConnectionError:
        return b""


async def test_who_sends_no_whole_request_or_no_token_is_hung_up_on(alone: DaemonProcess) -> None:
    heads = [
        b"",
        b"GET /status HTTP/1.1\r\nHost: 127",
        b"POST /events HTTP/1.1\r\n" + f"Host: 127.0.0.1:{alone.port}\r\n".encode() + b"X-A: " + b"a" * 2000,
        f"GET /status HTTP/1.1\r\nHost: 127.0.0.1:{alone.port}\r\n\r\n".encode(),
    ]
    readers = [await connected(alone, head) for head in heads]
    said = await asyncio.gather(*(ended(reader) for reader, _ in readers))
    for _, writer in readers:
        writer.close()

    assert said[:3] == [b"", b"", b""]
    assert b" 401 " in said[3].splitlines()[0]


async def test_our_own_connections_may_wait_longer(alone: DaemonProcess) -> None:
    head = f"GET /status HTTP/1.1\r\nHost: 127.0.0.1:{alone.port}\r\nX-Polaris-Token: {alone.token}\r\n\r\n".encode()
    reader, writer = await connected(alone, head)
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 5)
    await reader.readuntil(b"\r\n\r\n")
    # The strangers' five seconds and one for the broom.
    await asyncio.sleep(6.5)
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(65536), 0.1)
    writer.write(head)
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_a_crowd_of_strangers_takes_no_room_from_hooks(alone: DaemonProcess) -> None:
    crowd = []
    for _ in range(900):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", alone.port))
        crowd.append(one)
        if len(crowd) % 50 == 0:
            await asyncio.sleep(0)
    begun = time.monotonic()
    answers = await asyncio.gather(*(alone.call("GET", "/status") for _ in range(20)))
    took = time.monotonic() - begun
    for one in crowd:
        one.close()

    assert {status for status, _ in answers} == {200}
    assert took < 10


async def test_headers_without_end_are_refused(alone: DaemonProcess) -> None:
    head = f"GET /status HTTP/1.1\r\nHost: 127.0.0.1:{alone.port}\r\nX-Polaris-Token: {alone.token}\r\n".encode()
    for more in (b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", b"X-A: b\r\n" * 10_000 + b"\r\n"):
        reader, writer = await connected(alone, head + more)
        assert b" 400 " in (await ended(reader)).splitlines()[0]
        writer.close()


async def test_many_large_bodies_at_once_need_no_room_for_all(alone: DaemonProcess) -> None:
    body = b'{"session_id":"a1","hook_event_name":"UserPromptSubmit","prompt":"' + b"x" * (15 << 20) + b'"}'
    headers = {"X-Polaris-Capture": "c1", "X-Polaris-Agent": "claude-code"}
    answers = await asyncio.gather(*(alone.call("POST", "/events", body, headers) for _ in range(12)))

    # Whoever had to wait too long is told so: the hook keeps it in a file then.
    assert {status for status, _ in answers} <= {200, 408}
    assert 200 in {status for status, _ in answers}
    assert peak_megabytes(alone) < 400


async def test_a_preflight_a_form_and_a_typed_address_get_nothing(alone: DaemonProcess) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    status, _ = await alone.call("OPTIONS", "/events", None, preflight)
    assert status in (403, 405, 415)
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-Polaris-Token": ""}
    assert (await alone.call("POST", "/events", b"payload=1", form))[0] in (401, 415)
    typed = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "X-Polaris-Token": ""}
    assert (await alone.call("GET", "/status", None, typed))[0] == 401


async def test_a_token_that_others_could_read_is_replaced_at_the_start(alone: DaemonProcess, tmp_path: Path) -> None:
    before = alone.token
    await alone.stop()
    file = alone.settings.daemon_token_file
    file.chmod(0o644)
    alone.home.chmod(0o755)
    await alone.start()
    opened = alone.token
    assert opened != before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(alone.home.stat().st_mode) == 0o700
    await alone.stop()
    elsewhere = tmp_path / "planted"
    elsewhere.write_text("known-to-somebody")
    elsewhere.chmod(0o600)
    file.unlink()
    file.symlink_to(elsewhere)
    await alone.start()

    assert alone.token not in (opened, "known-to-somebody")
    assert not file.is_symlink()
    assert elsewhere.read_text() == "known-to-somebody"


async def test_two_hundred_sessions_at_once_lose_nothing_and_rest_quietly(
    daemon: DaemonProcess, fake: FakeService
) -> None:
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    names = [f"a{n}" for n in range(ALL)]
    for part in (names[at : at + 20] for at in range(0, ALL, 20)):
        await asyncio.gather(*(daemon.connect(name, session=f"s{name}") for name in part))
    await asyncio.gather(*(work(daemon, name) for name in names))
    await until(lambda: len(fake.events) >= ALL * 4, 60)
    ids = [one["client_id"] + one["session"] for one in fake.events]

    assert len(ids) == len(set(ids)) == ALL * 4
    assert megabytes(daemon) < 250
    assert await processor_share(daemon, 3.0) < 0.15


async def work(daemon: DaemonProcess, name: str) -> None:
    for turn in range(2):
        await daemon.hook(prompt(name, f"do {turn}", f"{name}-{turn}"))
        await daemon.hook(stop(name, f"did {turn}", f"{name}-{turn}"))


async def test_at_rest_it_does_next_to_nothing(bound: DaemonProcess) -> None:
    assert await processor_share(bound, 3.0) < 0.05


def megabytes(daemon: DaemonProcess, field: str = "VmRSS") -> float:
    assert daemon.process
    if not sys.platform.startswith("linux"):
        pytest.skip("the process's memory is read from /proc")
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def peak_megabytes(daemon: DaemonProcess) -> float:
    return megabytes(daemon, "VmHWM")


async def processor_share(daemon: DaemonProcess, seconds: float) -> float:
    """Processor seconds a second; what was begun before is over first."""
    assert daemon.process
    if not sys.platform.startswith("linux"):
        pytest.skip("the process's time is read from /proc")
    file = Path(f"/proc/{daemon.process.pid}/stat")

    def used() -> float:
        fields = file.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    await asyncio.sleep(1)
    before = used()
    await asyncio.sleep(seconds)
    return (used() - before) / seconds


async def test_no_secret_reaches_the_home(bound: DaemonProcess, fake: FakeService) -> None:
    """In every field but the agent's own ids and modes, in keys, in what is no payload, in names that nobody knows."""
    one, two = SECRETS
    tool: dict[str, Any] = {
        "session_id": "a1",
        "hook_event_name": "PostToolUse",
        "tool_name": f"mcp__x__{one}",
        "tool_use_id": "toolu_1",
        "tool_input": {"command": f"curl -H 'X: {one}'", two: 1, "deep": [{"password": two}]},
        "tool_response": {"stdout": f"{one}\n{two}", "stderr": two},
        "cwd": f"/home/dev/{one}",
        "prompt_id": "t1",
        "unknown": {"field": one},
    }
    await bound.hook(prompt("a1", f"use {one} and {two}", "t1"))
    await bound.hook(tool)
    await bound.hook(tool | {"hook_event_name": "PostToolUseFailure", "error": f"{one} failed"})
    await bound.hook({"session_id": "a1", "hook_event_name": f"New{one}", "text": two})
    await bound.hook(stop("a1", f"I used {two}", "t1"))
    await bound.call("POST", "/events", f'{{"session_id": "a1", {one}'.encode())
    await bound.call("POST", "/connect", {"agent_session_id": "a1", "project": one, "session": two, "token": one})
    await bound.call("POST", f"/{one}", {"x": two})
    await bound.call("GET", f"/status/{one}")
    await bound.drained()
    await bound.stop()
    for file in bound.home.rglob("*"):
        if file.is_file() and file.name not in ("credentials.json", "daemon.token"):
            data = file.read_bytes()
            for secret in SECRETS:
                assert secret.encode() not in data, (file.name, secret, where(data, secret))
    sent = json.dumps(fake.events)
    assert not any(secret in sent for secret in SECRETS)


def where(data: bytes, secret: str) -> bytes:
    at = data.find(secret.encode())
    return data[max(0, at - 120) : at]


async def test_another_sign_in_is_taken_up_without_a_restart(bound: DaemonProcess, fake: FakeService) -> None:
    """A new token of the same participant goes on where the old one ended; another profile is for whoever connects."""
    del fake.actors["token-of-manu"]
    await fake.sockets["fxm"].close(code=4401)
    await bound.until("/status/a1", lambda status: not status["connected"])
    await bound.hook(prompt("a1", "meanwhile"))
    fake.actors["second-token"] = "user:manu"
    sign_in(bound, fake.url, "second-token", "user:manu")
    await bound.until("/status/a1", lambda status: status["connected"])
    await until(lambda: any(one["body"] == "meanwhile" for one in fake.events))
    sign_in(bound, fake.url, "token-of-krishna", "user:krishna")
    other = await bound.connect("b1", session="other")

    assert other["actor"] == "user:krishna"

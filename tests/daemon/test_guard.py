"""Who may call the daemon: programs of this user on this machine, and nobody else."""

from __future__ import annotations

import asyncio
import stat
import time

import pytest
from daemon_tools import DaemonProcess, prompt

JSON = {"Content-Type": "application/json"}
CROSS = {"Sec-Fetch-Site": "cross-site"}
REFUSED = {
    "another name that resolves to this machine": ({"Host": "evil.example:{port}"}, 421),
    "another port in the name": ({"Host": "127.0.0.1:1"}, 421),
    "a page's fetch": ({**CROSS, "Origin": "https://evil.example"}, 403),
    "a page without an origin": ({"Origin": "null"}, 403),
    "a browser that says where it is": ({"Sec-Fetch-Site": "same-origin"}, 403),
    "another user of the machine": ({"X-Polaris-Token": ""}, 401),
    "a wrong token": ({"X-Polaris-Token": "wrong"}, 401),
    "a token that is no ASCII": ({"X-Polaris-Token": "é"}, 401),
}
PATHS = [
    ("POST", "/events"),
    ("POST", "/register"),
    ("POST", "/connect"),
    ("POST", "/disconnect"),
    ("POST", "/pause"),
    ("POST", "/reply"),
    ("GET", "/context"),
    ("GET", "/status"),
    ("GET", "/status/a1"),
]


@pytest.fixture
async def alone(daemon: DaemonProcess) -> DaemonProcess:
    """A running daemon that is signed in nowhere."""
    return await daemon.start()


async def test_strangers_are_refused_at_every_door(alone: DaemonProcess) -> None:
    for who, (shown, status) in REFUSED.items():
        headers = {name: value.format(port=alone.port) for name, value in shown.items()}
        for method, path in PATHS:
            body = b"{}" if method == "POST" else None
            answered, problem = await alone.call(method, path, body, headers)

            assert (answered, set(problem)) == (status, {"code", "message", "hint", "details"}), (who, path)


async def test_a_simple_request_is_refused_because_it_would_need_no_preflight(alone: DaemonProcess) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert (await alone.call("POST", "/events", b"{}", {"Content-Type": kind}))[0] == 415


async def test_a_bearer_header_carries_the_token_as_well(alone: DaemonProcess) -> None:
    headers = {"X-Polaris-Token": "", "Authorization": f"Bearer {alone.token}"}

    assert (await alone.call("GET", "/status", None, headers))[0] == 200


async def test_the_secret_and_the_place_are_for_this_user_alone(alone: DaemonProcess) -> None:
    modes = {
        name: stat.S_IMODE((alone.home / name).stat().st_mode)
        for name in ("daemon.token", "daemon.json", "daemon.sqlite", "daemon.sqlite-wal", "bound")
    }

    assert modes.pop("bound") == 0o700
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(alone.home.stat().st_mode) == 0o700


async def test_the_token_stays_the_same_over_a_restart(alone: DaemonProcess) -> None:
    before = alone.token
    await alone.stop()
    await alone.start()

    assert alone.token == before


async def test_a_body_that_is_too_large_is_refused(alone: DaemonProcess) -> None:
    status, problem = await alone.call("POST", "/events", b"x" * (17 << 20), JSON)

    assert (status, problem["code"]) == (413, "too_large")


async def test_a_body_that_comes_too_slowly_is_given_up_and_others_do_not_wait(alone: DaemonProcess) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", alone.port)
    head = f"POST /events HTTP/1.1\r\nHost: 127.0.0.1:{alone.port}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}X-Polaris-Token: {alone.token}\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    begun = time.monotonic()
    assert await alone.hook(prompt("a1", "others go on")) is None
    others = time.monotonic() - begun
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()

    assert others < 1
    assert b" 408 " in line


async def test_what_is_no_payload_is_refused_by_name(alone: DaemonProcess) -> None:
    headers = {"X-Polaris-Capture": "c1", "X-Polaris-Agent": "claude-code"}
    for body in (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000):
        status, problem = await alone.call("POST", "/events", body, headers)

        assert (status, problem["code"]) == (400, "payload_not_json"), body[:10]
    assert (await alone.get("/status"))["failures"] == {}


CANNOT = [
    ({}, "project_not_valid"),
    ({"project": "pj"}, "session_missing"),
    ({"project": 1, "session": "fxm"}, "project_not_valid"),
    ({"project": "pj", "session": "fxm", "role": "king"}, "role_not_valid"),
    ({"project": "pj", "session": "fxm", "agent": "nobody"}, "unknown_agent"),
    ({"project": "pj", "session": "fxm"}, "agent_session_unknown"),
    ({"project": "pj", "session": "fxm", "agent_session_id": "../../etc"}, "agent_session_unknown"),
    ({"project": "pj", "session": "fxm", "pid": -1}, "pid_not_valid"),
    ({"project": "pj", "session": "fxm", "agent_session_id": "a1"}, "not_signed_in"),
    ({"project": "pj", "session": "fxm", "agent_session_id": "a1", "token": "x"}, "not_signed_in"),
]


async def test_a_connection_that_cannot_be_made_says_why(alone: DaemonProcess) -> None:
    for body, code in CANNOT:
        status, problem = await alone.call("POST", "/connect", body)

        assert status >= 400
        assert problem["code"] == code, body


async def test_a_second_daemon_of_the_home_is_told_of_the_first(alone: DaemonProcess) -> None:
    second = DaemonProcess(alone.home)
    with pytest.raises(AssertionError, match=f"runs already .pid {alone.process.pid}"):  # type: ignore[union-attr]
        await second.start()

    assert (await alone.get("/status"))["daemon"]["port"] == alone.port


async def test_a_port_that_a_stranger_has_is_named(daemon: DaemonProcess) -> None:
    stranger = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    daemon.port = stranger.sockets[0].getsockname()[1]
    with pytest.raises(AssertionError, match=f"Port {daemon.port} of this machine is taken by another program"):
        await daemon.start()
    stranger.close()

    assert not (daemon.home / "daemon.json").exists()


async def test_sigterm_ends_it_cleanly_and_quickly(alone: DaemonProcess) -> None:
    begun = time.monotonic()

    assert await alone.stop() == 0
    assert time.monotonic() - begun < 3
    assert not (alone.home / "daemon.json").exists()
    assert "Traceback" not in alone.said()

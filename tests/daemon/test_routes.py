"""What commands, MCP servers and the status line ask the daemon for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from daemon_tools import DaemonProcess, prompt
from real_service import RealService, both_links

pytestmark = both_links


@pytest.fixture
async def process() -> AsyncIterator[int]:
    """The pid of something that lives."""
    agent = await asyncio.create_subprocess_exec("sleep", "100")
    yield agent.pid
    agent.kill()
    await agent.wait()


async def test_a_session_is_named_by_the_process_that_a_hook_was_seen_from(
    manu: DaemonProcess, service: RealService, process: int
) -> None:
    await manu.hook(prompt("a1", "/polaris join pj fxm"), process)
    status, answer = await manu.call("POST", "/connect", {"pid": process, "project": "pj", "session": "fxm"})
    await manu.until("/status/a1", lambda shown: shown["connected"])

    assert status == 200
    assert (answer["project"], answer["session"], answer["actor"], answer["epoch"]) == ("pj", "fxm", "user:manu", 1)


async def test_an_mcp_server_registers_and_later_hooks_of_its_process_know_better(
    manu: DaemonProcess, service: RealService, process: int
) -> None:
    first = await manu.call("POST", "/register", {"pid": process, "agent": "claude-code", "agent_session_id": "a1"})
    await manu.hook({"session_id": "b1", "hook_event_name": "SessionStart", "source": "clear"}, process)
    second = await manu.call("POST", "/register", {"pid": process, "agent": "claude-code", "agent_session_id": "a1"})
    stranger = await manu.call("POST", "/register", {"pid": 2**31 - 2})

    assert (first[1]["agent_session_id"], first[1]["connected"]) == ("a1", False)
    assert second[1]["agent_session_id"] == "b1"
    assert stranger[1]["agent_session_id"] is None


async def test_a_reply_is_said_to_the_project_as_the_sessions_participant(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1", token=service.secret("agent:test-writer"))
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    said = {"agent_session_id": "a1", "body": f"done with {secret}", "client_id": "r1"}
    first = await manu.call("POST", "/reply", said)
    again = await manu.call("POST", "/reply", said)
    empty = await manu.call("POST", "/reply", {"agent_session_id": "a1", "body": " "})
    nobody = await manu.call("POST", "/reply", {"agent_session_id": "x", "body": "hello"})
    (row,) = service.rows("select actor, body from polaris_data.events where kind = 'floor'")

    assert (first[0], first[1]["created"], again[1]["created"]) == (200, True, False)
    assert row["actor"] == "agent:test-writer"
    assert secret not in row["body"]
    assert (empty[1]["code"], nobody[1]["code"]) == ("body_not_valid", "not_connected")


async def test_the_context_is_what_the_project_said_lately(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    await manu.connect("a2", session="fxk")
    await manu.hook(prompt("a2", "from next door"))
    await manu.drained()
    whole = await manu.get("/context?agent_session_id=a1&limit=500")
    one = await manu.get("/context?agent_session_id=a1&session=fxm")
    wrong = await manu.call("GET", "/context?agent_session_id=a1&limit=many")

    assert "from next door" in [event["body"] for event in whole["items"]]
    assert {event["session"] for event in one["items"]} == {"fxm"}
    assert wrong[1]["code"] == "number_not_valid"


async def test_an_advisor_is_connected_without_a_seat_and_is_not_captured(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    await manu.connect("a2", role="advisor")
    await manu.connect("a3", session="", role="advisor")
    await manu.hook(prompt("a2", "private"))
    await manu.hook(prompt("a1", "public"))
    await manu.drained()
    lines = [(await manu.get(f"/status/{name}"))["line"] for name in ("a1", "a2", "a3")]

    assert lines == [
        "polaris: pj/fxm (user:manu) ● connected",
        "polaris: pj/fxm (user:manu) ● advising",
        "polaris: pj (user:manu) ● advising",
    ]
    assert [row["body"] for row in service.events(kind="prompt")] == ["public"]
    assert sorted(file.name for file in (manu.home / "bound").iterdir()) == ["a1"]


async def test_moving_to_another_session_gives_the_first_seat_up(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    await manu.hook(prompt("a1", "one"))
    await manu.connect("a1", session="fxk")
    await manu.hook(prompt("a1", "two"))
    await manu.drained()
    async with service.client("user:manu") as client:
        for _ in range(200):
            if (seat := await client.session("pj", "fxm"))["seat"] == "open":
                break
            await asyncio.sleep(0.02)

    assert seat["seat"] == "open"
    assert [(row["session"], row["body"]) for row in service.events(kind="prompt")] == [("fxm", "one"), ("fxk", "two")]


async def test_an_idle_daemon_uses_next_to_no_time(manu: DaemonProcess, service: RealService) -> None:
    assert manu.process
    for name in ("a1", "a2", "a3"):
        await manu.connect(name, session=name)
    stat = Path(f"/proc/{manu.process.pid}/stat")
    if not stat.exists():
        pytest.skip("needs /proc")

    def ticks() -> int:
        return sum(int(field) for field in stat.read_text().rpartition(")")[2].split()[11:13])

    await asyncio.sleep(1)
    before = ticks()
    await asyncio.sleep(5)
    used = (ticks() - before) / os.sysconf("SC_CLK_TCK")

    assert used <= 0.1, f"{used} s of 5"

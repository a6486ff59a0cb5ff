"""Giving the seat away, what the next driver is told, the inbox, and how soon the status line follows."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, sign_in, stop
from fake_service import FakeService
from real_service import RealService

SOON_SECONDS = 1.0


@pytest.fixture
async def krishnas(tmp_path: Path, service: RealService) -> Any:
    """The machine of user:krishna."""
    home = tmp_path / "krishna"
    home.mkdir(mode=0o700)
    other = DaemonProcess(home)
    sign_in(other, service.url, service.tokens["user:krishna"], "user:krishna")
    await other.start()
    yield other
    await other.kill()


async def connected(daemon: DaemonProcess, session: str = "a1") -> None:
    await daemon.connect(session)
    await daemon.until(f"/status/{session}", lambda status: status["connected"])


async def became(daemon: DaemonProcess, line: str, session: str = "a1") -> float:
    """How long it took until the status line said so."""
    begun = time.monotonic()
    await daemon.until(f"/status/{session}", lambda status: line in status["line"], 5)
    return time.monotonic() - begun


async def test_a_handoff_delivers_what_waits_and_keeps_the_seat_for_whom_it_names(
    manu: DaemonProcess, krishnas: DaemonProcess, service: RealService
) -> None:
    await connected(manu)
    for number in range(20):
        await manu.hook(prompt("a1", f"step {number}"))
    status, answer = await manu.call("POST", "/handoff", {"agent_session_id": "a1", "to": "user:krishna"})
    rows = service.events("fxm", "prompt")
    async with service.client("user:manu") as client:
        seat = await client.session("pj", "fxm")
    refused, problem = await manu.call(
        "POST", "/connect", {"agent_session_id": "a2", "project": "pj", "session": "fxm"}
    )
    taken = await krishnas.connect("k1")

    assert (status, answer) == (200, {"project": "pj", "session": "fxm", "to": "user:krishna", "waiting": 0})
    assert [row["body"] for row in rows] == [f"step {number}" for number in range(20)]
    assert not any(row["late"] for row in rows)
    assert (seat["driver"], seat["reserved_for"]) == (None, "user:krishna")
    assert (await manu.get("/status/a1"))["line"] == "polaris: not connected"
    # Who gave it away may take it back only when nobody came; the answer says for whom it is kept.
    assert (refused, problem["code"]) == (409, "seat_is_reserved")
    assert problem["details"]["reserved_for"] == "user:krishna"
    assert taken["claimed"] and taken["epoch"] == 2


async def test_the_new_driver_gets_a_brief_once_and_who_began_the_session_gets_none(
    manu: DaemonProcess, krishnas: DaemonProcess
) -> None:
    first = await manu.connect("a1")
    await manu.until("/status/a1", lambda status: status["connected"])
    await manu.hook(prompt("a1", "Build the retention job", "t1"))
    await manu.hook(stop("a1", "The job deletes in batches now.", "t1"))
    again = await manu.connect("a1")
    await manu.call("POST", "/handoff", {"agent_session_id": "a1"})
    taken = await krishnas.connect("k1")

    assert (first["brief"], again["brief"]) == (None, None)
    assert "Build the retention job" in taken["brief"]


async def test_a_handoff_to_somebody_unknown_changes_nothing(manu: DaemonProcess, service: RealService) -> None:
    await connected(manu)
    status, problem = await manu.call("POST", "/handoff", {"agent_session_id": "a1", "to": "user:nobody"})

    assert (status, problem["code"]) == (404, "no_such_member")
    assert (await manu.get("/status/a1"))["line"] == "polaris: pj/fxm (user:manu) ● connected"
    await manu.hook(prompt("a1", "still mine"))
    await manu.drained()
    assert [row["body"] for row in service.events("fxm", "prompt")] == ["still mine"]


async def test_a_handoff_without_the_service_is_refused_and_changes_nothing(
    bound: DaemonProcess, fake: FakeService
) -> None:
    await fake.__aexit__()
    status, problem = await bound.call("POST", "/handoff", {"agent_session_id": "a1"})

    assert (status, problem["code"]) == (503, "unavailable")
    assert (await bound.get("/status/a1"))["state"] == "active"


async def test_who_has_no_seat_cannot_give_one(bound: DaemonProcess, fake: FakeService) -> None:
    unknown = await bound.call("POST", "/handoff", {"agent_session_id": "a9"})
    fake.give_seat("fxm", "user:krishna")
    await fake.sockets["fxm"].send_json({"type": "event", "event": {"kind": "driver.claimed", "session": "fxm"}})
    seconds = await became(bound, "user:krishna drives")
    lost = await bound.call("POST", "/handoff", {"agent_session_id": "a1"})

    assert (unknown[0], unknown[1]["code"]) == (404, "not_connected")
    assert (lost[0], lost[1]["code"]) == (409, "not_driver")
    assert "user:krishna drives" in lost[1]["message"]
    assert seconds < SOON_SECONDS


async def test_who_comes_second_is_told_who_drives_since_when_and_what_they_can_do(
    manu: DaemonProcess, krishnas: DaemonProcess
) -> None:
    await connected(manu)
    status, problem = await krishnas.call(
        "POST", "/connect", {"agent_session_id": "k1", "project": "pj", "session": "fxm"}
    )
    watching = await krishnas.connect("k1", role="advisor")

    assert (status, problem["code"]) == (409, "seat_is_held")
    assert problem["message"].startswith("user:manu drives pj/fxm since 20")
    assert problem["details"]["driver"] == "user:manu"
    assert problem["details"]["driver_since"]
    assert "polaris join pj fxm --watch" in problem["hint"] and "polaris ask pj fxm" in problem["hint"]
    assert watching["line"] == "polaris: pj/fxm (user:krishna) ● advising"
    assert watching["brief"] is None


async def test_who_asks_for_the_seat_is_read_by_the_drivers_agent_with_how_to_give_it(
    manu: DaemonProcess, krishnas: DaemonProcess, service: RealService, tmp_path: Path
) -> None:
    await connected(manu)

    async def polaris(*words: str) -> tuple[int, str]:
        """The command line of user:krishna."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("POLARIS_", "CLAUDE"))}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "polaris.cli", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=kept | {"POLARIS_HOME": str(krishnas.home)},
            cwd=tmp_path,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    asked = await polaris("ask", "pj", "fxm", "I have an hour now")
    await manu.until("/status/a1", lambda status: status["advice_waiting"] == 1)
    handed = await manu.hook(prompt("a1", "go", "t1"))
    refused = await polaris("here", "--agent-session", "k1", "join", "pj", "fxm")
    watching = await polaris("here", "--agent-session", "k1", "join", "pj", "fxm", "--watch")
    await manu.call("POST", "/handoff", {"agent_session_id": "a1", "to": "user:krishna"})
    nobody = await polaris("ask", "pj", "fxm")
    taken = await polaris("here", "--agent-session", "k1", "join", "pj", "fxm")
    text = handed["hookSpecificOutput"]["additionalContext"]

    assert asked[0] == 0 and asked[1].splitlines()[-2:] == [
        "user:manu is asked for the seat of pj/fxm; their agent is told: queued.",
        "`polaris join pj fxm` takes it once it is given.",
    ]
    assert "I have an hour now" in text
    assert "user:krishna asks for the seat of pj/fxm. To give it: `polaris handoff user:krishna`." in text
    assert refused[0] == 0 and refused[1].startswith("user:manu drives pj/fxm since 20")
    assert "`/polaris join pj fxm --watch`" in refused[1] and "`/polaris ask pj fxm`" in refused[1]
    assert watching[1].startswith("polaris: pj/fxm (user:krishna) ● advising\n")
    assert nobody[1].startswith("Nobody drives pj/fxm: `polaris join pj fxm` takes the seat.")
    assert taken[1].startswith("polaris: pj/fxm (user:krishna) ● connected\n")


async def test_the_inbox_tells_what_waits_what_is_on_its_way_and_how_it_ended(
    manu: DaemonProcess, service: RealService
) -> None:
    await connected(manu)
    async with service.client("user:krishna") as krishna:
        first = await krishna.inject("pj", "fxm", "Use RS256")
        await manu.until("/status/a1", lambda status: status["advice_waiting"] == 1)
        handed = await manu.hook(prompt("a1", "go", "t1"))
        await krishna.inject("pj", "fxm", "And rotate the keys")
        await manu.until("/status/a1", lambda status: status["advice_waiting"] == 1)
    found = await manu.until("/inbox?agent_session_id=a1", lambda inbox: inbox["on_its_way"])
    unknown = await manu.call("GET", "/inbox?agent_session_id=a9")

    assert "Use RS256" in str(handed)
    assert [one["body"] for one in found["waiting"]] == ["And rotate the keys"]
    assert [(one["delivery_id"], one["state"]) for one in found["on_its_way"]] == [(first["delivery_id"], "sent")]
    assert found["ended"] == []
    assert (unknown[0], unknown[1]["code"]) == (404, "not_connected")


async def test_the_inbox_keeps_the_reason_of_what_failed(manu: DaemonProcess, service: RealService) -> None:
    await connected(manu)
    async with service.client("user:krishna") as krishna:
        await krishna.inject("pj", "fxm", "Use RS256")
    await manu.until("/status/a1", lambda status: status["advice_waiting"] == 1)
    await manu.hook(prompt("a1", "go", "t1"))
    await manu.hook(stop("a1", "done", "t1"))  # no transcript: nothing can be proved
    ended = (await manu.until("/inbox?agent_session_id=a1", lambda inbox: inbox["ended"]))["ended"]

    assert [(one["body"], one["state"], one["reason"]) for one in ended] == [("Use RS256", "failed", "unproven")]


async def test_the_status_line_follows_within_a_second(manu: DaemonProcess, service: RealService) -> None:
    await connected(manu)
    await manu.call("POST", "/pause", {"agent_session_id": "a1"})
    paused = await became(manu, "◌ paused")
    await manu.call("POST", "/pause", {"agent_session_id": "a1", "paused": False})
    resumed = await became(manu, "● connected")
    async with service.client("user:manu") as client:  # from another terminal, or on the web
        await client.release("pj", "fxm")
        released = await became(manu, "○ the seat was released")

    assert max(paused, resumed, released) < SOON_SECONDS

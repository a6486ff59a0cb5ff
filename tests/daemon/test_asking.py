"""Asking for the seat, answering, and losing it to an administrator, between two machines, as their people live it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, sign_in_as, stop
from real_service import RealService, both_links

SOON_SECONDS = 2.0


@pytest.fixture
async def krishnas(tmp_path: Path, service: RealService) -> Any:
    """The machine of user:krishna."""
    home = tmp_path / "krishna"
    home.mkdir(mode=0o700)
    other = DaemonProcess(home)
    sign_in_as(other, service.credential("user:krishna"))
    await other.start()
    yield other
    await other.kill()


async def connected(daemon: DaemonProcess, session: str = "a1") -> None:
    await daemon.connect(session)
    await daemon.until(f"/status/{session}", lambda status: status["connected"])


async def lines(daemon: DaemonProcess, fits: str, session: str = "a1") -> dict[str, Any]:
    """The status once its line has these words."""
    found: dict[str, Any] = await daemon.until(f"/status/{session}", lambda status: fits in status["line"], 5)
    return found


@both_links
async def test_the_driver_reads_in_the_status_line_who_asks_and_until_when(
    manu: DaemonProcess, service: RealService
) -> None:
    await connected(manu)
    async with service.client("user:krishna") as krishna, service.client("agent:test-writer") as bot:
        asked = await krishna.ask_seat("pj", "fxm", "I have an hour")
        one = await lines(manu, "user:krishna asks for the seat")
        await bot.ask_seat("pj", "fxm")
        two = await lines(manu, "and 1 more ask for the seat")
        await krishna.answer_seat("pj", "fxm", asked["seq"], "withdraw")
        left = await lines(manu, "agent:test-writer asks")

    assert one["line"] == "polaris: pj/fxm (user:manu) ● connected · user:krishna asks for the seat"
    assert two["asked_by"] == ["user:krishna", "agent:test-writer"]
    assert left["asked_by"] == ["agent:test-writer"]


async def test_asked_given_and_taken_with_a_brief_and_nothing_lost(
    manu: DaemonProcess, krishnas: DaemonProcess, service: RealService
) -> None:
    await connected(manu)
    await manu.hook(prompt("a1", "Build the retention job", "t1"))
    await manu.hook(stop("a1", "The job deletes in batches now.", "t1"))
    status, request = await krishnas.call(
        "POST", "/ask", {"agent_session_id": "k1", "project": "pj", "session": "fxm", "note": "Let me finish it"}
    )
    await lines(manu, "user:krishna asks")
    told = await manu.hook(prompt("a1", "go on", "t2"))
    given = await manu.call("POST", "/seat", {"agent_session_id": "a1", "answer": "give"})
    async with service.client("user:krishna") as client:
        (after,) = await client.seat_requests("pj", "fxm")
    taken = await krishnas.connect("k1")
    await krishnas.until("/status/k1", lambda s: s["connected"])
    await krishnas.hook(prompt("k1", "And now the tests", "t3"))
    await krishnas.drained()
    prompts = service.events("fxm", "prompt")

    assert (status, request["actor"], request["note"]) == (200, "user:krishna", "Let me finish it")
    assert "Let me finish it" in told["hookSpecificOutput"]["additionalContext"]
    assert given == (200, {"project": "pj", "session": "fxm", "to": "user:krishna", "waiting": 0})
    assert (after["ended_how"], after["ended_by"]) == ("given", "user:manu")
    assert taken["claimed"] and taken["epoch"] == 2
    assert "Build the retention job" in taken["brief"] and "deletes in batches" in taken["brief"]
    assert [(row["body"], row["epoch"], row["late"]) for row in prompts] == [
        ("Build the retention job", 1, False),
        ("go on", 1, False),
        ("And now the tests", 2, False),
    ]
    assert (await manu.get("/status/a1"))["line"] == "polaris: not connected"


async def test_declined_the_seat_stays_and_the_asker_reads_why(manu: DaemonProcess, service: RealService) -> None:
    await connected(manu)
    async with service.client("user:krishna") as krishna:
        await krishna.ask_seat("pj", "fxm")
        await lines(manu, "user:krishna asks")
        answer = {"agent_session_id": "a1", "answer": "decline", "who": "krishna", "reason": "nearly done"}
        status, declined = await manu.call("POST", "/seat", answer)
        (request,) = await krishna.seat_requests("pj", "fxm")
    quiet = await manu.until("/status/a1", lambda s: not s["asked_by"])
    (event,) = service.events("fxm", "seat.settled")

    assert (status, declined) == (200, {"project": "pj", "session": "fxm", "declined": "user:krishna"})
    assert request["ended_how"] == "declined"
    assert event["body"].endswith(": nearly done")
    assert quiet["line"] == "polaris: pj/fxm (user:manu) ● connected"


async def test_without_a_request_or_with_several_nothing_is_given(manu: DaemonProcess, service: RealService) -> None:
    await connected(manu)
    nobody = await manu.call("POST", "/seat", {"agent_session_id": "a1", "answer": "give"})
    async with service.client("user:krishna") as krishna, service.client("agent:test-writer") as bot:
        await krishna.ask_seat("pj", "fxm")
        await bot.ask_seat("pj", "fxm")
    several = await manu.call("POST", "/seat", {"agent_session_id": "a1", "answer": "give"})
    wrong = await manu.call("POST", "/seat", {"agent_session_id": "a1", "answer": "perhaps"})
    stranger = await manu.call("POST", "/seat", {"agent_session_id": "a9", "answer": "give"})

    assert (nobody[0], nobody[1]["code"]) == (404, "nobody_asks")
    assert (several[0], several[1]["code"]) == (409, "several_ask")
    assert "user:krishna, agent:test-writer" in several[1]["message"]
    assert (wrong[0], wrong[1]["code"]) == (422, "answer_is_known")
    assert (stranger[0], stranger[1]["code"]) == (409, "not_driver")
    assert (await manu.get("/status/a1"))["connected"]


@both_links
async def test_an_administrator_takes_the_seat_and_the_old_drivers_line_says_why(
    manu: DaemonProcess, krishnas: DaemonProcess, service: RealService
) -> None:
    await krishnas.connect("k1")
    await krishnas.until("/status/k1", lambda status: status["connected"])
    await krishnas.hook(prompt("k1", "Build the retention job", "t1"))
    await krishnas.drained()
    async with service.client("user:manu") as admin:
        seat = await admin.session("pj", "fxm")
        await admin.take_over("pj", "fxm", seat["epoch"], "Krishna is on leave")
    lost = await krishnas.until("/status/k1", lambda status: status["state"] == "lost", 5)
    await krishnas.hook(prompt("k1", "this is mine alone now", "t2"))
    joined = await manu.connect("a1")

    assert lost["line"] == "polaris: pj/fxm (user:krishna) ○ user:manu took the seat: Krishna is on leave"
    assert (joined["claimed"], joined["epoch"]) == (True, 2)
    assert "Build the retention job" in joined["brief"]
    assert [row["body"] for row in service.events("fxm", "prompt")] == ["Build the retention job"]


async def test_who_was_taken_over_while_away_delivers_late_and_does_not_take_the_free_seat_back(
    krishnas: DaemonProcess, service: RealService
) -> None:
    await krishnas.connect("k1")
    await krishnas.until("/status/k1", lambda status: status["connected"])
    await service.kill()
    await krishnas.hook(prompt("k1", "written on the train", "t1"))
    await service.start()
    async with service.client("user:manu") as admin:
        # The daemon may be back already: whose word comes first is not the matter here.
        seat = await admin.session("pj", "fxm")
        await admin.take_over("pj", "fxm", seat["epoch"], "on leave")
        await admin.release("pj", "fxm")
    lost = await krishnas.until("/status/k1", lambda status: status["state"] == "lost", 20)
    await krishnas.drained()
    (row,) = service.events("fxm", "prompt")

    assert "user:manu took the seat: on leave" in lost["line"]
    assert (row["body"], row["epoch"], row["actor"]) == ("written on the train", 1, "user:krishna")
    async with service.client("user:manu") as admin:
        seat = await admin.session("pj", "fxm")
    assert (seat["driver"], seat["epoch"]) == (None, 2)


async def test_from_the_agents_and_from_terminals_it_is_asked_declined_withdrawn_given_and_taken(
    manu: DaemonProcess, krishnas: DaemonProcess, service: RealService, tmp_path: Path
) -> None:
    async def polaris(daemon: DaemonProcess, *words: str) -> str:
        """A command on the machine of somebody; what it prints."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("POLARIS_", "CLAUDE"))}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "polaris.cli", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=kept | {"POLARIS_HOME": str(daemon.home)},
            cwd=tmp_path,
        )
        out, _ = await process.communicate()
        return out.decode()

    await connected(manu)
    await polaris(krishnas, "ask", "pj", "fxm", "one hour")
    declined = await polaris(manu, "here", "--agent-session", "a1", "decline user:krishna nearly done")
    await polaris(krishnas, "ask", "pj", "fxm")
    withdrawn = await polaris(krishnas, "seat", "withdraw", "pj", "fxm")
    nobody = await polaris(manu, "here", "--agent-session", "a1", "give")
    await polaris(krishnas, "ask", "pj", "fxm")
    given = await polaris(manu, "here", "--agent-session", "a1", "give user:krishna")
    joined = await krishnas.connect("k1")
    listed = await polaris(manu, "seat", "list", "pj", "fxm")
    taken = await polaris(manu, "seat", "take", "pj", "fxm", "Krishna is on leave")
    refused = await polaris(krishnas, "seat", "take", "pj", "fxm", "mine")

    assert declined == "user:krishna is told that you keep the seat of pj/fxm.\n"
    assert withdrawn == "You do not ask for the seat of pj/fxm any more.\n"
    assert nobody == "Nobody asks for the seat of pj/fxm.\n"
    assert given.startswith("The seat of pj/fxm is kept for user:krishna for five minutes.\n")
    assert joined["claimed"]
    assert [word for word in listed.split() if word in ("declined", "withdrawn", "given")] == [
        *("declined", "withdrawn", "given"),
    ]
    assert taken.startswith("You took the seat of pj/fxm from user:krishna (epoch 3).\n")
    assert "administrator" in refused

"""From a hook's payload to Postgres: the real daemon, the real API, counted in the tables."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path
from typing import Any

from daemon_tools import DaemonProcess, prompt, sign_in_as, stop
from real_service import RealService, both_links

pytestmark = both_links


def bodies(rows: list[dict[str, Any]]) -> list[str]:
    return [row["body"] for row in rows]


def leave_file(daemon: DaemonProcess, payload: dict[str, Any], at: float, agent: str = "claude-code") -> Path:
    """What capture.sh leaves when the daemon does not answer."""
    folder = daemon.home / "spool"
    folder.mkdir(mode=0o700, exist_ok=True)
    capture = f"{at:.6f}".replace(".", "") + f"-{uuid.uuid4().hex[:8]}"
    header = {"capture": capture, "agent": agent, "pid": None, "at": at}
    file = folder / f"{capture}.json"
    file.write_bytes(json.dumps(header).encode() + b"\n" + json.dumps(payload).encode())
    return file


async def test_a_prompt_becomes_a_row_of_its_driver(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    await manu.hook(prompt("a1", "hello"))
    await manu.drained()
    (row,) = service.events("fxm", "prompt")

    assert (row["actor"], row["body"], row["epoch"], row["late"]) == ("user:manu", "hello", 1, False)


async def test_three_sessions_at_once_lose_nothing_and_mix_nothing(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1", session="fxm")
    await manu.connect("a2", session="fxk")
    await manu.connect("a3", session="tests", token=service.secret("agent:test-writer"))

    async def talk(agent: str) -> None:
        for number in range(40):
            await manu.hook(prompt(agent, f"{agent} says {number}"))

    await asyncio.gather(*(talk(agent) for agent in ("a1", "a2", "a3")))
    await manu.drained()

    for agent, session, actor in (
        ("a1", "fxm", "user:manu"),
        ("a2", "fxk", "user:manu"),
        ("a3", "tests", "agent:test-writer"),
    ):
        rows = service.events(session, "prompt")
        assert bodies(rows) == [f"{agent} says {number}" for number in range(40)]
        assert {row["actor"] for row in rows} == {actor}
    assert service.gaps_and_doubles() == (0, 0)


async def test_a_full_queue_survives_kill_9_of_the_daemon_while_the_service_is_away(
    manu: DaemonProcess, killable: RealService
) -> None:
    await manu.connect("a1")
    await killable.kill()
    for number in range(300):
        await manu.hook(prompt("a1", f"hello {number}"))
    assert (await manu.get("/status"))["spool"]["events"] == 300
    await manu.kill()
    await killable.start()
    await manu.start()
    await manu.drained(30)

    assert bodies(killable.events("fxm", "prompt")) == [f"hello {number}" for number in range(300)]
    assert killable.gaps_and_doubles() == (0, 0)


async def test_kill_9_of_the_daemon_under_load_loses_nothing_that_was_answered(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    answered: list[str] = []

    async def talk() -> None:
        for number in range(10_000):
            try:
                await manu.hook(prompt("a1", f"hello {number}"))
            except Exception:
                return
            answered.append(f"hello {number}")

    talking = [asyncio.create_task(talk()) for _ in range(4)]
    while len(answered) < 200:
        await asyncio.sleep(0.01)
    await manu.kill()
    await asyncio.gather(*talking)
    await manu.start()
    await manu.drained()
    kept = bodies(service.events("fxm", "prompt"))

    # Four talkers say every number; what was cut off in the middle may or may not have been committed.
    assert len(answered) <= len(kept) <= len(answered) + 4
    assert all(kept.count(text) >= answered.count(text) for text in set(answered))
    assert service.gaps_and_doubles() == (0, 0)


async def test_an_api_that_is_killed_again_and_again_gets_every_event_once(
    manu: DaemonProcess, killable: RealService
) -> None:
    await manu.connect("a1")

    async def talk() -> None:
        for number in range(300):
            await manu.hook(prompt("a1", f"hello {number}"))
            await asyncio.sleep(0.005)

    talking = asyncio.create_task(talk())
    for _ in range(2):
        await asyncio.sleep(0.3)
        await killable.kill()
        await killable.start()
    await talking
    await manu.drained(30)

    assert bodies(killable.events("fxm", "prompt")) == [f"hello {number}" for number in range(300)]
    assert killable.gaps_and_doubles() == (0, 0)


async def test_files_that_hooks_left_are_taken_up_in_capture_order_and_removed(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    await manu.stop()
    now = time.time()
    files = [leave_file(manu, prompt("a1", f"hello {number}"), now + number / 100) for number in (3, 1, 2)]
    stranger = leave_file(manu, prompt("not-bound", "private"), now)
    broken = manu.home / "spool" / "0-broken.json"
    broken.write_bytes(b'{"capture":"x","agent":"claude-code","pid":null,"at":1}\n{"session_id": "a1", ')
    await manu.start()
    await manu.drained()

    assert bodies(service.events("fxm", "prompt")) == ["hello 1", "hello 2", "hello 3"]
    assert not any(file.exists() for file in (*files, stranger, broken))
    assert (manu.home / "spool" / "bad" / "0-broken.json").exists()
    assert "private" not in manu.said()


async def test_a_file_that_repeats_what_the_daemon_had_taken_makes_no_second_row(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    payload = prompt("a1", "hello")
    await manu.hook(payload)
    await manu.drained()
    file = leave_file(manu, payload, time.time())
    await manu.until("/status", lambda status: not status["spool"]["files"])
    await manu.drained()

    assert not file.exists()
    assert bodies(service.events("fxm", "prompt")) == ["hello"]


async def test_events_before_the_connection_go_nowhere_and_after_it_to_the_right_one(
    manu: DaemonProcess, service: RealService
) -> None:
    assert await manu.hook(prompt("a1", "before")) is None
    await manu.connect("a1", token=service.secret("agent:test-writer"))
    await manu.hook(prompt("a1", "the first"))
    await manu.drained()

    rows = service.events("fxm", "prompt")
    assert [(row["body"], row["actor"]) for row in rows] == [("the first", "agent:test-writer")]


async def test_an_unknown_session_and_an_unknown_agent_are_answered_with_nothing(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    headers = {"X-Polaris-Capture": "c1", "X-Polaris-Agent": "somebody-else"}

    assert await manu.hook(prompt("not-bound", "private")) is None
    assert await manu.call("POST", "/events", prompt("a1", "private"), headers) == (200, None)
    assert (await manu.get("/status"))["spool"]["events"] == 0
    assert service.events("fxm", "prompt") == []
    assert b"private" not in (manu.home / "daemon.sqlite").read_bytes()


async def test_disconnect_delivers_what_was_captured_gives_the_seat_up_and_leaves_nothing(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1", token=service.secret("user:manu"))
    assert (manu.home / "bound" / "a1").exists()
    assert (manu.home / "daemon.tokens").stat().st_mode & 0o777 == 0o600
    await manu.hook(prompt("a1", "the last"))
    status, answer = await manu.call("POST", "/disconnect", {"agent_session_id": "a1"})
    after = await manu.hook(prompt("a1", "too late"))
    shown = await manu.get("/status")

    assert (status, answer) == (200, {"disconnected": True, "released": True, "waiting": 0})
    assert after is None
    assert bodies(service.events("fxm", "prompt")) == ["the last"]
    assert [row["kind"] for row in service.events("fxm")][-1] == "driver.released"
    assert not (manu.home / "bound" / "a1").exists()
    assert not (manu.home / "daemon.tokens").exists()
    assert (shown["sessions"], shown["links"]) == ([], [])
    assert (await manu.get("/status/a1"))["line"] == "polaris: not connected"


async def test_who_drives_is_told_to_the_second_one(manu: DaemonProcess, service: RealService) -> None:
    async with service.client("user:krishna") as krishna:
        await krishna.join("pj", "fxm")
    asked = {"agent_session_id": "a1", "agent": "claude-code", "project": "pj", "session": "fxm"}
    status, problem = await manu.call("POST", "/connect", asked)

    assert (status, problem["code"]) == (409, "seat_is_held")
    assert problem["details"]["driver"] == "user:krishna"
    assert not (manu.home / "bound" / "a1").exists()


async def test_two_agent_sessions_of_one_person_do_not_share_a_session(
    manu: DaemonProcess, service: RealService
) -> None:
    first = await asyncio.create_subprocess_exec("sleep", "100")
    try:
        await manu.connect("a1", pid=first.pid)
        asked = {"agent_session_id": "a2", "agent": "claude-code", "project": "pj", "session": "fxm"}
        status, problem = await manu.call("POST", "/connect", asked)
    finally:
        first.kill()
        await first.wait()
    taken = await manu.connect("a2")

    assert (status, problem["code"]) == (409, "session_is_bound")
    assert taken["epoch"] == 1, "the seat stays; the dead agent session alone is replaced"
    assert (await manu.get("/status/a1"))["connected"] is False


async def test_clear_keeps_the_binding_under_the_new_id_and_a_fork_is_not_bound(
    manu: DaemonProcess, service: RealService
) -> None:
    agent = await asyncio.create_subprocess_exec("sleep", "100")
    fork = await asyncio.create_subprocess_exec("sleep", "100")
    try:
        await manu.connect("a1", pid=agent.pid)
        started = {"session_id": "b1", "hook_event_name": "SessionStart", "source": "clear"}
        ended = {"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "clear"}
        await manu.hook(prompt("a1", "one"), agent.pid)
        await manu.hook(ended, agent.pid)
        await manu.hook(started, agent.pid)
        await manu.hook(prompt("b1", "two"), agent.pid)
        forked = {"session_id": "c1", "hook_event_name": "SessionStart", "source": "fork"}
        await manu.hook(forked, fork.pid)
        await manu.hook(prompt("c1", "the fork's"), fork.pid)
        await manu.hook(prompt("a1", "a resume of the old one elsewhere"), fork.pid)
        await manu.drained()
    finally:
        for process in (agent, fork):
            process.kill()
            await process.wait()

    assert bodies(service.events("fxm", "prompt")) == ["one", "two"]
    assert sorted(file.name for file in (manu.home / "bound").iterdir()) == ["b1"]


async def test_a_resumed_session_goes_on_in_its_new_process(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1", pid=None)
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "prompt_input_exit"})
    await manu.until("/status/a1", lambda status: status["state"] == "ended")
    await manu.stop()
    await manu.start()
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionStart", "source": "resume"}, 4242424)
    await manu.until("/status/a1", lambda status: status["connected"])
    await manu.hook(prompt("a1", "again"))
    await manu.drained()

    assert bodies(service.events("fxm", "prompt")) == ["again"]


async def test_a_paused_session_is_not_captured(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    await manu.call("POST", "/pause", {"agent_session_id": "a1"})
    await manu.hook(prompt("a1", "private"))
    paused = (await manu.get("/status/a1"))["line"], (manu.home / "bound" / "a1").exists()
    await manu.call("POST", "/pause", {"agent_session_id": "a1", "paused": False})
    await manu.hook(prompt("a1", "public"))
    await manu.drained()

    assert paused == ("polaris: pj/fxm (user:manu) ◌ paused", False)
    assert bodies(service.events("fxm", "prompt")) == ["public"]


async def test_nul_and_half_surrogates_are_kept_as_something_that_postgres_takes(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    raw = json.dumps(prompt("a1", "a\x00b\ud800c")).encode()
    headers = {"X-Polaris-Capture": "c1", "X-Polaris-Agent": "claude-code"}
    status, _ = await manu.call("POST", "/events", raw, headers)
    await manu.hook(prompt("a1", "and on"))
    await manu.drained()
    kept = bodies(service.events("fxm", "prompt"))

    assert status == 200
    assert len(kept) == 2
    assert kept[0].startswith("a")
    assert kept[1] == "and on"


async def test_a_queue_that_is_full_says_so_and_the_hook_keeps_its_payload(
    daemon: DaemonProcess, service: RealService
) -> None:
    daemon.options["spool_bytes"] = 2000
    sign_in_as(daemon, service.credential("user:manu"))
    await daemon.start()
    await daemon.connect("a1")
    await service.kill()
    headers = {"X-Polaris-Capture": "c1", "X-Polaris-Agent": "claude-code"}
    status = 200
    while status == 200:
        status, problem = await daemon.call("POST", "/events", prompt("a1", "x" * 300), headers)

    assert (status, problem["code"]) == (507, "spool_full")

    await service.start()
    await daemon.drained()

    assert (await daemon.call("POST", "/events", prompt("a1", "again"), headers))[0] == 200


async def test_a_turn_is_its_prompt_and_its_reply(manu: DaemonProcess, service: RealService) -> None:
    await manu.connect("a1")
    turn = str(uuid.uuid4())
    await manu.hook(prompt("a1", "why", turn))
    await manu.hook(stop("a1", "because", turn))
    await manu.drained()
    rows = [row for row in service.events("fxm") if row["turn"] == turn]

    assert [(row["kind"], row["body"]) for row in rows] == [("prompt", "why"), ("reply", "because")]


async def test_a_secret_leaves_no_trace_in_queue_log_or_record(manu: DaemonProcess, service: RealService) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    await manu.connect("a1")
    await service.kill()
    await manu.hook(prompt("a1", f"export GITHUB_TOKEN={secret}"))
    await manu.hook(
        {
            "session_id": "a1",
            "hook_event_name": "PreToolUse",
            "tool_name": "Bash",
            "tool_use_id": "toolu_1",
            "tool_input": {"command": f"curl -H 'Authorization: Bearer {secret}' x"},
        }
    )
    at_rest = b"".join(file.read_bytes() for file in manu.home.iterdir() if file.is_file())
    await service.start()
    await manu.drained()
    rows = service.events("fxm")

    assert secret.encode() not in at_rest
    assert secret not in manu.said()
    assert secret not in str(rows)
    assert "[REDACTED:" in next(row["body"] for row in rows if row["kind"] == "prompt")

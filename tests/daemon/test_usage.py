"""From an agent's own record to the figures: the real daemon, the real service, counted in the table of usage."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from daemon_tools import DaemonProcess, prompt, stop
from real_service import RealService, both_links

from polaris.daemon.app import Daemon
from polaris.daemon.intake import Header
from polaris.daemon.records import Binding, Route
from polaris.settings import Settings

Json = dict[str, Any]
FIXTURES = Path(__file__).parents[1] / "fixtures"
LATER = "2100-01-01T00:00:00.000Z"


def answered(name: str, session: str = "a1", output: int = 20, **more: Any) -> Json:
    """A line of a model's message that shows nothing: what it thought."""
    usage = {"input_tokens": 100, "output_tokens": output}
    message = {"id": name, "model": "claude-opus-5-5", "content": [{"type": "thinking", "thinking": ""}]}
    return {"type": "assistant", "sessionId": session, "timestamp": LATER, "message": message | {"usage": usage}} | more


def write(file: Path, *lines: Json) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.writelines(json.dumps(one) + "\n" for one in lines)


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    file = tmp_path / "a1.jsonl"
    file.touch()
    return file


def index(service: RealService) -> None:
    with psycopg.connect(service.service_url, autocommit=True) as db:
        for project in service.rows("select project_id from polaris_data.projects"):
            asked = [service.org_id, project["project_id"]]
            while db.execute("select polaris.index_events(%s, %s)", asked).fetchone() != (0,):
                pass


def counted(service: RealService) -> dict[str, tuple[int, int]]:
    """Tokens in and out of each message, by its id."""
    index(service)
    rows = service.rows("select message, input_tokens, output_tokens from polaris_data.usage order by seq, message")
    return {row["message"]: (row["input_tokens"], row["output_tokens"]) for row in rows}


def told(service: RealService) -> list[int]:
    """How many messages each event carries, of those that carry any."""
    return [len(row["facts"]["usage"]) for row in service.events() if row["facts"] and "usage" in row["facts"]]


def tool(event: str, turn: str = "t1", session: str = "a1", **more: Any) -> Json:
    called = {"tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": f"toolu_{uuid.uuid4().hex}"}
    return {"session_id": session, "hook_event_name": event, "prompt_id": turn} | called | more


@both_links
async def test_a_recorded_session_is_counted_to_what_it_adds_up_to(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    session = "3986d103-8362-46de-b5f6-41b54b4533b8"
    text = (FIXTURES / "claude-code" / "_transcript.print-mode.jsonl").read_text()
    lines = re.sub(r'"timestamp": ?"[^"]+"', f'"timestamp":"{LATER}"', text).splitlines(keepends=True)
    (state,) = [json.loads(line) for line in lines if '"cost-state"' in line]
    (model,) = state["modelUsage"].values()
    await manu.connect(session, transcript_path=str(transcript))
    for number, line in enumerate(lines):
        with transcript.open("a") as opened:
            opened.write(line)
        if number % 5 == 0:
            await manu.hook(tool("PreToolUse", session=session))
        if number == 30:
            await manu.kill()
            await manu.start()
    await manu.hook({"session_id": session, "hook_event_name": "SessionEnd", "reason": "other"})
    await manu.drained()
    once = counted(service)

    async with service.client("user:manu") as client:
        (by_model,) = await client.usage("pj", "fxm", by="model", since=datetime(2020, 1, 1, tzinfo=UTC))
        (by_day, *_) = await client.usage(by="day")

    assert by_model["model"] == "claude-opus-5-5"
    assert by_model["input_tokens"] == sum(tokens for tokens, _ in once.values())
    assert (by_model["messages"], by_model["cost_usd"], len(by_day["day"])) == (len(once), None, 10)
    # The process counted two messages of a sub-agent, too: 9,576 and 10,140 tokens in, 20 out each.
    assert sum(tokens for tokens, _ in once.values()) == model["inputTokens"] - 9576 - 10140
    assert sum(tokens for _, tokens in once.values()) == model["outputTokens"] - 40
    assert service.gaps_and_doubles() == (0, 0)


@both_links
async def test_what_waits_for_an_event_survives_kill_9(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    await manu.connect("a1", transcript_path=str(transcript))
    write(transcript, *(answered(f"m{number:03}") for number in range(150)))
    await manu.hook(prompt("a1", "one"))
    await manu.kill()
    await manu.start()
    await manu.hook(prompt("a1", "two"))
    await manu.kill()
    await manu.start()
    write(transcript, answered("last"))
    await manu.hook(prompt("a1", "three"))
    await manu.drained()

    assert told(service) == [64, 64, 23]
    assert counted(service) == {f"m{number:03}": (100, 20) for number in range(150)} | {"last": (100, 20)}


async def test_a_record_that_is_read_again_and_a_resume_count_nothing_twice(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    await manu.connect("a1", transcript_path=str(transcript))
    write(transcript, answered("a"), answered("b"))
    await manu.hook(prompt("a1", "one"))
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "other"})
    copy = transcript.with_name("copy")
    copy.write_text(transcript.read_text())
    copy.replace(transcript)
    write(transcript, answered("c"))
    resumed = {"session_id": "a1", "hook_event_name": "SessionStart", "source": "resume"}
    await manu.hook(resumed | {"transcript_path": str(transcript)}, 4242424)
    await manu.drained()

    assert told(service) == [2, 3]
    assert counted(service) == dict.fromkeys("abc", (100, 20))


async def test_a_fork_that_is_connected_too_counts_only_its_own(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    await manu.connect("a1", transcript_path=str(transcript))
    write(transcript, answered("a"), answered("b"))
    await manu.hook(prompt("a1", "one"))
    fork = transcript.with_name("c1.jsonl")
    fork.touch()
    await manu.connect("c1", session="fxk", transcript_path=str(fork))
    # Its file has the lines of before the fork again, under its own id.
    write(fork, answered("a", "c1"), answered("b", "c1"), answered("c", "c1"))
    await manu.hook(prompt("c1", "two"))
    await manu.drained()
    once = counted(service)
    sessions = service.rows(
        "select message, s.name from polaris_data.usage u join polaris_data.sessions s using (org_id, session_id)"
        " order by message"
    )

    assert once == dict.fromkeys("abc", (100, 20))
    assert [(row["message"], row["name"]) for row in sessions] == [("a", "fxm"), ("b", "fxm"), ("c", "fxk")]


async def test_a_clear_and_a_compaction_lose_and_double_nothing(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    agent = await asyncio.create_subprocess_exec("sleep", "100")
    new = transcript.with_name("b1.jsonl")
    try:
        await manu.connect("a1", pid=agent.pid, transcript_path=str(transcript))
        write(transcript, answered("a"))
        compacted = {"session_id": "a1", "hook_event_name": "PostCompact", "trigger": "manual"}
        await manu.hook(compacted, agent.pid)
        write(transcript, answered("b"))
        ended = {"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "clear"}
        await manu.hook(ended | {"transcript_path": str(transcript)}, agent.pid)
        write(new, answered("c", "b1"))
        started = {"session_id": "b1", "hook_event_name": "SessionStart", "source": "clear"}
        await manu.hook(started | {"transcript_path": str(new)}, agent.pid)
        await manu.drained()
    finally:
        agent.kill()
        await agent.wait()

    assert counted(service) == dict.fromkeys("abc", (100, 20))


async def test_a_pause_is_nobody_s_business(manu: DaemonProcess, service: RealService, transcript: Path) -> None:
    await manu.connect("a1", transcript_path=str(transcript))
    await manu.call("POST", "/pause", {"agent_session_id": "a1"})
    write(transcript, answered("hidden"))
    await manu.call("POST", "/pause", {"agent_session_id": "a1", "paused": False})
    write(transcript, answered("shown"))
    await manu.hook(prompt("a1", "one"))
    await manu.drained()

    assert list(counted(service)) == ["shown"]


async def test_sub_agents_are_counted_when_they_end_and_at_the_end_of_the_session(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    await manu.connect("a1", transcript_path=str(transcript))
    inside = {"transcript_path": str(transcript), "agent_id": "x1", "agent_type": "general-purpose"}
    record = transcript.parent / "a1" / "subagents" / "agent-x1.jsonl"
    await manu.hook(tool("PreToolUse") | inside)
    write(record, answered("s1", isSidechain=True), answered("s2", isSidechain=True))
    ended = {"session_id": "a1", "hook_event_name": "SubagentStop", "prompt_id": "t1", "last_assistant_message": "So."}
    await manu.hook(ended | inside | {"agent_transcript_path": str(record)})
    for _ in range(200):  # it is read when the hook has its answer
        await manu.hook(tool("PreToolUse"))
        await manu.drained()
        if counted(service):
            break
        await asyncio.sleep(0.01)

    assert list(counted(service)) == ["s1", "s2"]
    # The last line may be written late, and another one may never be told to have ended.
    write(record, answered("s3", isSidechain=True))
    await manu.hook(tool("PreToolUse") | inside | {"agent_id": "x2"})
    write(record.with_name("agent-x2.jsonl"), answered("s4", isSidechain=True))
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "other"})
    await manu.drained()

    assert list(counted(service)) == ["s1", "s2", "s3", "s4"]


@both_links
async def test_what_went_with_an_event_that_the_service_had_before_goes_with_the_next(
    manu: DaemonProcess, service: RealService, transcript: Path
) -> None:
    await manu.connect("a1", transcript_path=str(transcript))
    await manu.hook(prompt("a1", "go", turn="t1"))
    await manu.hook(stop("a1", "Done.", "t1"), capture="first")
    await manu.drained()
    await manu.kill()
    await manu.start()
    write(transcript, answered("late"))
    # The hook never had its answer, and tells the same once more.
    await manu.hook(stop("a1", "Done.", "t1"), capture="first")
    await manu.drained()
    assert counted(service) == {}
    await manu.hook(prompt("a1", "next", turn="t2"))
    await manu.drained()

    assert counted(service) == {"late": (100, 20)}


async def test_opencode_s_messages_are_counted_as_its_plugin_tells_them(
    manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("ses_1", agent="opencode")
    tokens = {"input": 5, "output": 6, "reasoning": 7, "cache": {"read": 8, "write": 9}}
    info = {"id": "msg_1", "role": "assistant", "sessionID": "ses_1", "parentID": "msg_0", "finish": "tool-calls"}
    about = info | {"modelID": "m", "cost": 0.25, "tokens": tokens}
    headers = {"X-Polaris-Agent": "opencode", "X-Polaris-Pid": "", "X-Polaris-At": ""}
    for message in ("msg_1", "msg_2"):
        payload = {"hook": "message", "session_id": "ses_1", "input": {"info": about | {"id": message}, "parts": []}}
        await manu.call("POST", "/events", payload, headers | {"X-Polaris-Capture": message})
    asked = {"message": {"id": "msg_3", "role": "user"}, "parts": [{"id": "p", "type": "text", "text": "go on"}]}
    prompted = {"hook": "chat.message", "session_id": "ses_1", "input": {"sessionID": "ses_1"}, "output": asked}
    await manu.call("POST", "/events", prompted, headers | {"X-Polaris-Capture": "msg_3"})
    await manu.drained()

    assert counted(service) == dict.fromkeys(["msg_1", "msg_2"], (5, 13))
    assert [str(row["cost_usd"]) for row in service.rows("select cost_usd from polaris_data.usage")] == ["0.250000"] * 2


# What a hook costs

OPENED: list[str] = []
WATCHING: list[Path] = []


def _watch(event: str, arguments: Any) -> None:
    if event == "open" and WATCHING and isinstance(arguments[0], str) and arguments[0].startswith(str(WATCHING[0])):
        OPENED.append(Path(arguments[0]).name)


@contextmanager
def opened(folder: Path) -> Iterator[list[str]]:
    """Which files of a folder this process opens; an audit hook stays for ever, so that there is only one."""
    if not WATCHING and not OPENED:
        sys.addaudithook(_watch)
    OPENED.clear()
    WATCHING.append(folder)
    try:
        yield OPENED
    finally:
        WATCHING.clear()


async def test_a_hook_reads_no_file_but_the_transcript_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "claude"
    transcript, beside = folder / "a1.jsonl", folder / "a1" / "subagents" / "agent-x1.jsonl"
    write(transcript, answered("a"))
    write(beside, answered("s1", isSidechain=True))
    daemon = Daemon(Settings.from_env({}, home=str(home)))
    await daemon.open()
    try:
        route = Route(0, "local", "", "acme", "user:manu", "pj", "fxm", b"k" * 32)
        route = await daemon.bindings.save_route(route, 1)
        await daemon.bindings.bind(
            Binding(
                "a1", "claude-code", route.route_id, "driver", None, None, "active", None, 1, 0, 0, "", str(transcript)
            )
        )
        inside = {"agent_id": "x1", "agent_type": "general-purpose"}
        ended = {"session_id": "a1", "hook_event_name": "SubagentStop", "prompt_id": "t1", "agent_transcript_path": ""}
        payloads = [
            tool("PreToolUse"),
            tool("PostToolUse"),
            tool("PreToolUse") | inside,
            prompt("a1", "go"),
            ended | inside | {"agent_transcript_path": str(beside), "last_assistant_message": "So."},
            stop("a1", "Done.", "t1"),
        ]
        for number, payload in enumerate(payloads):
            write(transcript, answered(f"m{number}"))
            body = json.dumps(payload | {"transcript_path": str(transcript)}).encode()
            with opened(folder) as files:
                await daemon.intake.take(Header(f"c{number}", "claude-code", None, 0), body)
                read = list(files)

            # At the first event the end of what is there is looked for, too.
            assert set(read) == {"a1.jsonl"}, payload
            assert len(read) == (2 if number == 0 else 1), payload
        with opened(folder) as files:
            for _ in range(500):
                if "agent-x1.jsonl" in files:
                    break
                await asyncio.sleep(0.01)
            read = list(files)

        assert set(read) <= {"agent-x1.jsonl"}
    finally:
        await daemon.close()

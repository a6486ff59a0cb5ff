"""What hooks did not tell is taken from the agent's own record, once; and a turn without a name is its prompt's."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import DaemonProcess, prompt, sign_in, stop
from fake_service import FakeService

Json = dict[str, Any]
FIXTURES = Path(__file__).parents[1] / "fixtures"
LATER = "2100-01-01T00:00:00.000Z"


def line(kind: str, turn: str, **message: Any) -> Json:
    told = {"type": kind, "sessionId": "a1", "timestamp": LATER, "promptId": turn, "message": message}
    return told | ({"origin": {"kind": "human"}, "promptSource": "typed"} if kind == "user" else {})


def typed(text: str, turn: str) -> Json:
    return line("user", turn, role="user", content=text)


def said(text: str, turn: str, stop_reason: str = "end_turn") -> Json:
    content = [{"type": "text", "text": text}]
    return line("assistant", turn, id=f"msg_{uuid.uuid4().hex}", content=content, stop_reason=stop_reason)


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    file = tmp_path / "a1.jsonl"
    file.touch()
    return file


@pytest.fixture
async def followed(daemon: DaemonProcess, fake: FakeService, transcript: Path) -> DaemonProcess:
    """Agent session a1 drives pj/fxm, and its transcript is known."""
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect("a1", transcript_path=str(transcript))
    return daemon


def write(file: Path, *lines: Json) -> None:
    with file.open("a") as opened:
        opened.writelines(json.dumps(one) + "\n" for one in lines)


def told(fake: FakeService) -> list[tuple[str, str, str | None]]:
    return [(event["kind"], event["body"], event["turn"]) for event in fake.events]


async def test_a_turn_that_no_hook_told_of_is_whole_at_the_end_of_the_session(
    followed: DaemonProcess, fake: FakeService, transcript: Path
) -> None:
    write(transcript, typed("go", "t1"), said("I look.", "t1", "tool_use"), said("Done.", "t1"))
    await followed.hook({"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "other"})
    await followed.drained()

    assert told(fake) == [
        ("prompt", "go", "t1"),
        ("message", "I look.", "t1"),
        ("reply", "Done.", "t1"),
        ("notice", "Agent session ended (other).", None),
    ]


async def test_a_missed_turn_is_filled_at_the_next_event_and_the_told_ones_are_not_told_again(
    followed: DaemonProcess, fake: FakeService, transcript: Path
) -> None:
    await followed.hook(prompt("a1", "/polaris status", turn="t1"))
    # The record has what a slash command became, not what was typed.
    write(transcript, typed("What the skill says.", "t1"), said("One.", "t1"))
    await followed.hook(stop("a1", "One.", "t1"))
    write(transcript, typed("missed", "t2"), said("Two.", "t2"))
    await followed.hook(prompt("a1", "and on", turn="t3"))
    await followed.drained()

    assert told(fake) == [
        ("prompt", "/polaris status", "t1"),
        ("reply", "One.", "t1"),
        ("prompt", "missed", "t2"),
        ("reply", "Two.", "t2"),
        ("prompt", "and on", "t3"),
    ]


async def test_lines_that_come_after_the_next_prompt_are_not_taken_for_a_missed_turn(
    followed: DaemonProcess, fake: FakeService, transcript: Path
) -> None:
    await followed.hook(prompt("a1", "/one", turn="t1"))
    await followed.hook(stop("a1", "One.", "t1"))
    await followed.hook(prompt("a1", "two", turn="t2"))
    await followed.kill()
    await followed.start()
    write(transcript, typed("What the skill says.", "t1"), said("One.", "t1"), typed("two", "t2"))
    await followed.hook(stop("a1", "Two.", "t2"))
    await followed.drained()

    assert [(kind, body) for kind, body, _ in told(fake)] == [
        ("prompt", "/one"),
        ("reply", "One."),
        ("prompt", "two"),
        ("reply", "Two."),
    ]


async def by_hook(daemon: DaemonProcess, agent: str, payload: Json) -> None:
    headers = {"X-Polaris-Capture": uuid.uuid4().hex, "X-Polaris-Agent": agent, "X-Polaris-Pid": "", "X-Polaris-At": ""}
    status, body = await daemon.call("POST", "/events", payload, headers)
    assert status == 200, body


async def test_where_payloads_name_no_turn_it_is_the_prompts(daemon: DaemonProcess, fake: FakeService) -> None:
    lines = (FIXTURES / "gemini-cli" / "_sequence.advised.jsonl").read_text().splitlines()
    payloads = [json.loads(one)["payload"] for one in lines]
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect(payloads[0]["session_id"], agent="gemini-cli")
    for payload in payloads[:4]:
        await by_hook(daemon, "gemini-cli", payload)
    # It is not forgotten with the process.
    await daemon.kill()
    await daemon.start()
    for payload in payloads[4:]:
        await by_hook(daemon, "gemini-cli", payload)
    await daemon.drained()
    # What denied the first answer is no advice here, but a second prompt.
    asked, again = (event for event in fake.events if event["kind"] == "prompt")
    at = fake.events.index(again)

    assert {event["turn"] for event in fake.events[1:at]} == {asked["client_id"]}
    assert {event["turn"] for event in fake.events[at:-1]} == {again["client_id"]}
    assert [fake.events[number]["turn"] for number in (0, -1)] == [None, None]


async def test_codex_tells_what_was_interrupted_from_its_record(
    daemon: DaemonProcess, fake: FakeService, tmp_path: Path
) -> None:
    recorded = (FIXTURES / "codex" / "_transcript.turns.jsonl").read_text().splitlines(keepends=True)
    lines = (FIXTURES / "codex" / "_sequence.turns.jsonl").read_text().splitlines()
    rollout = tmp_path / "rollout.jsonl"
    rollout.touch()
    payloads = [json.loads(one)["payload"] | {"transcript_path": str(rollout)} for one in lines]
    sign_in(daemon, fake.url, "token-of-manu", "user:manu")
    await daemon.start()
    await daemon.connect(payloads[0]["session_id"], agent="codex", transcript_path=str(rollout))
    with rollout.open("a") as opened:
        opened.writelines(one.replace('"timestamp":"2026', '"timestamp":"2100') for one in recorded)
    for payload in payloads:
        await by_hook(daemon, "codex", payload)
    await daemon.drained()
    kinds = [event["kind"] for event in fake.events]

    assert (kinds.count("prompt"), kinds.count("tool.call"), kinds.count("tool.result")) == (7, 4, 4)
    assert (kinds.count("reply"), kinds.count("turn.interrupted"), kinds.count("message")) == (3, 3, 4)
    assert len({event["client_id"] for event in fake.events}) == len(kinds)


async def test_an_agent_that_nobody_knows_is_counted_and_shown(bound: DaemonProcess) -> None:
    await by_hook(bound, "brand-new", {"session_id": "a1", "hook_event_name": "Stop"})
    await bound.hook({"session_id": "a1", "hook_event_name": "BrandNew"})
    unknown = (await bound.get("/status"))["unknown"]

    assert unknown == {"agents": {"brand-new": 1}, "events": {"claude-code: BrandNew": 1}}

"""Codex's record of a thread: what it proves, what it adds to the hooks, and nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_recordings import ADVICE, ADVICE_IN_JSON, DELIVERY, Recordings

from polaris.daemon import transcript
from polaris.daemon.agents import codex
from polaris.daemon.agents.base import Captured

CODEX = Recordings(codex, 1_795_391_152.0)
Line = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rollout.jsonl"


def session(run: str) -> str:
    return str(CODEX.sequence(run)[0]["session_id"])


def told(file: Path, run: str, text: str | None = None) -> list[Captured]:
    file.write_text(CODEX.transcript(run) if text is None else text)
    return CODEX.read(file, session(run)).events


def seen(file: Path, text: str) -> list[str | None]:
    """The turns that a piece of advice was proved to be in."""
    file.write_text(text)
    return [one.turn for one in CODEX.read(file, session("advised")).seen if one.delivery == DELIVERY]


@pytest.mark.parametrize("run", ["advised", "turns"])
def test_what_hooks_tell_too_has_their_ids_and_gives_way(file: Path, run: str) -> None:
    hooks = CODEX.kept(CODEX.sequence(run))
    events = told(file, run)
    both = [event for event in events if event.client_id in hooks]

    assert {event.kind for event in both} == {"prompt", "tool.call", "tool.result", "reply"} | (
        {"turn.interrupted"} if run == "turns" else set()
    )
    assert {event.turn for event in both} == {hooks[event.client_id].turn for event in both}
    assert all(event.repeat or event.fills or event.kind == "turn.interrupted" for event in both)
    own = {event.client_id for event in events}
    assert {name for name, event in hooks.items() if event.kind != "notice"} <= own


@pytest.mark.parametrize("run", ["advised", "turns"])
def test_the_texts_between_calls_are_messages_of_their_turn(file: Path, run: str) -> None:
    messages = [event for event in told(file, run) if event.kind == "message"]
    prompts = [event.turn for event in CODEX.kept(CODEX.sequence(run)).values() if event.kind == "prompt"]

    expected = {
        "advised": ["I will run a command.", "Now a failing one."],
        "turns": ["I will run a command.", "A slow one.", "May I?", "Busy."],
    }
    assert [event.body for event in messages] == expected[run]
    assert {event.turn for event in messages} <= set(prompts)
    assert not any(event.repeat for event in messages)


def test_calls_that_were_interrupted_or_refused_have_a_result_that_no_hook_told(file: Path) -> None:
    hooks = CODEX.kept(CODEX.sequence("turns"))
    alone = [event for event in told(file, "turns") if event.client_id not in hooks and event.kind == "tool.result"]

    assert [event.body.splitlines()[-1] for event in alone] == ["aborted by user", "aborted by user"]
    assert all(event.client_id.replace("tool.result", "tool.call") in hooks for event in alone)


def test_every_turn_of_a_run_ends_once(file: Path) -> None:
    hooks = CODEX.kept(CODEX.sequence("turns"))
    events = hooks | {event.client_id: event for event in told(file, "turns")}
    ends = [event.turn for event in events.values() if event.kind in ("reply", "turn.interrupted")]

    assert sorted(ends) == sorted({event.turn for event in events.values() if event.kind == "prompt"})


def test_a_block_of_stop_comes_after_a_reply(file: Path) -> None:
    replies = [event.body for event in told(file, "advised") if event.kind == "reply"]

    assert replies == ["final one", "final two"]


@pytest.mark.parametrize("mark", ["MARK-START", "MARK-PROMPT", "MARK-TOOL", "MARK-STOP"])
def test_what_hooks_put_in_comes_back_and_proves_it(file: Path, mark: str) -> None:
    text = CODEX.transcript("advised").replace(f"{mark} advice", ADVICE_IN_JSON)
    turn = CODEX.sequence("advised")[1]["turn_id"]

    assert set(seen(file, text)) == {turn}


def test_a_prompt_that_quotes_a_marker_proves_nothing_nor_does_the_output_of_a_tool(file: Path) -> None:
    recorded = CODEX.transcript("advised")

    assert seen(file, recorded.replace("STUB:main please", f"see polaris:advice:{DELIVERY}")) == []
    assert seen(file, recorded.replace("hello-from-tool", ADVICE_IN_JSON.replace("\\", "\\\\"))) == []
    assert seen(file, recorded.replace("final one", f"see polaris:advice:{DELIVERY}")) == []


def test_queued_advice_and_an_answer_of_our_own_tools_prove_it(file: Path) -> None:
    recorded = CODEX.transcript("advised")
    queued = recorded.replace("STUB:main please", ADVICE_IN_JSON)

    assert len(seen(file, queued)) == 1
    assert CODEX.read(file, session("advised")).events[0].kind == "notice"
    assert len(seen(file, recorded.replace('"text":"ok"}]', f'"text":"{ADVICE_IN_JSON}"}}]'))) == 1


def test_reading_in_parts_tells_the_same(file: Path) -> None:
    whole, lines = told(file, "turns"), CODEX.transcript("turns").splitlines(keepends=True)
    file.write_text("")
    cursor, parts = transcript.Cursor(), list[Captured]()
    for line in lines:
        with file.open("a") as opened:
            opened.write(line)
        reading = CODEX.read(file, session("turns"), cursor)
        cursor, parts = reading.cursor, parts + reading.events

    assert parts == whole


def test_a_session_that_is_bound_in_the_middle_knows_its_turn_and_tells_nothing_from_before(file: Path) -> None:
    lines = CODEX.transcript("turns").splitlines(keepends=True)
    slow = next(number for number, line in enumerate(lines) if "A slow one." in line)
    file.write_text("".join(lines[: slow + 2]))
    how = codex.transcript()
    assert how
    cursor = transcript.at_end(file, 1_795_391_357.0, how)
    file.write_text("".join(lines))
    events = CODEX.read(file, session("turns"), cursor).events

    assert events[0].turn == CODEX.sequence("turns")[5]["turn_id"]
    assert (events[0].kind, events[0].body.splitlines()[-1]) == ("tool.result", "aborted by user")


@pytest.mark.parametrize("wrong", [None, 7, [], {}, [1, {"a": None}], "x"])
def test_fields_of_the_wrong_type_break_nothing(file: Path, wrong: Any) -> None:
    lines = [json.loads(line) for line in CODEX.transcript("advised").splitlines()]
    broken = [line | {"payload": line["payload"] | {name: wrong}} for line in lines for name in line["payload"]]
    broken += [line | {name: wrong} for line in lines for name in line]
    file.write_text("".join(json.dumps(line) + "\n" for line in broken))

    assert CODEX.read(file, session("advised")).skipped == 0


def test_advice_is_told_as_none_of_the_persons(file: Path) -> None:
    events = told(file, "advised", CODEX.transcript("advised").replace("STUB:main please", ADVICE_IN_JSON))
    hook = CODEX.only(CODEX.payload("UserPromptSubmit", prompt=ADVICE))

    assert "prompt" not in {event.kind for event in events}
    assert hook.kind == "notice"

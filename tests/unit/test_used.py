"""What models used: read from the recordings of every agent, kept until an event carries it, counted once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_recordings import Recordings
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris.daemon import records, spool, used
from polaris.daemon.agents import claude_code, codex, gemini_cli, opencode
from polaris.daemon.agents.used import Used, together
from polaris.daemon.transcript import Cursor, used_beside
from polaris.model import Facts
from polaris.redact import Redactor

REDACTOR = Redactor(b"the key of an org")
CLAUDE = Recordings(claude_code, 1_795_359_180.0)
CODEX = Recordings(codex, 1_795_391_152.0)
GEMINI = Recordings(gemini_cli, 1_795_391_152.0)
OPENCODE = Recordings(opencode, 1_795_361_085.0)
CLAUDE_SESSION = "3986d103-8362-46de-b5f6-41b54b4533b8"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.jsonl"


def lines_of(recordings: Recordings, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recordings.transcript(name).splitlines()]


def totals(told: list[Used]) -> tuple[int, int]:
    """Tokens in and out, of every message once."""
    once = together(told)
    return sum(one.input + one.cache_read + one.cache_write for one in once), sum(one.output for one in once)


def of_codex(name: str) -> tuple[int, int]:
    """What the recording itself has added up at its end."""
    sums = [line["payload"]["info"] for line in lines_of(CODEX, name) if line["payload"].get("type") == "token_count"]
    total = sums[-1]["total_token_usage"]
    return total["input_tokens"], total["output_tokens"]


def of_gemini(name: str) -> tuple[int, int]:
    counts = {line["id"]: line["tokens"] for line in lines_of(GEMINI, name) if line.get("tokens")}
    return sum(one["input"] for one in counts.values()), sum(one["output"] for one in counts.values())


def of_claude(name: str) -> tuple[int, int]:
    """What the process wrote down when it left, but for the two messages of its sub-agent (in a file of their own)."""
    (state,) = [line for line in lines_of(CLAUDE, name) if line.get("type") == "cost-state"]
    (model,) = state["modelUsage"].values()
    return model["inputTokens"] - sum(SUB_INPUT), model["outputTokens"] - 40


# The recorded PostToolUse of Agent has the usage of its last message; the whole of the process tells the first one's.
SUB_INPUT = (9576, 10140)
RECORDED = [
    (CLAUDE, "print-mode", CLAUDE_SESSION, of_claude),
    (CODEX, "turns", "01a205a9-dee9-7f60-960c-d4f8d4bad606", of_codex),
    (CODEX, "advised", "01a205a6-deae-7261-b095-245c312da6c4", of_codex),
    (GEMINI, "turns", "ffd55fce-5ead-4865-9cb7-105610a98b25", of_gemini),
    (GEMINI, "advised", "b8577fda-6976-432e-a9db-93170b6a9bdb", of_gemini),
]
recorded = pytest.mark.parametrize(
    ("recordings", "name", "session", "adds_up"), RECORDED, ids=lambda value: value if isinstance(value, str) else ""
)
Sum = Callable[[str], tuple[int, int]]


@recorded
def test_a_recording_is_read_to_what_it_adds_up_to(
    file: Path, recordings: Recordings, name: str, session: str, adds_up: Sum
) -> None:
    file.write_text(recordings.transcript(name))
    told = recordings.read(file, session).used

    assert totals(told) == adds_up(name)
    assert {one.model for one in told} <= {"claude-opus-5-5", "gpt-5.5", "gemini-2.5-pro"}


@recorded
def test_read_line_by_line_and_once_more_it_adds_up_to_the_same(
    file: Path, recordings: Recordings, name: str, session: str, adds_up: Sum
) -> None:
    told, cursor = list[Used](), Cursor()
    for line in recordings.transcript(name).splitlines(keepends=True):
        with file.open("a") as opened:
            opened.write(line)
        reading = recordings.read(file, session, cursor)
        told, cursor = told + reading.used, reading.cursor
    told += recordings.read(file, session).used

    assert totals(told) == adds_up(name)


@recorded
def test_what_was_used_before_the_session_was_connected_is_not_told(
    file: Path, recordings: Recordings, name: str, session: str, adds_up: Sum
) -> None:
    file.write_text(recordings.transcript(name))

    assert recordings.read(file, session, Cursor(since=4e9)).used == []


@pytest.mark.parametrize(("name", "session"), [(name, session) for one, name, session, _ in RECORDED if one is CODEX])
def test_an_older_codex_tells_the_same_by_its_sums(file: Path, name: str, session: str) -> None:
    text = CODEX.transcript(name)
    file.write_text("".join(one for one in text.splitlines(keepends=True) if "token_usage_record" not in one))
    told = CODEX.read(file, session).used

    assert totals(told) == of_codex(name)
    assert {one.model for one in told} == {"gpt-5.5"}


def test_codex_counts_the_cache_into_its_input_and_here_it_lies_beside() -> None:
    how = codex.transcript()
    assert how
    lines = how.lines("s", 0.0, {"model": "gpt-5.5"})
    usage = {"input_tokens": 100, "cached_input_tokens": 60, "cache_write_input_tokens": 10, "output_tokens": 5}
    lines.take({"type": "token_usage_record", "payload": {"response_id": "resp_1", "usage": usage}})

    assert lines.used == [Used("resp_1", "gpt-5.5", 30, 5, 60, 10)]


def test_gemini_counts_the_cache_into_its_input_and_thoughts_beside_its_output() -> None:
    how = gemini_cli.transcript()
    assert how
    lines = how.lines("s", 0.0, {})
    tokens = {"input": 100, "output": 5, "cached": 60, "thoughts": 7, "tool": 3, "total": 115}
    lines.take({"id": "1", "type": "gemini", "content": "", "tokens": tokens, "model": "gemini-2.5-pro"})

    assert lines.used == [Used("1", "gemini-2.5-pro", 43, 12, 60)]
    assert tokens["total"] == 43 + 60 + 12


def test_a_session_that_is_connected_in_the_middle_knows_codex_s_model(file: Path) -> None:
    how = codex.transcript()
    assert how
    newest_first = reversed(lines_of(CODEX, "turns"))

    assert how.begin(newest_first)["model"] == "gpt-5.5"


# Claude Code


def answered(name: str, session: str = CLAUDE_SESSION, output: int = 20, **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 100, "output_tokens": output}
    usage |= {"cache_read_input_tokens": 7, "cache_creation_input_tokens": 9}
    message = {"id": name, "model": "claude-opus-5-5", "content": [], "usage": usage}
    at = "2026-11-22T15:00:00.000Z"
    return {"type": "assistant", "sessionId": session, "timestamp": at, "message": message} | more


def taken(*lines: dict[str, Any]) -> list[Used]:
    how = claude_code.transcript()
    assert how
    reader = how.lines(CLAUDE_SESSION, 0.0, {})
    for line in lines:
        reader.take(line)
    return together(reader.used)


def test_the_lines_of_one_message_are_one_and_the_last_one_has_the_whole_of_it() -> None:
    assert taken(answered("a", output=1), answered("a", output=20)) == [Used("a", "claude-opus-5-5", 100, 20, 7, 9)]


def test_a_fork_s_copies_of_another_session_s_lines_are_not_told() -> None:
    assert taken(answered("theirs", session="another"), answered("own")) == taken(answered("own"))


def test_a_sub_agent_s_lines_between_the_session_s_are_told_and_nothing_else_of_them() -> None:
    assert [one.message for one in taken(answered("sub", isSidechain=True))] == ["sub"]


@pytest.mark.parametrize(
    "changed", [{"isApiErrorMessage": True}, {"message": {"id": "a", "model": "<synthetic>", "usage": {}}}]
)
def test_what_no_model_answered_used_nothing(changed: dict[str, Any]) -> None:
    assert taken(answered("a") | changed) == []


def test_a_sub_agent_s_record_is_found_by_any_of_its_payloads() -> None:
    beside = {claude_code.session_of(CLAUDE.payload(name)) for name in ("PreToolUse.Bash.subagent", "SubagentStop")}
    paths = {one.beside for one in beside if one}

    assert paths == {CLAUDE.payload("SubagentStop")["agent_transcript_path"]}
    assert claude_code.session_of(CLAUDE.payload("Stop")) is not None
    assert getattr(claude_code.session_of(CLAUDE.payload("Stop")), "beside", 1) is None


def test_with_its_sub_agent_the_recording_is_what_the_process_added_up_itself(tmp_path: Path, file: Path) -> None:
    sub = tmp_path / "sub.jsonl"
    lines = [answered(f"sub{n}", isSidechain=True, agentId="a1") for n in range(2)]
    for line, tokens in zip(lines, SUB_INPUT, strict=True):
        line["message"]["usage"] = {"input_tokens": tokens, "output_tokens": 20}
    sub.write_text("".join(json.dumps(line) + "\n" for line in lines))
    file.write_text(CLAUDE.transcript("print-mode"))
    how = claude_code.transcript()
    assert how
    main = CLAUDE.read(file, CLAUDE_SESSION)
    cursor = main.cursor.with_beside(str(sub), CLAUDE_SESSION)
    told, cursor, more = used_beside(Cursor.of(cursor.text()) or cursor, how)
    (state,) = [line for line in lines_of(CLAUDE, "print-mode") if line.get("type") == "cost-state"]
    (model,) = state["modelUsage"].values()

    assert totals(main.used + told) == (model["inputTokens"], model["outputTokens"])
    assert not more
    assert used_beside(cursor, how)[0] == []


def test_only_the_newest_records_of_sub_agents_are_kept_and_a_missing_one_is_no_error() -> None:
    how, cursor = claude_code.transcript(), Cursor()
    assert how
    for number in range(100):
        cursor = cursor.with_beside(f"/no/where/agent-{number}.jsonl", CLAUDE_SESSION)

    assert list(cursor.beside)[-1] == "/no/where/agent-99.jsonl"
    assert len(cursor.beside) == 32
    assert used_beside(cursor, how) == ([], *used_beside(cursor, how)[1:])


# OpenCode


def messages(run: str) -> Iterator[dict[str, Any]]:
    """The messages of a trace as the plugin hands them over when they are complete."""
    lines = (OPENCODE.folder / f"_trace.{run}.jsonl").read_text().splitlines()
    for line in lines:
        event = json.loads(line)["obj"]
        info = event.get("properties", {}).get("info", {}) if isinstance(event, dict) else {}
        if info.get("role") == "assistant" and info.get("time", {}).get("completed"):
            yield {"hook": "message", "input": {"info": info, "parts": []}, "session_id": info["sessionID"]}


@pytest.mark.parametrize("run", ["run", "tui"])
def test_opencode_tells_the_tokens_of_every_message_once(run: str) -> None:
    told = [one for message in messages(run) for one in opencode.used(message)]
    steps = set()
    for line in (OPENCODE.folder / f"_trace.{run}.jsonl").read_text().splitlines():
        event = json.loads(line)["obj"]
        part = event.get("properties", {}).get("part", {}) if isinstance(event, dict) else {}
        if part.get("type") == "step-finish":
            steps.add((part["messageID"], part["tokens"]["input"], part["tokens"]["output"]))

    assert steps
    assert {(one.message, one.input, one.output) for one in told} == steps
    assert {one.cost_usd for one in told} == {None}  # the stub model has no price


def test_opencode_tells_its_cost_and_counts_what_was_thought_to_the_output() -> None:
    (message, *_) = messages("run")
    tokens = {"input": 5, "output": 6, "reasoning": 7, "cache": {"read": 8, "write": 9}}
    message["input"]["info"] |= {"cost": 0.0123456789, "tokens": tokens}
    (one,) = opencode.used(message)

    assert (one.input, one.output, one.cache_read, one.cache_write, one.cost_usd) == (5, 13, 8, 9, 0.012346)
    assert opencode.used({"hook": "chat.message"}) == []


# Until an event carries it

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON, JSON, JSON, JSON)
def test_whatever_an_agent_writes_is_what_the_service_takes_or_nothing(
    message: Any, model: Any, tokens: Any, cost: Any
) -> None:
    one = Used.of(message, model, cost, input=tokens, output=tokens)
    if one:
        Facts.model_validate({"usage": [one.row()]})

        assert Used.told(json.loads(json.dumps(one.row()))) == one


@settings(deadline=None)
@given(
    st.sampled_from(["msg_01", "resp_", "msg_bdrk_01", "msg_vrtx_01", "gen-1234567890-", "chatcmpl-", "", "a/b:"]),
    st.data(),
)
def test_no_id_of_a_message_is_taken_for_a_secret_and_each_stays_another_one(kind: str, data: st.DataObject) -> None:
    letters = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=20, max_size=50)
    first, second = (kind + data.draw(letters) for _ in range(2))
    one, other = Used.of(first, None, input=1), Used.of(second, None, input=1)
    assert one
    assert other

    assert REDACTOR.value({"usage": [one.row()]}) == {"usage": [one.row()]}
    assert (one.message == other.message) == (first == second)
    assert Used.told(one.row()) == one


@pytest.fixture
def db() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    for step in records.STEPS:
        connection.executescript(step)
    return connection


def entry(name: str, text: str = "hello", facts: dict[str, Any] | None = None) -> spool.Entry:
    event: dict[str, Any] = {"client_id": name, "agent": "claude-code", "body": text, "occurred_at": "2026-11-22"}
    event |= {"facts": facts} if facts else {}
    return spool.Entry(1, name, 1, "prompt", json.dumps(event).encode(), 0, "claude-code")


def carried(db: sqlite3.Connection, *entries: spool.Entry) -> list[list[str]]:
    """Which messages each of these events carries."""
    facts = [json.loads(one.event).get("facts", {}) for one in spool.insert(db, entries)]
    for one in facts:
        Facts.model_validate(one)
    return [[row["message"] for row in one.get("usage", [])] for one in facts]


def test_the_next_event_carries_it_and_those_after_it_do_not(db: sqlite3.Connection) -> None:
    used.keep(db, 1, "claude-code", [Used("a", None, 1), Used("b", None, 1)])

    assert carried(db, entry("e1"), entry("e2")) == [["a", "b"], []]


def test_an_event_that_is_there_already_carries_nothing(db: sqlite3.Connection) -> None:
    carried(db, entry("e1"))
    used.keep(db, 1, "claude-code", [Used("a", None, 1)])

    assert carried(db, entry("e1"), entry("e2")) == [["a"]]


def test_it_stands_beside_what_is_known_of_git(db: sqlite3.Connection) -> None:
    used.keep(db, 1, "claude-code", [Used("a", None, 1)])
    (new,) = spool.insert(db, [entry("e1", 'a text with ,"facts":{"usage":[ in it', {"branch": "main"})])

    assert json.loads(new.event)["facts"] == {"branch": "main", "usage": [{"message": "a", "input": 1}]}
    assert db.execute("select event from events").fetchone()[0] == new.event


def test_more_than_an_event_takes_goes_with_the_next_ones(db: sqlite3.Connection) -> None:
    used.keep(db, 1, "claude-code", [Used(f"m{n:03}", None, 1) for n in range(150)])
    long = [Used(f"l{n:03}" + "x" * 190, "y" * 200, 10**12, 10**12, 10**12, 10**12) for n in range(30)]
    few = carried(db, *(entry(f"e{n}") for n in range(4)))
    used.keep(db, 1, "claude-code", long)
    many = carried(db, *(entry(f"f{n}") for n in range(6)))

    assert [len(one) for one in few] == [64, 64, 22, 0]
    assert sum(len(one) for one in many) == 30
    assert max(len(one) for one in many) < 14
    assert all(len(row["event"]) < 7000 for row in db.execute("select event from events"))


def test_what_is_told_twice_while_it_waits_is_one(db: sqlite3.Connection) -> None:
    used.keep(db, 1, "claude-code", [Used("a", None, 1, 1)])
    used.keep(db, 1, "claude-code", [Used("a", "m", 1, 20), Used("a", "m", 1, 3)])
    (new,) = spool.insert(db, [entry("e1")])

    assert json.loads(new.event)["facts"]["usage"] == [{"message": "a", "model": "m", "input": 1, "output": 20}]


def test_one_session_s_events_carry_nothing_of_another_or_of_another_agent(db: sqlite3.Connection) -> None:
    used.keep(db, 2, "claude-code", [Used("a", None, 1)])
    used.keep(db, 1, "codex", [Used("b", None, 1)])

    assert carried(db, entry("e1")) == [[]]


def test_what_went_with_an_event_that_the_service_had_before_is_told_again(db: sqlite3.Connection) -> None:
    used.keep(db, 1, "claude-code", [Used("a", "m", 1, cost_usd=0.5)])
    (new,) = spool.insert(db, [entry("e1")])
    used.again(db, 1, new.event)
    used.again(db, 1, b'{"agent":"x","body":"my own \\"usage\\":[ text"}')
    used.again(db, 1, b'{"agent":"x","payload":{"usage":[1]}}')

    assert carried(db, entry("e2")) == [["a"]]
    assert carried(db, entry("e3")) == [[]]

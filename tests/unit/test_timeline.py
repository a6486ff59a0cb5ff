"""Entries of a timeline: who speaks, texts that cannot steer, tools as people read them, turns folded."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris import render
from polaris.db.rows import EntryRow
from polaris.http.web import timeline, tools
from polaris.http.web.timeline import Entry, Steps, Turn
from polaris.replay import recorded

BASE = "/o/acme/p/pj"
AT = datetime(2026, 11, 22, 20, 30, 5, 123456, UTC)


KINDS = sorted({*timeline.SAID, *timeline.STEPS, *timeline.SEATS, *timeline.ENDS})
KEYS = ("tool_input", "tool_response", "edits", "old_string", "new_string", "file_path", "content", "command", "lines")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*KEYS, "structuredPatch", "tool_calls", "error"]), inner)
    ),
)


def row(kind: str = "prompt", **more: Any) -> EntryRow:
    fields: dict[str, Any] = {
        "seq": 7,
        "project": "pj",
        "session": "fxm",
        "epoch": 1,
        "kind": kind,
        "actor": "user:manu",
        "speaker": "agent" if kind in ("message", "reply", "tool.call", "tool.result") else "person",
        "target": None,
        "turn": None,
        "agent": None,
        "body": "",
        "payload": None,
        "client_id": None,
        "late": False,
        "occurred_at": AT,
        "recorded_at": AT,
    } | more
    return EntryRow(**{"body_characters": len(fields["body"])} | fields)


def entries(*kinds: str, turn: str | None = "t", start: int = 1) -> list[Entry]:
    return [timeline.entry(row(kind, seq=seq, turn=turn)) for seq, kind in enumerate(kinds, start)]


def claude(name: str, **more: Any) -> str:
    return json.dumps(recorded(name) | more)


def tool(kind: str, payload: str, body: str = "") -> tools.Tool:
    found = timeline.entry(row(kind, payload=payload, body=body)).tool
    assert found is not None
    return found


@pytest.fixture(scope="module")
def page() -> Any:
    """The macros of the template, as pages and streams call them."""
    loader = jinja2.PackageLoader("polaris.http.web")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template("_timeline.html").module


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


# Who speaks


@pytest.mark.parametrize(
    ("event", "label"),
    [
        (row("prompt"), "user:manu/fxm → agent"),
        (row("reply"), "agent → user:manu/fxm"),
        (row("message"), "agent → user:manu/fxm"),
        (row("tool.call"), "agent of user:manu/fxm"),
        (row("tool.result"), "agent of user:manu/fxm"),
        (row("prompt", actor="agent:test-writer", speaker="agent"), "agent:test-writer/fxm → agent"),
        (row("advice", actor="user:priya"), "user:priya → fxm"),
        (row("advice", actor="user:priya", speaker="agent"), "agent of user:priya → fxm"),
        (row("advice", actor="agent:reviewer", speaker="agent"), "agent:reviewer → fxm"),
        (row("floor", session=None), "user:manu → #pj"),
        (row("floor", session=None, speaker="agent"), "agent of user:manu → #pj"),
        (row("annotation"), "user:manu notes on fxm"),
        (row("driver.claimed", epoch=3), "user:manu/fxm drives (epoch 3)"),
        (row("driver.expired"), "user:manu/fxm lost the seat: the lease ran out"),
        (row("some.later.kind"), "user:manu/fxm some.later.kind"),
        (
            row("delivery", target="user:priya", payload='{"advice_seq": 12, "state": "seen"}'),
            "advice 12 user:priya → fxm:",
        ),
        (row("delivery", target="<b>user:priya", payload='{"advice_seq": "x"}'), "advice → fxm:"),
    ],
)
def test_a_label_says_who_really_speaks(event: EntryRow, label: str) -> None:
    assert text_of(timeline.entry(event).who(BASE)) == label


@pytest.mark.parametrize("kind", ["prompt", "message", "reply", "tool.call", "advice", "floor", "driver.claimed"])
@pytest.mark.parametrize("speaker", ["person", "agent"])
def test_the_page_and_the_command_line_name_the_same_speaker(kind: str, speaker: str) -> None:
    event = row(kind, speaker=speaker)
    told = re.sub(r"[\[\]·\"⚙]", "", render.line(event._asdict())).strip()

    assert text_of(timeline.entry(event).who(BASE)) == told


def test_a_session_in_a_label_is_a_link_to_its_page() -> None:
    assert f'<a href="{BASE}/s/fxm">fxm</a>' in timeline.entry(row()).who(BASE)


# Texts


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("a\u200bb\ufeffc\u2066d", "a\\u200bb\\ufeffc\\u2066d"),
        ("\x1b[31mred\x1b[0m \x1b]8;;http://evil\x07link\x1b]8;;\x07", "red link"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\x08b\x00", "a\\u0008b\\u0000"),
        ("tab\tünï 日本 \U0001f468\u200d\U0001f469", "tab\tünï 日本 \U0001f468\u200d\U0001f469"),
    ],
)
def test_nothing_in_a_text_steers_or_hides(body: str, seen: str) -> None:
    assert timeline.entry(row(body=body)).text == seen


@given(st.text(max_size=3000).map(lambda text: text * 4))
def test_a_cut_text_loses_nothing_but_a_blank_at_the_cut(body: str) -> None:
    head, rest = timeline.cut(body)

    assert "".join((head + rest).split()) == "".join(tools.shown(body).split())
    assert head.count("\n") <= timeline.HEAD_LINES


def test_a_long_text_is_cut_at_a_line_and_a_longer_one_is_on_its_own_page() -> None:
    long = timeline.entry(row(body="\n".join(f"line {n}" for n in range(100))))
    longer = timeline.entry(row(body="x" * 8000, body_characters=50_000))

    assert (long.text.split("\n")[-1], long.rest.split("\n")[0]) == ("line 19", "line 20")
    assert long.left_out == 0
    assert longer.left_out == 42_000


TAGS = {"article", "header", "span", "b", "a", "time", "div", "details", "summary", "p", "pre"}
HOSTILE = "<img src=x onerror=alert(1)>\"'&</pre></article><script>alert(1)</script>"


@pytest.mark.parametrize(
    "kind", [*sorted(timeline.SAID), "notice", "tool.call", "tool.result", "delivery", "turn.interrupted"]
)
def test_no_text_of_an_event_becomes_markup(page: Any, kind: str) -> None:
    given = {"tool_name": HOSTILE, "tool_input": {"command": HOSTILE, HOSTILE: HOSTILE}, "tool_use_id": HOSTILE}
    payload = given | {"state": HOSTILE, "reason": HOSTILE, "advice_seq": 1, "error": HOSTILE}
    event = row(kind, body=HOSTILE, turn=HOSTILE, payload=json.dumps(payload), client_id=HOSTILE, target=HOSTILE)
    for e in (timeline.entry(event), timeline.entry(event, whole=True)):
        html = str(page.entry(e, BASE, timeline.State(HOSTILE, HOSTILE)))

        assert "<img" not in html
        assert "<script" not in html
        assert set(re.findall(r"<(\w+)", html)) <= TAGS
        assert not re.search(r"\son\w+=\"", html)


# Tools


def test_a_shell_command_is_a_command_line_with_its_output(page: Any) -> None:
    call = tool("tool.call", claude("PreToolUse.Bash"))
    result = tool("tool.result", claude("PostToolUse.Bash"), "hello-from-bash")

    assert (call.name, call.command, call.note) == ("Bash", "echo hello-from-bash", "Echo a greeting")
    assert (result.output, result.failed) == ("hello-from-bash", False)
    assert text_of(call.body) == "Echo a greeting$ echo hello-from-bash"


def test_a_failed_command_says_how_it_failed() -> None:
    failed = tool("tool.result", claude("PostToolUseFailure.Bash"), "Exit code 3\nout\nerr")

    assert (failed.failed, failed.outcome) == (True, "Exit code 3")


def test_an_edit_is_a_diff_whose_signs_are_readable(page: Any) -> None:
    call = tool("tool.call", claude("PreToolUse.Edit"))
    result = tool("tool.result", claude("PostToolUse.Edit"), " alpha\n-beta\n+gamma")

    assert call.what == "a.txt"  # relative to where the agent works
    assert call.diff == [("-", "beta"), ("+", "gamma")]
    assert result.diff == [("@", "@@ -1,2 +1,2 @@"), (" ", "alpha"), ("-", "beta"), ("+", "gamma")]
    assert result.what == "+1 −1 lines"
    assert '<span class="del">-beta\n</span><span class="add">+gamma\n</span>' in call.body


def test_a_written_file_and_several_edits_are_diffs_too() -> None:
    write = tool(
        "tool.call", claude("PreToolUse.Edit", tool_name="Write", tool_input={"file_path": "a", "content": "x\ny\n"})
    )
    edits = [{"old_string": "a", "new_string": "b"}, {"old_string": "c", "new_string": ""}]
    many = tool(
        "tool.call", claude("PreToolUse.Edit", tool_name="MultiEdit", tool_input={"file_path": "a", "edits": edits})
    )

    assert write.diff == [("+", "x"), ("+", "y")]
    assert many.diff == [("-", "a"), ("+", "b"), ("@", ""), ("-", "c")]


def test_an_unknown_tool_shows_its_json() -> None:
    call = tool("tool.call", claude("PreToolUse.mcp__polaris__reply"))

    assert call.name == "mcp__polaris__reply"
    assert json.loads(call.json) == recorded("PreToolUse.mcp__polaris__reply")["tool_input"]


@pytest.mark.parametrize(
    "payload", [None, "[]", "{}", '{"tool_name": 3}', '{"tool_name": "Bash", "tool_input": []}', "[" * 2000]
)
def test_a_payload_that_says_nothing_leaves_the_readable_text(payload: str | None) -> None:
    call = tool("tool.call", payload or "", "Bash: npm test")

    assert (call.name, call.what) == ("Bash", "npm test")


@given(ANYTHING)
def test_whatever_an_agent_sends_is_shown_somehow(value: Any) -> None:
    payload = json.dumps(
        {"tool_name": "T", "tool_input": value, "tool_response": value, "error": value, "tool_calls": [value]}
    )
    for kind in ("tool.call", "tool.result"):
        assert tool(kind, payload, "T: x").body is not None


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_a_diff_gives_both_texts_back(old: list[str], new: list[str]) -> None:
    found = tools.diff("\n".join(old), "\n".join(new))

    assert [line.text for line in found if line.sign in " -"] == "\n".join(old).splitlines()
    assert [line.text for line in found if line.sign in " +"] == "\n".join(new).splitlines()


def test_a_huge_edit_is_neither_compared_for_long_nor_shown_whole() -> None:
    lines = "\n".join(["same"] * 20_000)
    payload = claude(
        "PreToolUse.Edit", tool_input={"file_path": "a", "old_string": "x\n" + lines, "new_string": lines + "\ny"}
    )
    e = timeline.entry(row("tool.call", payload=payload), whole=True)
    short = tools.read_anew("tool.call", payload, "")

    assert e.tool is not None
    assert len(e.tool.diff) > 20_000
    assert (len(short.diff), short.left_out) == (tools.LINES, len(e.tool.diff) - tools.LINES)


def test_what_was_redacted_is_not_shown_from_memory() -> None:
    secret = claude("PreToolUse.Bash", tool_input={"command": "login hunter2"})
    assert "hunter2" in tool("tool.call", secret).body

    redacted = secret.replace("hunter2", "[REDACTED:x:1]")

    assert "hunter2" not in tool("tool.call", redacted).body


# Turns


def test_a_turn_folds_its_steps_between_prompt_and_reply() -> None:
    (turn,) = timeline.fold(entries("prompt", "message", "tool.call", "tool.call", "reply"))

    assert isinstance(turn, Turn)
    assert [type(block) for block in turn.blocks] == [Entry, Steps, Entry]
    assert turn.blocks[1].summary == "2 tool calls, 1 message"  # type: ignore[union-attr]
    assert (turn.is_over, turn.is_open) == (True, False)


def test_a_result_stands_in_its_call_also_when_its_payload_was_too_large() -> None:
    found = [
        timeline.entry(
            row("tool.call", seq=1, turn="t", client_id="cc:s:tool.call:toolu_1", payload=claude("PreToolUse.Bash"))
        ),
        timeline.entry(row("tool.call", seq=2, turn="t", client_id="cc:s:tool.call:toolu_2")),
        timeline.entry(
            row("tool.result", seq=3, turn="t", client_id="cc:s:tool.result:toolu_1", payload="x" * 100_000)
        ),
    ]
    (turn,) = timeline.fold(found)

    assert isinstance(turn, Turn)
    (steps,) = turn.blocks
    assert isinstance(steps, Steps)
    assert [(e.seq, e.result and e.result.seq) for e in steps.entries] == [(1, 3), (2, None)]


def test_advice_stands_in_the_turn_that_ran_when_it_came() -> None:
    found = [
        *entries("prompt", "tool.call"),
        *entries("advice", turn=None, start=3),
        *entries("tool.call", "reply", start=4),
    ]
    found += entries("advice", turn=None, start=6)
    turn, after = timeline.fold(found)

    assert isinstance(turn, Turn)
    assert [getattr(block, "kind", "steps") for block in turn.blocks] == ["prompt", "steps", "advice", "steps", "reply"]
    assert isinstance(after, Entry)


def test_turns_that_interleave_are_put_together_by_their_name() -> None:
    found = [*entries("prompt", turn="a"), *entries("prompt", turn="b", start=2), *entries("reply", turn="a", start=3)]
    a, b = timeline.fold(found)

    assert isinstance(a, Turn)
    assert isinstance(b, Turn)
    assert (len(a.blocks), len(b.blocks)) == (2, 1)
    assert (a.is_open, b.is_open) == (False, True)


def test_a_change_of_the_seat_ends_what_runs() -> None:
    turn, seat, advice = timeline.fold(
        [*entries("prompt"), *entries("driver.expired", turn=None, start=2), *entries("advice", turn=None, start=3)]
    )

    assert isinstance(turn, Turn)
    assert not turn.is_open
    assert [getattr(e, "kind", "") for e in (seat, advice)] == ["driver.expired", "advice"]


def test_a_delivery_is_told_by_its_advice() -> None:
    found = entries("advice", turn=None, start=4)
    for seq, state in ((5, "sent"), (6, "failed")):
        payload = json.dumps({"advice_seq": 4, "state": state, "reason": "unproven" if state == "failed" else None})
        found.append(timeline.entry(row("delivery", seq=seq, payload=payload)))

    assert [getattr(item, "kind", "") for item in timeline.fold(found)] == ["advice"]
    assert timeline.states(found)[4].words == "failed: unproven"
    assert timeline.states(found[:1])[4].words == "queued"


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["", "a", "b"])), max_size=30))
def test_folding_loses_and_doubles_nothing(given: list[tuple[str, str]]) -> None:
    found = [timeline.entry(row(kind, seq=seq, turn=turn)) for seq, (kind, turn) in enumerate(given, 1)]
    seqs = []
    for item in timeline.fold(found):
        for block in item.blocks if isinstance(item, Turn) else [item]:
            for e in block.entries if isinstance(block, Steps) else [block]:
                seqs += [e.seq, *([e.result.seq] if e.result else [])]

    assert sorted(seqs) == list(range(1, len(found) + 1))


# Markup


def test_a_time_is_in_utc_whatever_the_database_speaks() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert 'datetime="2026-11-22T20:30:05.123Z"' in timeline.entry(row(occurred_at=there)).stamp(BASE)


@pytest.mark.parametrize(
    ("word", "wanted"), [("", None), ("reply", ["reply"]), ("tools", ["tool.call", "tool.result"])]
)
def test_a_word_of_the_filter_is_a_group_or_a_kind(word: str, wanted: list[str] | None) -> None:
    assert timeline.kinds(word) == wanted

"""Codex CLI's recorded payloads become the right events, with the right ids, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_recordings import ADVICE, DELIVERY, Recordings

from polaris.daemon import agents
from polaris.daemon.agents import codex

CODEX = Recordings(codex, 1_795_360_851.5)
PAYLOADS = CODEX.payloads
AT = CODEX.at
payload, sequence, kept = CODEX.payload, CODEX.sequence, CODEX.kept
captured, only = CODEX.captured, CODEX.only


EXPECTED = {
    "Interrupt": ("turn.interrupted", "Interrupted by the user."),
    "PostToolUse.Bash": ("tool.result", "hello-codex"),
    "PostToolUse.mcp__polaris__reply": ("tool.result", "ok"),
    "PreToolUse.Bash": ("tool.call", "Bash: echo hello-codex"),
    "PreToolUse.mcp__polaris__reply": ("tool.call", "mcp__polaris__reply: hi"),
    "SessionEnd.other": ("notice", "Agent session ended (other)."),
    "SessionStart.startup": ("notice", "Agent session started (startup)."),
    "Stop": ("reply", "final 1"),
    "Stop.after-block": ("reply", "final 2"),
    "UserPromptSubmit": ("prompt", "STUB:main please"),
}


class TestCapture:
    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    def test_every_recorded_payload_becomes_what_the_table_says(self, file: Path) -> None:
        told = json.loads(file.read_text())
        event = only(told)

        assert (event.kind, event.body) == EXPECTED[file.stem]
        assert (event.payload, event.turn, event.subagent) == (told, told.get("turn_id"), None)

    def test_a_whole_run_is_told_in_order_and_nothing_twice(self) -> None:
        events = kept(sequence("exec"))

        assert [(event.kind, event.body) for event in events.values()] == [
            ("notice", "Agent session started (startup)."),
            ("prompt", "STUB:main please"),
            ("tool.call", "Bash: echo hello-codex"),
            ("tool.result", "hello-codex"),
            ("tool.call", "Bash: exit 3"),
            ("tool.result", ""),
            ("reply", "final 1"),
            ("reply", "final 2"),
            ("notice", "Agent session ended (other)."),
        ]

    def test_esc_ends_the_turn_that_has_neither_a_result_nor_a_reply(self) -> None:
        events = list(kept(sequence("tui")).values())
        turn = events[-2].turn

        assert [event.kind for event in events if event.turn == turn] == ["prompt", "tool.call", "turn.interrupted"]
        assert events[-1].turn is None

    @pytest.mark.parametrize("run", ["exec", "tui"])
    def test_a_second_capture_of_the_same_payloads_has_the_same_ids(self, run: str) -> None:
        turns = [told for told in sequence(run) if "turn_id" in told]

        assert kept(turns, "hook").keys() == kept(turns, "again").keys()

    def test_a_call_and_its_result_have_the_name_that_the_model_gave(self) -> None:
        name = "call_stub87880892c423"

        assert only(payload("PreToolUse.Bash")).client_id.endswith(f":tool.call:{name}")
        assert only(payload("PostToolUse.Bash")).client_id.endswith(f":tool.result:{name}")

    def test_prompts_of_one_turn_are_told_apart_and_each_keeps_its_id(self) -> None:
        first, second = payload("UserPromptSubmit"), payload("UserPromptSubmit", prompt="and then this")

        assert only(first).client_id != only(second).client_id
        assert captured(first, "a") == captured(first, "b")

    def test_a_turn_without_a_text_still_ends(self) -> None:
        assert only(payload("Stop", last_assistant_message=None)).body == "The turn ended without a text."

    def test_a_queued_piece_of_advice_is_no_prompt_of_the_person(self) -> None:
        queued = next(told for told in sequence("tui") if "MARK-QUEUE-BUSY" in told.get("prompt", ""))

        assert only(queued).kind == "prompt"
        assert only(queued | {"prompt": ADVICE}).kind == "notice"

    def test_a_person_who_quotes_a_marker_is_still_the_one_who_typed(self) -> None:
        assert only(payload("UserPromptSubmit", prompt=f"what was polaris:advice:{DELIVERY}?")).kind == "prompt"

    def test_an_event_that_nobody_knows_is_counted_and_gives_nothing(self) -> None:
        before = codex.unknown_events["NewEvent"]

        assert captured(payload("Stop", hook_event_name="NewEvent")) == []
        assert codex.unknown_events["NewEvent"] == before + 1


class TestWhatIsDocumentedOnly:
    """Codex's schema has these events and ``agent_id``; there is no recording of them."""

    def test_the_work_of_a_sub_agent_is_marked(self) -> None:
        event = only(payload("PreToolUse.Bash", agent_id="a1", agent_type="worker"))

        assert (event.kind, event.subagent) == ("tool.call", "a1")

    def test_what_a_sub_agent_was_asked_and_answers_is_neither_prompt_nor_reply(self) -> None:
        sub = {"agent_id": "a1", "agent_type": "worker"}

        assert only(payload("UserPromptSubmit", **sub)).kind == "notice"
        assert only(payload("Stop", **sub, hook_event_name="SubagentStop")).kind == "message"
        assert captured(payload("Stop", **sub)) == []

    def test_a_question_for_permission_and_a_compaction_are_notices(self) -> None:
        asks = only(payload("PreToolUse.Bash", hook_event_name="PermissionRequest"))
        compacted = only(payload("Interrupt", hook_event_name="PostCompact", trigger="manual"))

        assert (asks.kind, asks.body) == ("notice", "Asks for permission: Bash: echo hello-codex")
        assert (compacted.kind, compacted.body) == ("notice", "Context compacted (manual).")


class TestSession:
    def test_it_is_the_thread_with_its_turn_its_folder_and_its_record(self) -> None:
        told = payload("PreToolUse.Bash")
        session = codex.session_of(told)

        assert session
        assert (session.session_id, session.turn) == (told["session_id"], told["turn_id"])
        assert (session.cwd, session.transcript, session.pid) == (told["cwd"], told["transcript_path"], None)

    def test_it_says_how_a_session_begins_and_ends(self) -> None:
        begun, ended = codex.session_of(payload("SessionStart.startup")), codex.session_of(payload("SessionEnd.other"))

        assert begun and (begun.starts, begun.ends) == ("startup", None)
        assert ended and (ended.starts, ended.ends) == (None, "other")

    @pytest.mark.parametrize("wrong", [None, "", "..", "a/b", "x" * 129, 7])
    def test_an_id_that_is_no_file_name_is_no_session(self, wrong: Any) -> None:
        assert codex.session_of(payload("Stop", session_id=wrong)) is None
        assert captured(payload("Stop", session_id=wrong)) == []


class TestAdvice:
    def test_it_goes_as_context_and_at_the_end_of_a_turn_as_a_block(self) -> None:
        assert json.loads(codex.hook_output("PostToolUse", ADVICE)) == {
            "hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": ADVICE}
        }
        assert json.loads(codex.hook_output("Stop", ADVICE)) == {"decision": "block", "reason": ADVICE}

    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    def test_an_event_may_carry_advice_exactly_if_its_answer_can(self, file: Path) -> None:
        told = json.loads(file.read_text())

        assert codex.may_advise(told) == bool(codex.hook_output(told["hook_event_name"], ADVICE))
        assert not codex.may_advise(told | {"agent_id": "a1"})

    def test_what_does_not_fit_loses_its_middle_and_keeps_the_marker(self) -> None:
        text = json.loads(codex.hook_output("Stop", "Advice from x:\n" + "ö" * 20_000 + ADVICE))["reason"]

        assert codex.fits(text) and text.startswith("Advice from x:") and text.endswith(ADVICE)

    def test_seen_is_what_was_queued_answered_by_our_tools_or_repeated_by_the_agent(self) -> None:
        ours = payload("PostToolUse.mcp__polaris__reply")
        ours["tool_response"]["content"][0]["text"] = ADVICE

        assert codex.advice_seen(payload("UserPromptSubmit", prompt=ADVICE)) == (DELIVERY,)
        assert codex.advice_seen(ours) == (DELIVERY,)
        assert codex.advice_seen(payload("Stop", last_assistant_message=f"Done (polaris:advice:{DELIVERY})")) == (
            DELIVERY,
        )

    def test_a_log_that_has_a_marker_proves_nothing_nor_does_a_person_who_quotes_one(self) -> None:
        assert codex.advice_seen(payload("PostToolUse.Bash", tool_response=ADVICE)) == ()
        assert codex.advice_seen(payload("UserPromptSubmit", prompt=f"see polaris:advice:{DELIVERY}")) == ()
        assert codex.advice_seen(payload("Stop", last_assistant_message=ADVICE, agent_id="a1")) == ()


def test_codex_is_found_by_its_name() -> None:
    assert agents.find("codex") is codex

"""Cursor's payloads become the right events, with the right ids, once.

There is no recording: the payloads are written after Cursor's documentation of its hooks.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_recordings import ADVICE, DELIVERY, Recordings

from polaris.daemon import agents
from polaris.daemon.agents import cursor

CURSOR = Recordings(cursor, 1_795_361_036.5)
captured, only = CURSOR.captured, CURSOR.only
COMMON = {
    "conversation_id": "7b31b662-fabf-4de6-ae5b-7b72fd17c609",
    "session_id": "7b31b662-fabf-4de6-ae5b-7b72fd17c609",
    "generation_id": "b1f2c3d4-0000-4000-8000-000000000001",
    "model": "composer-2",
    "cursor_version": "3.1.15",
    "workspace_roots": ["/home/dev/project"],
    "user_email": "dev@example.com",
    "transcript_path": "/home/dev/.cursor/projects/p/agent-transcripts/7b31b662.jsonl",
}
SHELL: dict[str, Any] = {"tool_name": "Shell", "tool_use_id": "toolu_1", "tool_input": {"command": "npm test"}}


def payload(event: str, **more: Any) -> dict[str, Any]:
    return COMMON | {"hook_event_name": event} | more


DOCUMENTED: list[tuple[dict[str, Any], str, str]] = [
    (payload("sessionStart", composer_mode="agent"), "notice", "Agent session started (startup)."),
    (payload("sessionEnd", reason="user_close", duration_ms=5), "notice", "Agent session ended (user_close)."),
    (payload("beforeSubmitPrompt", prompt="fix the test", attachments=[]), "prompt", "fix the test"),
    (payload("afterAgentResponse", text="It is fixed."), "reply", "It is fixed."),
    (payload("preToolUse", **SHELL), "tool.call", "Shell: npm test"),
    (
        payload("preToolUse", tool_name="Read", tool_use_id="t2", tool_input={"file_path": "/home/dev/project/a.py"}),
        "tool.call",
        "Read: a.py",
    ),
    (payload("postToolUse", **SHELL, tool_output='{"stdout":"ok\\n","exitCode":0}'), "tool.result", "ok"),
    (payload("postToolUse", **SHELL, tool_output='{"output":"ok\\n","exitCode":0}'), "tool.result", "ok\n"),
    (payload("postToolUse", **SHELL, tool_output="no JSON"), "tool.result", "no JSON"),
    (
        payload("postToolUseFailure", **SHELL, error_message="timed out", failure_type="timeout", is_interrupt=False),
        "tool.result",
        "timed out",
    ),
    (
        payload("postToolUseFailure", **SHELL, error_message="no", failure_type="permission_denied"),
        "tool.result",
        "Denied: no",
    ),
    (
        payload("postToolUseFailure", **SHELL, error_message="", failure_type="error", is_interrupt=True),
        "tool.result",
        "error\n[interrupted]",
    ),
    (payload("stop", status="aborted", loop_count=0), "turn.interrupted", "Interrupted by the user."),
    (payload("stop", status="error", loop_count=0), "turn.interrupted", "The turn ended with an error."),
    (payload("preCompact", trigger="manual"), "notice", "Context compacted (manual)."),
]


class TestCapture:
    @pytest.mark.parametrize(("told", "kind", "body"), DOCUMENTED, ids=lambda one: str(one)[-40:])
    def test_every_documented_payload_becomes_what_the_table_says(
        self, told: dict[str, Any], kind: str, body: str
    ) -> None:
        event = only(told)

        assert (event.kind, event.body) == (kind, body)
        assert (event.payload, event.turn, event.subagent) == (told, COMMON["generation_id"], None)

    @pytest.mark.parametrize("event", [name for name, reader in cursor.EVENTS.items() if reader is None])
    def test_hooks_that_repeat_what_others_tell_give_nothing_and_are_known(self, event: str) -> None:
        before = dict(cursor.unknown_events)

        assert captured(payload(event, command="npm test", text="thinking", file_path="/x")) == []
        assert cursor.unknown_events == before

    def test_a_turn_that_was_completed_ended_with_its_answer(self) -> None:
        assert captured(payload("stop", status="completed", loop_count=0)) == []

    def test_a_hook_that_runs_from_two_settings_tells_one_event(self) -> None:
        for told, _, _ in DOCUMENTED:
            assert captured(told, "from-cursor") == captured(told, "from-claude")

    def test_a_conversation_that_ends_again_tells_it_again(self) -> None:
        first, second = (payload("sessionEnd", reason="user_close", duration_ms=lasted) for lasted in (5, 9))

        assert only(first).client_id != only(second).client_id

    def test_a_call_and_its_failure_have_the_name_that_the_model_gave(self) -> None:
        assert only(payload("preToolUse", **SHELL)).client_id.endswith(":tool.call:toolu_1")
        assert only(payload("postToolUseFailure", **SHELL, error_message="x")).client_id.endswith(":toolu_1")

    def test_advice_as_a_prompt_is_none_of_the_persons_and_a_quoted_marker_is(self) -> None:
        assert only(payload("beforeSubmitPrompt", prompt=ADVICE)).kind == "notice"
        assert only(payload("beforeSubmitPrompt", prompt=f"what is polaris:advice:{DELIVERY}?")).kind == "prompt"

    def test_the_end_of_a_sub_agent_is_marked_and_no_reply(self) -> None:
        silent = only(
            payload("subagentStop", subagent_id="toolu_2", subagent_type="general-purpose", status="completed")
        )
        spoken = only(payload("subagentStop", subagent_id="toolu_2", status="completed", summary="All read."))

        assert (silent.kind, silent.body, silent.subagent) == ("notice", "general-purpose: completed", "toolu_2")
        assert (spoken.kind, spoken.body, spoken.subagent) == ("message", "All read.", "toolu_2")

    def test_an_event_that_nobody_knows_is_counted_and_gives_nothing(self) -> None:
        before = cursor.unknown_events["newEvent"]

        assert captured(payload("newEvent")) == []
        assert cursor.unknown_events["newEvent"] == before + 1


class TestSession:
    def test_it_is_the_conversation_with_its_generation_and_folder(self) -> None:
        session = cursor.session_of(payload("stop", status="completed"))

        assert session
        assert (session.session_id, session.turn) == (COMMON["conversation_id"], COMMON["generation_id"])
        assert (session.cwd, session.transcript, session.pid) == ("/home/dev/project", None, None)

    def test_it_says_how_a_session_begins_and_ends(self) -> None:
        begun, ended = cursor.session_of(payload("sessionStart")), cursor.session_of(payload("sessionEnd", reason="x"))

        assert begun and (begun.starts, begun.ends) == ("startup", None)
        assert ended and (ended.starts, ended.ends) == (None, "x")

    @pytest.mark.parametrize("wrong", [None, "", "..", "a/b", "x" * 129, 7])
    def test_an_id_that_is_no_file_name_is_no_session(self, wrong: Any) -> None:
        assert cursor.session_of(payload("stop", conversation_id=wrong, session_id=wrong)) is None


class TestAdvice:
    def test_it_goes_as_context_after_a_tool_and_as_the_next_message_after_a_turn(self) -> None:
        assert json.loads(cursor.hook_output("postToolUse", ADVICE)) == {"additional_context": ADVICE}
        assert json.loads(cursor.hook_output("stop", ADVICE)) == {"followup_message": ADVICE}

    @pytest.mark.parametrize("event", cursor.EVENTS)
    def test_an_event_may_carry_advice_exactly_if_its_answer_can(self, event: str) -> None:
        told = payload(event, status="completed", loop_count=0)

        assert cursor.may_advise(told) == bool(cursor.hook_output(event, ADVICE))
        assert not cursor.may_advise(told | {"subagent_id": "toolu_2"})

    @pytest.mark.parametrize("more", [{"status": "aborted"}, {"status": "completed", "loop_count": 5}])
    def test_a_turn_that_is_not_followed_up_takes_no_advice(self, more: dict[str, Any]) -> None:
        assert not cursor.may_advise(payload("stop", **more))

    def test_what_does_not_fit_is_cut_before_cursor_drops_it(self) -> None:
        told = json.loads(cursor.hook_output("postToolUse", "Advice from x:\n" + "🌍" * 20_000 + ADVICE))
        text = told["additional_context"]

        assert len(text.encode("utf-16-le")) // 2 < 10_000
        assert text.startswith("Advice from x:") and text.endswith(ADVICE)

    def test_seen_is_what_our_tools_answered_and_what_the_agent_wrote(self) -> None:
        ours = payload("postToolUse", tool_name="MCP:polaris_status", tool_input={}, tool_output=ADVICE)

        assert cursor.advice_seen(ours) == (DELIVERY,)
        assert cursor.advice_seen(payload("afterAgentResponse", text=f"see polaris:advice:{DELIVERY}")) == (DELIVERY,)

    def test_a_log_that_has_a_marker_proves_nothing_nor_does_a_person_who_quotes_one(self) -> None:
        assert cursor.advice_seen(payload("postToolUse", **SHELL, tool_output=ADVICE)) == ()
        assert cursor.advice_seen(payload("beforeSubmitPrompt", prompt=f"polaris:advice:{DELIVERY}?")) == ()


def test_cursor_is_found_by_the_name_that_the_hook_sends() -> None:
    assert agents.find("cursor") is cursor

"""Gemini CLI's recorded payloads become the right events, with the right ids, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_recordings import ADVICE, DELIVERY, Recordings

from polaris.daemon import agents
from polaris.daemon.agents import gemini_cli

GEMINI = Recordings(gemini_cli, 1_795_361_036.5)
PAYLOADS = GEMINI.payloads
AT = GEMINI.at
payload, sequence, kept = GEMINI.payload, GEMINI.sequence, GEMINI.kept
captured, only = GEMINI.captured, GEMINI.only


EXPECTED = {
    "AfterAgent": [("reply", "I will run.\nfinal 1")],
    "AfterAgent.after-deny": [("reply", "I will run.\nfinal 1\nfinal 2")],
    "AfterTool.mcp_polaris_reply": [("tool.result", "ok")],
    "AfterTool.run_shell_command": [("tool.result", "hello-gemini")],
    "AfterTool.write_file": [("tool.result", "Index: a.txt")],
    "BeforeAgent": [("prompt", "STUB:main please")],
    "BeforeTool.mcp_polaris_reply": [("tool.call", "mcp_polaris_reply: hi")],
    "BeforeTool.run_shell_command": [("tool.call", "run_shell_command: echo hello-gemini")],
    "BeforeTool.write_file": [("tool.call", "write_file: a.txt")],
    "SessionEnd": [("notice", "Agent session ended (exit).")],
    "SessionStart": [("notice", "Agent session started (startup).")],
}


class TestCapture:
    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    def test_every_recorded_payload_becomes_what_the_table_says(self, file: Path) -> None:
        told = json.loads(file.read_text())
        events = captured(told)
        expected = EXPECTED.get(file.stem, [])

        assert [event.kind for event in events] == [kind for kind, _ in expected]
        assert all(event.body.startswith(body) for event, (_, body) in zip(events, expected, strict=True))
        assert all(event.payload == told for event in events)

    def test_a_whole_run_is_told_in_order_and_nothing_twice(self) -> None:
        events = list(kept(sequence("print-mode")).values())

        assert [(event.kind, event.body.split("\n")[0]) for event in events] == [
            ("notice", "Agent session started (startup)."),
            ("prompt", "STUB:main please"),
            ("tool.call", "run_shell_command: echo hello-gemini"),
            ("tool.result", "hello-gemini"),
            ("tool.call", "run_shell_command: exit 3"),
            ("tool.result", "Command exited with code: 3"),
            ("tool.call", "write_file: a.txt"),
            ("tool.result", "Index: a.txt"),
            ("tool.call", "mcp_polaris_reply: hi"),
            ("tool.result", "ok"),
            ("reply", "I will run."),
            ("prompt", "MARK-AfterAgent-deny"),
            ("reply", "I will run."),
            ("notice", "Agent session ended (exit)."),
        ]

    def test_a_second_capture_of_the_same_payloads_has_the_same_ids(self) -> None:
        assert kept(sequence("print-mode"), "hook").keys() == kept(sequence("print-mode"), "again").keys()

    def test_the_same_call_made_again_is_another_event(self) -> None:
        first = payload("BeforeTool.run_shell_command")
        again = first | {"timestamp": "2026-11-22T15:24:57.213Z"}

        assert only(first).client_id != only(again).client_id

    def test_without_a_time_the_capture_names_the_event(self) -> None:
        told = payload("BeforeTool.run_shell_command", timestamp=None)

        assert captured(told, "a")[0].client_id != captured(told, "b")[0].client_id

    def test_our_context_in_front_of_a_prompt_is_no_words_of_the_person(self) -> None:
        told = payload("BeforeAgent")

        assert told["prompt"].startswith("<hook_context>")
        assert only(told).body == "STUB:main please"

    def test_advice_that_comes_back_as_a_prompt_is_none_of_the_persons(self) -> None:
        assert only(payload("BeforeAgent", prompt=ADVICE)).kind == "notice"

    def test_a_result_that_has_only_what_the_model_got_is_read_without_its_wrapper(self) -> None:
        told = payload("AfterTool.run_shell_command")
        told["tool_response"]["returnDisplay"] = ""

        assert only(told).body == "Output: hello-gemini\nProcess Group PGID: 31151"

    def test_an_event_that_nobody_knows_is_counted_and_gives_nothing(self) -> None:
        before = gemini_cli.unknown_events["NewEvent"]

        assert captured(payload("AfterAgent", hook_event_name="NewEvent")) == []
        assert gemini_cli.unknown_events["NewEvent"] == before + 1


class TestWhatIsDocumentedOnly:
    """Gemini's reference of hooks has these shapes; there is no recording of them."""

    def test_a_question_for_permission_is_a_notice(self) -> None:
        event = only(
            payload(
                "BeforeAgent",
                hook_event_name="Notification",
                notification_type="ToolPermission",
                message="Run npm publish?",
                details={"tool_name": "run_shell_command"},
            )
        )

        assert (event.kind, event.body) == ("notice", "Asks for permission: Run npm publish?")

    def test_an_error_of_a_tool_is_its_result(self) -> None:
        response = {"llmContent": "x", "returnDisplay": "x", "error": {"message": "no such file", "type": "x"}}

        assert only(payload("AfterTool.write_file", tool_response=response)).body == "no such file"


class TestSession:
    def test_it_has_its_record_and_no_turn_of_its_own(self) -> None:
        told = payload("AfterTool.write_file")
        session = gemini_cli.session_of(told)

        assert session
        assert (session.session_id, session.cwd) == (told["session_id"], told["cwd"])
        assert (session.turn, session.transcript, session.subagent) == (None, told["transcript_path"], None)

    def test_it_says_how_a_session_begins_and_ends(self) -> None:
        begun, ended = gemini_cli.session_of(payload("SessionStart")), gemini_cli.session_of(payload("SessionEnd"))

        assert begun and (begun.starts, begun.ends) == ("startup", None)
        assert ended and (ended.starts, ended.ends) == (None, "exit")

    @pytest.mark.parametrize("wrong", [None, "", "..", "a/b", "x" * 129, 7])
    def test_an_id_that_is_no_file_name_is_no_session(self, wrong: Any) -> None:
        assert gemini_cli.session_of(payload("AfterAgent", session_id=wrong)) is None
        assert captured(payload("AfterAgent", session_id=wrong)) == []


class TestAdvice:
    def test_it_goes_as_context_and_at_the_end_of_a_turn_as_a_denial(self) -> None:
        assert json.loads(gemini_cli.hook_output("AfterTool", ADVICE)) == {
            "hookSpecificOutput": {"hookEventName": "AfterTool", "additionalContext": ADVICE}
        }
        assert json.loads(gemini_cli.hook_output("AfterAgent", ADVICE)) == {"decision": "deny", "reason": ADVICE}

    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    def test_an_event_may_carry_advice_exactly_if_its_answer_can(self, file: Path) -> None:
        told = json.loads(file.read_text())

        assert gemini_cli.may_advise(told) == bool(gemini_cli.hook_output(told["hook_event_name"], ADVICE))

    def test_what_does_not_fit_loses_its_middle_and_keeps_the_marker(self) -> None:
        output = gemini_cli.hook_output("AfterAgent", "Advice from x:\n" + "🌍" * 20_000 + ADVICE)
        text = json.loads(output)["reason"]

        assert gemini_cli.fits(text) and text.startswith("Advice from x:") and text.endswith(ADVICE)

    def test_a_model_request_proves_what_was_put_in_at_the_start_and_at_the_prompt(self) -> None:
        told = payload("BeforeModel")
        for mark in ("MARK-SessionStart-ctx", "MARK-BeforeAgent-ctx"):
            text = json.dumps(told).replace(f"<hook_context>{mark}", f"<hook_context>{json.dumps(ADVICE)[1:-1]}")

            assert gemini_cli.advice_seen(json.loads(text)) == (DELIVERY,)

    def test_the_first_prompt_proves_what_was_put_in_at_the_start(self) -> None:
        told = payload("BeforeAgent")
        told["prompt"] = told["prompt"].replace("MARK-SessionStart-ctx", ADVICE)

        assert gemini_cli.advice_seen(told) == (DELIVERY,)

    def test_seen_is_also_what_denied_the_answer_came_from_our_tools_or_was_repeated(self) -> None:
        ours = payload("AfterTool.mcp_polaris_reply")
        ours["tool_response"]["returnDisplay"] = ADVICE

        assert gemini_cli.advice_seen(payload("BeforeAgent", prompt=ADVICE)) == (DELIVERY,)
        assert gemini_cli.advice_seen(ours) == (DELIVERY,)
        assert gemini_cli.advice_seen(payload("AfterAgent", prompt_response=ADVICE)) == (DELIVERY,)

    def test_a_log_that_has_a_marker_proves_nothing_nor_does_a_person_who_quotes_one(self) -> None:
        told = payload("AfterTool.run_shell_command")
        told["tool_response"]["llmContent"] = ADVICE
        quoted = f"see polaris:advice:{DELIVERY}"
        request = {"messages": [{"role": "user", "content": quoted}]}

        assert gemini_cli.advice_seen(told) == ()
        assert gemini_cli.advice_seen(payload("BeforeAgent", prompt=quoted)) == ()
        assert gemini_cli.advice_seen(payload("BeforeModel", llm_request=request)) == ()


def test_gemini_is_found_by_the_name_that_the_hook_sends() -> None:
    assert agents.find("gemini-cli") is gemini_cli

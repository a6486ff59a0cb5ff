"""Claude Code's recorded payloads become the right events, with the right ids, once."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from agent_recordings import DELIVERY, MARKER, Recordings

from polaris.daemon import agents
from polaris.daemon.agents import base, claude_code

CLAUDE = Recordings(claude_code, 1_795_366_799.25)
PAYLOADS = CLAUDE.payloads
AT = CLAUDE.at
payload, sequence, kept = CLAUDE.payload, CLAUDE.sequence, CLAUDE.kept
captured, only = CLAUDE.captured, CLAUDE.only


# What every recorded payload becomes: kind and the beginning of the body.
EXPECTED: dict[str, list[tuple[str, str]]] = {
    "Elicitation": [("notice", "polaris asks: Apply the advice?")],
    "Notification.agent_needs_input": [("notice", "Auto mode can't check actions")],
    "PermissionRequest.Bash": [("notice", "Asks for permission: Bash: touch perm-needed.txt")],
    "PostCompact": [("notice", "Context compacted (manual).")],
    "PostModelSwitch": [("notice", "Model changed: claude-opus-5-5 → claude-sonnet-5-5")],
    "PostToolBatch": [("tool.call", "Bash: echo hello-from-bash"), ("tool.result", "hello-from-bash")],
    "PostToolBatch.parallel": [
        ("tool.call", "Read: a.txt"),
        ("tool.result", "1\talpha"),
        ("tool.call", "Bash: ls"),
        ("tool.result", "CLAUDE.md\na.txt"),
    ],
    "PostToolBatch.rejected-tool": [
        ("tool.call", 'NoSuchTool: {"x":1}'),
        ("tool.result", "<tool_use_error>Error: No such tool"),
    ],
    "PostToolBatch.subagent": [("tool.call", "Bash: echo in-sub"), ("tool.result", "in-sub")],
    "PostToolUse.Agent": [("tool.result", "Sub result text.")],
    "PostToolUse.Bash": [("tool.result", "hello-from-bash")],
    "PostToolUse.Bash.background": [("tool.result", "[runs in the background as bhrrn2wfr]")],
    "PostToolUse.Edit": [("tool.result", " alpha\n-beta\n+gamma")],
    "PostToolUse.Glob": [("tool.result", "a.txt")],
    "PostToolUse.Grep": [("tool.result", "a.txt")],
    "PostToolUse.Read": [("tool.result", "alpha\nbeta\n")],
    "PostToolUse.TaskCreate": [("tool.result", '{"task":{"id":"1"')],
    "PostToolUse.TaskUpdate": [("tool.result", '{"success":true')],
    "PostToolUse.Write": [("tool.result", "created a.txt")],
    "PostToolUse.mcp__polaris__reply": [("tool.result", "ok")],
    "PostToolUseFailure.Bash": [("tool.result", "Exit code 3\nout\nerr")],
    "PostToolUseFailure.Read": [("tool.result", "File does not exist.")],
    "PreToolUse.Agent": [("tool.call", "Agent: Sub work")],
    "PreToolUse.Bash": [("tool.call", "Bash: echo hello-from-bash")],
    "PreToolUse.Bash.subagent": [("tool.call", "Bash: echo in-sub")],
    "PreToolUse.Edit": [("tool.call", "Edit: a.txt")],
    "PreToolUse.mcp__polaris__reply": [("tool.call", "mcp__polaris__reply: hello advisor")],
    "SessionEnd.clear": [("notice", "Agent session ended (clear).")],
    "SessionEnd.other": [("notice", "Agent session ended (other).")],
    "SessionEnd.prompt_input_exit": [("notice", "Agent session ended (prompt_input_exit).")],
    "SessionStart.clear": [("notice", "Agent session started (clear).")],
    "SessionStart.fork": [("notice", "Agent session started (fork).")],
    "SessionStart.resume": [("notice", "Agent session started (resume).")],
    "SessionStart.startup": [("notice", "Agent session started (startup).")],
    "SessionStart.startup.tui": [("notice", "Agent session started (startup).")],
    "SessionStart.startup.v2.1.197": [("notice", "Agent session started (startup).")],
    "Stop": [("reply", "stub: script main is finished.")],
    "Stop.after-hook-feedback": [("reply", "woken by advisor")],
    "Stop.with-background-tasks": [("reply", "All done.\nFinal answer line.")],
    "StopFailure": [("turn.interrupted", "API Error: 400 stub says no")],
    "SubagentStop": [("message", "Sub result text.")],
    "SubagentStop.after-hook-feedback": [("message", "sub final 2")],
    "UserPromptSubmit.asyncRewake": [("notice", "<task-notification>")],
    "UserPromptSubmit.channel": [("notice", '<channel source="polaris"')],
    "UserPromptSubmit.human": [("prompt", "STUB:main please do the work")],
    "UserPromptSubmit.inbox-socket": [("prompt", "STUB:i1 MARK-INBOX-1")],
    "UserPromptSubmit.monitor": [("notice", "<task-notification>")],
    "UserPromptSubmit.slash-command": [("prompt", "/polaris on hello world")],
    "UserPromptSubmit.task-notification": [("notice", "<task-notification>")],
}


class TestCapture:
    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    def test_every_recorded_payload_becomes_what_the_table_says(self, file: Path) -> None:
        events = captured(json.loads(file.read_text()))
        expected = EXPECTED.get(file.stem, [])

        assert [event.kind for event in events] == [kind for kind, _ in expected]
        assert all(event.body.startswith(body) for event, (_, body) in zip(events, expected, strict=True))

    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    def test_every_event_has_its_turn_its_time_and_an_id_that_begins_with_the_session(self, file: Path) -> None:
        told = json.loads(file.read_text())
        for event in captured(told):
            assert event.client_id.startswith(f"cc:{told['session_id']}:{event.kind}:")
            assert re.fullmatch(r"[A-Za-z0-9:._-]{1,200}", event.client_id)
            assert event.turn == told.get("prompt_id")
            assert event.occurred_at.timestamp() == AT
            assert event.subagent == told.get("agent_id")

    def test_the_payload_is_the_agents_own_unchanged(self) -> None:
        told = payload("PostToolUse.Edit")

        assert only(told).payload is told

    @pytest.mark.parametrize("name", [file.stem for file in PAYLOADS if file.stem.split(".")[0] == "Stop"])
    def test_every_recorded_stop_has_its_reply(self, name: str) -> None:
        event = only(payload(name))

        assert (event.kind, event.body) == ("reply", payload(name)["last_assistant_message"])

    def test_a_batch_tells_each_call_alone_with_the_ids_of_its_own_events(self) -> None:
        call, result = captured(payload("PostToolBatch"))

        assert call.client_id == only(payload("PreToolUse.Bash")).client_id
        assert result.client_id == only(payload("PostToolUse.Bash")).client_id
        assert (call.repeat, result.repeat) == (True, True)
        assert [len(event.payload["tool_calls"]) for event in captured(payload("PostToolBatch.parallel"))] == [
            1,
            1,
            1,
            1,
        ]

    def test_a_failed_call_has_the_id_that_its_success_would_have(self) -> None:
        failed = payload("PostToolUseFailure.Bash")
        result = captured(payload("PostToolBatch") | {"tool_calls": [failed | {"tool_response": "x"}]})[1]

        assert only(failed).client_id == result.client_id

    def test_a_denied_call_has_a_result(self) -> None:
        told = payload("PreToolUse.Bash") | {"hook_event_name": "PermissionDenied", "reason": "not safe"}

        assert (only(told).kind, only(told).body) == ("tool.result", "Denied: not safe")

    def test_several_prompts_of_one_turn_stay_apart_and_the_same_hook_twice_does_not(self) -> None:
        told = payload("UserPromptSubmit.human")
        later = told | {"prompt": "and be quick"}

        assert only(told).client_id != only(later).client_id
        assert only(told).turn == only(later).turn
        assert only(told).client_id == captured(told, "another-capture")[0].client_id

    def test_where_the_agent_names_nothing_the_capture_does(self) -> None:
        told = {key: value for key, value in payload("UserPromptSubmit.human").items() if key != "prompt_id"}
        first, again, other = (captured(told, name)[0].client_id for name in ("1-2-3", "1-2-3", "1-2-4"))

        assert first == again != other
        assert captured({**told, "hook_event_name": "Stop", "last_assistant_message": "x"})[0].turn is None

    def test_a_second_stop_of_a_turn_is_a_reply_of_its_own(self) -> None:
        first = payload("Stop")
        second = first | {"stop_hook_active": True, "last_assistant_message": "and now really"}

        assert only(first).client_id != only(second).client_id
        assert only(first).turn == only(second).turn

    def test_a_turn_that_ends_without_a_text_is_told(self) -> None:
        for text in ("", " \n", None):
            event = only(payload("Stop") | {"last_assistant_message": text})

            assert (event.kind, event.body) == ("notice", "The turn ended without a text.")

    @pytest.mark.parametrize(
        "prompt",
        [
            f'<channel source="polaris" k="v">\nAdvice from user:priya … [{MARKER}]\n</channel>',
            f'<cross-session-message from-name="polaris">\nAdvice … {MARKER}\n</cross-session-message>',
            f"<task-notification>\n<event>{MARKER}</event>\n</task-notification>",
        ],
    )
    def test_our_own_advice_is_no_event_again(self, prompt: str) -> None:
        assert captured(payload("UserPromptSubmit.human") | {"prompt": prompt}) == []

    def test_our_advice_without_its_wrapper_is_never_the_persons_prompt(self) -> None:
        prompt = f"Advice from user:priya (human, same org) for session fxm: use RS256 [{MARKER}]"

        assert only(payload("UserPromptSubmit.human") | {"prompt": prompt}).kind == "notice"

    def test_a_person_may_quote_a_marker(self) -> None:
        event = only(payload("UserPromptSubmit.human") | {"prompt": f"what became of {MARKER}?"})

        assert event.kind == "prompt"

    def test_another_sessions_message_is_not_the_persons_prompt(self) -> None:
        prompt = '<cross-session-message from-name="other">\nhello\n</cross-session-message>'

        assert only(payload("UserPromptSubmit.human") | {"prompt": prompt}).kind == "notice"

    def test_an_unknown_event_is_nothing_and_is_counted(self) -> None:
        claude_code.unknown_events.clear()

        assert captured(payload("Stop") | {"hook_event_name": "BrandNew"}) == []
        assert captured({"hook_event_name": "Stop"}) == []
        assert captured({"session_id": "../etc", "hook_event_name": "Stop"}) == []
        assert claude_code.unknown_events == {"BrandNew": 1, "(no session)": 2}

    def test_counting_unknown_events_is_bounded(self) -> None:
        counted = base.Unknown()
        for number in range(1000):
            counted.note(f"Event{number}")

        assert len(counted) <= 65
        assert counted.total() == 1000

    @pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: file.stem)
    @pytest.mark.parametrize("wrong", [None, 7, [], {}, [1, {"a": None}], True])
    def test_fields_of_the_wrong_type_break_nothing(self, file: Path, wrong: Any) -> None:
        told = json.loads(file.read_text())
        for name in told.keys() - {"session_id", "hook_event_name"}:
            captured(told | {name: wrong})
            claude_code.advice_seen(told | {name: wrong})

    def test_too_large_a_payload_is_cut_not_lost(self) -> None:
        told = payload("PostToolUse.Write")
        told["tool_input"]["content"] = told["tool_response"]["content"] = "ü" * 700_000
        event = only(told)
        size = len(json.dumps(event.payload, ensure_ascii=False).encode()) + len(event.body.encode())

        assert size < 1024 * 1024
        assert event.payload["tool_input"]["file_path"] == "/home/dev/project/a.txt"
        assert "more characters" in event.payload["tool_input"]["content"]
        assert len(told["tool_input"]["content"]) == 700_000

    def test_a_long_body_is_cut_and_says_so(self) -> None:
        text = "x" * 70_000
        event = only(payload("Stop") | {"last_assistant_message": text})

        assert event.body.endswith("… [4464 more characters]")
        assert event.client_id == claude_code.reply_id(event.payload["session_id"], event.turn, text)

    def test_an_id_never_gets_longer_than_the_service_takes(self) -> None:
        told = payload("PreToolUse.Bash") | {"session_id": "s" * 128, "tool_use_id": "t" * 500, "prompt_id": "p" * 500}
        event = only(told)

        assert len(event.client_id) <= 200
        assert len(event.turn or "") <= 128


class TestSequences:
    def test_the_print_mode_run_has_every_event_once(self) -> None:
        events = kept(sequence("print-mode"))

        assert Counter(event.kind for event in events.values()) == {
            "prompt": 1,
            "tool.call": 18,
            "tool.result": 18,
            "reply": 2,
            "message": 1,
            "notice": 3,
        }
        calls = {event.client_id.rpartition(":")[2] for event in events.values() if event.kind == "tool.call"}
        results = {event.client_id.rpartition(":")[2] for event in events.values() if event.kind == "tool.result"}
        assert calls == results

    def test_the_interactive_run_has_every_event_once(self) -> None:
        events = kept(sequence("tui"))

        assert Counter(event.kind for event in events.values()) == {
            "prompt": 10,
            "tool.call": 3,
            "tool.result": 2,
            "reply": 6,
            "turn.interrupted": 1,
            "notice": 14,
        }

    @pytest.mark.parametrize("name", ["print-mode", "tui"])
    def test_every_stop_of_a_run_has_its_reply(self, name: str) -> None:
        payloads = sequence(name)
        stops = [told for told in payloads if told["hook_event_name"] == "Stop"]
        replies = [event for event in kept(payloads).values() if event.kind == "reply"]

        assert [event.body for event in replies] == [told["last_assistant_message"] for told in stops]

    @pytest.mark.parametrize("name", ["print-mode", "tui"])
    def test_a_spooled_copy_adds_nothing(self, name: str) -> None:
        payloads = sequence(name)

        assert list(kept(payloads + payloads)) != []
        again = {event.client_id for number, told in enumerate(payloads) for event in captured(told, f"c-{number}")}
        assert again == set(kept(payloads))

    @pytest.mark.parametrize("name", ["print-mode", "tui"])
    def test_hooks_that_are_installed_twice_double_only_what_the_agent_does_not_name(self, name: str) -> None:
        payloads = sequence(name)
        doubled = kept(payloads, "one").keys() ^ kept(payloads, "two").keys()

        assert all(":notice:" in client_id for client_id in doubled)

    def test_the_order_of_arrival_does_not_matter(self) -> None:
        told = [captured(one, f"c-{number}") for number, one in enumerate(sequence("print-mode"))]
        forward, backward = (
            {event.client_id: event.kind for one in order for event in one} for order in (told, told[::-1])
        )

        assert forward == backward

    def test_what_a_sub_agent_does_is_marked_and_belongs_to_the_parents_turn(self) -> None:
        events = [event for event in kept(sequence("print-mode")).values() if event.subagent]

        assert [event.kind for event in events] == ["tool.call", "tool.result", "message"]
        assert {event.subagent for event in events} == {"a17eb4f6e4425f79e"}
        assert {event.turn for event in events} == {"6db813e5-c3e4-40d8-8699-3cd6dc1d374b"}


class TestAdvice:
    def test_it_may_be_handed_where_the_model_gets_it_and_not_to_a_sub_agent(self) -> None:
        allowed = {file.stem for file in PAYLOADS if claude_code.may_advise(json.loads(file.read_text()))}

        assert {name.split(".")[0] for name in allowed} == claude_code.ADVICE_EVENTS
        assert not {name for name in allowed if "subagent" in name.lower() or name.startswith("PreToolUse")}

    @pytest.mark.parametrize("event", sorted(claude_code.CONTEXT_EVENTS))
    def test_the_answer_carries_the_text_as_it_is(self, event: str) -> None:
        text = f'Advice ● "quoted" <b>&</b> [{MARKER}]'
        answer = json.loads(claude_code.hook_output(event, text))

        assert answer == {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}

    def test_events_that_carry_nothing_get_no_answer(self) -> None:
        assert claude_code.hook_output("SessionEnd", "text") == b""
        assert claude_code.hook_output("Stop", "") == b""

    @pytest.mark.parametrize("letter", ["x", "ü", "👍"])
    def test_a_long_text_stays_below_the_limit_and_keeps_both_ends(self, letter: str) -> None:
        text = f"{MARKER} {letter * 20_000} {MARKER}"
        context = json.loads(claude_code.hook_output("Stop", text))["hookSpecificOutput"]["additionalContext"]

        assert not claude_code.fits(text)
        assert len(context.encode("utf-16-le")) // 2 < 10_000
        assert context.startswith(MARKER)
        assert context.endswith(MARKER)
        assert claude_code.fits(context)

    def test_a_prompt_that_was_handed_proves_its_advice(self) -> None:
        handed = payload("UserPromptSubmit.human") | {"prompt": f'<channel source="polaris">\n{MARKER}\n</channel>'}
        quoted = payload("UserPromptSubmit.human") | {"prompt": f"what is {MARKER}?"}

        assert claude_code.advice_seen(handed) == (DELIVERY,)
        assert claude_code.advice_seen(quoted) == ()

    def test_an_answer_of_our_own_tools_proves_advice_and_a_search_does_not(self) -> None:
        ours = payload("PostToolUse.mcp__polaris__reply") | {"tool_response": [{"type": "text", "text": MARKER}]}
        search = payload("PostToolUse.Grep") | {"tool_response": {"content": MARKER}}
        batch = payload("PostToolBatch") | {"tool_calls": [ours, search]}

        assert claude_code.advice_seen(ours) == (DELIVERY,)
        assert claude_code.advice_seen(search) == ()
        assert claude_code.advice_seen(batch) == (DELIVERY,)

    def test_what_the_agent_writes_proves_that_it_knows_the_advice(self) -> None:
        assert claude_code.advice_seen(payload("Stop") | {"last_assistant_message": f"Done as {MARKER} says."}) == (
            DELIVERY,
        )
        call = payload("PreToolUse.Bash") | {"tool_input": {"command": f"polaris answer {MARKER}"}}
        assert claude_code.advice_seen(call) == (DELIVERY,)
        assert claude_code.advice_seen(call | {"agent_id": "a1"}) == ()


class TestSessionOf:
    def test_it_names_session_transcript_and_turn(self) -> None:
        told = payload("PreToolUse.Bash.subagent")
        session = claude_code.session_of(told)

        assert session
        assert (session.session_id, session.transcript, session.cwd) == (
            told["session_id"],
            told["transcript_path"],
            told["cwd"],
        )
        assert (session.turn, session.subagent, session.event) == (told["prompt_id"], told["agent_id"], "PreToolUse")
        assert (session.starts, session.ends, session.pid) == (None, None, None)

    @pytest.mark.parametrize(
        ("name", "starts", "ends"),
        [
            ("SessionStart.clear", "clear", None),
            ("SessionStart.resume", "resume", None),
            ("SessionStart.fork", "fork", None),
            ("SessionEnd.clear", None, "clear"),
            ("SessionEnd.other", None, "other"),
        ],
    )
    def test_it_says_how_a_session_begins_and_ends(self, name: str, starts: str | None, ends: str | None) -> None:
        session = claude_code.session_of(payload(name))

        assert session
        assert (session.starts, session.ends) == (starts, ends)

    @pytest.mark.parametrize("wrong", [None, "", "..", ".hidden", "a/b", "a b", "x" * 129, 7, ["x"]])
    def test_an_id_that_is_no_file_name_is_no_session(self, wrong: Any) -> None:
        assert claude_code.session_of({"session_id": wrong, "hook_event_name": "Stop"}) is None


def test_agents_are_found_by_the_name_that_the_hook_sends() -> None:
    assert agents.find("claude-code") is claude_code
    assert agents.find("unheard-of") is None

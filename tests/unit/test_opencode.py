"""What OpenCode told a plugin becomes the right events, with the right ids, once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from agent_recordings import ADVICE, DELIVERY, Recordings

from polaris.daemon import agents
from polaris.daemon.agents import opencode

OPENCODE = Recordings(opencode, 1_795_361_128.5)
kept, captured, only = OPENCODE.kept, OPENCODE.captured, OPENCODE.only


def handed_over(name: str) -> Iterator[dict[str, Any]]:
    """What the plugin makes of a recording, as the module's docstring says."""
    turn: str | None = None
    parts: dict[str, dict[str, Any]] = defaultdict(dict)
    for line in (OPENCODE.folder / f"_trace.{name}.jsonl").read_text().splitlines():
        told = json.loads(line)
        hook, given, output, done = told["kind"], told["obj"], None, None
        if hook in ("init", "inject", "busy-inject", "messages.transform", "system.transform"):
            continue
        if hook == "event":
            properties = given["properties"]
            part, info = properties.get("part"), properties.get("info")
            if part:
                parts[part["messageID"]][part["id"]] = part
            if given["type"] == "message.updated" and info["role"] == "assistant":
                turn = info["parentID"]
                if "completed" in info["time"]:
                    done = {"info": info, "parts": list(parts[info["id"]].values())}
            given = {"event": given}
        elif "input" in given:
            given, output = given["input"], given.get("output")
        beside = {"turn": turn, "directory": "/home/dev/project", "pid": told["pid"]}
        yield {"hook": hook, "input": given, "output": output} | beside
        if done:
            yield {"hook": "message", "input": done, "output": None} | beside


RUN, TUI = list(handed_over("run")), list(handed_over("tui"))


def first(hook: str, kind: str = "", run: list[dict[str, Any]] = TUI) -> dict[str, Any]:
    """A copy of the first payload of a hook, or of an event."""
    told = next(told for told in run if told["hook"] == hook and (not kind or told["input"]["event"]["type"] == kind))
    copy: dict[str, Any] = json.loads(json.dumps(told))
    return copy


def tool_part(status: str, run: list[dict[str, Any]] = TUI) -> dict[str, Any]:
    for told in run:
        part = told["input"].get("event", {}).get("properties", {}).get("part", {})
        if part.get("type") == "tool" and part["state"]["status"] == status:
            copy: dict[str, Any] = json.loads(json.dumps(told))
            return copy
    raise LookupError(status)


class TestCapture:
    def test_a_whole_run_is_told_in_order_and_nothing_twice(self) -> None:
        events = list(kept(RUN).values())
        session = RUN[0]["input"]["event"]["properties"]["sessionID"]

        assert [(event.kind, event.body) for event in events] == [
            ("notice", "Agent session started (startup)."),
            ("prompt", '"STUB:main please"'),
            ("tool.call", "bash: echo hello-oc $POLARIS_SESSION"),
            ("tool.result", f"hello-oc {session}"),
            ("message", "I will run."),
            ("tool.call", "polaris_reply: hi"),
            ("tool.result", "ok"),
            ("reply", "final 1"),
        ]
        assert len({event.turn for event in events[1:]}) == 1

    def test_a_prompt_while_busy_has_the_answer_and_the_call_before_stays_with_the_first(self) -> None:
        events = list(kept(TUI).values())
        told = [(event.kind, event.body) for event in events[1:]]
        first, second, woken = (event.turn for event in events if event.kind == "prompt")

        assert told == [
            ("prompt", "STUB:main go"),
            ("tool.call", "bash: sleep 4; echo slept"),
            ("prompt", "MARK-BUSY-PROMPT"),
            ("tool.result", "slept"),
            ("message", "I will run."),
            ("reply", "final 1"),
            ("prompt", "STUB:idle MARK-IDLE-PROMPT"),
            ("reply", "idle ack"),
        ]
        assert [event.turn for event in events[1:]] == [first, first, second, first, first, second, woken, woken]

    @pytest.mark.parametrize("run", [RUN, TUI], ids=["run", "tui"])
    def test_a_second_capture_of_the_same_payloads_has_the_same_ids(self, run: list[dict[str, Any]]) -> None:
        assert kept(run, "hook").keys() == kept(run, "again").keys()

    @pytest.mark.parametrize("run", [RUN, TUI], ids=["run", "tui"])
    def test_nothing_that_was_recorded_is_unknown(self, run: list[dict[str, Any]]) -> None:
        before = dict(opencode.unknown_events)
        kept(run)

        assert opencode.unknown_events == before

    def test_the_part_of_a_tool_repeats_its_call_and_its_result_under_their_ids(self) -> None:
        running, completed = only(tool_part("running")), only(tool_part("completed"))

        assert (running.client_id, running.repeat) == (only(first("tool.execute.before")).client_id, True)
        assert (completed.client_id, completed.repeat) == (only(first("tool.execute.after")).client_id, True)
        assert captured(tool_part("pending")) == []

    def test_an_answer_of_an_mcp_server_has_no_output_and_is_read_all_the_same(self) -> None:
        told = [told for told in RUN if told["hook"] == "tool.execute.after"][1]

        assert "output" not in told["output"]
        assert only(told).body == "ok"

    def test_advice_that_was_sent_as_a_prompt_is_none_of_the_persons(self) -> None:
        told = first("chat.message")
        told["output"]["parts"][0]["text"] = ADVICE

        assert only(told).kind == "notice"

    def test_a_part_that_nobody_typed_is_not_in_the_prompt(self) -> None:
        told = first("chat.message")
        told["output"]["parts"].append({"type": "text", "text": ADVICE, "synthetic": True, "id": "prt_x"})

        assert (only(told).kind, only(told).body) == ("prompt", "STUB:main go")

    def test_an_event_that_nobody_knows_is_counted_and_gives_nothing(self) -> None:
        told = first("event", "session.idle")
        told["input"]["event"]["type"] = "new.event"
        before = opencode.unknown_events["new.event"]

        assert captured(told) == []
        assert opencode.unknown_events["new.event"] == before + 1


class TestWhatIsDocumentedOnly:
    """OpenCode's published types have these shapes; there is no recording of them."""

    def test_a_call_that_failed_or_was_refused_has_a_result(self) -> None:
        told = tool_part("completed")
        told["input"]["event"]["properties"]["part"]["state"] = {"status": "error", "input": {}, "error": "rejected"}
        event = only(told)

        assert (event.kind, event.body, event.repeat) == ("tool.result", "rejected", False)
        assert event.client_id == only(first("tool.execute.after")).client_id

    def test_an_aborted_message_and_its_error_tell_one_end_of_the_turn(self) -> None:
        error = {"name": "MessageAbortedError", "data": {"message": "Aborted"}}
        message, told = first("message"), first("event", "session.idle")
        message["input"]["info"]["error"] = error
        told["input"]["event"] = {
            "type": "session.error",
            "properties": {"sessionID": message["input"]["info"]["sessionID"], "error": error},
        }
        told["turn"] = message["input"]["info"]["parentID"]
        events = list(kept([told, message]).values())

        assert [(event.kind, event.body) for event in events] == [
            ("turn.interrupted", "Interrupted by the user."),
            ("message", "I will run."),
        ]

    def test_a_failure_of_the_model_ends_the_turn_with_its_words(self) -> None:
        message = first("message")
        message["input"]["info"]["error"] = {"name": "APIError", "data": {"message": "400 no"}}

        assert captured(message)[-1].body == "400 no"

    def test_a_summary_is_a_compaction_and_no_answer(self) -> None:
        message = first("message")
        message["input"]["info"] |= {"summary": True, "finish": "stop"}

        assert only(message).body == "Context compacted."


class TestSession:
    def test_it_has_the_turn_the_folder_and_the_process_that_the_plugin_tells(self) -> None:
        told = first("tool.execute.after")
        session = opencode.session_of(told)

        assert session
        assert (session.session_id, session.event) == (told["input"]["sessionID"], "tool.execute.after")
        assert (session.turn, session.cwd, session.pid) == (told["turn"], "/home/dev/project", told["pid"])
        assert (session.transcript, session.subagent) == (None, None)

    def test_every_payload_that_becomes_an_event_names_its_session(self) -> None:
        ids = {session.session_id for told in TUI if captured(told) and (session := opencode.session_of(told))}

        assert ids == {"ses_dfc233ec3ffe0h7HqJ3EwtXn1Q"}

    def test_a_new_session_starts_and_a_sub_agents_does_not(self) -> None:
        told = first("event", "session.created")
        session = opencode.session_of(told)
        told["input"]["event"]["properties"]["info"]["parentID"] = "ses_parent"

        assert session and session.starts == "startup"
        assert captured(told) == []

    def test_the_work_of_a_sub_agent_belongs_to_the_session_that_started_it_and_is_marked(self) -> None:
        child = [told | {"parent": "ses_parent"} for told in RUN if told["hook"] != "event"]
        events = [event for told in child for event in captured(told)]
        sessions = [opencode.session_of(told) for told in child]

        assert {session.session_id for session in sessions if session} == {"ses_parent"}
        assert {event.subagent for event in events} == {"ses_dfc23e642ffecg7VFRllI3SeFC"}
        assert {event.turn for event in events} == {None}
        assert {event.kind for event in events} == {"notice", "message", "tool.call", "tool.result"}

    @pytest.mark.parametrize("wrong", [None, "", "..", "a/b", "x" * 129, 7])
    def test_an_id_that_is_no_file_name_is_no_session(self, wrong: Any) -> None:
        told = first("tool.execute.after")
        told["input"]["sessionID"] = wrong

        assert opencode.session_of(told) is None
        assert captured(told) == []

    @pytest.mark.parametrize("wrong", [{}, {"hook": "event"}, {"hook": "event", "input": {"event": []}}, {"input": 7}])
    def test_what_is_no_payload_of_the_plugin_is_no_session(self, wrong: dict[str, Any]) -> None:
        assert opencode.session_of(wrong) is None
        assert opencode.advice_seen(wrong) == ()


class TestAdvice:
    def test_the_plugin_is_told_to_add_a_part_to_append_or_to_prompt(self) -> None:
        assert json.loads(opencode.hook_output("chat.message", ADVICE)) == {
            "parts": [{"type": "text", "text": ADVICE, "synthetic": True}]
        }
        assert ADVICE in json.loads(opencode.hook_output("tool.execute.after", ADVICE))["append"]
        assert json.loads(opencode.hook_output("session.idle", ADVICE)) == {"prompt": ADVICE}

    def test_an_event_may_carry_advice_exactly_if_its_answer_can_and_never_a_sub_agents(self) -> None:
        for told in TUI:
            session = opencode.session_of(told)
            if session:
                assert opencode.may_advise(told) == bool(opencode.hook_output(session.event, ADVICE))
                assert not opencode.may_advise(told | {"parent": "ses_parent"})

    def test_what_does_not_fit_loses_its_middle_and_keeps_the_marker(self) -> None:
        text = json.loads(opencode.hook_output("session.idle", "Advice from x:\n" + "y" * 50_000 + ADVICE))["prompt"]

        assert opencode.fits(text) and text.startswith("Advice from x:") and text.endswith(ADVICE)

    def test_a_part_that_the_plugin_added_comes_back_and_proves_it(self) -> None:
        told = next(told for told in TUI if "MARK-CHATMSG-part" in json.dumps(told))
        text = json.dumps(told).replace("MARK-CHATMSG-part", json.dumps(ADVICE)[1:-1])

        assert opencode.advice_seen(json.loads(text)) == (DELIVERY,)

    def test_a_prompt_that_the_plugin_made_comes_back_and_proves_it(self) -> None:
        told = next(told for told in TUI if told["hook"] == "chat.message" and "MARK-IDLE" in json.dumps(told))
        text = json.dumps(told).replace("STUB:idle MARK-IDLE-PROMPT", json.dumps(ADVICE)[1:-1])

        assert opencode.advice_seen(json.loads(text)) == (DELIVERY,)

    def test_what_the_plugin_put_behind_an_output_comes_back_and_proves_it(self) -> None:
        told = tool_part("completed")
        recorded = json.dumps(told)
        append = json.loads(opencode.hook_output("tool.execute.after", ADVICE))["append"]
        told["input"]["event"]["properties"]["part"]["state"]["output"] = "slept\n" + append

        assert "MARK-TOOL-APPEND</polaris>" in recorded
        assert opencode.advice_seen(told) == (DELIVERY,)

    def test_what_the_tool_itself_put_out_proves_nothing(self) -> None:
        told = tool_part("completed")
        state = told["input"]["event"]["properties"]["part"]["state"]
        state["output"] = state["metadata"]["output"] = f"log\n<polaris>{ADVICE}</polaris>"
        after = first("tool.execute.after")
        after["output"]["output"] = ADVICE

        assert opencode.advice_seen(told) == ()
        assert opencode.advice_seen(after) == ()

    def test_seen_is_also_an_answer_of_our_own_tools_and_what_the_agent_repeats(self) -> None:
        ours, message = tool_part("completed", RUN), first("message")
        part = ours["input"]["event"]["properties"]["part"]
        part["tool"], part["state"]["output"] = "polaris_status", ADVICE
        message["input"]["parts"] = [{"type": "text", "text": f"as polaris:advice:{DELIVERY} says", "id": "prt_x"}]

        assert opencode.advice_seen(ours) == (DELIVERY,)
        assert opencode.advice_seen(message) == (DELIVERY,)
        assert opencode.advice_seen(message | {"parent": "ses_parent"}) == ()

    def test_a_person_who_quotes_a_marker_proves_nothing(self) -> None:
        told = first("chat.message")
        told["output"]["parts"][0]["text"] = f"see polaris:advice:{DELIVERY}"

        assert opencode.advice_seen(told) == ()


def test_opencode_is_found_by_its_name() -> None:
    assert agents.find("opencode") is opencode

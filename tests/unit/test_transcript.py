"""The new end of a transcript: what it proves, what it adds to the hooks, and what reading it costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polaris.daemon import transcript
from polaris.daemon.agents import claude_code
from polaris.daemon.agents.base import Captured
from polaris.daemon.agents.claude_transcript import TRANSCRIPT
from polaris.daemon.transcript import Cursor, Reading

FIXTURES = Path(__file__).parents[1] / "fixtures" / "claude-code"
PRINT_MODE = "3986d103-8362-46de-b5f6-41b54b4533b8"
TUI = "cdcc47b6-3a3f-4c3d-ad81-f160288181b7"
SESSION = "f92c959c-d310-4776-89d9-448ed2a77e4c"
ID = "0f36803d-6a8e-4059-8989-171f0196413d"
MARKER = f"polaris:advice:{ID}"
LATER = "2026-11-22T15:00:00.000Z"

Line = dict[str, Any]


def added(reading: Reading) -> list[Captured]:
    """Without what is there only for turns that no hook told of."""
    return [event for event in reading.events if not event.fills]


class File:
    """A transcript that grows, and its reader."""

    def __init__(self, path: Path, session_id: str = SESSION) -> None:
        self.path, self.session_id = path, session_id
        self.cursor = Cursor()
        path.touch()

    def add(self, *lines: Line | bytes) -> None:
        with self.path.open("ab") as opened:
            for line in lines:
                opened.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    def read(self, **more: Any) -> Reading:
        reading = transcript.read(self.path, self.cursor, TRANSCRIPT, session_id=self.session_id, **more)
        # What is kept is text: what does not survive that would be lost at the next start.
        kept = Cursor.of(reading.cursor.text())
        assert kept == reading.cursor
        self.cursor = kept
        return reading

    def kinds(self) -> list[tuple[str, str]]:
        """What it adds to the hooks of its turns."""
        return [(event.kind, event.body) for event in added(self.read())]


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "session.jsonl")


def base(type: str, **more: Any) -> Line:
    return {"type": type, "sessionId": SESSION, "timestamp": LATER, "isSidechain": False} | more


def user(content: Any, turn: str = "turn-1", **more: Any) -> Line:
    return base("user", promptId=turn, message={"role": "user", "content": content}, **more)


def typed(text: str, turn: str = "turn-1") -> Line:
    return user(text, turn, origin={"kind": "human"}, promptSource="typed")


def said(text: str, stop: str | None = "end_turn", name: str = "msg_1", block: int = 0) -> Line:
    message = {"id": name, "role": "assistant", "content": [{"type": "text", "text": text}], "stop_reason": stop}
    return base("assistant", message=message, apiBlockIndex=block)


def called(tool: str, name: str = "toolu_1", message: str = "msg_1") -> Line:
    content = [{"type": "tool_use", "id": name, "name": tool, "input": {}}]
    return base(
        "assistant", message={"id": message, "role": "assistant", "content": content, "stop_reason": "tool_use"}
    )


def result(text: str, name: str = "toolu_1", **more: Any) -> Line:
    return user([{"type": "tool_result", "tool_use_id": name, "content": text}], **more)


def attachment(type: str, **more: Any) -> Line:
    return base("attachment", attachment={"type": type} | more)


def summary() -> Line:
    return base("system", subtype="stop_hook_summary")


def fixture(name: str, session_id: str) -> Reading:
    return transcript.read(FIXTURES / f"_transcript.{name}.jsonl", Cursor(), TRANSCRIPT, session_id=session_id)


class TestRecorded:
    def test_replies_have_the_ids_of_the_hooks(self) -> None:
        lines = (FIXTURES / "_sequence.print-mode.jsonl").read_text().splitlines()
        hooks = {
            event.client_id
            for line in lines
            for event in claude_code.capture(json.loads(line)["payload"], capture_id="c", at=1.0)
        }
        replies = [event for event in fixture("print-mode", PRINT_MODE).events if event.kind == "reply"]

        assert [event.body for event in replies] == ["All done.\nFinal answer line.", "stub: script main is finished."]
        assert {event.client_id for event in replies} <= hooks
        assert all(event.repeat for event in replies)

    def test_texts_between_calls_are_messages_of_their_turn(self) -> None:
        messages = [event for event in fixture("print-mode", PRINT_MODE).events if event.kind == "message"]

        assert [event.body for event in messages] == ["I will run a command.", "Write a file."]
        assert {event.turn for event in messages} == {"6db813e5-c3e4-40d8-8699-3cd6dc1d374b"}
        assert messages[0].client_id == f"cc:{PRINT_MODE}:message:msg_stubbeac701602554606a67e:0"
        assert messages[0].occurred_at.isoformat() == "2026-11-22T14:52:59.709000+00:00"

    def test_interruptions_and_refused_calls_are_told(self) -> None:
        events = added(fixture("origins", TUI))

        assert [(event.kind, event.body, event.turn) for event in events] == [
            ("tool.result", "User rejected tool use", "24a15066-10ba-4c25-825b-7fb7b4156920"),
            ("turn.interrupted", "Request interrupted by user for tool use", "24a15066-10ba-4c25-825b-7fb7b4156920"),
            ("turn.interrupted", "Request interrupted by user", "ea8e572f-88c8-4fb5-b1eb-9d72837dbc2b"),
        ]

    def test_with_the_transcript_every_turn_of_the_interactive_run_has_an_end(self) -> None:
        lines = (FIXTURES / "_sequence.tui.jsonl").read_text().splitlines()
        payloads = [json.loads(line)["payload"] for line in lines]
        events = [event for told in payloads for event in claude_code.capture(told, capture_id="c", at=1.0)]
        events += fixture("origins", TUI).events
        started = {event.turn for event in events if event.kind == "prompt"}
        ended = {event.turn for event in events if event.kind in ("reply", "turn.interrupted")}
        # The skill's stub never answered, and the run ended while one answer was under way.
        assert len(started - ended) <= 1
        calls = {event.client_id.rpartition(":")[2] for event in events if event.kind == "tool.call"}
        assert calls == {event.client_id.rpartition(":")[2] for event in events if event.kind == "tool.result"}

    def test_a_turn_that_no_hook_told_of_is_here_as_a_whole_under_the_ids_of_the_hooks(self) -> None:
        lines = (FIXTURES / "_sequence.print-mode.jsonl").read_text().splitlines()
        hooks = {
            event.client_id: event
            for line in lines
            for event in claude_code.capture(json.loads(line)["payload"], capture_id="c", at=1.0)
            if not event.subagent
        }
        fills = [event for event in fixture("print-mode", PRINT_MODE).events if event.fills]

        assert {event.client_id for event in fills} == {
            name for name, event in hooks.items() if event.kind in ("prompt", "tool.call", "tool.result")
        }
        assert [event.body for event in fills if event.kind != "tool.result"] == [
            hooks[event.client_id].body for event in fills if event.kind != "tool.result"
        ]

    def test_what_nobody_typed_fills_no_turn_as_a_prompt(self) -> None:
        lines = (FIXTURES / "_transcript.origins.jsonl").read_text().splitlines()
        typed = {json.loads(line).get("promptId") for line in lines if '"kind":"human"' in line}
        prompts = [event for event in fixture("origins", TUI).events if event.kind == "prompt"]

        assert {event.turn for event in prompts} <= typed
        assert not any(claude_code.was_handed(event.body) for event in prompts)

    def test_the_end_of_the_process_is_hinted_at(self) -> None:
        assert fixture("print-mode", PRINT_MODE).ended
        assert not fixture("hook-outputs", SESSION).ended

    @pytest.mark.parametrize(
        "mark",
        [
            "SessionStart",
            "UserPromptSubmit",
            "PreToolUse",
            "PostToolUse",
            "PostToolUseFailure",
            "PostToolBatch",
            "Stop",
        ],
    )
    def test_recorded_contexts_prove_and_what_the_hook_printed_does_not(self, tmp_path: Path, mark: str) -> None:
        recorded = (FIXTURES / "_transcript.hook-outputs.jsonl").read_text().replace(f"MARK-{mark}-ctx", MARKER)
        lines = recorded.splitlines(keepends=True)
        proofs = [line for line in lines if MARKER in line and '"type":"hook_additional_context"' in line]
        whole, without = tmp_path / "whole", tmp_path / "without"
        whole.write_text(recorded)
        without.write_text("".join(line for line in lines if line not in proofs))

        assert proofs
        assert {one.delivery for one in transcript.read(whole, Cursor(), TRANSCRIPT, session_id=SESSION).seen} == {ID}
        assert transcript.read(without, Cursor(), TRANSCRIPT, session_id=SESSION).seen == []

    @pytest.mark.parametrize(
        "mark",
        ["MARK-INBOX-1", "MARK-INBOX-BUSY", "MARK-CHANNEL-IDLE", "MARK-CHANNEL-BUSY ", "MARK-REWAKE-BUSY", "MARK-K3"],
    )
    def test_recorded_messages_prove_what_they_carry(self, tmp_path: Path, mark: str) -> None:
        recorded = (FIXTURES / "_transcript.origins.jsonl").read_text().replace(mark, f"{MARKER} ")
        (tmp_path / "t").write_text(recorded)
        sessions = {json.loads(line)["sessionId"] for line in recorded.splitlines() if MARKER in line}
        seen = transcript.read(tmp_path / "t", Cursor(), TRANSCRIPT, session_id=sessions.pop()).seen

        assert {one.delivery for one in seen} == {ID}


class TestProof:
    def test_a_proof_belongs_to_the_turn_it_came_into(self, file: File) -> None:
        file.add(
            attachment("hook_additional_context", content=[MARKER]),
            typed("go", "turn-1"),
            attachment("hook_additional_context", content=["Advice", MARKER]),
            typed("on", "turn-2"),
            attachment("queued_command", prompt=MARKER, origin={"kind": "peer"}),
        )
        seen = file.read().seen

        assert [one.turn for one in seen] == [None, "turn-1", "turn-2"]
        assert {one.delivery for one in seen} == {ID}
        assert seen[0].at == pytest.approx(1_795_359_600.0)

    def test_what_a_stop_hook_said_in_a_block_proves(self, file: File) -> None:
        file.add(user(f"Stop hook feedback:\n{MARKER}", isMeta=True))

        assert [one.turn for one in file.read().seen] == ["turn-1"]

    @pytest.mark.parametrize(
        "line",
        [
            attachment("hook_success", stdout=json.dumps({"additionalContext": MARKER})),
            attachment("hook_blocking_error", blockingError={"blockingError": MARKER}),
            base("queue-operation", operation="enqueue", content=MARKER),
            base("last-prompt", lastPrompt=MARKER),
            base("system", subtype="stop_hook_summary", hookAdditionalContext=[MARKER]),
            attachment("hook_additional_context", content=[MARKER]) | {"isSidechain": True},
            attachment("hook_additional_context", content=[MARKER]) | {"sessionId": "another"},
            typed(f"what became of {MARKER}?"),
            result(f"daemon.log: {MARKER}"),
            said(f"I saw {MARKER}"),
        ],
    )
    def test_other_lines_prove_nothing(self, file: File, line: Line) -> None:
        file.add(line)

        assert file.read().seen == []

    @pytest.mark.parametrize("tool", ["mcp__polaris__polaris_status", "mcp__plugin_polaris_polaris__reply"])
    def test_an_answer_of_our_own_tools_proves_over_several_readings(self, file: File, tool: str) -> None:
        file.add(typed("go"), called(tool))
        file.read()
        file.add(result(f"Advice … {MARKER}"))

        assert [one.delivery for one in file.read().seen] == [ID]
        file.add(result(MARKER))
        assert file.read().seen == []


class TestTexts:
    def test_a_text_before_a_call_is_a_message_and_the_last_one_the_reply(self, file: File) -> None:
        file.add(typed("go"), said("I look.", "tool_use"), called("Read"), result("x"), said("Done.", name="msg_2"))

        assert file.kinds() == [("message", "I look."), ("reply", "Done.")]

    def test_older_versions_do_not_say_why_a_text_ended_so_the_next_line_does(self, file: File) -> None:
        file.add(typed("go"), said("I look.", None))
        assert file.kinds() == []
        file.add(called("Read"))
        assert file.kinds() == [("message", "I look.")]
        file.add(result("x"), said("Done.", None, "msg_2"))
        assert file.kinds() == []
        file.add(summary())
        assert file.kinds() == [("reply", "Done.")]
        file.add(
            typed("more", "turn-2"),
            said("Half", None, "msg_3"),
            user([{"type": "text", "text": "[Request interrupted by user]"}], "turn-2"),
        )
        assert file.kinds() == [("message", "Half"), ("turn.interrupted", "Request interrupted by user")]
        file.add(typed("again", "turn-3"), said("Yes.", None, "msg_4"), typed("next", "turn-4"))
        (event,) = added(file.read())
        assert (event.kind, event.turn) == ("reply", "turn-3")
        assert event.client_id == claude_code.reply_id(SESSION, "turn-3", "Yes.")

    def test_the_last_text_of_a_session_that_is_over_was_its_answer(self, file: File) -> None:
        file.add(typed("go"), said("Done.", None))
        file.read()
        last = transcript.finish(file.cursor, TRANSCRIPT, session_id=SESSION)

        assert [(event.kind, event.body) for event in last.events] == [("reply", "Done.")]
        assert transcript.finish(last.cursor, TRANSCRIPT, session_id=SESSION).events == []

    def test_the_hooks_text_and_the_transcripts_may_differ_in_blanks(self, file: File) -> None:
        file.add(typed("go"), said("All done.  \nLast line.\n"))
        (event,) = added(file.read())
        stop = {"session_id": SESSION, "prompt_id": "turn-1", "hook_event_name": "Stop"}
        (hook,) = claude_code.capture(
            stop | {"last_assistant_message": "All done.\nLast line."}, capture_id="c", at=1.0
        )

        assert event.client_id == hook.client_id

    def test_an_error_of_the_model_is_no_text_of_the_agent(self, file: File) -> None:
        file.add(typed("go"), said("API Error: 529") | {"isApiErrorMessage": True})

        assert file.kinds() == []

    def test_a_person_who_types_the_words_of_an_interruption_interrupts_nothing(self, file: File) -> None:
        file.add(typed("[Request interrupted by user]"))

        assert file.kinds() == []


class TestReading:
    def test_nothing_new_is_nothing_and_reads_nothing(self, file: File) -> None:
        file.add(typed("go"), said("Done."))
        file.read()
        again = file.read()

        assert (again.events, again.bytes_read) == ([], 0)

    def test_an_incomplete_line_waits_for_its_end(self, file: File) -> None:
        line = json.dumps(said("Done.")).encode()
        file.add(typed("go"), line[:40])
        assert file.kinds() == []
        file.add(line[40:])
        assert file.kinds() == []
        file.add(b"\n")
        assert file.kinds() == [("reply", "Done.")]

    def test_lines_that_are_no_json_are_passed_over_and_counted(self, file: File) -> None:
        file.add(typed("go"), b'{"type":"user", broken\n', b"\n", b'["type":"user"]\n', b"\xff\xfe\n", said("Done."))
        reading = file.read()

        assert [event.body for event in added(reading)] == ["Done."]
        assert reading.skipped == 2

    def test_half_a_surrogate_pair_is_read(self, file: File) -> None:
        file.add(typed("go"), json.dumps(said("Done \ud83d.")).encode() + b"\n")

        assert len(added(file.read())) == 1

    def test_a_long_end_is_read_in_parts(self, file: File) -> None:
        file.add(
            typed("go"), *[said(f"Text {number} {'x' * 500}", "tool_use", f"msg_{number}") for number in range(100)]
        )
        bodies: list[str] = []
        calls = 0
        while True:
            reading = file.read(limit=4096)
            bodies += [event.body for event in added(reading)]
            calls += 1
            assert reading.bytes_read <= 4096 + 1024
            if not reading.more:
                break

        assert [body.split()[1] for body in bodies] == [str(number) for number in range(100)]
        assert calls > 10

    def test_a_line_that_is_too_long_is_passed_over_in_parts(self, file: File) -> None:
        file.add(typed("go"), said("x" * 20_000, "tool_use"), said("Done.", name="msg_2"))
        bodies: list[str] = []
        skipped = 0
        for _ in range(20):
            reading = file.read(limit=4096)
            bodies += [event.body for event in added(reading)]
            skipped += reading.skipped

        assert bodies == ["Done."]
        assert skipped == 1

    def test_a_file_that_was_cut_is_read_from_its_beginning(self, file: File) -> None:
        file.add(typed("go"), said("One."), said("Two.", name="msg_2"))
        file.read()
        file.path.write_bytes(b"")
        file.add(typed("go", "turn-9"), said("Three."))
        (event,) = added(file.read())

        assert (event.body, event.turn) == ("Three.", "turn-9")

    def test_a_file_that_was_replaced_by_a_longer_one_is_read_from_its_beginning(self, file: File) -> None:
        file.add(typed("go"), said("One."))
        file.read()
        other = file.path.with_suffix(".new")
        other.write_bytes(
            b"".join(json.dumps(line).encode() + b"\n" for line in (typed("x" * 900, "turn-2"), said("New.")))
        )
        other.rename(file.path)

        assert file.kinds() == [("reply", "New.")]

    def test_a_file_that_was_written_over_in_place_is_read_from_its_beginning(self, file: File) -> None:
        file.add(typed("go"), said("One."))
        file.read()
        with file.path.open("r+b") as opened:
            opened.write(
                b"".join(json.dumps(line).encode() + b"\n" for line in (typed("y" * 900, "turn-2"), said("New.")))
            )

        assert file.kinds() == [("reply", "New.")]

    def test_a_file_that_is_not_there_changes_nothing(self, file: File, tmp_path: Path) -> None:
        file.add(typed("go"))
        file.read()
        file.path.unlink()
        before = file.cursor

        assert file.read().cursor == before
        assert transcript.read(tmp_path, Cursor(), TRANSCRIPT, session_id=SESSION).events == []

    @pytest.mark.parametrize("text", [None, "", "{}", "nonsense", "[1]", '{"state": 3}'])
    def test_a_cursor_that_is_none_is_found_out(self, text: str | None) -> None:
        assert Cursor.of(text) is None


class TestBinding:
    def test_what_happened_before_a_session_was_bound_is_not_told(self, file: File) -> None:
        file.add(typed("secret plans", "turn-1"), said("Old."), typed("go", "turn-2"))
        file.cursor = transcript.at_end(file.path, 1_795_359_600.0, TRANSCRIPT)
        file.add(said("New.", name="msg_2"))
        (event,) = added(file.read())

        assert (event.body, event.turn) == ("New.", "turn-2")

    def test_not_even_when_the_file_is_read_from_its_beginning_again(self, file: File) -> None:
        old = said("Old.") | {"timestamp": "2026-11-22T14:00:00.000Z"}
        file.add(typed("go"), old, said("New.", name="msg_2"))
        file.cursor = Cursor(since=1_795_359_600.0)

        assert file.kinds() == [("reply", "New.")]

    def test_a_file_that_comes_later_is_read_from_its_beginning(self, tmp_path: Path) -> None:
        cursor = transcript.at_end(tmp_path / "later.jsonl", 0.0, TRANSCRIPT)
        file = File(tmp_path / "later.jsonl")
        file.cursor = cursor
        file.add(typed("go"), said("First."))

        assert file.kinds() == [("reply", "First.")]


def test_the_cost_of_a_turn_is_the_same_in_a_long_session(file: File) -> None:
    """Bytes, not time: the tenth turn of a session and the thousandth read the same."""
    costs = []
    for number in range(600):
        file.add(
            typed("go", f"turn-{number:04}"),
            said("I look.", "tool_use", f"msg_{number:04}a"),
            called("Read", f"toolu_{number:04}"),
            result("y" * 2000, f"toolu_{number:04}"),
            said("Done.", "end_turn", f"msg_{number:04}b"),
            summary(),
        )
        reading = file.read()
        costs.append(reading.bytes_read)

        assert [event.body for event in added(reading)] == ["I look.", "Done."]
    size = file.path.stat().st_size

    assert max(costs[10:]) - min(costs[10:]) < 64
    assert sum(costs) < 1.3 * size

"""Windsurf's payloads become the right events, with the right ids, once.

There is no recording: the payloads are written after Windsurf's documentation of Cascade's hooks.
"""

from __future__ import annotations

from typing import Any

import pytest
from agent_recordings import ADVICE, DELIVERY, Recordings

from polaris.daemon import agents
from polaris.daemon.agents import windsurf

WINDSURF = Recordings(windsurf, 1_795_361_036.5)
captured, only = WINDSURF.captured, WINDSURF.only
COMMON = {
    "trajectory_id": "0f1e2d3c-0000-4000-8000-000000000001",
    "execution_id": "0f1e2d3c-0000-4000-8000-00000000000e",
    "timestamp": "2026-01-15T10:30:00Z",
}
RUN = {"command_line": "npm test", "cwd": "/home/dev/project"}
EDIT = {
    "file_path": "/home/dev/project/a.py",
    "edits": [{"old_string": "import os", "new_string": "import os\nimport sys"}],
}
MCP: dict[str, Any] = {
    "mcp_server_name": "github",
    "mcp_tool_name": "create_issue",
    "mcp_tool_arguments": {"owner": "code-owner", "repo": "my-repo"},
}


def payload(event: str, info: dict[str, Any], **more: Any) -> dict[str, Any]:
    return COMMON | {"agent_action_name": event, "tool_info": info} | more


DOCUMENTED: list[tuple[dict[str, Any], str, str]] = [
    (payload("pre_user_prompt", {"user_prompt": "can you run the tests"}), "prompt", "can you run the tests"),
    (payload("post_cascade_response", {"response": "### Done\nAll pass."}), "reply", "### Done\nAll pass."),
    (payload("pre_run_command", RUN), "tool.call", "run_command: npm test"),
    (payload("post_run_command", RUN), "tool.result", "(Windsurf does not tell the output.)"),
    (payload("pre_write_code", EDIT), "tool.call", "write_code: /home/dev/project/a.py"),
    (payload("post_write_code", EDIT), "tool.result", "-import os\n+import os\n+import sys"),
    (payload("pre_read_code", {"file_path": "/x/a.py"}), "tool.call", "read_code: /x/a.py"),
    (payload("post_read_code", {"file_path": "/x/a.py"}), "tool.result", "(Windsurf does not tell the output.)"),
    (
        payload("pre_mcp_tool_use", MCP),
        "tool.call",
        'mcp:github/create_issue: {"owner":"code-owner","repo":"my-repo"}',
    ),
    (payload("post_mcp_tool_use", MCP | {"mcp_result": "issue #1"}), "tool.result", "issue #1"),
]


class TestCapture:
    @pytest.mark.parametrize(("told", "kind", "body"), DOCUMENTED, ids=lambda one: str(one)[:40])
    def test_every_documented_payload_becomes_what_the_table_says(
        self, told: dict[str, Any], kind: str, body: str
    ) -> None:
        event = only(told)

        assert (event.kind, event.body) == (kind, body)
        assert (event.payload, event.turn) == (told, COMMON["execution_id"])

    def test_a_second_capture_of_the_same_payloads_gives_the_same_events(self) -> None:
        for told, _, _ in DOCUMENTED:
            assert captured(told, "one") == captured(told, "other")

    def test_the_same_command_run_again_is_another_event(self) -> None:
        first = payload("pre_run_command", RUN)
        again = payload("pre_run_command", RUN, timestamp="2026-01-15T10:31:00Z")

        assert only(first).client_id != only(again).client_id

    def test_without_a_time_the_capture_names_the_event(self) -> None:
        told = payload("pre_run_command", RUN, timestamp=None)

        assert captured(told, "one")[0].client_id != captured(told, "other")[0].client_id

    def test_the_response_with_its_transcript_repeats_the_response(self) -> None:
        assert captured(payload("post_cascade_response_with_transcript", {"transcript_path": "/x"})) == []

    def test_advice_as_a_prompt_is_none_of_the_persons(self) -> None:
        assert only(payload("pre_user_prompt", {"user_prompt": ADVICE})).kind == "notice"

    def test_an_event_that_nobody_knows_is_counted_and_gives_nothing(self) -> None:
        before = windsurf.unknown_events["pre_new"]

        assert captured(payload("pre_new", {})) == []
        assert windsurf.unknown_events["pre_new"] == before + 1

    @pytest.mark.parametrize("info", [None, [], "text"])
    def test_a_payload_without_its_information_breaks_nothing(self, info: Any) -> None:
        assert [event.kind for event in captured(payload("pre_run_command", info))] == ["tool.call"]


class TestSession:
    def test_it_is_the_trajectory_with_its_execution(self) -> None:
        session = windsurf.session_of(payload("pre_run_command", RUN))

        assert session
        assert (session.session_id, session.turn) == (COMMON["trajectory_id"], COMMON["execution_id"])
        assert (session.cwd, session.transcript, session.starts, session.ends) == (RUN["cwd"], None, None, None)

    @pytest.mark.parametrize("wrong", [None, "", "..", "a/b", "x" * 129, 7])
    def test_an_id_that_is_no_file_name_is_no_session(self, wrong: Any) -> None:
        assert windsurf.session_of(payload("pre_run_command", RUN, trajectory_id=wrong)) is None


class TestAdvice:
    @pytest.mark.parametrize("event", windsurf.EVENTS)
    def test_no_answer_carries_any(self, event: str) -> None:
        assert not windsurf.may_advise(payload(event, {}))
        assert windsurf.hook_output(event, ADVICE) == b""

    def test_seen_is_what_our_tools_answered_and_what_the_agent_wrote(self) -> None:
        ours = MCP | {"mcp_server_name": "polaris", "mcp_result": ADVICE}
        answer = {"response": f"I followed polaris:advice:{DELIVERY}"}

        assert windsurf.advice_seen(payload("post_mcp_tool_use", ours)) == (DELIVERY,)
        assert windsurf.advice_seen(payload("post_cascade_response", answer)) == (DELIVERY,)

    def test_another_servers_answer_proves_nothing_nor_does_a_person_who_quotes_a_marker(self) -> None:
        quoted = {"user_prompt": f"see polaris:advice:{DELIVERY}"}

        assert windsurf.advice_seen(payload("post_mcp_tool_use", MCP | {"mcp_result": ADVICE})) == ()
        assert windsurf.advice_seen(payload("pre_user_prompt", quoted)) == ()


def test_windsurf_is_found_by_the_name_that_the_hook_sends() -> None:
    assert agents.find("windsurf") is windsurf

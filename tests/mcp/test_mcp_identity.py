"""Which agent session calls, for each kind of host; the tests stand in for the agents."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from daemon_tools import DaemonProcess
from raw import Raw
from real_service import RealService

Start = Callable[..., Awaitable[Raw]]


async def test_claude_code_is_known_by_its_session_file_and_followed_over_a_clear(
    raw: Start, manu: DaemonProcess, service: RealService, claude_session: Callable[[str], None]
) -> None:
    claude_session("a1")
    server = await raw("claude-code", CLAUDE_CODE_SESSION_ID="at-its-start")

    first = await server.done("polaris_connect", project="pj", session="fxm")
    before = await server.done("polaris_status")
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionEnd", "reason": "clear"}, os.getpid())
    await manu.hook({"session_id": "b1", "hook_event_name": "SessionStart", "source": "clear"}, os.getpid())
    claude_session("b1")
    after = await server.done("polaris_status")

    assert first["participant"] == "user:manu"
    assert (before["agent"], before["agent_session"], before["session"]) == ("claude-code", "a1", "fxm")
    assert (after["agent_session"], after["session"]) == ("b1", "fxm")


async def test_without_a_session_file_hooks_tell_who_claude_code_is(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    server = await raw("claude-code")
    unknown = await server.refused("polaris_status")
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionStart", "source": "startup"}, os.getpid())
    known = await server.done("polaris_status")

    assert "does not know this agent session" in unknown
    assert known["agent_session"] == "a1"


async def test_each_thread_of_codex_has_a_connection_of_its_own(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    server = await raw("codex-mcp-client")
    one, two = {"threadId": "thread-1"}, {"threadId": "thread-2"}

    await server.done("polaris_connect", one, project="pj", session="fxm")
    first, second = await server.done("polaris_status", one), await server.done("polaris_status", two)
    nobody = await server.refused("polaris_status")

    assert (first["agent"], first["agent_session"], first["session"]) == ("codex", "thread-1", "fxm")
    assert (second["agent_session"], second["connected"]) == ("thread-2", False)
    assert "which thread" in nobody


async def test_a_gemini_below_claude_code_is_not_taken_for_it(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    await manu.hook({"session_id": "a1", "hook_event_name": "SessionStart", "source": "startup"}, os.getpid())
    server = await raw("gemini-cli-mcp-client")

    status = await server.done("polaris_status")

    assert (status["agent"], status["connected"]) == ("mcp", False)
    assert status["agent_session"].startswith(f"mcp-{server.pid}-")


async def test_two_connections_of_one_editor_are_two_sessions(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    first, second = await raw("Cursor"), await raw("Cursor")

    await first.done("polaris_connect", project="pj", session="fxm")
    await second.done("polaris_connect", project="pj", session="fxk")

    places = [(await one.done("polaris_status"))["session"] for one in (first, second)]
    assert places == ["fxm", "fxk"]


async def test_a_connection_that_is_gone_leaves_its_session_to_the_next(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    first, second = await raw(), await raw()
    await first.done("polaris_connect", project="pj", session="fxm")
    told = await second.refused("polaris_connect", project="pj", session="fxm")
    await first.end()

    connected = await second.done("polaris_connect", project="pj", session="fxm")

    assert "drives pj/fxm already" in told
    assert connected["participant"] == "user:manu"

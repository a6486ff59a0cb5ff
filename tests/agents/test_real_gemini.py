"""Gemini CLI: connected by the model's MCP call, captured, advised by its hooks. Nothing wakes it when it is idle."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from place import Floor, of_turn, until
from stub_llm import Call, Stub, Turn
from user import User

JOIN = Call("mcp_polaris_polaris_connect", {"project": "pj", "session": "fxm"})
LOOK = Call("run_shell_command", {"command": "echo hello-from-tool", "description": "Says hello"})
OPTIONS = ("--yolo", "-m", "gemini-2.5-pro")


@pytest.fixture
def manu(somebody: Callable[[str], User]) -> User:
    return somebody("gemini").login()


def test_a_run_in_print_mode_is_captured_and_advised(manu: User, floor: Floor, stub: Stub) -> None:
    gate = threading.Event()
    stub.scripts["main"] = [
        Turn("I connect.", (JOIN,)),
        Turn("I look.", (LOOK,), gate=gate),
        Turn("I heard it."),
    ]
    with floor.advising(lambda: stub.asked("main.1"), "Tokens are signed with RS256", manu.has_advice, gate) as advised:
        done = manu.run("-p", "STUB:main please", *OPTIONS)

    assert done.returncode == 0, done.stderr
    until(lambda: floor.answered(advised.delivery))
    assert "Tokens are signed with RS256" in stub.asked("main.2")[0].read
    called = [event["body"] for event in floor.events("tool.call")]
    assert called == ["run_shell_command: echo hello-from-tool"]
    assert any("hello-from-tool" in text for text in floor.bodies("tool.result"))
    assert len(floor.events("reply")) == 1
    floor.check()


def test_a_turn_in_the_terminal_is_captured(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["join"] = [Turn("I connect.", (JOIN,)), Turn("Connected.")]
    stub.scripts["main"] = [Turn("I look.", (LOOK,)), Turn("All is well.")]
    with manu.terminal(*OPTIONS) as screen:
        screen.shows("Type your message")
        screen.quiet()
        screen.say("/polaris join pj fxm STUB:join")
        screen.until(lambda: any("Connected." in text for text in floor.bodies("reply")))
        screen.quiet()
        screen.say("STUB:main please")
        screen.until(lambda: any("All is well." in text for text in floor.bodies("reply")))
    turn = of_turn(floor, "STUB:main please")

    assert sorted((event["kind"], event["speaker"]) for event in turn) == [
        ("prompt", "person"),
        ("reply", "agent"),
        ("tool.call", "agent"),
        ("tool.result", "agent"),
    ]
    floor.check()

"""Codex in `exec` and in a terminal: connected by the model's MCP call, captured, advised, woken by its queue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from place import Floor, of_turn, replied, until
from stub_llm import Call, Stub, Turn
from tui import ENTER, Terminal
from user import User

JOIN = Call("polaris_connect", {"project": "pj", "session": "fxm"}, namespace="mcp__polaris")
LOOK = Call("exec_command", {"cmd": "echo hello-from-tool"})


@pytest.fixture
def manu(somebody: Callable[[str], User], stub: Stub) -> User:
    stub.scripts["join"] = [Turn("I connect.", (JOIN,)), Turn("Connected.")]
    return somebody("codex").login()


@contextmanager
def joined(user: User, floor: Floor) -> Iterator[Terminal]:
    """A terminal whose user has trusted the hooks and asked for the connection."""
    with user.terminal() as screen:
        screen.until(lambda: "Hooks need review" in screen.text or "hooks need review" in screen.text)
        screen.quiet()
        screen.type("2")  # trust all
        screen.quiet(1)
        if "Trust all" in screen.text:
            screen.type(ENTER)
        screen.quiet(2)
        screen.say("$polaris join pj fxm STUB:join")
        screen.until(replied(floor, "Connected."))
        yield screen


def test_a_run_of_exec_is_captured_and_advised(manu: User, floor: Floor, stub: Stub) -> None:
    gate = threading.Event()
    stub.scripts["main"] = [
        Turn("I connect.", (JOIN,)),
        Turn("I look.", (LOOK,), gate=gate),
        Turn("I heard it."),
    ]
    with floor.advising(lambda: stub.asked("main.1"), "Tokens are signed with RS256", manu.has_advice, gate) as advised:
        words = ("exec", "--skip-git-repo-check", "--dangerously-bypass-hook-trust", "STUB:main please")
        done = manu.run(*words)

    assert done.returncode == 0, done.stderr
    until(lambda: floor.answered(advised.delivery))
    assert "> Tokens are signed with RS256" in stub.asked("main.2")[0].read
    assert floor.bodies("tool.call") == ["Bash: echo hello-from-tool"]
    assert "hello-from-tool" in floor.bodies("tool.result")
    assert floor.bodies("reply") == ["I heard it."]
    floor.check()


def test_a_turn_in_the_terminal_is_captured_and_advice_wakes_it_again(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["main"] = [Turn("I look.", (LOOK,)), Turn("All is well.")]
    stub.scripts["woken"] = [Turn("I am awake.")]
    with joined(manu, floor) as screen:
        screen.say("STUB:main please")
        screen.until(replied(floor, "All is well."))
        delivery = floor.inject("STUB:woken The rate limit is missing")
        screen.until(lambda: floor.answered(delivery))
    turn = of_turn(floor, "STUB:main please")

    assert sorted((event["kind"], event["speaker"], event["body"]) for event in turn) == [
        ("message", "agent", "I look."),
        ("prompt", "person", "STUB:main please"),
        ("reply", "agent", "All is well."),
        ("tool.call", "agent", "Bash: echo hello-from-tool"),
        ("tool.result", "agent", "hello-from-tool"),
    ]
    assert len(stub.asked("woken.0")) == 1
    assert "I am awake." in floor.bodies("reply")
    assert not any("rate limit" in text for text in floor.bodies("prompt"))
    floor.check()

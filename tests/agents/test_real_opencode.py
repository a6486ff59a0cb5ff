"""OpenCode: its plugin tells what happens, puts advice into the running turn, and wakes the idle session."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from place import Floor, of_turn, replied, until
from stub_llm import Call, Stub, Turn
from user import User

JOIN = Call("polaris_polaris_connect", {"project": "pj", "session": "fxm"})
LOOK = Call("bash", {"command": "echo hello-from-tool", "description": "Says hello"})


@pytest.fixture
def manu(somebody: Callable[[str], User]) -> User:
    return somebody("opencode").login()


def test_a_run_is_captured_and_advised(manu: User, floor: Floor, stub: Stub) -> None:
    gate = threading.Event()
    stub.scripts["main"] = [
        Turn("I connect.", (JOIN,)),
        Turn("I look.", (LOOK,), gate=gate),
        Turn("I heard it."),
    ]
    with floor.advising(lambda: stub.asked("main.1"), "Tokens are signed with RS256", manu.has_advice, gate) as advised:
        done = manu.run("run", "STUB:main please")

    assert done.returncode == 0, done.stderr
    until(lambda: floor.answered(advised.delivery))
    assert "> Tokens are signed with RS256" in stub.asked("main.2")[0].read
    assert "bash: echo hello-from-tool" in floor.bodies("tool.call")
    assert "I heard it." in floor.bodies("reply")
    floor.check()


def test_a_turn_in_the_terminal_is_captured_and_advice_wakes_it_again(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["join"] = [Turn("I connect.", (JOIN,)), Turn("Connected.")]
    stub.scripts["main"] = [Turn("I look.", (LOOK,)), Turn("All is well.")]
    stub.scripts["woken"] = [Turn("I am awake.")]
    with manu.terminal() as screen:
        screen.shows("Ask anything", 150)  # its first start takes long
        screen.quiet(2)
        screen.say("/polaris join pj fxm STUB:join")
        screen.until(replied(floor, "Connected."))
        screen.quiet()
        screen.say("STUB:main please")
        screen.until(replied(floor, "All is well."))
        delivery = floor.inject("STUB:woken The rate limit is missing")
        screen.until(lambda: floor.answered(delivery))
    turn = of_turn(floor, "STUB:main please")

    assert sorted((event["kind"], event["speaker"], event["body"]) for event in turn) == [
        ("message", "agent", "I look."),
        ("prompt", "person", "STUB:main please"),
        ("reply", "agent", "All is well."),
        ("tool.call", "agent", "bash: echo hello-from-tool"),
        ("tool.result", "agent", "hello-from-tool"),
    ]
    assert len(stub.asked("woken.0")) == 1
    assert not any("rate limit" in text for text in floor.bodies("prompt"))
    floor.check()

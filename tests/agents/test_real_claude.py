"""Claude Code in a terminal: installed by `polaris login`, connected by its skill, captured, advised, woken."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from place import Floor, of_turn, replied, until
from stub_llm import Call, Stub, Turn
from tui import ESCAPE, Terminal
from user import User

LOOK = Call("Bash", {"command": "echo hello-from-tool", "description": "Says hello"})
MAIN = [Turn("I look.", (LOOK,)), Turn("All is well.")]
# The mode in which Claude Code asks; without a word it offers another one first.
ASKING = ("--permission-mode", "default")
TRUSTING = (*ASKING, "--allowedTools", "Bash")


@pytest.fixture
def manu(somebody: Callable[[str], User]) -> User:
    return somebody("claude").login()


@contextmanager
def joined(user: User, *words: str) -> Iterator[Terminal]:
    """A terminal in which the user has typed `/polaris join pj fxm`, and is connected."""
    with user.terminal(*(words or TRUSTING)) as screen:
        screen.shows("polaris: not connected", 60)
        screen.quiet()
        screen.say("/polaris join pj fxm")
        screen.shows("polaris: pj/fxm (user:manu) ● connected")
        screen.until(lambda: not busy(screen))
        yield screen


def busy(screen: Terminal) -> bool:
    return "esc to interrupt" in screen.text


def test_a_turn_is_captured_whole_and_attributed(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["main"] = MAIN
    with joined(manu) as screen:
        screen.say("STUB:main please")
        screen.until(replied(floor, "All is well."))
    turn = of_turn(floor, "STUB:main please")

    assert sorted((event["kind"], event["speaker"], event["body"]) for event in turn) == [
        ("message", "agent", "I look."),
        ("prompt", "person", "STUB:main please"),
        ("reply", "agent", "All is well."),
        ("tool.call", "agent", "Bash: echo hello-from-tool"),
        ("tool.result", "agent", "hello-from-tool"),
    ]
    assert {(event["actor"], event["epoch"], event["session"], event["agent"]) for event in turn} == {
        ("user:manu", 1, "fxm", "claude-code")
    }
    floor.check()


def test_advice_in_the_middle_of_a_turn_reaches_the_next_request(manu: User, floor: Floor, stub: Stub) -> None:
    gate = threading.Event()
    stub.scripts["main"] = [Turn("I look.", (LOOK,), gate=gate), Turn("I heard it.")]
    with joined(manu) as screen:
        screen.say("STUB:main please")
        screen.until(lambda: stub.asked("main.0"))
        delivery = floor.inject("Tokens are signed with RS256")
        screen.until(manu.has_advice)
        gate.set()
        screen.until(lambda: floor.answered(delivery))

    assert "> Tokens are signed with RS256" in stub.asked("main.1")[0].read
    assert len(stub.read(f"polaris:advice:{delivery}")) == 1
    assert floor.bodies("prompt") == ["STUB:main please"]
    floor.check()


def test_advice_wakes_an_idle_session(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["main"], stub.scripts["woken"] = MAIN, [Turn("I am awake.")]
    with joined(manu) as screen:
        screen.say("STUB:main please")
        screen.until(replied(floor, "All is well."))
        screen.until(lambda: not busy(screen))
        delivery = floor.inject("STUB:woken The rate limit is missing")
        screen.until(lambda: floor.answered(delivery))

    assert "The rate limit is missing" in stub.asked("woken.0")[0].read
    assert len(stub.asked("woken.0")) == 1
    assert floor.bodies("prompt") == ["STUB:main please"], "nobody typed the advice"
    assert "I am awake." in floor.bodies("reply")
    floor.check()


def test_clear_takes_the_binding_along(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["main"] = MAIN
    with joined(manu) as screen:
        screen.say("STUB:main first")
        screen.until(replied(floor, "All is well."))
        screen.until(lambda: not busy(screen))
        (before,) = manu.sessions()
        screen.say("/clear")
        screen.until(lambda: [one["agent_session_id"] for one in manu.sessions()] != [before["agent_session_id"]])
        screen.until(lambda: "STUB:main first" not in screen.text)
        screen.quiet()
        screen.say("STUB:main second")
        screen.until(lambda: floor.bodies("reply").count("All is well.") == 2)
        screen.shows("pj/fxm (user:manu) ● connected")

    assert floor.bodies("prompt") == ["STUB:main first", "STUB:main second"]
    assert {event["epoch"] for event in floor.events("prompt", "reply")} == {1}
    floor.check()


def test_a_turn_that_escape_ended_is_closed(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["endless"] = [Turn("This answer begins well and is never finished.", stall=threading.Event())]
    stub.scripts["main"] = MAIN
    with joined(manu) as screen:
        screen.say("STUB:endless please")
        screen.until(lambda: stub.asked("endless.0"))
        screen.quiet(1, limit=2)
        screen.type(ESCAPE)
        screen.shows("Interrupted")
        screen.quiet()
        screen.say("STUB:main please")
        screen.until(replied(floor, "All is well."))
    ended = [event["kind"] for event in of_turn(floor, "STUB:endless please")]

    assert (ended[0], ended[-1], ended.count("turn.interrupted")) == ("prompt", "turn.interrupted", 1)
    floor.check()


def test_a_tool_that_was_refused_is_in_the_record(manu: User, floor: Floor, stub: Stub) -> None:
    remove = Call("Bash", {"command": "rm -r ./everything", "description": "Removes everything"})
    stub.scripts["remove"] = [Turn("I clean up.", (remove,)), Turn("Done.")]
    stub.scripts["main"] = MAIN
    with joined(manu, *ASKING) as screen:
        screen.say("STUB:remove please")
        screen.shows("Do you want to proceed?")
        screen.quiet()
        screen.type(ESCAPE)
        screen.until(lambda: "Do you want to proceed?" not in screen.text)
        screen.quiet()
        screen.say("STUB:nothing please")
        screen.until(replied(floor, "Nothing to do."))
        screen.until(lambda: "turn.interrupted" in [event["kind"] for event in floor.events()])
    turn = of_turn(floor, "STUB:remove please")
    kinds = [event["kind"] for event in turn]

    assert "Bash: rm -r ./everything" in [event["body"] for event in turn if event["kind"] == "tool.call"]
    assert kinds.count("turn.interrupted") == 1
    assert "reply" not in kinds
    floor.check()


def test_a_session_that_is_resumed_goes_on(manu: User, floor: Floor, stub: Stub) -> None:
    stub.scripts["main"], stub.scripts["again"] = MAIN, [Turn("I remember.")]
    with joined(manu) as screen:
        screen.say("STUB:main please")
        screen.until(replied(floor, "All is well."))
        screen.until(lambda: not busy(screen))
        screen.say("/exit")
        screen.until(lambda: not screen.alive)
    with manu.terminal("--continue", *TRUSTING) as screen:
        screen.shows("polaris: pj/fxm (user:manu) ● connected", 60)
        screen.quiet()
        screen.say("STUB:again please")
        screen.until(replied(floor, "I remember."))

    assert floor.bodies("prompt") == ["STUB:main please", "STUB:again please"]
    assert {event["epoch"] for event in floor.events("prompt", "reply")} == {1}
    floor.check()


def test_a_daemon_that_is_killed_in_the_middle_of_a_turn_loses_nothing(manu: User, floor: Floor, stub: Stub) -> None:
    gate, later = threading.Event(), threading.Event()
    stub.scripts["main"] = [
        Turn("I look.", (LOOK,), gate=gate),
        Turn("I look again.", (Call("Bash", {"command": "echo once-more", "description": "Says it"}),)),
        Turn("I wait.", gate=later),
    ]
    with joined(manu) as screen:
        screen.say("STUB:main please")
        screen.until(lambda: stub.asked("main.0"))
        os.kill(manu.process(" daemon "), signal.SIGKILL)
        gate.set()
        screen.until(lambda: stub.asked("main.2"))
        screen.shows("polaris: ○ offline")
        assert manu.polaris("start").returncode == 0
        later.set()
        screen.until(replied(floor, "I wait."))
        screen.until(manu.sent_everything)
    turn = of_turn(floor, "STUB:main please")

    assert sorted((event["kind"], event["body"]) for event in turn) == [
        ("message", "I look again."),
        ("message", "I look."),
        ("prompt", "STUB:main please"),
        ("reply", "I wait."),
        ("tool.call", "Bash: echo hello-from-tool"),
        ("tool.call", "Bash: echo once-more"),
        ("tool.result", "hello-from-tool"),
        ("tool.result", "once-more"),
    ]
    floor.check()


def test_print_mode_is_captured_too(manu: User, floor: Floor, stub: Stub) -> None:
    gate = threading.Event()
    stub.scripts["main"] = [Turn("I look.", (LOOK,), gate=gate), Turn("I heard it.")]
    done = manu.run("-p", "/polaris join pj fxm")
    assert done.returncode == 0, done.stdout + done.stderr

    with floor.advising(lambda: stub.asked("main.0"), "Tokens are signed with RS256", manu.has_advice, gate) as advised:
        done = manu.run("-p", "--continue", "STUB:main please", "--allowedTools", "Bash")

    assert done.stdout.strip() == "I heard it.", done.stderr
    until(lambda: floor.answered(advised.delivery))
    assert "> Tokens are signed with RS256" in stub.asked("main.1")[0].read
    assert sorted(event["kind"] for event in of_turn(floor, "STUB:main please")) == [
        *("message", "prompt", "reply", "tool.call", "tool.result")
    ]
    floor.check()


def test_the_model_speaks_to_the_floor_through_the_mcp_server(manu: User, floor: Floor, stub: Stub) -> None:
    tell = Call("mcp__polaris__polaris_reply", {"text": "The migration is ready for review"})
    stub.scripts["main"] = [Turn("I tell them.", (tell,)), Turn("They know.")]
    with joined(manu, *ASKING, "--allowedTools", "mcp__polaris") as screen:
        screen.say("STUB:main please")
        screen.until(replied(floor, "They know."))

    (said,) = floor.events("floor")
    assert (said["body"], said["actor"], said["speaker"]) == ("The migration is ready for review", "user:manu", "agent")
    floor.check()

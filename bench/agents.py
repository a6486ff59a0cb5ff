"""``make bench-agents``: what the real coding agents feel and deliver. Not part of `make bench`: npm brings them.

For each agent that is installed (`tests/agents/install.py`), with the real service, Postgres, daemon and installer:

- **hook**: how long the agent waits for the installed hook, by a clock around it;
- **whole way**: from the start of that hook until a subscriber of the API has the event;
- **wake**: from asking the service to advise an idle session until the agent asks its model about it.

Prints a table and writes bench/agents.json. ``python bench/agents.py NAME …`` measures only some.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "agents"))
import install
from load import centile
from place import Floor, Place
from stub_llm import Call, Stub, Turn
from tui import ENTER, Terminal
from user import User

TRIES = 20
HERE = Path(__file__).parent
# Around the installed hook, in its place: the agent's settings stay what they are, and so does Codex's trust in them.
CLOCK = """#!/bin/bash
echo bash >/proc/$$/comm # the hook looks past shells for the agent's process; this one has the name of its file
begun=$EPOCHREALTIME
body=$(cat) # stdin may be a socket, which cannot be opened again
"{real}" "$@" <<<"$body"
code=$? ended=$EPOCHREALTIME
[[ $body =~ \\"hook_event_name\\":\\ ?\\"([A-Za-z]+)\\" ]] && event=${{BASH_REMATCH[1]}}
[[ $body =~ number-[0-9]+ ]] && number=${{BASH_REMATCH[0]}}
echo "$begun $ended ${{event:--}} ${{number:--}}" >>"{times}"
exit $code
"""
TOOLS: dict[str, Callable[[str], Call]] = {
    "claude": lambda command: Call("Bash", {"command": command, "description": "Counts"}),
    "codex": lambda command: Call("exec_command", {"cmd": command}),
    "gemini": lambda command: Call("run_shell_command", {"command": command, "description": "Counts"}),
    "opencode": lambda command: Call("bash", {"command": command, "description": "Counts"}),
}
PLACE = {"project": "pj", "session": "fxm"}
JOINS = {
    "codex": Call("polaris_connect", PLACE, namespace="mcp__polaris"),
    "gemini": Call("mcp_polaris_polaris_connect", PLACE),
    "opencode": Call("polaris_polaris_connect", PLACE),
}
WORDS = {
    "claude": ("--permission-mode", "default", "--allowedTools", "Bash"),
    "codex": (),
    "gemini": ("--yolo", "-m", "gemini-2.5-pro"),
    "opencode": (),
}
GREETINGS = {
    "claude": "not connected",
    "codex": "ooks need review",
    "gemini": "Type your message",
    "opencode": "Ask any",
}
ASKS_TO_JOIN = {"claude": "/polaris join pj fxm", "codex": "$polaris join pj fxm STUB:join"}
BEFORE = {"claude": "PreToolUse", "codex": "PreToolUse", "gemini": "BeforeTool"}


@contextmanager
def joined(user: User, floor: Floor, stub: Stub) -> Iterator[Terminal]:
    """The agent in a terminal, connected to pj/fxm."""
    agent = user.agent
    if agent in JOINS:
        stub.scripts["join"] = [Turn("I connect.", (JOINS[agent],)), Turn("Connected.")]
    with user.terminal(*WORDS[agent]) as screen:
        screen.shows(GREETINGS[agent], 150)
        screen.quiet(1)
        if agent == "codex":
            screen.type("2")
            screen.quiet(1)
            if "Trust all" in screen.text:
                screen.type(ENTER)
            screen.quiet(2)
        screen.say(ASKS_TO_JOIN.get(agent, "/polaris join pj fxm STUB:join"))
        if agent == "claude":
            screen.shows("● connected")
            screen.until(lambda: "esc to interrupt" not in screen.text)
        else:
            screen.until(lambda: any("Connected." in text for text in floor.bodies("reply")))
        screen.quiet(1)
        yield screen


def with_a_clock(user: User) -> Path:
    hook = user.polaris_home / "bin" / "capture.sh"
    real, times = hook.with_name("real-capture.sh"), user.home / "times"
    shutil.copy2(hook, real)
    hook.write_text(CLOCK.format(real=real, times=times))
    return times


def measure(user: User, floor: Floor, stub: Stub) -> dict[str, Any]:
    agent, found = user.agent, dict[str, Any]()
    tool = TOOLS[agent]
    stub.scripts["count"] = [Turn(f"Now {n}.", (tool(f"echo number-{n}"),)) for n in range(TRIES)] + [Turn("Counted.")]
    for number in range(TRIES):
        stub.scripts[f"wake-{number}"] = [Turn(f"Awake {number}.")]
    times = with_a_clock(user)
    with joined(user, floor, stub) as screen:
        with floor.watch() as seen:
            times.unlink(missing_ok=True)
            screen.say("STUB:count please")
            screen.until(lambda: any("Counted." in text for text in floor.bodies("reply")), 120)
            came = list(seen.came)
        if times.exists():
            rows = [line.split() for line in times.read_text().splitlines()]
            found["hook"] = spread([(float(end) - float(begin)) * 1000 for begin, end, *_ in rows])
            begun = {row[3]: float(row[0]) for row in reversed(rows) if row[2] == BEFORE[agent]}
            ways = []
            for at, event in came:
                number = re.search(r"number-\d+", event["body"] or "")
                if event["kind"] == "tool.call" and number and number[0] in begun:
                    ways.append((at - begun[number[0]]) * 1000)
            found["whole_way"] = spread(ways)
        if agent != "gemini":  # nothing wakes it
            found["wake"] = spread([woken(screen, floor, stub, number) for number in range(TRIES)])
    return found


def woken(screen: Terminal, floor: Floor, stub: Stub, number: int) -> float:
    """One idle wake, in milliseconds."""
    screen.quiet(1)
    begun = time.time()
    delivery = floor.inject(f"STUB:wake-{number} This is piece {number}")
    screen.until(lambda: stub.asked(f"wake-{number}.0"), 30)
    screen.until(lambda: floor.answered(delivery), 30)
    return (stub.asked(f"wake-{number}.0")[0].at - begun) * 1000


def spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {"tries": 0}
    return {
        "tries": len(values),
        "p50_ms": round(centile(values, 50), 1),
        "p95_ms": round(centile(values, 95), 1),
    }


def main() -> None:
    wanted = sys.argv[1:] or [name for name in install.PINS if install.executable(name)]
    results: dict[str, Any] = {}
    home = Path(tempfile.mkdtemp(prefix="polaris-bench-agents-"))
    place = Place(home)
    try:
        place.start()
        for agent in wanted:
            root = Path(tempfile.mkdtemp(prefix="polaris-bench-agents-"))
            with Stub() as stub:
                floor = place.floor()
                user = User(root, agent, stub, floor)
                try:
                    results[agent] = measure(user.login(), floor, stub)
                finally:
                    user.end()
                    shutil.rmtree(root, ignore_errors=True)
            print(f"{agent}: {json.dumps(results[agent])}", file=sys.stderr, flush=True)
    finally:
        place.destroy()
        shutil.rmtree(home, ignore_errors=True)
    show(results)
    if not sys.argv[1:]:
        about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count()}
        versions = {name: install.PINS[name].version for name in results}
        (HERE / "agents.json").write_text(json.dumps(about | {"versions": versions} | results, indent=2) + "\n")


def show(results: dict[str, Any]) -> None:
    print(f"\n{'agent':<10} {'what':<10} {'tries':>5} {'p50':>9} {'p95':>9}")
    for agent, parts in results.items():
        for what, told in parts.items():
            p50, p95 = (f"{told[name]:.1f} ms" if name in told else "-" for name in ("p50_ms", "p95_ms"))
            print(f"{agent:<10} {what:<10} {told['tries']:>5} {p50:>9} {p95:>9}")


if __name__ == "__main__":
    main()

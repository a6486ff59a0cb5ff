"""`polaris up --local-sign-in --demo`: a new user's first minutes, twice on the same home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from machine import Machine, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


class Lines(threading.Thread):
    """What a process says on stderr, read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self.process, self.lines = process, list[str]()
        self.start()

    def run(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))


def record(machine: Machine) -> list[dict[str, Any]]:
    told = machine.run("tail", "demo", "--no-follow", "--json", "--lines=500")
    return [json.loads(line) for line in told.stdout.splitlines()] if told.returncode == 0 else []


def answers(machine: Machine, text: str) -> str:
    """Advises demo/fxm; the agent's reply."""
    machine_said = machine.run("inject", "demo", "fxm", text, "--timeout=50")
    assert machine_said.stdout.splitlines()[-1] == "answered", machine_said.stdout + machine_said.stderr
    (reply,) = [e["body"] for e in record(machine) if e["kind"] == "reply" and f"“{text}”" in e["body"]]
    return str(reply)


def joined(machine: Machine) -> None:
    until(lambda: any(e["kind"] == "driver.claimed" and e["session"] == "fxm" for e in record(machine)), 40)


def left_over(machine: Machine) -> list[str]:
    """What runs for the home or for a folder in it."""
    mark, found = f"POLARIS_HOME={machine.home}", []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().decode(errors="replace"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [words for words in found if words]


def stopped(process: subprocess.Popen[str], machine: Machine) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    assert machine.processes() == {}
    until(lambda: left_over(machine) == [], 5)  # a child that lives on its parent's pipe ends just after it


@pytest.mark.timeout(300)  # people's pace, three times
def test_advice_is_answered_and_a_second_start_goes_on_where_the_first_one_stopped(machine: Machine) -> None:
    process, url = machine.up("--local-sign-in", "--demo")
    err = Lines(process)
    until(lambda: any("Ctrl-C" in line for line in err.lines))
    assert any(f"Open {url} and sign in as user:manu-p" in line for line in err.lines)
    before = json.loads((machine.home / "credentials.json").read_text())
    joined(machine)

    assert "user:manu-p says" in answers(machine, "Use RS256")
    # Who looks after the demo is killed: it is looked after, too.
    os.kill(machine.one("demo --live"), signal.SIGKILL)
    assert "user:manu-p says" in answers(machine, "Are you there?")
    people = machine.run("member", "list").stdout
    assert [line.split()[0] for line in people.splitlines()[1:]] == ["user:krishna", "user:manu-p", "user:priya"]
    tokens = json.loads(machine.run("token", "list", "--json").stdout)
    assert json.loads((machine.home / "credentials.json").read_text()) == before
    stopped(process, machine)

    process, _ = machine.up("--local-sign-in", "--demo")

    assert "user:manu-p says" in answers(machine, "And again?")
    assert machine.run("member", "list").stdout == people
    again = json.loads(machine.run("token", "list", "--json").stdout)
    assert [one["token_id"] for one in again] == [one["token_id"] for one in tokens]
    replies = [(e["session"], e["body"].split("\n")[0]) for e in record(machine) if e["kind"] == "reply"]
    assert len(replies) == len(set(replies))
    stopped(process, machine)


def test_local_sign_in_stays_on_this_machine(machine: Machine) -> None:
    machine.environment["POLARIS_LOCAL_SIGN_IN"] = "1"
    refused = machine.run("serve", "--host=0.0.0.0", "--port=0")
    assert (refused.returncode, refused.stdout) == (78, "")
    assert "for this machine alone" in refused.stderr
    del machine.environment["POLARIS_LOCAL_SIGN_IN"]
    machine.environment["POLARIS_PUBLIC_URL"] = "https://polaris.example.com"
    refused = machine.run("up", "--local-sign-in", "--port=0")

    assert refused.returncode == 78
    assert "not for polaris.example.com" in refused.stderr
    assert list(machine.home.iterdir()) == []

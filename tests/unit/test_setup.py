"""What a sign-in plans for the daemon's service, and what it does with a daemon that runs already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polaris import __version__, install, service
from polaris.commands import machine, setup
from polaris.errors import Unavailable
from polaris.service import State
from polaris.settings import Settings


class Way:
    """A service manager that notes what it is told."""

    name = "test service"

    def __init__(self, file: Path) -> None:
        self.file = file
        self.told: list[str] = []

    def text(self) -> str:
        return "unit\n"

    def install(self) -> bool:
        changed = not self.file.exists() or self.file.read_text() != self.text()
        self.file.write_text(self.text())
        self.told.append("install")
        return changed

    def start(self) -> None:
        self.told.append("start")

    def stop(self) -> None:
        self.told.append("stop")

    def remove(self) -> bool:
        there = self.file.exists()
        self.file.unlink(missing_ok=True)
        self.told.append("remove")
        return there


@pytest.fixture
def way(tmp_path: Path) -> Way:
    return Way(tmp_path / "polaris.service")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, way: Way) -> dict[str, State]:
    """What runs on this machine; `start` and `stop` change it."""
    found = {"now": State()}

    def start(settings: Settings, chosen: Way) -> State:
        if not found["now"].running:
            chosen.start()
            found["now"] = State(True, 7, 4321, __version__)
        return found["now"]

    def stop(settings: Settings, chosen: Way) -> State:
        chosen.stop()
        ran, found["now"] = found["now"], State()
        return ran

    monkeypatch.setattr(service, "state", lambda settings: found["now"])
    monkeypatch.setattr(service, "choose", lambda settings, environ: way)
    monkeypatch.setattr(service, "installed", lambda settings, environ: way if way.file.exists() else None)
    monkeypatch.setattr(service, "start", start)
    monkeypatch.setattr(service, "stop", stop)
    return found


def looked(tmp_path: Path, **more: Any) -> setup.Setup:
    home = tmp_path / ".polaris"
    home.mkdir(mode=0o700, exist_ok=True)
    return setup.look(Settings.from_env({}, home=str(home)), **more)


@pytest.fixture(autouse=True)
def no_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has no coding agent."""
    plan, removal = install.plan, install.plan_removal
    nobody = {"HOME": "/nonexistent", "PATH": "/nonexistent"}
    monkeypatch.setattr(install.planning.machine, "USUAL", ())
    monkeypatch.setattr(install, "plan", lambda settings: plan(settings, environ=nobody))
    monkeypatch.setattr(install, "plan_removal", lambda settings: removal(settings, environ=nobody))


def test_a_fresh_machine_gets_a_service_that_starts(tmp_path: Path, way: Way, runs: dict[str, State]) -> None:
    plan = looked(tmp_path)
    shown = "\n".join(plan.lines())
    before = way.file.exists()
    done = plan.carry_out()
    again = looked(tmp_path)

    assert f"+ {way.file}" in shown and "+ starts" in shown
    assert (before, way.told) == (False, ["install", "start"])
    assert done == ["The daemon runs as a test service, on port 4321."]
    assert again.lines()[-1] == "The daemon: nothing to do"


def test_a_daemon_of_another_version_starts_again(tmp_path: Path, way: Way, runs: dict[str, State]) -> None:
    way.file.write_text(way.text())
    runs["now"] = State(True, 5, 4321, "0.0.1")
    plan = looked(tmp_path)
    shown = "\n".join(plan.lines())
    plan.carry_out()

    assert f"version 0.0.1 runs, {__version__} is installed" in shown
    assert way.told == ["install", "stop", "start"]
    assert runs["now"].version == __version__


def test_the_daemon_of_polaris_up_is_used_and_left_alone(tmp_path: Path, way: Way, runs: dict[str, State]) -> None:
    runs["now"] = State(True, 5, 4321, "0.0.1", parent=4)
    plan, removal = looked(tmp_path), looked(tmp_path, removes=True)
    done, left = plan.carry_out(), removal.carry_out()

    assert plan.lines()[-1] == "The daemon: `polaris up` runs it"
    assert done == ["`polaris up` runs the daemon."]
    assert left == ["`polaris up` runs the daemon; it goes on until `polaris up` ends."]
    assert way.told == []


def test_a_removal_stops_the_daemon_and_takes_the_service_out(tmp_path: Path, way: Way, runs: dict[str, State]) -> None:
    way.file.write_text(way.text())
    runs["now"] = State(True, 5, 4321, __version__)
    plan = looked(tmp_path, removes=True)
    shown = "\n".join(plan.lines())
    done = plan.carry_out()

    assert f"- {way.file}" in shown and "- ends" in shown
    assert (done, way.told) == (["The daemon has stopped."], ["stop", "remove"])
    assert not way.file.exists()


def test_a_daemon_that_does_not_start_stops_nothing_else(
    tmp_path: Path, way: Way, runs: dict[str, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any) -> State:
        raise Unavailable("The daemon did not start: no", code="daemon_does_not_start", hint="Look at its log.")

    monkeypatch.setattr(service, "start", refuses)
    plan = looked(tmp_path)
    done = plan.carry_out()

    assert done == ["The daemon did not start: no", "Look at its log."]
    assert [one["code"] for one in plan.data()["failures"]] == ["daemon_does_not_start"]


@pytest.mark.parametrize(
    ("events", "files", "said"),
    [
        (0, 0, []),
        (1, 0, ["For the service wait 1 event: kept, and sent after the next start."]),
        (12, 1, ["For the service wait 12 events and 1 file of hooks: kept, and sent after the next start."]),
    ],
)
def test_a_stop_says_what_was_in_the_queue(events: int, files: int, said: list[str]) -> None:
    assert machine.queue_lines({"events": events, "files": files}) == said

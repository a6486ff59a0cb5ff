"""What the user wants captured of nothing: directories, agents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from daemon_tools import DaemonProcess, prompt
from fake_service import FakeService

from polaris import machine
from polaris.machine import Machine


def say(daemon: DaemonProcess, **settings: object) -> None:
    machine.write(machine.file_of(daemon.home), Machine(**settings))  # type: ignore[arg-type]


async def test_a_session_in_an_excluded_directory_cannot_be_connected(
    bound: DaemonProcess, fake: FakeService, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    (private / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(private)
    say(bound, excluded=(str(private),))
    await bound.hook(prompt("b1", "/polaris join", cwd=str(tmp_path / "link" / "deep")))
    asked = {"agent_session_id": "b1", "project": "pj", "session": "other"}
    by_its_hook = await bound.call("POST", "/connect", asked)
    by_its_word = await bound.call("POST", "/connect", asked | {"agent_session_id": "b2", "cwd": str(private)})
    beside = await bound.call("POST", "/connect", asked | {"agent_session_id": "b3", "cwd": str(tmp_path / "private2")})

    assert (by_its_hook[0], by_its_hook[1]["code"]) == (403, "directory_excluded")
    assert (by_its_word[0], by_its_word[1]["code"]) == (403, "directory_excluded")
    assert beside[0] == 200
    assert not {"b1", "b2"} & {file.name for file in (bound.home / "bound").iterdir()}


async def test_a_connected_session_that_goes_there_is_paused_and_leaves_no_file(
    bound: DaemonProcess, fake: FakeService, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    say(bound, excluded=(str(private),))
    await bound.hook(prompt("a1", "outside", cwd=str(tmp_path)))
    assert (bound.home / "bound" / "a1").exists()
    await bound.hook(prompt("a1", "inside", cwd=str(private)))
    status = await bound.get("/status/a1")
    refused = await bound.call("POST", "/pause", {"agent_session_id": "a1", "paused": False})
    await bound.drained()

    assert status["paused"]
    assert not (bound.home / "bound" / "a1").exists()
    assert refused[1]["code"] == "directory_excluded"
    assert b"inside" not in b"".join(file.read_bytes() for file in bound.home.rglob("*") if file.is_file())
    say(bound)
    assert (await bound.call("POST", "/pause", {"agent_session_id": "a1", "paused": False}))[0] == 200


async def test_an_agent_that_is_switched_off_is_paused_without_a_word_of_it(bound: DaemonProcess) -> None:
    say(bound, agents_off=("claude-code",))
    await bound.until("/status/a1", lambda status: status["paused"])
    refused = await bound.call("POST", "/connect", {"agent_session_id": "a2", "project": "pj", "session": "x"})

    assert not (bound.home / "bound" / "a1").exists()
    assert (refused[0], refused[1]["code"]) == (403, "agent_switched_off")


async def test_what_a_hook_kept_in_a_file_of_an_excluded_directory_is_removed_unread(
    bound: DaemonProcess, fake: FakeService, tmp_path: Path
) -> None:
    await bound.stop()
    say(bound, excluded=(str(tmp_path / "private"),))
    kept = bound.home / "spool" / "k1"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    told = json.dumps({"capture": "k1", "agent": "claude-code", "pid": "", "at": ""})
    kept.write_text(told + "\n" + json.dumps(prompt("a1", "kept inside", cwd=str(tmp_path / "private"))))
    await bound.start()
    await bound.drained()

    assert not kept.exists()
    assert b"kept inside" not in (bound.home / "daemon.sqlite").read_bytes()


async def test_a_broken_file_stops_the_daemon_at_its_start_and_changes_nothing_while_it_runs(
    bound: DaemonProcess, tmp_path: Path
) -> None:
    say(bound, excluded=(str(tmp_path),))
    asked = {"agent_session_id": "b1", "project": "pj", "session": "x", "cwd": str(tmp_path)}
    assert (await bound.call("POST", "/connect", asked))[0] == 403
    machine.file_of(bound.home).write_text("{")
    assert (await bound.call("POST", "/connect", asked))[0] == 403
    await bound.stop()
    with pytest.raises(AssertionError, match=r"machine\.json cannot be understood"):
        await bound.start()

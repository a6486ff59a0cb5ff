"""Each joint that can be broken, broken: what the doctor finds, and what it says mends it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from polaris import __version__, doctor, install
from polaris.doctor import Finding
from polaris.settings import Credential, Settings, save_credential

Json = dict[str, Any]
TOKEN = "plr_u_a-token-for-the-service"


class Elsewhere:
    """The service and the daemon, as far as the doctor speaks to them."""

    def __init__(self) -> None:
        self.me: Json = {"org": "acme", "actor": "user:manu", "role": "member", "token_expires_at": None}
        self.me_status, self.date = 200, datetime.now(UTC)
        self.hangs = False
        self.status: Json = {
            "daemon": {"version": __version__},
            "sessions": [],
            "links": [],
            "spool": {"events": 0, "bytes": 0, "full": False, "files": 0},
            "refused": [],
            "failures": {},
            "heard": {"claude-code": time.time() - 200},
        }
        self.asked: list[tuple[str, str | None]] = []
        self.port = 0

    async def me_asked(self, request: web.Request) -> web.Response:
        if self.hangs:
            await asyncio.sleep(60)
        date = {"Date": format_datetime(self.date, usegmt=True)}
        return web.json_response(self.me, status=self.me_status, headers=date)

    async def status_asked(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, request.headers.get("X-Polaris-Token")))
        return web.json_response(self.status)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    one = Elsewhere()
    app = web.Application()
    app.router.add_get("/me", one.me_asked)
    app.router.add_get("/status", one.status_asked)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.port = site.port
    yield one
    await runner.cleanup()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A person with Claude Code, which says its version and nothing else."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "claude").write_text("#!/bin/sh\necho '2.1.330 (Claude Code)'\n")
    (programs / "claude").chmod(0o755)
    (tmp_path / ".claude").mkdir()
    return {"HOME": str(tmp_path), "PATH": f"{programs}:/usr/bin:/bin"}


@pytest.fixture
def settings(tmp_path: Path, elsewhere: Elsewhere, environ: dict[str, str]) -> Settings:
    """Signed in and installed."""
    home = tmp_path / ".polaris"
    chosen = Settings.from_env({}, home=str(home)).replace(port=0)
    url = f"http://127.0.0.1:{elsewhere.port}"
    save_credential(chosen.credentials_file, "one", Credential(url, "acme", "user:manu", TOKEN))
    install.plan(chosen, environ=environ).carry_out()
    return chosen


@pytest.fixture
def daemon(settings: Settings, elsewhere: Elsewhere) -> Iterator[Json]:
    """A daemon: it holds the lock, and its file says where it answers."""
    about: Json = {"port": elsewhere.port, "pid": os.getpid(), "version": __version__, "parent": None}
    settings.daemon_file.write_text(json.dumps(about))
    settings.daemon_token_file.write_text("the-daemons-secret")
    for file in (settings.daemon_file, settings.daemon_token_file):
        file.chmod(0o600)
    with (settings.home / "daemon.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield about


async def found(settings: Settings, environ: dict[str, str], joint: str) -> list[Finding]:
    return [one for one in await doctor.examine(settings, environ) if one.joint == joint]


async def only(settings: Settings, environ: dict[str, str], joint: str) -> tuple[str, str, str | None]:
    (one,) = await found(settings, environ, joint)
    return one.level, one.text, one.mend


async def test_a_machine_that_is_well_has_nothing_to_mend(
    settings: Settings, environ: dict[str, str], daemon: Json, elsewhere: Elsewhere
) -> None:
    findings = await doctor.examine(settings, environ)

    assert [one for one in findings if one.level != "ok"] == []
    assert {one.joint for one in findings} >= {"service", "sign-in", "clock", "daemon", "queue", "home", "claude-code"}
    assert "claude-code was heard 3 minutes ago." in [one.text for one in findings]
    assert elsewhere.asked == [("/status", "the-daemons-secret")]


async def test_nobody_signed_in_and_no_daemon(tmp_path: Path, environ: dict[str, str]) -> None:
    empty = Settings.from_env({}, home=str(tmp_path / "empty")).replace(port=0)
    findings = {one.joint: one for one in await doctor.examine(empty, environ)}

    assert (findings["service"].level, findings["daemon"].mend) == ("fail", "polaris start")
    assert "polaris login URL" in str(findings["service"].mend)
    assert (findings["home"].level, findings["claude-code"].level) == ("warn", "warn")
    assert findings["claude-code"].mend == "polaris install --agent claude-code"


async def test_a_stranger_on_the_daemons_port_learns_nothing(
    settings: Settings, environ: dict[str, str], elsewhere: Elsewhere
) -> None:
    settings.daemon_token_file.write_text("the-daemons-secret")
    # What a daemon that was killed leaves behind; its number is another process's by now.
    settings.daemon_file.write_text(json.dumps({"port": elsewhere.port, "pid": os.getpid()}))
    level, text, mend = await only(settings.replace(port=elsewhere.port), environ, "daemon")

    assert (level, elsewhere.asked) == ("fail", [])
    assert f"Port {elsewhere.port} is taken by a program that is not the daemon" in text
    assert "POLARIS_PORT" in str(mend)


async def test_a_token_that_is_dead_or_soon_will_be(
    settings: Settings, environ: dict[str, str], elsewhere: Elsewhere
) -> None:
    elsewhere.me_status = 401
    dead = await only(settings, environ, "sign-in")
    elsewhere.me_status = 200
    elsewhere.me["token_expires_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    soon = await only(settings, environ, "sign-in")
    elsewhere.me["token_expires_at"] = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    later = await only(settings, environ, "sign-in")

    assert dead == ("fail", "The token of this machine is not valid any more.", "polaris login")
    assert (soon[0], later[0]) == ("warn", "ok")
    assert TOKEN not in str((dead, soon, later))


async def test_a_clock_that_goes_wrong(settings: Settings, environ: dict[str, str], elsewhere: Elsewhere) -> None:
    elsewhere.date = datetime.now(UTC) - timedelta(minutes=5)
    ahead = await only(settings, environ, "clock")
    elsewhere.date = datetime.now(UTC) + timedelta(minutes=5)
    behind = await only(settings, environ, "clock")

    assert ahead[0] == behind[0] == "warn"
    assert "s ahead of the service's" in ahead[1] and "s behind the service's" in behind[1]


async def test_a_service_that_is_away_hangs_or_is_something_else(
    settings: Settings, environ: dict[str, str], elsewhere: Elsewhere
) -> None:
    elsewhere.hangs = True
    begun = time.monotonic()
    hanging = await only(settings, environ, "service")
    seconds = time.monotonic() - begun
    elsewhere.hangs, elsewhere.me = False, {"hello": "world"}
    other = await only(settings, environ, "service")

    assert hanging[0] == "fail" and "does not answer" in hanging[1]
    assert seconds < doctor.AGENTS_SECONDS
    assert other[0] == "fail" and "not as Polaris does" in other[1]


async def test_a_daemon_of_another_version_and_one_that_is_in_trouble(
    settings: Settings, environ: dict[str, str], daemon: Json, elsewhere: Elsewhere
) -> None:
    link = {
        "project": "pj",
        "session": "fxm",
        "state": "refused",
        "reason": "sign in again",
        "waiting": 3,
        "refused": 2,
    }
    elsewhere.status |= {
        "daemon": {"version": "0.0.1"},
        "spool": {"events": 9, "bytes": 512 * 1024 * 1024, "full": True, "files": 4},
        "links": [link],
        "failures": {"link 1": "ValueError: no"},
        "heard": {},
    }
    findings = await doctor.examine(settings, environ)
    told = {(one.joint, one.level, one.text, one.mend) for one in findings if one.level != "ok"}

    assert told == {
        ("daemon", "warn", f"Version 0.0.1 runs, {__version__} is installed.", "polaris stop; polaris start"),
        (
            "queue",
            "fail",
            "The queue is full: 9 events (512.0 MiB) and 4 files wait; hooks keep their own.",
            "polaris status",
        ),
        ("link", "fail", "pj/fxm: sign in again", "polaris login"),
        ("link", "warn", "pj/fxm: the service refused 2 events.", "polaris status --json"),
        ("daemon", "fail", "link 1: ValueError: no", "polaris stop; polaris start"),
        (
            "hooks",
            "warn",
            "No hook has reached the daemon since it started.",
            "Start the agent anew, and send it a prompt.",
        ),
    }


async def test_files_that_others_can_read(settings: Settings, environ: dict[str, str]) -> None:
    settings.spool_folder.mkdir(mode=0o755)
    settings.home.chmod(0o755)
    level, text, mend = await only(settings, environ, "home")

    assert (level, mend) == ("fail", f"chmod -R go= {settings.home}")
    assert str(settings.spool_folder) in text


async def test_hooks_that_were_taken_out_and_scripts_of_another_version(
    settings: Settings, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".claude" / "settings.json").write_text("{}\n")
    with (settings.home / "bin" / "capture.sh").open("a") as script:
        script.write("# older\n")
    agent, scripts = await only(settings, environ, "claude-code"), await only(settings, environ, "scripts")

    assert (agent[0], agent[2]) == ("fail", "polaris install --agent claude-code")
    assert "hooks" in agent[1]
    assert scripts[0] == "fail" and "capture.sh" in scripts[1]


async def test_a_command_whose_python_is_gone(settings: Settings, environ: dict[str, str]) -> None:
    (settings.home / "bin" / "polaris").write_text("#!/bin/sh\nexec /gone/python\n")

    assert "does not work" in str(await found(settings, environ, "home"))


async def test_the_ways_into_sessions_that_run(settings: Settings, environ: dict[str, str], tmp_path: Path) -> None:
    sessions = tmp_path / ".claude" / "sessions"
    sessions.mkdir()
    socket = tmp_path / "one.sock"
    socket.touch()
    (sessions / "1.json").write_text(json.dumps({"pid": 2**31 - 2, "messagingSocketPath": str(socket)}))  # long gone
    none = await found(settings, environ, "ways in")
    (sessions / "2.json").write_text(json.dumps({"pid": os.getpid()}))
    without = await only(settings, environ, "ways in")
    (sessions / "2.json").write_text(json.dumps({"pid": os.getpid(), "messagingSocketPath": str(socket)}))
    inbox = await only(settings, environ, "ways in")

    assert none == []
    assert without[0] == "warn" and "An idle one is not woken" in without[1]
    assert inbox[:2] == ("ok", "1 sessions run: 1 with an inbox, 0 with the channel.")


async def test_a_check_that_breaks_is_a_finding(
    settings: Settings, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(install, "plan", broken)
    (finding,) = await found(settings, environ, "agents")

    assert (finding.level, finding.text) == ("fail", "This could not be looked at: ValueError: odd")

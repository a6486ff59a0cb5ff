"""The daemon as a service: what units and plists say, what the managers are told, and the background way for real."""

from __future__ import annotations

import json
import os
import plistlib
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from polaris import __version__, service, service_managers
from polaris.errors import Conflict, PolarisError, Unavailable
from polaris.settings import Settings

ODD = 'od d "q" $HOME 100%/ho me'


class Manager:
    """Stands for systemctl or launchctl: notes what it is told and answers well, or refuses."""

    def __init__(self, refuses: str = "\0") -> None:
        self.told: list[str] = []
        self._refuses = refuses

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.told.append(" ".join(words))
        refused = self._refuses in words
        return subprocess.CompletedProcess(list(words), int(refused), "", "no bus" if refused else "")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / ODD
    return Settings.from_env({}, home=str(home)).replace(port=0)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    user = tmp_path / "us er"
    user.mkdir()
    return {"HOME": str(user), "PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "hush", "CLAUDE_CONFIG_DIR": "/c d"}


def unit(settings: Settings, environ: dict[str, str], run: Manager | None = None) -> service.Systemd:
    return service.Systemd(settings, environ, run or Manager())


def test_a_unit_quotes_whatever_a_path_may_hold(settings: Settings, environ: dict[str, str]) -> None:
    program = settings.home / "bin" / "polaris"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    text = unit(settings, environ).text()
    (command,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
    (home,) = (line for line in text.splitlines() if "POLARIS_HOME" in line)
    # What systemd makes of it: quotes as in a shell, %% and $$ are one.
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(command.removeprefix("ExecStart="))]

    assert words == ["/usr/bin/env", str(program), *service.command(settings)[1:]]  # no quote in a program's own name
    assert words[-1] == f"--log={settings.home / 'logs' / 'daemon.log'}"
    assert shlex.split(home.removeprefix("Environment="))[0].replace("%%", "%") == f"POLARIS_HOME={settings.home}"


def test_a_service_is_told_what_is_not_the_default_and_no_key(settings: Settings, environ: dict[str, str]) -> None:
    text = unit(settings, environ).text()
    plist = plistlib.loads(service.Launchd(settings, environ, Manager()).text().encode())
    default = Settings.from_env({"HOME": os.environ["HOME"]})

    assert "Environment=POLARIS_PORT=0\n" in text
    assert f"Environment=PATH={environ['PATH']}\n".replace("%", "%%") in text
    assert 'Environment="CLAUDE_CONFIG_DIR=/c d"\n' in text
    assert plist["EnvironmentVariables"]["POLARIS_HOME"] == str(settings.home)
    assert "hush" not in text + str(plist)
    assert service.settings_of(default) == {}
    assert service_managers.suffix(default) == ""


def test_two_homes_of_one_user_have_two_services(settings: Settings, environ: dict[str, str]) -> None:
    other = settings.replace(home=settings.home / "other")

    assert unit(settings, environ).file != unit(other, environ).file
    assert service.Launchd(settings, environ).file != service.Launchd(other, environ).file


def test_a_plist_holds_the_command_word_for_word(settings: Settings, environ: dict[str, str]) -> None:
    plist = plistlib.loads(service.Launchd(settings, environ, Manager()).text().encode())

    assert plist["ProgramArguments"] == service.command(settings)
    assert plist["RunAtLoad"] is True
    assert plist["KeepAlive"] == {"SuccessfulExit": False}
    assert plist["Label"] == service.Launchd(settings, environ).label


def test_the_program_in_the_home_folder_is_preferred(settings: Settings) -> None:
    before = service.command(settings)
    program = settings.home / "bin" / "polaris"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert before[:2] == [sys.executable, "-P"]
    assert service.command(settings)[:2] == [str(program), "daemon"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_itself_finds_nothing_wrong(settings: Settings, environ: dict[str, str], tmp_path: Path) -> None:
    program = settings.home / "bin" / "polaris"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    file = tmp_path / "polaris.service"
    file.write_text(unit(settings, environ).text())
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(file)],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        timeout=60,
        check=False,
    )

    assert [line for line in done.stderr.splitlines() if "polaris.service" in line] == []


def test_a_unit_is_written_once_known_to_the_manager_and_removed(settings: Settings, environ: dict[str, str]) -> None:
    manager = Manager()
    way = unit(settings, environ, manager)
    first, again = way.install(), way.install()
    written = way.file.exists()
    way.start()
    gone, twice = way.remove(), way.remove()

    assert (first, again, written, gone, twice) == (True, False, True, True, False)
    assert not way.file.exists()
    assert manager.told[:2] == ["systemctl --user daemon-reload", f"systemctl --user enable {way.unit}"]
    assert f"systemctl --user restart {way.unit}" in manager.told
    assert f"systemctl --user disable --now {way.unit}" in manager.told


def test_an_agent_of_launchd_is_loaded_and_unloaded(settings: Settings, environ: dict[str, str]) -> None:
    manager = Manager()
    way = service.Launchd(settings, environ, manager)
    way.install()
    way.start()
    way.stop()
    way.remove()
    mine = f"gui/{os.getuid()}"

    assert f"launchctl bootstrap {mine} {way.file}" in manager.told
    assert manager.told[-1] == f"launchctl bootout {mine}/{way.label}"
    assert not way.file.exists()


def test_a_manager_that_refuses_is_an_error_that_says_so(settings: Settings, environ: dict[str, str]) -> None:
    with pytest.raises(PolarisError, match="no bus") as found:
        unit(settings, environ, Manager("enable")).install()

    assert found.value.code == "service_manager_refuses"


def test_systemd_is_chosen_only_where_it_truly_answers(
    settings: Settings, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\nexit ${ANSWER:-1}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    silent = service.choose(settings, environ, "linux")
    monkeypatch.setenv("ANSWER", "0")

    assert isinstance(silent, service.Background)
    assert isinstance(service.choose(settings, environ, "linux"), service.Systemd)


# The background way


@pytest.fixture
def background(settings: Settings, environ: dict[str, str]) -> Iterator[service.Background]:
    way = service.Background(settings, environ)
    yield way
    if service.state(settings).running:
        service.stop(settings, way)


def test_a_daemon_starts_once_and_stops_with_its_port_free(settings: Settings, background: service.Background) -> None:
    first = service.start(settings, background)
    again = service.start(settings, background)
    environment = Path(f"/proc/{first.pid}/environ")
    inherited = environment.read_text() if environment.exists() else ""
    stopped = service.stop(settings, background)

    assert (first.running, first.version, first.parent) == (True, __version__, None)
    assert again == first
    assert "hush" not in inherited
    assert stopped == first
    assert service.port_is_free(first.port or 0)
    assert not service.state(settings).running
    assert service.stop(settings, background).running is False


def test_a_daemon_that_was_killed_is_not_taken_for_a_running_one(
    settings: Settings, background: service.Background
) -> None:
    first = service.start(settings, background)
    os.kill(first.pid or 0, 9)
    os.waitpid(first.pid or 0, 0)
    dead = service.state(settings)
    second = service.start(settings, background)

    assert settings.daemon_file.exists()
    assert dead == service.State()
    assert second.running and second.pid != first.pid


def test_a_daemon_that_cannot_start_says_why(settings: Settings, environ: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = settings.replace(port=taken.getsockname()[1])
        with pytest.raises(Unavailable, match="is taken by another program") as found:
            service.start(busy, service.Background(busy, environ))

    assert found.value.code == "daemon_does_not_start"


def test_the_daemon_of_polaris_up_is_left_alone(settings: Settings, background: service.Background) -> None:
    found = service.start(settings, background)
    told = json.loads(settings.daemon_file.read_text()) | {"parent": os.getpid()}
    settings.daemon_file.write_text(json.dumps(told))
    with pytest.raises(Conflict) as refused:
        service.stop(settings, background)
    still = service.state(settings)
    settings.daemon_file.write_text(json.dumps(told | {"parent": None}))

    assert refused.value.code == "daemon_belongs_to_up"
    assert (still.running, still.pid) == (True, found.pid)

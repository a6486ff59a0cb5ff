"""The daemon as a service of the user: there after the next sign-in to the machine, and again when it died.

Three ways behind one interface: systemd's user manager where it truly answers, launchd on a Mac, and a plain process
of a session of its own everywhere else. Whoever runs the daemon, ``daemon.json`` and the lock say that it runs; one
that `polaris up` looks after is used and left alone. Everything here blocks; commands call it in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import plistlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from polaris import log
from polaris.errors import Conflict, PolarisError, Unavailable
from polaris.settings import DEFAULT_DAEMON_PORT, Settings

HOST = "127.0.0.1"
READY_SECONDS = 20.0
STOP_SECONDS = 15.0
ASK_SECONDS = 10.0
STEP_SECONDS = 0.05
LABEL = "dev.polaris.daemon"
# What a daemon needs of its user's environment: how to find programs, people's folders and certificates. Everything
# else, API keys above all, stays out.
CARRIED = (
    *("HOME", "USER", "LOGNAME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "OPENCODE_CONFIG_DIR"),
)
# What a service manager gives by itself, or what belongs to one sign-in of the user alone.
GIVEN_BY_MANAGER = ("HOME", "USER", "LOGNAME", "TMPDIR", "XDG_RUNTIME_DIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ")

UNIT = """\
# Made by `polaris login`; `polaris logout` removes it.
[Unit]
Description=Polaris daemon: captures the coding agents of this user
StartLimitIntervalSec=60
StartLimitBurst=10

[Service]
Type=exec
ExecStart={command}
{environment}Restart=on-failure
RestartSec=3
# Another program has the port, or this machine is not set up: starting again would change nothing.
RestartPreventExitStatus=78
UMask=0077

[Install]
WantedBy=default.target
"""

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class State:
    """Whether a daemon runs for a home. ``parent`` is the `polaris up` that looks after it."""

    running: bool = False
    pid: int | None = None
    port: int | None = None
    version: str | None = None
    parent: int | None = None


class Way(Protocol):
    """How a daemon is made a service; ``name`` is for people, ``file`` what it writes."""

    name: str

    @property
    def file(self) -> Path | None: ...

    def text(self) -> str: ...

    def install(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def remove(self) -> bool: ...


def state(settings: Settings) -> State:
    """Who has this home now, by ``daemon.json`` and the lock; nothing is asked over the network."""
    try:
        told = json.loads(settings.daemon_file.read_text())
        pid, port = int(told["pid"]), int(told["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return State()
    # The file outlives a daemon that was killed; the lock does not. It is tried only while the process lives, because a
    # daemon that starts at this very moment would find it taken.
    if not _alive(pid) or not _locked(settings.home / "daemon.lock"):
        return State()
    parent = told.get("parent")
    return State(True, pid, port, told.get("version"), parent if isinstance(parent, int) else None)


def choose(settings: Settings, environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Way:
    """The way that works here."""
    environ = os.environ if environ is None else environ
    if platform == "darwin" and shutil.which("launchctl"):
        return Launchd(settings, environ)
    if platform == "linux" and _systemd_answers():
        return Systemd(settings, environ)
    return Background(settings, environ)


def installed(settings: Settings, environ: Mapping[str, str] | None = None) -> Way | None:
    """The way whose file is there, whether its manager answers now or not: over `su` and SSH it may not."""
    environ = os.environ if environ is None else environ
    ways: list[Way] = [Systemd(settings, environ), Launchd(settings, environ)]
    return next((way for way in ways if way.file is not None and way.file.exists()), None)


def start(settings: Settings, way: Way) -> State:
    """Starts the daemon unless one runs, and waits until it answers. Raises `Unavailable` with its last words."""
    if (found := state(settings)).running:
        return found
    settings.logs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (settings.logs_folder / "daemon.err").unlink(missing_ok=True)  # the last words of another start
    way.start()
    if _until(lambda: state(settings).running, READY_SECONDS):
        return state(settings)
    raise _silent(settings)


def stop(settings: Settings, way: Way) -> State:
    """Stops the daemon, if one runs, and waits until its port is free; answers what ran.

    Raises `Conflict` when `polaris up` looks after it, and `Unavailable` when it does not go.
    """
    found = state(settings)
    if found.running and found.parent and _alive(found.parent):
        raise Conflict(
            "`polaris up` runs the daemon of this home, and would start it again.",
            code="daemon_belongs_to_up",
            hint="Stop `polaris up` itself: Ctrl-C there.",
        )
    way.stop()
    if found.pid is None:
        return found
    for number in (signal.SIGTERM, signal.SIGKILL):
        # Again and again the lock: the number may be another process's by now.
        if state(settings).pid == found.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found.pid, number)
        if _until(lambda: not _alive(found.pid or 0) and port_is_free(found.port or 0), STOP_SECONDS):
            settings.daemon_file.unlink(missing_ok=True)
            return found
    raise Unavailable(
        f"The daemon (pid {found.pid}) does not end.", code="daemon_does_not_stop", hint=f"Try: kill -9 {found.pid}"
    )


def port_is_free(port: int) -> bool:
    """Whether nobody listens there; nothing is sent."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) != 0


class Background:
    """A process of its own session; it lives until it is stopped or the machine is."""

    name = "background process"
    file = None

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings, self._environ = settings, environ

    def text(self) -> str:
        return ""

    def install(self) -> bool:
        return False

    def start(self) -> None:
        """Raises `Unavailable` with its last words when it ends before it is ready."""
        last_words = self._settings.logs_folder / "daemon.err"
        own = {name: value for name, value in self._environ.items() if name in CARRIED}
        with open(last_words, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as errors:
            process = subprocess.Popen(
                command(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=own | settings_of(self._settings),
                cwd="/",
                umask=0o077,
                start_new_session=True,
            )
        assert process.stdout is not None
        with process.stdout:
            readable, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
            line = process.stdout.readline() if readable else b""
        if not line.startswith(b"ready "):
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
            raise _silent(self._settings)
        # It is nobody's child any more as soon as this command ends; Popen shall not mourn it.
        process.returncode = 0

    def stop(self) -> None:
        pass

    def remove(self) -> bool:
        return False


class Managed:
    """What systemd and launchd have in common: one file, and programs that are asked."""

    name = ""

    def __init__(self, settings: Settings, environ: Mapping[str, str], run: Run | None = None) -> None:
        self._settings, self._environ = settings, environ
        self._run = run or ask

    @property
    def file(self) -> Path:
        raise NotImplementedError

    def text(self) -> str:
        raise NotImplementedError

    def _load(self) -> None:
        raise NotImplementedError

    def _unload(self) -> None:
        raise NotImplementedError

    def install(self) -> bool:
        """Writes the file and makes the manager know it; answers whether it changed."""
        text, file = self.text(), self.file
        try:
            changed = file.read_text(encoding="utf-8") != text
        except (OSError, ValueError):
            changed = True
        if changed:
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f".{file.name}.new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(file)
        self._load()
        return changed

    def remove(self) -> bool:
        """Undoes `install`; answers whether there was anything."""
        there = self.file.exists()
        if there:
            self._unload()
            self.file.unlink(missing_ok=True)
        return there

    def _home_of_user(self) -> Path:
        return Path(self._environ.get("HOME") or Path.home())

    def _variables(self) -> dict[str, str]:
        kept = {n: v for n, v in self._environ.items() if n in CARRIED and n not in GIVEN_BY_MANAGER and v}
        return kept | settings_of(self._settings)

    def _must(self, words: Sequence[str]) -> None:
        done = self._run(words)
        if done.returncode:
            raise PolarisError(
                f"`{' '.join(words)}` failed: {(done.stderr or done.stdout).strip()[-300:] or done.returncode}",
                code="service_manager_refuses",
                hint="`polaris daemon` runs the daemon without a service.",
            )


class Systemd(Managed):
    """A unit of the user's own manager."""

    name = "systemd user service"

    @property
    def unit(self) -> str:
        return f"polaris{suffix(self._settings)}.service"

    @property
    def file(self) -> Path:
        config = self._environ.get("XDG_CONFIG_HOME") or self._home_of_user() / ".config"
        return Path(config) / "systemd" / "user" / self.unit

    def text(self) -> str:
        words = command(self._settings)
        if re.search(r"[\"'\\]", words[0]):  # systemd takes no program with such a name, however it is written
            words = ["/usr/bin/env", *words]
        words = [_unit_word(word, program=not place) for place, word in enumerate(words)]
        variables = sorted(self._variables().items())
        environment = "".join(f"Environment={_unit_word(f'{n}={v}', program=True)}\n" for n, v in variables)
        return UNIT.format(command=" ".join(words), environment=environment)

    def _load(self) -> None:
        self._must(["systemctl", "--user", "daemon-reload"])
        self._must(["systemctl", "--user", "enable", self.unit])

    def _unload(self) -> None:
        self._run(["systemctl", "--user", "disable", "--now", self.unit])
        self._run(["systemctl", "--user", "reset-failed", self.unit])

    def start(self) -> None:
        if not self.file.exists():
            self.install()
        self._must(["systemctl", "--user", "restart", self.unit])

    def stop(self) -> None:
        if self.file.exists():
            self._run(["systemctl", "--user", "stop", self.unit])

    def remove(self) -> bool:
        there = super().remove()
        if there:
            self._run(["systemctl", "--user", "daemon-reload"])
        return there


class Launchd(Managed):
    """An agent in the user's ``LaunchAgents``."""

    name = "launchd agent"

    @property
    def label(self) -> str:
        return f"{LABEL}{suffix(self._settings)}"

    @property
    def file(self) -> Path:
        return self._home_of_user() / "Library" / "LaunchAgents" / f"{self.label}.plist"

    @property
    def _domain(self) -> str:
        return f"gui/{os.getuid()}"

    def text(self) -> str:
        about: dict[str, Any] = {
            "Label": self.label,
            "ProgramArguments": command(self._settings),
            "EnvironmentVariables": self._variables(),
            "RunAtLoad": True,
            # Again when it died, not when it was told to end.
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Background",
            "StandardErrorPath": str(self._settings.logs_folder / "daemon.err"),
            "Umask": 0o077,
        }
        return plistlib.dumps(about).decode()

    def _load(self) -> None:
        # The manager keeps what it read; loading at `start` begins with the new file.
        self._must(["launchctl", "enable", f"{self._domain}/{self.label}"])

    def _unload(self) -> None:
        self._run(["launchctl", "bootout", f"{self._domain}/{self.label}"])

    def start(self) -> None:
        if not self.file.exists():
            self.install()
        self._unload()
        self._must(["launchctl", "bootstrap", self._domain, str(self.file)])

    def stop(self) -> None:
        if self.file.exists():
            self._unload()


def command(settings: Settings) -> list[str]:
    """How the daemon of this home is started: the program that the installer put there, else this very Python."""
    own = settings.home / "bin" / "polaris"
    program = [str(own)] if os.access(own, os.X_OK) else [sys.executable, "-P", "-m", "polaris.cli"]
    return [*program, "daemon", f"--log={settings.logs_folder / 'daemon.log'}"]


def settings_of(settings: Settings) -> dict[str, str]:
    """The settings that a service has to be told because they are not the default ones."""
    told = {}
    if not is_default(settings):
        told["POLARIS_HOME"] = str(settings.home)
    if settings.port != DEFAULT_DAEMON_PORT:
        told["POLARIS_PORT"] = str(settings.port)
    if settings.log_level != "info":
        told["POLARIS_LOG_LEVEL"] = settings.log_level
    return told


def is_default(settings: Settings) -> bool:
    """Whether this is the home that everything uses when nobody says otherwise."""
    return settings.home == Settings.from_env({name: os.environ[name] for name in ("HOME",) if name in os.environ}).home


def suffix(settings: Settings) -> str:
    """What tells the services of two homes of one user apart; nothing for the default one."""
    return "" if is_default(settings) else f"-{hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]}"


def ask(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs a short program; one that is not there or hangs counts as failed."""
    try:
        return subprocess.run(
            list(words), capture_output=True, text=True, timeout=ASK_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        return subprocess.CompletedProcess(list(words), 127, "", str(error))


def _systemd_answers() -> bool:
    """Whether the user's manager is there: in containers and over `su` the program is, and nobody answers it."""
    return shutil.which("systemctl") is not None and ask(["systemctl", "--user", "show-environment"]).returncode == 0


def _unit_word(word: str, *, program: bool) -> str:
    """*word* in a unit file. In the arguments of a program, a dollar sign would begin a variable."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    quoted = quoted if program else quoted.replace("$", "$$")
    return quoted if re.fullmatch(r"[\w./=:@,+%$-]+", quoted) else f'"{quoted}"'


def _alive(pid: int) -> bool:
    """Whether the process lives; a child of ours that ended is cleared away first."""
    with contextlib.suppress(OSError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # A zombie of somebody else's is over too.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return True


def _locked(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _until(fits: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not fits():
        if time.monotonic() > end:
            return False
        time.sleep(STEP_SECONDS)
    return True


def _silent(settings: Settings) -> Unavailable:
    """What a daemon said that did not start: its last words, else the end of its log."""
    said = ""
    for name in ("daemon.err", "daemon.log"):
        with contextlib.suppress(OSError):
            said = said or (settings.logs_folder / name).read_text(errors="replace").strip()[-1000:]
    said = log.masked(said).removeprefix("polaris: ")
    return Unavailable(
        f"The daemon did not start: {said or 'it said nothing'}",
        code="daemon_does_not_start",
        hint=f"Its log is {settings.logs_folder / 'daemon.log'}",
    )

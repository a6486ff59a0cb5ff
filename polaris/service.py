"""The daemon as a service of the user: there after the next sign-in to the machine, and again when it died.

Three ways behind one interface: systemd's user manager where it truly answers, launchd on a Mac, and a plain process
of a session of its own everywhere else. Whoever runs the daemon, ``daemon.json`` and the lock say that it runs; one
that `polaris up` looks after is used and left alone. Everything here blocks; commands call it in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from polaris import log
from polaris.errors import Conflict, Unavailable
from polaris.service_managers import CARRIED, Launchd, Systemd, ask, command, settings_of
from polaris.settings import Settings

HOST = "127.0.0.1"
READY_SECONDS = 20.0
STOP_SECONDS = 15.0
STEP_SECONDS = 0.05


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


def _systemd_answers() -> bool:
    """Whether the user's manager is there: in containers and over `su` the program is, and nobody answers it."""
    return shutil.which("systemctl") is not None and ask(["systemctl", "--user", "show-environment"]).returncode == 0


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

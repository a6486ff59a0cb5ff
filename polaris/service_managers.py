"""systemd and launchd: the programs that keep a daemon running for its user, and the file by which each is told.

What a daemon is started with, and what it is told of its user's environment, is the same without them (`service`).
"""

from __future__ import annotations

import hashlib
import os
import plistlib
import re
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from polaris.errors import PolarisError
from polaris.settings import DEFAULT_DAEMON_PORT, Settings

ASK_SECONDS = 10.0
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


class Managed(ABC):
    """What systemd and launchd have in common: one file, and programs that are asked."""

    name = ""

    def __init__(self, settings: Settings, environ: Mapping[str, str], run: Run | None = None) -> None:
        self._settings, self._environ = settings, environ
        self._run = run or ask

    @property
    @abstractmethod
    def file(self) -> Path: ...

    @abstractmethod
    def text(self) -> str: ...

    @abstractmethod
    def _load(self) -> None: ...

    @abstractmethod
    def _unload(self) -> None: ...

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


def _unit_word(word: str, *, program: bool) -> str:
    """*word* in a unit file. In the arguments of a program, a dollar sign would begin a variable."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    quoted = quoted if program else quoted.replace("$", "$$")
    return quoted if re.fullmatch(r"[\w./=:@,+%$-]+", quoted) else f'"{quoted}"'

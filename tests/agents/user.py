"""Somebody with a HOME of their own, one coding agent in it, and Polaris beside it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import install
import own_settings
from place import Floor
from stub_llm import Stub
from tui import Terminal

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from machine import POLARIS, until

Json = dict[str, Any]


class User:
    """One person's machine: ``user.polaris("login", …)``, ``user.run("-p", …)``, ``with user.terminal() as screen``."""

    def __init__(self, root: Path, agent: str, stub: Stub, floor: Floor) -> None:
        program = install.executable(agent)
        assert program is not None
        self.agent, self.program, self.stub, self.floor = agent, program, stub, floor
        self.home, self.project = root / "home of manu", root / "project"
        programs = root / "programs"
        for folder in (self.home, self.project, programs):
            folder.mkdir()
        (programs / agent).symlink_to(program)  # nothing else is found on this machine
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "USER": "manu",
        }
        self.environment |= own_settings.WRITERS[agent](self.home, self.project, stub.url)

    @property
    def polaris_home(self) -> Path:
        return self.home / ".polaris"

    # Commands

    def polaris(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What the user types in a shell of theirs."""
        return subprocess.run(
            [*POLARIS, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment | {"POLARIS_PORT": "0"},
            cwd=self.project,
            timeout=90,
            check=False,
        )

    def login(self) -> User:
        """The one command that brings Polaris onto this machine."""
        done = self.polaris("login", self.floor.url, "--with-token", stdin=self.floor.token + "\n")
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def run(self, *words: str, seconds: float = 90, **more: str) -> subprocess.CompletedProcess[str]:
        """The agent, from its start to its end."""
        return subprocess.run(
            [self.program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment | more,
            cwd=self.project,
            timeout=seconds,
            check=False,
        )

    def terminal(self, *words: str, rows: int = 50, columns: int = 160) -> Terminal:
        """The agent in a terminal."""
        return Terminal([str(self.program), *words], self.environment, self.project, rows=rows, columns=columns)

    # Looking

    def daemon(self, path: str = "/status") -> Json:
        """What the daemon answers to a question of this machine."""
        port = json.loads((self.polaris_home / "daemon.json").read_bytes())["port"]
        headers = {"X-Polaris-Token": (self.polaris_home / "daemon.token").read_text().strip()}
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=5) as answer:
            return dict(json.load(answer))

    def sessions(self) -> list[Json]:
        """The agent sessions that are bound here."""
        return list(self.daemon()["sessions"])

    def sent_everything(self) -> bool:
        """Whether the service has all that was captured."""
        spool = self.daemon()["spool"]
        return not spool["events"] and not spool["files"]

    def has_advice(self) -> bool:
        """Whether the daemon has a piece that has not ended."""
        return bool(self.daemon()["advice"])

    def files(self) -> Mapping[str, bytes]:
        """Everything in the HOME but Polaris's own folder, by its path."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and not path.is_symlink() and self.polaris_home not in path.parents
        }

    def processes(self) -> dict[int, str]:
        """What runs in this HOME: ``{pid: words}``."""
        mark, found = f"HOME={self.home}".encode(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        return {pid: words for pid, words in found.items() if words}

    def process(self, words: str) -> int:
        """The one process of this HOME with these words in its command line."""
        (pid,) = (pid for pid, said in self.processes().items() if words in said)
        return pid

    def end(self) -> None:
        """Ends whatever runs in this HOME: agents leave servers behind, and the daemon is a service."""
        for number, seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0)):
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            with contextlib.suppress(AssertionError):
                until(lambda: not self.processes(), seconds)
                return

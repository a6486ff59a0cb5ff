"""A home folder, the commands that are run in it, and what runs for it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from polaris.db.embedded import Server

POLARIS = [sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())"]


class Machine:
    """A home and the commands that are run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
        self.environment = kept | {
            "POLARIS_HOME": str(home),
            "POLARIS_PORT": "0",
            "LOGNAME": "Manu P",
            "USER": "Manu P",
        }
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*POLARIS, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        self.running.append(process)
        return process

    def up(self, *words: str) -> tuple[subprocess.Popen[str], str]:
        process = self.start("up", "--port=0", *words)
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), line + (process.communicate()[1] or "")
        return process, line.split()[1]

    def run(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*POLARIS, *words], capture_output=True, text=True, env=self.environment, timeout=seconds, check=False
        )

    def processes(self) -> dict[int, str]:
        """What runs for this home, by the command line or the environment: ``{pid: words}``."""
        found = {}
        marks = (f"POLARIS_HOME={self.home}".encode(), str(Server(self.home).data).encode())
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                environment = (folder / "environ").read_bytes().split(b"\0")
                if words and (marks[0] in environment or marks[1] in words):
                    found[int(folder.name)] = words.replace(b"\0", b" ").decode()
        return found

    def part(self, word: str) -> int:
        return self.one(f"{word} --port")

    def one(self, words: str) -> int:
        """The one process of this home with these words in its command line."""
        (pid,) = (pid for pid, said in self.processes().items() if f" {words}" in said)
        return pid


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this did not become true in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

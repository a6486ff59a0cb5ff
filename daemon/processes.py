"""Telling one process from the next one with the same number: a pid and its start time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def started(pid: int) -> str | None:
    """When *pid* began, in the system's own notation; None when there is no such process or it cannot be told."""
    if sys.platform.startswith("linux"):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The command may hold blanks and brackets: the fields begin after the last bracket; 22 is the start time.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else fields[19]
    return _ps(pid, "lstart") or None


def arguments(pid: int) -> list[str]:
    """The command line of *pid*, word by word; empty when it cannot be told."""
    if sys.platform.startswith("linux"):
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            return []
    return _ps(pid, "args").split()


def folder(pid: int) -> str | None:
    """The directory that *pid* is in; None when it cannot be told, as on macOS."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def _ps(pid: int, field: str) -> str:
    if os.name != "posix":
        return ""
    try:
        asked = subprocess.run(
            ["ps", "-o", f"{field}=", "-p", str(pid)], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()


def gone(pid: int | None, start: str | None) -> bool:
    """Whether the process is surely over; what was never seen alive is not judged."""
    return pid is not None and start is not None and started(pid) != start

"""What the user of this machine has said about capture: ``machine.json`` in the home folder.

Directories of which nothing is ever captured, agents that are switched off, and whether advice may wake a session that
asks for no permissions. Commands write it; the daemon looks again whenever the file has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polaris import log
from polaris.errors import Misconfigured
from polaris.settings import write_private

LOG = log.get("polaris.machine")


@dataclass(frozen=True)
class Machine:
    """The settings at one moment. ``excluded`` are absolute paths without links; all are sorted."""

    excluded: tuple[str, ...] = ()
    agents_off: tuple[str, ...] = ()
    bypass: bool = False

    def excludes(self, paths: Iterable[str]) -> bool:
        """Whether one of these absolute paths lies in an excluded directory, by parts: ``/a/bc`` is not in ``/a/b``."""
        return bool(self.excluded) and any(_within(real(path), self.excluded) for path in paths)


def file_of(home: Path) -> Path:
    return home / "machine.json"


def read(file: Path) -> Machine:
    """What the file says; without one nothing is excluded. Raises `Misconfigured` when it cannot be understood."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Machine()
    except (OSError, ValueError) as error:
        raise _broken(file) from error
    if not isinstance(told, dict):
        raise _broken(file)
    excluded, off, bypass = told.get("excluded", []), told.get("agents_off", []), told.get("bypass", False)
    if not _texts(excluded) or not _texts(off) or not isinstance(bypass, bool):
        raise _broken(file)
    return Machine(tuple(sorted({real(one) for one in excluded})), tuple(sorted(set(off))), bypass)


def write(file: Path, machine: Machine) -> None:
    write_private(file, json.dumps(asdict(machine), indent=2) + "\n")


def real(path: str) -> str:
    """The path itself: absolute, without links and ``~``."""
    return os.path.realpath(os.path.expanduser(path))


class Watched:
    """The settings as they are now; the file is read again when it is another one or has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = _stamp(file)
        # At the start a broken file stops the daemon: it would capture what it should not.
        self._machine = read(file)

    def now(self) -> Machine:
        if (stamp := _stamp(self._file)) != self._seen:
            try:
                self._machine = read(self._file)
                LOG.info("the settings of capture have changed")
            except Misconfigured as error:
                LOG.warning("the settings of capture stay as they were", extra={"error": error.message})
            self._seen = stamp
        return self._machine


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _broken(file: Path) -> Misconfigured:
    return Misconfigured(
        f"{file} cannot be understood.",
        code="machine_settings_broken",
        hint="Mend it, or remove it and use `polaris capture exclude` again.",
    )

"""The shipped SQL as files: what there is, and one checksum for each.

``migrations/NNNN_*.sql`` run once, in order, and are never edited. ``functions/**/*.sql`` describe functions, views and
triggers as they should be now. Nothing here talks to a database.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from polaris import resources

_ROUTINE = re.compile(r"(?im)^\s*create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(\w+\.\w+)\s*\(")
_RUNS_AS = re.compile(r"(?i)--\s*runs as:\s*(\w+)\s*")


@dataclass(frozen=True)
class Source:
    """One SQL file. *name* is its path below ``sql``, such as ``functions/30_sessions/claim_driver.sql``."""

    name: str
    path: Path
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def runs_as_admin(self) -> bool:
        """Whether the head of the file says ``-- runs as: admin``; everything else runs as ``polaris_owner``."""
        for line in self.text.splitlines():
            if line.strip() and not line.lstrip().startswith("--"):
                return False
            if found := _RUNS_AS.fullmatch(line.strip()):
                return found[1].lower() == "admin"
        return False


def folder() -> Path:
    """The folder of the SQL that was installed with this package."""
    return resources.path("sql")


def migrations(below: Path) -> list[Source]:
    """The migrations in the order in which they run."""
    return _read(below, sorted((below / "migrations").glob("*.sql")))


def functions(below: Path) -> list[Source]:
    """The repeatable files in the order in which they run: by path."""
    return _read(below, sorted((below / "functions").rglob("*.sql"), key=lambda path: path.as_posix()))


def routines(below: Path) -> Counter[str]:
    """How often each ``schema.name`` is defined as a function or procedure; an overload counts twice."""
    latest: Counter[str] = Counter()
    for source in functions(below):
        latest.update(name.lower() for name in _ROUTINE.findall(source.text))
    for source in migrations(below):
        # A function that defaults and indexes need is defined by a migration; a later one may replace it.
        for name in _ROUTINE.findall(source.text):
            latest[name.lower()] = max(latest[name.lower()], 1)
    return latest


def digest(below: Path | None = None) -> str:
    """One checksum over all files: equal to ``polaris_meta.digest()`` of a database that is up to date."""
    root = below or folder()
    lines = sorted(f"{source.name} {source.sha256}\n" for source in [*migrations(root), *functions(root)])
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _read(below: Path, paths: list[Path]) -> list[Source]:
    return [Source(path.relative_to(below).as_posix(), path, path.read_text(encoding="utf-8")) for path in paths]

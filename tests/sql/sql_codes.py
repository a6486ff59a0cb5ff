"""Every machine code by which SQL refuses something, collected from the files.

``codes()`` is for the test of the docs too: docs/errors.md names each of them.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "sql"

FAIL = re.compile(r"polaris_data\.fail\(\s*(\d{3}|v_\w+),\s*'(\w+)'")
PUSHED = re.compile(r"(?s)select array_agg\(\s*case(.*?)\bend order by")
WRITTEN = re.compile(r"then '(\w+_taken)'")
CALLED = re.compile(r"(?s)create or replace function polaris\.(\w+)\s*\((.*?)\)\s*\n?returns")
CONSTRAINT = re.compile(r"(?i)\bconstraint (\w+)\s+(?:check|unique)|create unique index (\w+)")


def functions() -> dict[str, str]:
    """The text of every function file, by its path below sql/functions."""
    folder = ROOT / "functions"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.sql"))}


def called() -> dict[str, set[str]]:
    """The functions of schema polaris with the names of their arguments."""
    found = CALLED.findall("\n".join(functions().values()))
    return {name: set(re.findall(r"\bp_\w+", arguments)) for name, arguments in found}


def raised(text: str) -> set[str]:
    """The codes that one function's own body raises."""
    return {code for _, code in FAIL.findall(text)}


def pushed() -> set[str]:
    """The codes that push_events puts on single events."""
    text = functions()["40_events/push_events.sql"]
    (cases,) = PUSHED.findall(text)
    return set(re.findall(r"then '(\w+)'", cases)) | set(WRITTEN.findall(functions()["40_events/write_events.sql"]))


def constraints() -> set[str]:
    """Names of checks and unique constraints: they surface as codes when a function did not look first."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "migrations").glob("*.sql")))
    return {first or second for first, second in CONSTRAINT.findall(text)}


def codes() -> set[str]:
    """All of them."""
    found = pushed() | constraints()
    for text in functions().values():
        found |= raised(text)
    return found

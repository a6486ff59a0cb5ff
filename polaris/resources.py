"""Finds the files that Polaris ships beside its code: ``sql``, ``hooks`` and ``skills``.

They are found by package name, so that a wheel, an editable install and the sources behave alike.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

Kind = Literal["sql", "hooks", "skills"]


def path(kind: Kind, name: str = "") -> Path:
    """The path of one shipped file, or of the folder itself; a wheel is always installed unpacked."""
    return Path(str(files(f"polaris.{kind}"))) / name


def text(kind: Kind, name: str) -> str:
    """The text of one shipped file."""
    return path(kind, name).read_text(encoding="utf-8")

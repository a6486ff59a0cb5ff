"""One file of one agent with everything of ours that goes into it: what it would be with us, and without us."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polaris import resources
from polaris.install import jsonc, toml
from polaris.install.edits import CopyEdit, Edit, EntryEdit, Place, StatusEdit, edit_of, quoted
from polaris.install.files import CannotInstall, sha256
from polaris.install.machine import Found
from polaris.install.record import Record
from polaris.install.shapes import Entry, Hooks
from polaris.settings import Settings

# Whose files the scripts are in the record: everybody's.
SCRIPTS = ""


class Own:
    """A file in the home folder that is made anew at each installation."""

    why = "what the agents start"

    def __init__(self, text: str, what: str) -> None:
        self._text, self._what = text, what

    def says(self) -> str:
        return self._what

    def add(self, text: str) -> str:
        return self._text

    def take(self, text: str, before: str | None) -> str:
        return before or ""


@dataclass(frozen=True)
class Target:
    """``file`` is named as the user names it; a link in it is followed when it is read and written."""

    agent: str
    file: Path
    edits: Sequence[Edit]
    mode: int | None = None

    def only(self, edit: Edit | None) -> Target:
        """The same file with one of the parts, or with none."""
        return Target(self.agent, self.file, [] if edit is None else [edit], self.mode)

    @property
    def whole(self) -> bool:
        return any(isinstance(edit, (CopyEdit, Own)) for edit in self.edits)

    @property
    def status(self) -> StatusEdit | None:
        return next((edit for edit in self.edits if isinstance(edit, StatusEdit)), None)

    @property
    def by_command(self) -> EntryEdit | None:
        """The part that the program's own command puts in."""
        found = [edit for edit in self.edits if isinstance(edit, EntryEdit) and edit.part.add]
        return found[0] if len(self.edits) == 1 and found else None

    def with_us(self, current: bytes | None) -> bytes:
        """What the file becomes. Raises `CannotInstall` when it cannot be understood."""
        if self.whole:
            return self.edits[0].add("").encode()
        text = self._text(current)
        made = text.strip("\ufeff \t\r\n") == ""
        if made and not self._toml:
            text = ("\ufeff" if text.startswith("\ufeff") else "") + "{}\n"
        return self._edited(text, None, add=True).encode()

    def without_us(self, current: bytes | None, record: Record) -> bytes | None:
        """What the file would be if we had never come; None for no file."""
        entry = record.entries.get(str(self.file))
        before = record.before(self.file)
        if current is None:
            return None
        if entry is not None and sha256(current) == entry.after:
            return before
        if self.whole:
            return before if entry is not None or b"bin/polaris" in current else current
        text = self._text(current)
        if not text.strip("\ufeff \t\r\n"):
            return current
        known = self._text(before) if before is not None else "{}" if entry is not None and not self._toml else None
        if known is not None and not self._toml and not known.strip("\ufeff \t\r\n"):
            known = "{}"
        bare = self._edited(text, known, add=False)
        if entry is not None and entry.before is None and bare.strip("\ufeff \t\r\n") in ("", "{}"):
            return None
        return bare.encode()

    def wrapped(self, before: bytes | None) -> str | None:
        """The user's own status line, which ours shows beside its own."""
        return self.status.wrapped(self._text(before)) if self.status and before is not None else None

    @property
    def _toml(self) -> bool:
        return self.file.suffix == ".toml"

    def _text(self, data: bytes | None) -> str:
        try:
            return (data or b"").decode()
        except UnicodeDecodeError:
            raise CannotInstall(f"{self.file} is not UTF-8.", code="install_not_parsed") from None

    def _edited(self, text: str, before: str | None, *, add: bool) -> str:
        try:
            toml.parse(text) if self._toml else jsonc.parse(text)
            for edit in self.edits if add else reversed(self.edits):
                text = edit.add(text) if add else edit.take(text, before)
        except (jsonc.NotJson, toml.NotToml) as error:
            kind = "TOML" if self._toml else "JSON"
            raise CannotInstall(
                f"{self.file} is no {kind} that can be read: {error}.",
                code="install_not_parsed",
                hint="Mend it, then run this again. It was left as it is.",
            ) from None
        except jsonc.NotFitting as error:
            raise CannotInstall(f"{self.file}: {error}.", code="install_not_fitting") from None
        return text


def targets_of(found: Found, settings: Settings, user_home: Path) -> list[Target]:
    """The files of one agent; parts of the same file are one target."""
    place = Place(found.name, settings.home, found.config, found.version, user_home, found.moved)
    files: dict[Path, list[Edit]] = {}
    for part in found.install.parts:
        file = place.file(part)
        if not (isinstance(part, (Hooks, Entry)) and part.only_there) or file.exists():
            files.setdefault(file, []).append(edit_of(part, place))
    return [Target(found.name, file, edits) for file, edits in files.items()]


def scripts(settings: Settings, user_home: Path) -> list[Target]:
    """What lies in the home's ``bin``: copies, so that a Python environment which is removed breaks no agent."""
    folder = settings.home / "bin"
    export = "" if settings.home == user_home / ".polaris" else f"export POLARIS_HOME={quoted(str(settings.home))}\n"
    # -P: not what lies in the folder where the agent works.
    command = f'#!/bin/sh\n{export}exec {quoted(sys.executable)} -P -m polaris.cli "$@"\n'
    return [
        Target(SCRIPTS, folder / "polaris", [Own(command, "the command of this home")], 0o755),
        Target(SCRIPTS, folder / "capture.sh", [Own(resources.text("hooks", "capture.sh"), "the hook")], 0o755),
        Target(
            SCRIPTS, folder / "statusline.sh", [Own(resources.text("hooks", "statusline.sh"), "the status line")], 0o755
        ),
    ]


def value_at(data: bytes | None, path: Sequence[str]) -> object:
    """What a JSON file says at *path*; None for nothing, and for a file that cannot be read."""
    try:
        node = jsonc.find(jsonc.parse((data or b"").decode()), path)
    except (ValueError, RecursionError):
        return None
    return None if node is None else json.loads(json.dumps(node.value))

"""What was put where: ``installed.json`` in the home folder, and the files as they were without us beside it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from polaris.errors import Misconfigured
from polaris.install.files import read
from polaris.settings import write_private


@dataclass(frozen=True)
class Entry:
    """One file: whose it is, what it held when we left it, the folders that were made for it.

    ``before`` is the name of the backup that holds it without us; None when there was no file.
    """

    agent: str
    after: str
    before: str | None
    folders: list[str] = field(default_factory=list)


class Record:
    """``installed.json`` of one home."""

    def __init__(self, home: Path) -> None:
        self.file, self.backups = home / "installed.json", home / "backups"
        self.entries: dict[str, Entry] = {}
        try:
            saved = json.loads(self.file.read_bytes())
            self.entries = {name: Entry(**entry) for name, entry in saved["files"].items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Misconfigured(
                f"{self.file} cannot be read: {error}",
                hint="Remove it: what belongs to Polaris is then told by its names.",
            ) from error

    def before(self, file: Path) -> bytes | None:
        """What *file* held without us, as the record knows it."""
        entry = self.entries.get(str(file))
        return read(self.backups / entry.before) if entry and entry.before else None

    def note(self, file: Path, agent: str, after: str, before: bytes | None, folders: list[str]) -> None:
        old = self.entries.get(str(file))
        name = None
        if before is not None:
            self.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{file.name}.{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
            _write(self.backups / name, before)
        made = [*(old.folders if old else []), *folders]
        self.entries[str(file)] = Entry(agent, after, name, made)
        self._save()

    def forget(self, file: Path) -> None:
        entry = self.entries.pop(str(file), None)
        if entry is None:
            return
        if entry.before:
            (self.backups / entry.before).unlink(missing_ok=True)
        self._save()

    def _save(self) -> None:
        if self.entries:
            saved = {"version": 1, "files": {name: dataclasses.asdict(entry) for name, entry in self.entries.items()}}
            write_private(self.file, json.dumps(saved, indent=2) + "\n")
            return
        self.file.unlink(missing_ok=True)
        if self.backups.exists() and not any(self.backups.iterdir()):
            self.backups.rmdir()


def _write(file: Path, data: bytes) -> None:
    from polaris.install import files

    files.replace(file, data, read(file), mode=0o600)

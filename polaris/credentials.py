"""Saved credentials: the profiles of ``credentials.json`` (0600 in a folder 0700), changed in one step.

Reading and writing the file is `polaris.settings`'s; this module is what commands and the daemon do with profiles.
"""

from __future__ import annotations

import dataclasses
import json
import os
import stat
from pathlib import Path
from typing import Any

from polaris.errors import Misconfigured
from polaris.settings import Credential, Settings, read_credentials, save_credential, write_private

__all__ = ["Credential", "acting", "check_private", "find", "names", "remove", "save"]


def names(file: Path) -> list[str]:
    """The names of all profiles, the default one first."""
    saved = read_credentials(file)
    return sorted(saved["profiles"], key=lambda name: (name != saved["default"], name))


def find(file: Path, name: str | None = None) -> Credential | None:
    """One saved profile (default: the default one), or None. Raises `Misconfigured` where it lacks a part."""
    saved = read_credentials(file)
    name = name or saved["default"]
    found = saved["profiles"].get(name)
    return None if found is None else _credential(file, name, found)


def save(file: Path, name: str, credential: Credential, *, default: bool = True) -> None:
    """Writes one profile; everything else in the file stays as it is."""
    check_private(file.parent)
    save_credential(file, name, credential, default=default)


def remove(file: Path, name: str) -> bool:
    """Forgets one profile; answers whether it was there. The next one by name becomes the default."""
    saved = read_credentials(file)
    if saved["profiles"].pop(name, None) is None:
        return False
    if not saved["profiles"]:
        file.unlink(missing_ok=True)
        return True
    if saved["default"] == name:
        saved["default"] = min(saved["profiles"])
    write_private(file, json.dumps(saved, indent=2) + "\n")
    return True


def acting(settings: Settings, profile: str | None = None, token: str | None = None) -> Credential:
    """Whom to act as: *profile* or the settings' own, with ``POLARIS_URL`` and then *token* put over it.

    A token that is not the profile's own leaves ``org`` and ``actor`` empty: only the service knows whose it is.
    Raises `Misconfigured` when nothing names a service and a token.
    """
    chosen = settings.replace(profile=profile) if profile else settings
    return (chosen.replace(token=token) if token else chosen).credential()


def check_private(folder: Path) -> None:
    """Makes *folder* with 0700, or takes away from others what they may do in it.

    Raises `Misconfigured` when it belongs to somebody else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise Misconfigured(f"{folder} belongs to another user.", hint="Set POLARIS_HOME to a folder of your own.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)


def _credential(file: Path, name: str, found: Any) -> Credential:
    wanted = [field.name for field in dataclasses.fields(Credential)]
    if not isinstance(found, dict) or any(not isinstance(found.get(part), str) for part in wanted):
        raise Misconfigured(f"The profile {name!r} in {file} is not complete.", hint="Sign in again.")
    return Credential(**{part: found[part] for part in wanted})

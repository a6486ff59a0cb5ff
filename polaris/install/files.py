"""Reads and replaces files of the user: whole or not at all, and only if nobody else wrote meanwhile."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from polaris.errors import PolarisError


class CannotInstall(PolarisError):
    """A file cannot be changed; it is left as it is."""

    status, code = 409, "install_refused"


class Changed(Exception):
    """Somebody wrote the file since it was read."""


def read(file: Path) -> bytes | None:
    """What is in the file that *file* leads to; None where nothing is. Raises `CannotInstall`."""
    try:
        if file.is_symlink() and not file.exists():
            raise CannotInstall(f"{file} is a link to a file that does not exist.", code="install_dead_link")
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotInstall(f"{file} cannot be read: {error.strerror}.", code="install_not_readable") from error


def sha256(data: bytes | None) -> str:
    """The name of a content; "" for no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def replace(file: Path, data: bytes, expected: bytes | None, *, mode: int | None = None) -> list[str]:
    """Puts *data* in place of *expected* in one step; answers the folders that had to be made, outermost first.

    A link stays a link: what it leads to is replaced. Mode and owner stay. Raises `Changed` when the file holds
    something else than *expected*, `CannotInstall` when it cannot be written.
    """
    real = Path(os.path.realpath(file))
    made: list[str] = []
    try:
        for folder in reversed([real.parent, *real.parent.parents]):
            if not folder.exists():
                folder.mkdir(mode=0o700)
                made.append(str(folder))
        about = real.stat() if expected is not None else None
        if about is not None and not about.st_mode & stat.S_IWUSR:
            raise CannotInstall(f"{file} is read-only.", code="install_read_only", hint=f"chmod u+w {file}")
        descriptor, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.polaris-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            if about is not None and (about.st_uid, about.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):  # a group that one is not in; the owner is one's own then
                    os.chown(name, about.st_uid, about.st_gid)
            os.chmod(name, mode if mode is not None else stat.S_IMODE(about.st_mode) if about is not None else 0o600)
            if read(real) != expected:
                raise Changed
            os.replace(name, real)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotInstall(f"{file} cannot be written: {error.strerror}.", code="install_not_writable") from error
    return made


def drop(file: Path, expected: bytes | None) -> None:
    """Removes a file that holds *expected*. Raises `Changed` when it holds something else."""
    try:
        if read(file) != expected:
            raise Changed
        file.unlink(missing_ok=True)
    except OSError as error:
        raise CannotInstall(f"{file} cannot be removed: {error.strerror}.", code="install_not_writable") from error


def drop_folders(folders: list[str]) -> None:
    """Removes those of *folders* that are empty, the inmost first."""
    for folder in sorted(folders, key=len, reverse=True):
        with suppress(OSError):
            os.rmdir(folder)


def shown(file: Path | str, user_home: Path) -> str:
    """A path as people write it: with ``~``."""
    with suppress(ValueError):
        return f"~/{Path(file).relative_to(user_home)}"
    return str(file)

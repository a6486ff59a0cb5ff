"""Reading small files that others wrote, in whatever state their folder is."""

from __future__ import annotations

import os
import stat

# mtime in nanoseconds, inode, size, device.
Stamp = tuple[int, int, int, int]


def stamp(path: str) -> Stamp | None:
    """By what a change of a plain file is seen; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size, found.st_dev) if stat.S_ISREG(found.st_mode) else None


def read(path: str, limit: int) -> bytes | None:
    """All of a plain file of at most *limit* bytes, else None; a pipe or a device keeps nobody waiting."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(number, "rb") as opened:
        try:
            data = opened.read(limit + 1) if stat.S_ISREG(os.fstat(number).st_mode) else None
        except OSError:
            return None
    return data if data is not None and len(data) <= limit else None

"""What git says of the folder that a command runs in."""

from __future__ import annotations

import subprocess

SECONDS = 10


def git(*words: str, folder: str = ".") -> str | None:
    """What git prints, without the last line break; None where it fails, or is not there."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n") if done.returncode == 0 else None

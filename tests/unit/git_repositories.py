"""Real git repositories for tests: made by git itself, without anything of the machine's own settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Priya",
    "GIT_AUTHOR_EMAIL": "priya@acme.example",
    "GIT_COMMITTER_NAME": "Priya",
    "GIT_COMMITTER_EMAIL": "priya@acme.example",
    "LC_ALL": "C",
}


def git(folder: Path, *words: str, **more: str) -> str:
    """What git prints, both streams, without the last line break; *more* goes into its environment."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env=ENVIRONMENT | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.rstrip("\n")


def repository(folder: Path, remote: str | None = "git@github.com:acme/shop.git") -> Path:
    """A repository on branch main without a commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    if remote is not None:
        git(folder, "remote", "add", "origin", remote)
    return folder


def commit(folder: Path, subject: str = "work", *words: str) -> str:
    """Makes a commit; answers its name."""
    git(folder, "commit", "-q", "--allow-empty", "-m", subject, *words)
    return git(folder, "rev-parse", "HEAD")

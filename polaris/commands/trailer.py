"""`polaris trailer`: commits of a connected coding session name it in their message."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.commands.here import status_here
from polaris.commands.worktree import git
from polaris.errors import Conflict, NotFound, PolarisError

NAME = "prepare-commit-msg"
MARK = "# Made by `polaris trailer on`; `polaris trailer off` takes it away."
# The hook that was there keeps its name, which some programs go by.
BEFORE = "before-polaris"
HOOK = """#!/bin/sh
{mark}
# Commits of a connected coding session get a line `Polaris-Session: project/session`. It never stops a commit.
before="$(dirname -- "$0")/{folder}/{name}"
if [ -x "$before" ]; then "$before" "$@" || exit; fi
case "$2" in message | merge | squash | commit) ;; *) exit 0 ;; esac
[ "$CLAUDE_CODE_SESSION_ID$CLAUDE_PID" ] || exit 0
trailer=$({polaris} trailer show 2>/dev/null) || exit 0
[ "$trailer" ] && git interpret-trailers --in-place --if-exists addIfDifferent --trailer "$trailer" "$1" 2>/dev/null
exit 0
"""


class Trailer(Group):
    """A line `Polaris-Session: project/session` in the commits of connected sessions of this repository."""

    @command
    async def on(self) -> Result:
        """Makes the hook that adds the line; a hook that is there is kept, and runs first."""
        folder = _hooks()
        hook, before = folder / NAME, folder / BEFORE / NAME
        if hook.is_symlink() or (hook.exists() and not _is_ours(hook)):
            if os.path.lexists(before):
                raise Conflict(
                    f"{hook} was put beside another one that is kept in {before}.",
                    code="hook_was_changed",
                    hint="Keep the one that you want as the first, remove the second, and say it again.",
                )
            before.parent.mkdir(exist_ok=True)
            os.rename(hook, before)
        _write(hook)
        lines = [f"Commits of connected sessions name them from now on ({hook})."]
        if os.path.lexists(before):
            lines.append(f"Your own hook runs before it: {before}")
        return Result({"hook": str(hook), "before": str(before) if os.path.lexists(before) else None}, lines)

    @command
    async def off(self) -> Result:
        """Takes the hook away again, and puts back what was there before."""
        folder = _hooks()
        hook, before = folder / NAME, folder / BEFORE / NAME
        if os.path.lexists(hook) and not _is_ours(hook):
            raise Conflict(
                f"{hook} is not what `polaris trailer on` made.", code="hook_was_changed", hint="Look at it yourself."
            )
        was_there = os.path.lexists(hook)
        if os.path.lexists(before):
            os.replace(before, hook)
            before.parent.rmdir()
        elif was_there:
            hook.unlink()
        words = "Commits name no sessions any more." if was_there else "There was no such hook here."
        return Result({"removed": was_there}, [words])

    @command
    async def show(self) -> Result:
        """Prints the line for the coding session that one is in; nothing where none is connected as a driver."""
        try:
            status = await status_here()
        except PolarisError:
            status = {}
        place = None
        drives = status.get("role") == "driver" and status.get("state") == "active" and not status.get("paused")
        if drives and status.get("session"):
            place = f"{status['project']}/{status['session']}"
        line = f"Polaris-Session: {place}" if place else None
        return Result({"trailer": line}, [line] if line else [])


def _hooks() -> Path:
    """Where git looks for the hooks of this repository. Raises when that is not the repository's own folder."""
    told, common = git("rev-parse", "--git-path", "hooks"), git("rev-parse", "--git-common-dir")
    if told is None or common is None:
        raise NotFound("There is no git repository here.", code="no_repository", hint="Go into its folder first.")
    folder = Path(os.path.realpath(told))
    if not folder.is_relative_to(os.path.realpath(common)):
        raise Conflict(
            f"The hooks of this repository lie in {folder}, which others share.",
            code="hooks_lie_elsewhere",
            hint=f"Call `polaris trailer show` in their {NAME} yourself; docs/git.md shows how.",
        )
    return folder


def _is_ours(hook: Path) -> bool:
    try:
        return not hook.is_symlink() and MARK.encode() in hook.read_bytes()
    except OSError:
        return False


def _write(hook: Path) -> None:
    """Puts the hook there in one step."""
    own = base.settings().home / "bin" / "polaris"
    words = [str(own)] if os.access(own, os.X_OK) else [sys.executable, "-P", "-m", "polaris.cli"]
    text = HOOK.format(mark=MARK, folder=BEFORE, name=NAME, polaris=shlex.join(words))
    hook.parent.mkdir(exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=hook.parent, prefix=f".{hook.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(name, 0o755)
        os.replace(name, hook)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

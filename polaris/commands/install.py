"""Putting Polaris into the coding agents of this machine, and taking it out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Exit

if TYPE_CHECKING:
    from polaris.install import Plan


class Install(Group):
    """Commands about the coding agents of this machine."""

    @command
    async def install(self, *, agent: str | None = None, dry_run: bool = False) -> Result:
        """Puts Polaris into the coding agents of this machine: hooks, tools, status line, the command /polaris.

        --agent    only this one: claude-code, codex, gemini-cli, opencode, cursor, windsurf, claude-desktop
        --dry-run  shows what would be changed, and changes nothing
        """
        from polaris import install

        made: Result = await base.in_thread(lambda: _done(install.plan(base.settings(), agent=agent), dry_run))
        return made

    @command
    async def uninstall(self, *, agent: str | None = None, dry_run: bool = False) -> Result:
        """Takes Polaris out of the coding agents again; what is yours stays, or comes back as it was.

        --agent    only out of this one
        --dry-run  shows what would be changed, and changes nothing
        """
        from polaris import install

        made: Result = await base.in_thread(lambda: _done(install.plan_removal(base.settings(), agent=agent), dry_run))
        return made


def _done(plan: Plan, dry_run: bool) -> Result:
    lines = plan.lines(colour=sys.stdout.isatty())
    refused = len(plan.refused)
    if not dry_run and plan:
        plan.carry_out()
        lines += [f"Refused: {one.error}" for one in plan.refused[refused:]]
        lines.append("Removed." if plan.removes else "Done. `polaris uninstall` takes it out again.")
    elif dry_run and plan:
        lines.append("Nothing was changed: this is what would be done.")
    return Result(plan.data(), lines, Exit.FAILURE if plan.refused else Exit.OK)

"""``polaris doctor``: what is wrong on this machine, and what mends it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polaris import render
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Exit

if TYPE_CHECKING:
    from polaris.doctor import Finding

SIGNS = {"ok": ("✓", 32), "warn": ("!", 33), "fail": ("✗", 31)}


class Doctor(Group):
    """Commands that look after this machine."""

    @command
    async def doctor(self) -> Result:
        """Checks every joint from the coding agents to the service, and says which command mends what is wrong.

        Changes nothing. Exit code 0: nothing fails (there may be warnings); 1: something does.
        """
        from polaris import doctor

        found = await doctor.examine(base.settings())
        failed = sum(one.level == "fail" for one in found)
        data = {"findings": [one.data() for one in found], "failed": failed}
        colour = render.colour_wanted(sys.stdout)
        return Result(data, _lines(found, colour), Exit.FAILURE if failed else Exit.OK)


def _lines(found: Sequence[Finding], colour: bool) -> list[str]:
    width = max(len(one.joint) for one in found)
    lines, before = [], ""
    for one in found:
        sign, number = SIGNS[one.level]
        shown = f"\x1b[{number}m{sign}\x1b[0m" if colour else sign
        lines.append(f"{shown} {'' if one.joint == before else one.joint:<{width}}  {render.clean(one.text)}")
        if one.mend and one.level != "ok":
            mend = f"→ {render.clean(one.mend)}"
            lines.append(f"  {'':<{width}}  " + (f"\x1b[1m{mend}\x1b[0m" if colour else mend))
        before = one.joint
    failed, warned = (sum(one.level == level for one in found) for level in ("fail", "warn"))
    if failed or warned:
        words = [f"{failed} wrong" if failed else "", f"{warned} to look at" if warned else ""]
        return [*lines, "", ", ".join(filter(None, words)) + "."]
    return [*lines, "", "Everything is well."]

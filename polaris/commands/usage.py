"""What models used: tokens, and cost where agents report it."""

from __future__ import annotations

from typing import Any

from polaris.command import Group, Result, command
from polaris.commands import base

COUNTS = ("messages", "input", "cache read", "cache write", "output", "cost")


class Usage(Group):
    """Tokens and cost."""

    @command
    async def usage(
        self,
        project: str | None = None,
        session: str | None = None,
        *,
        by: str = "session",
        since: str | None = None,
        until: str | None = None,
        limit: int = 100,
    ) -> Result:
        """Shows how many tokens models used, in PROJECT, in one SESSION of it, or in all that you may see.

        Agents report tokens; only some report a cost, and nothing is reckoned from prices here. Input was neither read
        from the model's cache nor written to it.

        --by     session, person, project, day or model
        --since  only from a time on: 2026-11-01, 2026-11-01T12:00, or so long ago: 7d, 12h
        --until  only before a time
        --limit  how many lines; those with the most tokens, or the newest days
        """
        async with base.service() as client:
            rows = await client.usage(
                project, session, by=by, since=base.moment(since), until=base.moment(until), limit=limit
            )
        return Result(rows, base.table([_line(row, by) for row in rows], [by, *COUNTS]) or ["No agent told of any."])


def _line(row: dict[str, Any], by: str) -> dict[str, Any]:
    names = {
        "session": f"{row['project']}/{row['session']}",
        "person": row["actor"],
        "project": row["project"],
        "day": row["day"],
        "model": row["model"],
    }
    counts = {kind: f"{row[kind.replace(' ', '_') + '_tokens']:,}" for kind in COUNTS[1:5]}
    return {by: names[by], "messages": row["messages"], **counts, "cost": _cost(row)}


def _cost(row: dict[str, Any]) -> str | None:
    """A dash where no agent told one; a plus where others told none."""
    if row["cost_usd"] is None:
        return None
    return f"${row['cost_usd']:,.2f}" + ("+" if row["priced"] < row["messages"] else "")

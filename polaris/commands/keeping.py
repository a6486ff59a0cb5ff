"""What is kept and what is deleted: retention, legal holds, erasing, scrubbing."""

from __future__ import annotations

from typing import Any

from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Exit

SHOWN_EVENTS = 20


class Retention(Group):
    """How long events are kept. For administrators, but for `list`."""

    @command
    async def list(self) -> Result:
        """Lists how long events are kept; the line without a project is the organization's own word."""
        async with base.service() as client:
            rows = await client.retention()
        shown = [row | {"in_force": _days(row["in_force"]), "own": _days(row["keep_days"], "")} for row in rows]
        return Result(rows, base.table(shown, ["project", "in_force", "own", "first_seq", "set_by", "set_at"]))

    @command
    async def set(self, days: int, *, project: str | None = None) -> Result:
        """Keeps events for DAYS; what is older is deleted for good, within minutes.

        --project  only there; else in all projects that have no word of their own
        """
        async with base.service() as client:
            row = await client.set_retention(days, project)
        return Result(row, [f"Events of {_place(project)} are kept for {_days(row['in_force'])}."])

    @command
    async def clear(self, *, project: str | None = None) -> Result:
        """Takes the word back: a project follows the organization's then, the organization keeps everything.

        --project  that of this project
        """
        async with base.service() as client:
            row = await client.set_retention(None, project)
        return Result(row, [f"Events of {_place(project)} are kept for {_days(row['in_force'])}."])


class Hold(Group):
    """Legal holds: while one stands, nothing is deleted. For administrators."""

    @command
    async def place(self, reason: str, *, project: str | None = None) -> Result:
        """Places a hold, for REASON.

        --project  on this project; else on the whole organization
        """
        async with base.service() as client:
            row = await client.place_hold(reason, project)
        held = row["project"] or "the whole organization"
        return Result(row, [f"Hold {row['hold_id']}: nothing is deleted from {held} while it stands."])

    @command
    async def lift(self, hold: int) -> Result:
        """Lifts the hold of this number; what was put off goes on."""
        async with base.service() as client:
            row = await client.lift_hold(hold)
        return Result(row, [f"Hold {row['hold_id']} is lifted."])

    @command
    async def list(self) -> Result:
        """Lists the holds, the standing ones first."""
        async with base.service() as client:
            rows = await client.holds()
        columns = ["hold_id", "project", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at"]
        return Result(rows, base.table(rows, columns) or ["Nothing is held."])


class Erase(Group):
    """Takes away what was said; it cannot be undone. For administrators."""

    @command
    async def session(self, project: str, session: str, *, reason: str) -> Result:
        """Takes the content of SESSION away, up to now. Numbers, times and who drove it stay.

        --reason  for the audit log
        """
        async with base.service() as client:
            row = await client.erase_session(project, session, reason)
        return Result(row, [_begun(row)])

    @command
    async def person(self, participant: str, *, reason: str) -> Result:
        """Takes away what PARTICIPANT (`user:krishna`, `agent:ci`, `slack:krishna`) said in all projects, up to now.

        --reason  for the audit log
        """
        async with base.service() as client:
            row = await client.erase_person(participant, reason)
        return Result(row, [_begun(row)])

    @command
    async def list(self) -> Result:
        """Lists what was erased and what is under way, the newest first."""
        async with base.service() as client:
            rows = await client.erasures()
        shown = [row | {"state": _state(row), "what": _target(row)} for row in rows]
        return Result(
            rows,
            base.table(shown, ["erasure_id", "what", "state", "erased", "asked_by", "asked_at", "reason"])
            or ["Nothing was erased."],
        )


class Scrub(Group):
    """Commands that look through what was kept."""

    @command
    async def scrub(self, *, project: str | None = None, dry_run: bool = False) -> Result:
        """Takes secrets out of what was kept that today's rules of redaction find, and yesterday's did not.

        You have to be an administrator of the organization; it speaks SQL, as `polaris db` does. Safe while everything
        goes on, and to run again. The audit log says what was changed.

        --project  only this one
        --dry-run  only counts what would be changed
        """
        from polaris.commands.database import administrator
        from polaris.db import scrubbing

        with base.database() as urls:
            me = await administrator(urls.owner)
            found = await scrubbing.scrub(urls.owner, me, project, dry_run=dry_run)
        lines = [line for one in found for line in _scrubbed(one.data(), dry_run)]
        held = any(one.held for one in found)
        if not lines:
            lines = ["There is nothing to take out."]
        return Result([one.data() for one in found], lines, exit_code=Exit.FAILURE if held else Exit.OK)


def _days(count: int | None, never: str = "for ever") -> str:
    return never if count is None else base.counted(count, "day")


def _place(project: str | None) -> str:
    return project or "projects without a word of their own"


def _target(row: dict[str, Any]) -> str:
    return str(row["participant"] or f"{row['project']}/{row['session']}")


def _begun(row: dict[str, Any]) -> str:
    return f"What {_target(row)} said is being erased; `polaris erase list` says when it is done."


def _state(row: dict[str, Any]) -> str:
    if row["done_at"]:
        return "done"
    return "waits for a hold" if row["held"] else "under way"


def _scrubbed(found: dict[str, Any], dry_run: bool) -> list[str]:
    if found["held"]:
        return [f"{found['project']}: a legal hold stands on it, nothing was changed."]
    if not found["events"] and not found["texts"]:
        return []
    numbers = ", ".join(f"#{seq}" for seq in found["events"][:SHOWN_EVENTS])
    more = len(found["events"]) - SHOWN_EVENTS
    rules = ", ".join(f"{name} {count}" for name, count in sorted(found["rules"].items()))
    would = "would change" if dry_run else "changed"
    return [
        f"{found['project']}: {base.counted(len(found['events']), 'event')} and "
        f"{base.counted(found['texts'], 'other text')} {would} ({rules})",
        *([f"  {numbers}{f' and {more} more' if more > 0 else ''}"] if numbers else []),
    ]

"""The seat of a session as its driver, those who ask for it and administrators deal with it from a terminal."""

from __future__ import annotations

from typing import Any

from polaris import render
from polaris.asking import chosen
from polaris.command import Group, Result, command
from polaris.commands import base

Json = dict[str, Any]

NOTE_CHARACTERS = 60


class Seat(Group):
    """Who drives a session, and who asks to."""

    @command
    async def list(self, project: str, session: str) -> Result:
        """Lists who asked for the seat of SESSION, and what became of it; `polaris ask` asks."""
        async with base.service() as client:
            rows = await client.seat_requests(project, session)
        shown = [
            row | {"note": render.shortened(row["note"], NOTE_CHARACTERS), "state": row["ended_how"] or "waits"}
            for row in rows
        ]
        return Result(
            rows, base.table(shown, ["seq", "actor", "state", "asked_at", "expires_at", "note"]) or ["Nobody asks."]
        )

    @command
    async def give(self, project: str, session: str, who: str | None = None) -> Result:
        """Gives the seat that you hold to WHO asked for it; they alone may take it for five minutes.

        Inside a coding agent, /polaris give also delivers what was captured before.
        """
        row = await _answered(project, session, "give", who)
        return Result(row, [f"The seat of {project}/{session} is kept for {row['actor']} for five minutes."])

    @command
    async def decline(self, project: str, session: str, who: str | None = None, *, reason: str | None = None) -> Result:
        """Keeps the seat that WHO asked for; they are told.

        --reason  why
        """
        row = await _answered(project, session, "decline", who, reason)
        return Result(row, [f"{row['actor']} is told that you keep the seat of {project}/{session}."])

    @command
    async def withdraw(self, project: str, session: str) -> Result:
        """Takes your request for the seat of SESSION back."""
        async with base.service() as client:
            me = (await client.me())["actor"]
            request = chosen(await client.seat_requests(project, session), me, f"{project}/{session}")
            row = await client.answer_seat(project, session, request["seq"], "withdraw")
        return Result(row, [f"You do not ask for the seat of {project}/{session} any more."])

    @command
    async def take(self, project: str, session: str, reason: str) -> Result:
        """Takes the seat from whoever drives, for a REASON that everybody reads; administrators only.

        Join the session from your agent then; what the former driver's machine still delivers is marked as late.
        """
        async with base.service() as client:
            former = await client.session(project, session)
            row = await client.take_over(project, session, former["epoch"], reason)
        whose = former.get("driver") or former.get("reserved_for") or "nobody"
        lines = [f"You took the seat of {project}/{session} from {whose} (epoch {row['epoch']})."]
        return Result(row, [*lines, f"Drive it: `polaris join {project} {session}`, until {row['lease_until']}."])


async def _answered(project: str, session: str, answer: str, who: str | None, reason: str | None = None) -> Json:
    async with base.service() as client:
        request = chosen(await client.seat_requests(project, session), who, f"{project}/{session}")
        return await client.answer_seat(project, session, request["seq"], answer, reason)

"""What happened, in short, and what was marked: brief, context, annotate, decisions, close."""

from __future__ import annotations

import re
import sys
import uuid
from typing import Any

from polaris import render
from polaris.command import Group, Result, command
from polaris.commands import base

Json = dict[str, Any]

CHARACTERS = 6000
WORDS = 300
MANY = 200
# The parts of `polaris decisions`, in their order: title, what it is, whether it is still open.
PARTS = (
    ("Open questions", "question", True),
    ("Decisions", "decision", True),
    ("Answered", "question", False),
    ("Starred", "star", True),
)
_NUMBERS = re.compile(r"^#\d+(?:–#\d+)?")


class Memory(Group):
    """Commands that look back."""

    @command
    async def brief(
        self, project: str, session: str, *, since: str | None = None, characters: int = CHARACTERS
    ) -> Result:
        """Tells what a new driver of SESSION has to know: goal, last answer, decisions, what is open, what was done.

        Every line begins with the numbers of the events that it comes from.

        --since       only what came after an event (its number), since you drove, or since you looked
        --characters  at most so many
        """
        async with base.service() as client:
            found = await client.brief(project, session, characters, since=since)
        return Result(found, _told(found))

    @command
    async def context(
        self,
        project: str,
        session: str | None = None,
        *,
        by: str | None = None,
        since: str | None = None,
        characters: int = CHARACTERS,
    ) -> Result:
        """Tells what happened in PROJECT, or in one SESSION of it, from the record.

        --by          only what somebody (krishna, agent:ci) drove, asked, decided, answered and advised there
        --since       only what came after an event (its number), since you drove, or since you looked
        --characters  at most so many
        """
        who = f"user:{by}" if by and ":" not in by else by
        async with base.service() as client:
            found = await client.context(project, session, since=since, by=who, characters=characters)
        return Result(found, _told(found))

    @command
    async def annotate(
        self,
        project: str,
        what: str,
        text: str | None = None,
        *,
        session: str | None = None,
        about: int | None = None,
    ) -> Result:
        """Marks a decision, a question or a star (WHAT) in the record of PROJECT.

        TEXT says what was decided, or what is asked; - reads it from stdin. Only a star about an event needs none.

        --session  it is of this session; else of that of the event, or of the whole project
        --about    the number of the event that it is about
        """
        said = base.text_of(text) if text else ""
        async with base.service() as client:
            made = await client.annotate(
                project, what, said, session=session, about=about, client_id=f"cli:{uuid.uuid4()}"
            )
        place = project + (f"/{made['session']}" if made.get("session") else "")
        done = "is marked in" if made["created"] else "was there already in"
        return Result(made, [f"#{made['seq']} {what} {done} {place}."])

    @command
    async def close(self, project: str, number: int, text: str | None = None) -> Result:
        """Answers the question NUMBER of PROJECT with TEXT; takes a decision, or a star of yours, back.

        TEXT - is read from stdin.
        """
        said = base.text_of(text) if text else None
        async with base.service() as client:
            closed = await client.close_annotation(project, number, said, client_id=f"cli:{uuid.uuid4()}")
        done = {"question": "is answered", "decision": "is taken back", "star": "is gone"}[closed["what"]]
        return Result(closed, [f"The {closed['what']} #{number} {done} (#{closed['closed_seq']})."])

    @command
    async def decisions(self, project: str, *, session: str | None = None) -> Result:
        """Lists what was decided in PROJECT, which questions are open, and what was starred; the newest first.

        --session  only those of this session
        """
        async with base.service() as client:
            rows = await client.annotations(project, session, limit=MANY)
        lines: list[str] = []
        for title, what, is_open in PARTS:
            fits = [row for row in rows if row["what"] == what and (row["closed_at"] is None) == is_open]
            if fits:
                lines += [*([""] if lines else []), _painted(title), *(line for row in fits for line in _mark(row))]
        return Result(rows, lines or [f"Nothing was decided, asked or starred in {project} yet."])


def _told(found: Json) -> list[str]:
    """The lines of a brief, in colour on a terminal: titles and numbers stand out."""
    return [_painted(render.clean(line)) for line in str(found["text"]).splitlines()]


def _mark(row: Json) -> list[str]:
    where = f" on {row['session']}" if row.get("session") else ""
    words = render.shortened(row.get("body") or row.get("about_body") or "(no words)", WORDS)
    about = f" (about #{row['about']})" if row.get("about") else ""
    who = f"agent of {row['actor']}" if row["speaker"] == "agent" and row["actor"].startswith("user:") else row["actor"]
    lines = [_painted(render.clean(f"#{row['seq']} {who}{where}: {words}{about}"))]
    if row.get("closed_at"):
        answer = render.shortened(row.get("closed_body") or "(no words)", WORDS)
        lines.append(_painted(render.clean(f"#{row['closed_seq']} {row['closed_by']}: {answer}")))
    return lines


def _painted(line: str) -> str:
    if not render.colour_wanted(sys.stdout):
        return line
    number = _NUMBERS.match(line)
    return f"\033[36m{number[0]}\033[0m{line[number.end() :]}" if number else f"\033[1m{line}\033[0m"

"""Looking for something in the whole record."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

from polaris import render
from polaris.command import Group, Result, command
from polaris.commands import base

Json = dict[str, Any]

BEGIN, END = "\ue000", "\ue001"  # around what was looked for


class Search(Group):
    """The command that looks through the record."""

    @command
    async def search(
        self,
        *words: str,
        project: str | None = None,
        session: str | None = None,
        kind: str | None = None,
        by: str | None = None,
        since: str | None = None,
        until: str | None = None,
        file: str | None = None,
        limit: int = 20,
        before: str | None = None,
    ) -> Result:
        """Finds what was said and done, in all projects that you may see, the newest first.

        All WORDS have to be there; begin* finds longer words, or between two lets either do, '"a phrase"' has its words
        in order, 'deploy -production' keeps out. refreshToken, refresh_token and a path are found in whatever style
        they are asked for. Without WORDS the filters alone say what is shown.

        --project  only in this project
        --session  only in this session of --project
        --kind     only events of these kinds: prompt,reply,tool.call …
        --by       only what these did (krishna, agent:ci): prompts of krishna, and what krishna's agent did
        --since    only what was recorded since 2026-11-23, 2026-11-23T14:00, 90m, 24h, 7d or 2w ago
        --until    only what was recorded before
        --file     only calls of tools that name this file, by its path or the end of it
        --limit    at most so many (200)
        --before   goes on where a page ended, as it said
        """
        asked: Json = {
            "project": project,
            "session": session,
            "kind": _listed(kind),
            "actor": [one if ":" in one else f"user:{one}" for one in _listed(by)],
            "since": base.moment(since),
            "until": base.moment(until),
            "file": file,
            "limit": limit,
            "before": before,
        }
        colour = render.colour_wanted(sys.stdout)
        async with base.service() as client:
            found = await client.search(" ".join(words), **asked)
            floor = ""
            if colour and found["items"] and client.url.startswith("http"):
                floor = f"{client.url}/o/{quote((await client.me())['org'])}/p"
        lines = [text for row in found["items"] for text in _shown(row, colour, floor)]
        if found["next"]:
            lines.append(f"There is more: --before {found['next']}")
        return Result(found, lines or ["Nothing was found."])


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _shown(row: Json, colour: bool, floor: str) -> list[str]:
    """The two lines of one event; on a terminal the number is a link to its page."""
    place = row["project"] + (f"/{row['session']}" if row["session"] else "")
    actor = render.clean(row["actor"])
    who = f"agent of {actor}" if row["speaker"] == "agent" and actor.startswith("user:") else actor
    number, at = f"#{row['seq']}", row["recorded_at"][:16].replace("T", " ")
    if not colour:
        return [
            f"{place} {number}  {at}  {who}  {row['kind']}",
            "  " + render.clean(row["snippet"].replace(BEGIN, "").replace(END, "")),
        ]
    if floor:
        page = f"{floor}/{quote(row['project'])}/e/{row['seq']}"
        number = f"\x1b]8;;{page}\x1b\\{number}\x1b]8;;\x1b\\"
    return [
        f"\x1b[1m{place}\x1b[0m \x1b[36m{number}\x1b[0m  \x1b[2m{at}\x1b[0m  {who}  \x1b[2m{row['kind']}\x1b[0m",
        "  " + _marked(row["snippet"]),
    ]


def _marked(snippet: str) -> str:
    """What was looked for in bold; everything else cannot steer the terminal."""
    first, *parts = snippet.split(BEGIN)
    text = render.clean(first)
    for part in parts:
        hit, _, rest = part.partition(END)
        text += f"\x1b[1;33m{render.clean(hit)}\x1b[0m{render.clean(rest)}"
    return text

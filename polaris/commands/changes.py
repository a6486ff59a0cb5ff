"""Which session and which prompt made a change: `polaris log`."""

from __future__ import annotations

import os
import re
import sys
from typing import Any
from urllib.parse import quote

from polaris import render
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.commands.worktree import git
from polaris.errors import Misused, NotFound

Json = dict[str, Any]

HEX = re.compile(r"[0-9a-fA-F]{4,64}")
PROMPT_CHARACTERS = 160
SHORT = 10  # digits of a commit's name that are shown


class Log(Group):
    """The command that looks from the code back to the words."""

    @command
    async def log(
        self,
        project: str | None = None,
        session: str | None = None,
        *,
        commit: str | None = None,
        file: str | None = None,
        reads: bool = False,
        limit: int = 20,
    ) -> Result:
        """Tells which session and which prompt made a commit or changed a file; without either, PROJECT's commits.

        Every answer names the session, who drove it, the prompt, and the pages of both on the web.

        --commit  a commit: its name, also a short one, or what git understands in this folder (HEAD, a branch)
        --file    a file: in this folder, or the end of its path; the tool calls that changed it
        --reads   also the calls that only read the file
        --limit   at most so many (1000)
        """
        if commit is not None and file is not None:
            raise Misused("A commit or a file, not both at once.")
        async with base.service() as client:
            if commit is not None:
                rows = await _of_commit(client, commit)
                rows = [row for row in rows if project in (None, row["project"]) and session in (None, row["session"])]
            elif file is not None:
                rows = await client.file_changes(_path(file), project, reads=reads, limit=limit)
                rows = [row for row in rows if session in (None, row["session"])]
            elif project is not None:
                rows = await client.commits(project, session, limit=limit)
            else:
                raise Misused("Name a project, a commit or a file.", hint="polaris log --commit HEAD")
            floor = ""
            if rows and client.url.startswith("http"):
                floor = f"{client.url}/o/{quote((await client.me())['org'])}/p"
        for row in rows:
            row["page"] = _page(floor, row["project"], row.get("seq"))
            row["prompt_page"] = _page(floor, row["project"], row.get("prompt_seq"))
        colour = render.colour_wanted(sys.stdout)
        lines = [line for row in rows for line in (_change if "path" in row else _commit)(row, colour)]
        return Result(rows, lines or ["Nothing was found."])


async def _of_commit(client: Any, commit: str) -> list[Json]:
    """By the record; where that does not have the commit by this name, by the trailer that it has in this folder."""
    name = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if name is None and not HEX.fullmatch(commit):
        raise Misused(f"{render.clean(commit)} is no commit that git knows in this folder.")
    try:
        found: list[Json] = await client.find_commit(name or commit)
    except NotFound:
        places = _trailers(name) if name else []
        if not places:
            raise
        return [
            {"commit": name, "made": True, "project": project, "session": session, "by_trailer": True}
            for project, session in places
        ]
    made = [row for row in found if row["made"]]
    return made or found


def _trailers(name: str) -> list[tuple[str, str]]:
    """The sessions that a commit's message names: a rebase gives it another name and keeps them."""
    told = git("log", "-1", "--format=%(trailers:key=Polaris-Session,valueonly)", name) or ""
    pattern = r"([a-z0-9][a-z0-9-]{0,62})/([a-z0-9][a-z0-9-]{0,62})"
    places = (re.fullmatch(pattern, line.strip()) for line in told.splitlines())
    return [(found[1], found[2]) for found in places if found]


def _path(file: str) -> str:
    """A file of this folder by its path in the repository: elsewhere it lies in other folders."""
    prefix = git("rev-parse", "--show-prefix")
    top = git("rev-parse", "--show-toplevel")
    if prefix is None or not top or not os.path.exists(file):
        return file
    inside = os.path.relpath(os.path.realpath(file), os.path.realpath(top))
    return file if inside.startswith("..") else inside


def _page(floor: str, project: str, seq: int | None) -> str | None:
    return f"{floor}/{quote(project)}/e/{seq}" if floor and seq else None


def _commit(row: Json, colour: bool) -> list[str]:
    name = str(row["commit"])[:SHORT]
    if row.get("by_trailer"):
        place = f"{row['project']}/{row['session']}"
        return [f"{_bold(name, colour)}  {place}, by the trailer of its message; the record knows it by another name"]
    where = " ".join(render.clean(str(part)) for part in (row["repository"], row["branch"]) if part)
    subject = render.clean(str(row["subject"] or ""))
    return [
        "  ".join(part for part in (_bold(name, colour), subject, where) if part),
        *_who(row, "made" if row["made"] else "checked out"),
    ]


def _change(row: Json, colour: bool) -> list[str]:
    where = " ".join(render.clean(str(part)) for part in (row["branch"], str(row["commit"] or "")[:SHORT]) if part)
    head = "  ".join(part for part in (_bold(render.clean(row["path"]), colour), where) if part)
    return [head, *_who(row, "changed" if row["written"] else "read")]


def _who(row: Json, did: str) -> list[str]:
    at = str(row["at"])[:16].replace("T", " ")
    page = f"  {row['page']}" if row["page"] else ""
    lines = [f"  {did} in {row['project']}/{row['session']} by {render.clean(row['actor'])}  {at}  #{row['seq']}{page}"]
    if row["prompt_seq"]:
        page = f"  {row['prompt_page']}" if row["prompt_page"] else ""
        lines.append(f"  asked: {render.quoted(str(row['prompt']), PROMPT_CHARACTERS)}  #{row['prompt_seq']}{page}")
    return lines


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text

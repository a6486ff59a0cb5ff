"""Reading and checking the audit log."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from polaris import audit, render
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Exit, Misconfigured, Misused

Json = dict[str, Any]
INSTALLATION = 0  # the number of the log that belongs to no organization
PAGE = 1000


class Audit(Group):
    """The audit log: who did what to accounts, projects and the record."""

    @command
    async def verify(self, *, file: str | None = None, expect: str | None = None, installation: bool = False) -> Result:
        """Checks every row of the organization's log by itself; fails (exit code 1) at the first that is wrong.

        Prints an anchor: note it down elsewhere. A later check that expects it also finds a log that was rewritten or
        cut as a whole.

        --file          checks an export instead, without the service; - is stdin
        --expect        an anchor of an earlier check, such as 12:ab…
        --installation  checks the log of the installation, with the database's login
        """
        if file is not None and installation:
            raise Misused("--file and --installation are two logs.")
        anchors = [_anchor(expect)] if expect else []
        source = _of_file(file) if file is not None else _of_database() if installation else _of_service()
        try:
            async with aclosing(source):
                chain = await _checked(source, anchors)
        except audit.Broken as error:
            lines = [f"The log is broken. {error}"]
            return Result(
                {"whole": False, "audit_id": error.audit_id, "reason": error.reason}, lines, exit_code=Exit.FAILURE
            )
        lines = [f"{chain.rows} rows, all as they were written.", f"Anchor: {chain.head}"]
        if file is not None and not anchors:
            lines.append("Whether rows were cut from the end only an anchor can tell: --expect.")
        return Result({"whole": True, "rows": chain.rows, "anchor": str(chain.head)}, lines)

    @command
    async def list(self, *, lines: int = 50, after: int | None = None) -> Result:
        """Shows the newest rows of the organization's log.

        --lines  how many
        --after  begins with the row after this number instead
        """
        wanted = min(max(lines, 1), PAGE)
        async with base.service() as client:
            if after is None:
                after = max(0, int((await client.audit_head())["last_id"]) - wanted)
            rows: Any = (await client.audit(after=after, limit=wanted))["items"]
        shown = [row | {name: render.clean(row[name]) for name in ("target", "detail") if row[name]} for row in rows]
        return Result(rows, base.table(shown, ["audit_id", "at", "actor", "action", "target", "detail"]))

    @command
    async def export(self) -> None:
        """Writes the organization's whole log to stdout, one JSON object a line; the log notes that.

        `polaris audit verify --file` checks such a file anywhere.
        """
        async with base.service() as client:
            async for piece in client.export_audit():
                sys.stdout.write(piece)


async def _checked(source: AsyncGenerator[Json | audit.Anchor, None], anchors: Iterable[audit.Anchor]) -> audit.Chain:
    """Adds all rows; an anchor, which stands before them, is the head that the source says it has."""
    chain: audit.Chain | None = None
    known = [*anchors]
    async for item in source:
        if isinstance(item, audit.Anchor):
            known.append(item)
            continue
        chain = chain or audit.Chain(known)
        chain.add(item)
    chain = chain or audit.Chain(known)
    chain.end()
    return chain


async def _of_service() -> AsyncGenerator[Json | audit.Anchor, None]:
    async with base.service() as client:
        head = await client.audit_head()  # before the rows: what comes meanwhile is after it
        yield audit.Anchor(int(head["last_id"]), str(head["last_hash"]))
        after = 0
        while items := (page := await client.audit(after=after, limit=PAGE))["items"]:
            for row in items:
                yield row | {"org_id": page["org_id"]}
            after = int(items[-1]["audit_id"])


async def _of_database() -> AsyncGenerator[Json | audit.Anchor, None]:
    from polaris.db import auditing

    with base.database() as urls:
        async with auditing.opened(urls.owner, INSTALLATION) as log:
            yield audit.Anchor(*log.head)
            async for row in log.rows():
                yield row


async def _of_file(file: str) -> AsyncGenerator[Json | audit.Anchor, None]:
    try:
        with sys.stdin if file == "-" else Path(file).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(line, number)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from error


def _row(line: str, number: int) -> Json:
    try:
        found = json_text.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misconfigured(f"Line {number} is not a row of an export.")
    return found


def _anchor(text: str) -> audit.Anchor:
    try:
        return audit.Anchor.read(text)
    except ValueError as error:
        raise Misused(f"--expect: {error}.") from error

"""Today's rules of redaction over what was kept with yesterday's: the record, advice, posts for Slack.

Contents are read a page at a time, redacted here, and written back only where they changed, guarded by a hash of what
was read; search and all else that is made of them is made anew in the same transaction. What is met is told by numbers
and rules, never by its text.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

from polaris.db import calls, keeping_calls, pool, wire
from polaris.db.arrays import Longs, Texts
from polaris.db.founding import Standing
from polaris.db.keeping_calls import ContentRow
from polaris.errors import from_database
from polaris.redact import Redactor

PAGE = 100
_PLACEHOLDER = re.compile(r"\[REDACTED:([a-z0-9]{1,15}):[0-9a-f]{8}\]")


@dataclass
class Scrubbed:
    """What was found in one project; ``held``: a legal hold stands on it, so nothing was changed."""

    project: str
    events: list[int] = field(default_factory=list)
    texts: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    held: bool = False

    def data(self) -> dict[str, Any]:
        return {
            "project": self.project,
            "events": self.events,
            "texts": self.texts,
            "rules": dict(self.rules),
            "held": self.held,
        }


async def scrub(url: str, me: Standing, project: str | None = None, *, dry_run: bool = False) -> list[Scrubbed]:
    """Goes through one project or all of them, as the administrator *me*; with *dry_run* it only counts.

    Raises what the database refuses: 404 ``no_such_project``, 403 ``admin_only``.
    """
    redactor = Redactor(me.redaction_key)
    found = []
    try:
        async with await pool.connect(url, name="polaris scrub") as conn:
            projects = [project] if project else [p.name for p in await calls.list_projects(conn, me.org_id, me.actor)]
            for name in projects:
                one = Scrubbed(name)
                found.append(one)
                try:
                    await _events(conn, me, redactor, one, dry_run)
                    await _texts(conn, me, redactor, one, dry_run)
                except psycopg.Error as error:
                    if getattr(from_database(error), "code", "") != "legal_hold":
                        raise
                    one.held = True
    except psycopg.Error as error:
        raise from_database(error) from error
    return found


async def _events(conn: pool.Connection, me: Standing, redactor: Redactor, one: Scrubbed, dry_run: bool) -> None:
    after = 0
    while rows := await keeping_calls.read_for_scrub(conn, me.org_id, me.actor, one.project, after, PAGE):
        after = rows[-1].seq
        changed = [(row, new) for row in rows if (new := _redacted(redactor, row)) != row]
        if not changed:
            continue
        written = [row.seq for row, _ in changed]
        if not dry_run:
            done = await keeping_calls.scrub_events(
                conn,
                me.org_id,
                me.actor,
                one.project,
                Longs([new.seq for _, new in changed]),
                [new.hash for _, new in changed],
                Texts([new.body for _, new in changed]),
                [new.payload for _, new in changed],
                [new.facts for _, new in changed],
            )
            written = done.changed
        one.events += written
        for row, new in changed:
            if row.seq in set(written):
                for old_text, new_text in zip(row[1:4], new[1:4], strict=True):
                    one.rules += _rules(old_text or "", new_text or "")


async def _texts(conn: pool.Connection, me: Standing, redactor: Redactor, one: Scrubbed, dry_run: bool) -> None:
    place = key = ""
    while rows := await keeping_calls.read_texts_for_scrub(conn, me.org_id, me.actor, one.project, place, key, PAGE):
        place, key = rows[-1].place, rows[-1].key
        changed = [(row, new) for row in rows if (new := redactor.text(row.words)) != row.words]
        if not changed:
            continue
        count = len(changed)
        if not dry_run:
            count = await keeping_calls.scrub_texts(
                conn,
                me.org_id,
                me.actor,
                one.project,
                [row.place for row, _ in changed],
                [row.key for row, _ in changed],
                [row.hash for row, _ in changed],
                [new for _, new in changed],
            )
        one.texts += count
        for row, new in changed:
            one.rules += _rules(row.words, new)


def _redacted(redactor: Redactor, row: ContentRow) -> ContentRow:
    return row._replace(
        body=redactor.text(row.body), payload=_json(redactor, row.payload), facts=_json(redactor, row.facts)
    )


def _json(redactor: Redactor, text: str | None) -> str | None:
    """*text* itself, unless something is to be taken out."""
    if text is None:
        return None
    value = wire.loads(text.encode())
    new = redactor.value(value)
    return text if new is value or new == value else wire.dumps(new).decode()


def _rules(old: str, new: str) -> Counter[str]:
    """By which rules something was taken out, and how often."""
    return Counter(_PLACEHOLDER.findall(new)) - Counter(_PLACEHOLDER.findall(old))

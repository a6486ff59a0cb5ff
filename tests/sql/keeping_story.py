"""Retention, holds and erasures in the stories: time passes, and what is left of a text anywhere in the database."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from story import Place, Row, Story, event

NUMBERS = itertools.count(1)
REASON = "the customer asked for it"


def grow_old(story: Story, days: int, project: str = "pj", up_to: int = 2**62) -> None:
    """Lets a project's events up to a number be so many days older; only a superuser can."""
    with story.owner.transaction():
        story.owner.execute("set local session_replication_role = replica")
        story.owner.execute(
            """
            update polaris_data.events set recorded_at = recorded_at - %s
            where org_id = %s and project_id = %s and seq <= %s
            """,
            [timedelta(days=days), story.org, story.project_id(project), up_to],
        )


def numbers(story: Story, project: str = "pj") -> list[int]:
    return [e.seq for e in story.events(project, after=0)]


def prune(story: Story, project: str = "pj", limit: int = 500) -> Row:
    return story.prune_project(project_id=story.project_id(project), limit=limit)


def prune_all(story: Story, project: str = "pj", limit: int = 500) -> int:
    """As the keeper does it; answers how many events went."""
    pruned, more = 0, True
    while more:
        batch = prune(story, project, limit)
        pruned, more = pruned + batch.pruned, batch.more
    return pruned


def index(story: Story, project: str = "pj") -> None:
    """The tables made from the record catch up with it."""
    while story.index_events(project_id=story.project_id(project)):
        pass


def erase_all(story: Story, erasure: Row, limit: int = 200) -> int:
    """As the keeper does it, to the end; answers how many events became tombstones."""
    erased = 0
    while True:
        batch = story.erase_batch(erasure=erasure.erasure_id, limit=limit)
        erased += batch.erased
        if batch.done or batch.waits:
            return erased


def told(word: str, n: int, **more: Any) -> dict[str, Any]:
    """An event that tells *word* in all that can be taken away: not in its names."""
    return event(
        f"c-{next(NUMBERS)}",
        body=f"{word} in the text",
        payload={"tool_name": "Edit", "tool_input": {"file_path": f"/src/{word}.py"}, "words": word},
        facts={"repository": f"example.com/{word}", "branch": word, "commit": f"{n:040x}"},
        **more,
    )


def work(story: Story, place: Place, word: str, count: int = 3) -> list[int]:
    """A few events of a session that tell *word*; answers their numbers."""
    kinds = ("prompt", "tool.call", "reply")
    pushed = story.push(place, *(told(word, n, kind=kinds[n % 3], turn="T") for n in range(count)))
    return [row.seq for row in pushed]


def traces(story: Story, word: str) -> dict[str, int]:
    """In which of the organization's tables rows still hold *word*, and how many; the audit log is not among them."""
    found = {}
    tables = story.rows(
        """
        select c.relname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
        where c.relnamespace = 'polaris_data'::regnamespace and c.relkind = 'r' and c.relname <> 'audit'
        order by 1
        """
    )
    for (table,) in tables:
        ((count,),) = story.rows(
            f"select count(*) from polaris_data.{table} t where org_id = %s and to_jsonb(t)::text like %s",
            story.org,
            f"%{word}%",
        )
        if count:
            found[table] = count
    return found

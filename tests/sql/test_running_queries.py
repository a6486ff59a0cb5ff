"""The queries of docs/running.md: each runs, and those that name a fault find it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from story import Story, event

PAGE = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")


def queries() -> list[tuple[str, str]]:
    """Each block of SQL with the heading that it stands under."""
    found = []
    heading = ""
    for part in re.split(r"(?m)^(#+ .*)$", PAGE):
        if part.startswith("#"):
            heading = part.lstrip("# ")
        found += [(heading, block) for block in re.findall(r"(?ms)^```sql\n(.*?)^```", part)]
    return found


def of(heading: str, number: int = 0) -> bytes:
    return [query for where, query in queries() if where == heading][number].encode()


@pytest.fixture
def used(story: Story) -> Story:
    """A project with everything that the queries ask about."""
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *[event(f"e{n}", body=f"line {n}") for n in range(5)])
    story.advise(fxm)
    return story


@pytest.fixture
def asked(used: Story) -> Any:
    """Runs a query of the page as the superuser; answers its rows as dicts."""

    def ask(heading: str, number: int = 0) -> list[dict[str, Any]]:
        with used.owner.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(of(heading, number)).fetchall()

    return ask


def test_the_page_has_queries() -> None:
    assert len(queries()) >= 17


@pytest.mark.parametrize("number", range(len(queries())), ids=lambda n: f"{queries()[n][0]}-{n}")
def test_each_query_runs_and_is_one_that_only_reads(stories: Any, used: Story, number: int) -> None:
    with psycopg.connect(stories.owner_url) as conn:
        conn.execute("set transaction read only")
        cursor = conn.execute(queries()[number][1].encode())

        assert cursor.description
        cursor.fetchall()


def test_who_sits_in_a_transaction_is_named(asked: Any, stories: Any) -> None:
    with psycopg.connect(stories.owner_url, application_name="the sleeper") as sleeper:
        sleeper.execute("select 1")
        query = of("The notification queue", 1).replace(b"10 seconds", b"0 seconds")
        with psycopg.connect(stories.owner_url, autocommit=True) as conn:
            found = conn.execute(query).fetchall()

    assert "the sleeper" in {row[2] for row in found}


def test_a_blocker_is_named(asked: Any, used: Story, background: Any) -> None:
    with used.another() as holder, used.another() as waiter, used.connect.owner() as locker:
        with locker.transaction():
            locker.execute("select from polaris_data.projects where org_id = %s and name = 'pj' for update", [used.org])
            waiting = background.start(waiter.archive_project, actor=used.me, project="pj")
            background.until_waiting(waiter, waiting)
            blockers = {(row["pid"], row["blocked_by"]) for row in asked("Who waits for whom")}

            assert (waiter.connection.info.backend_pid, locker.info.backend_pid) in blockers
        background.answer(waiting)
        assert holder.get_project(actor=None, project="pj").archived_at is not None


def test_a_hole_in_the_record_is_found_and_nothing_else(asked: Any, used: Story) -> None:
    ours = {"org_id": used.org}
    assert [row for row in asked("Numbers without gaps") if row["org_id"] == used.org] == []
    number = used.project_id()
    with used.owner.transaction():
        used.owner.execute("set local session_replication_role = replica")
        used.owner.execute(
            "delete from polaris_data.events where org_id = %s and project_id = %s and seq in (3, 4)",
            [used.org, number],
        )
    (whole,) = [row for row in asked("Numbers without gaps") if row["org_id"] == used.org]
    holes = [row for row in asked("Numbers without gaps", 1) if row["org_id"] == used.org]

    assert (whole["name"], whole["missing"]) == ("pj", 2)
    assert holes == [ours | {"project_id": number, "first_missing": 3, "last_missing": 4}]


def test_what_search_does_not_know_yet_is_counted(asked: Any, used: Story) -> None:
    last = used.get_project(actor=None, project="pj").last_seq
    behind = {row["slug"]: row["behind"] for row in asked("Search")}
    assert behind[used.slug] == last
    while used.index_events(project_id=used.project_id()):
        pass

    assert used.slug not in {row["slug"] for row in asked("Search")}


def test_advice_that_waits_for_an_hour_is_told(asked: Any, used: Story) -> None:
    assert used.slug not in {row["slug"] for row in asked("Advice that waits")}
    used.owner.execute(
        "update polaris_data.deliveries set queued_at = queued_at - interval '2 hours' where org_id = %s", [used.org]
    )
    (row,) = [row for row in asked("Advice that waits") if row["slug"] == used.slug]

    assert (row["project"], row["session"], row["driver"], row["waiting"]) == ("pj", "fxm", used.me, 1)


def test_what_came_in_is_counted_by_the_hour(asked: Any, used: Story) -> None:
    rows = [row for row in asked("How much comes in") if row["slug"] == used.slug]

    assert sum(row["events"] for row in rows) == used.get_project(actor=None, project="pj").last_seq


def test_an_import_that_is_not_complete_is_told(asked: Any, used: Story) -> None:
    from exported import DIGEST, export

    head, _ = export(used)
    used.begin_import(actor=used.me, project="copy", digest=DIGEST, source=head)
    (row,) = [row for row in asked("Imports that are not complete") if row["slug"] == used.slug]

    assert (row["name"], row["last_seq"], row["of"]) == ("copy", 0, head["last_seq"])


def test_metrics_that_the_page_names_are_there() -> None:
    from polaris.http.metrics import Metrics

    names = set(re.findall(r"\bpolaris_[a-z_]+(?=[ \[)>])", PAGE.split("## What to watch")[1].split("### ")[0]))
    known = Metrics().text().decode()

    assert len(names) >= 5
    assert {name for name in names if f"# HELP {name} " not in known} == set()

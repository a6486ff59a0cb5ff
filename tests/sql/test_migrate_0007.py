"""Migrations 0007 to 0014 on a database that is in use: what is in it stays, and the memory fills itself from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from polaris.db import migrate, sources

# One of each sort that the tables made from the record are about; nothing of it has facts.
USED = """
insert into polaris_data.orgs (slug, name, redaction_key) values ('acme', 'Acme', sha256('key'));
insert into polaris_data.people (issuer, subject, email) values ('local', '1:manu', 'manu@acme.example');
insert into polaris_data.members (org_id, handle, person_id, role) values (1, 'manu', 1, 'admin');
insert into polaris_data.logins (login, org_id, actor) values ('manu_sql', 1, 'user:manu');
insert into polaris_data.projects (org_id, name, created_by) values (1, 'pj', 'user:manu');
insert into polaris_data.project_heads (org_id, project_id, last_seq) values (1, 1, 4);
insert into polaris_data.sessions (org_id, project_id, name, created_by, epoch, driver, lease_until)
values (1, 1, 'fxm', 'user:manu', 1, 'user:manu', '2099-01-01');
insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at) values (1, 1, 1, 'user:manu', now());
insert into polaris_data.events (
  org_id, project_id, seq, session_id, epoch, kind, actor, turn, body, payload, client_id, late, occurred_at,
  recorded_at)
values
  (1, 1, 1, 1, null, 'session.created', 'user:manu', null, 'fxm', null, 'a', false, now(), now()),
  (1, 1, 2, 1, 1, 'prompt', 'user:manu', 't', 'rotate the refreshToken', null, 'b', false, now(), now()),
  (1, 1, 3, 1, 1, 'tool.call', 'user:manu', 't', 'Edit src/auth/refresh.ts',
   '{"tool_name": "Edit", "tool_input": {"file_path": "/w/src/auth/refresh.ts"}}', 'c', false, now(), now()),
  (1, 1, 4, 1, 1, 'reply', 'user:manu', 't', 'done', null, 'd', false, now(), now());
insert into polaris_data.slack_posts (
  org_id, project_id, lane, key, kind, text, state, made_at, due_at, posting_since)
values (1, 1, 'channel', 'e:2', 'text', 'rotate', 'posting', now(), now(), now());
"""


@pytest.fixture
def upgraded(empty_database: str, tmp_path: Path) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A database that was at 0006, with an organization in it, and is up to date now."""
    before = tmp_path / "sql"
    (before / "functions").mkdir(parents=True)
    (before / "migrations").mkdir()
    for source in sources.migrations(sources.folder()):
        if source.path.name < "0007":
            shutil.copy(source.path, before / "migrations")
    migrate.apply(empty_database, before)
    with psycopg.connect(empty_database) as owner:
        owner.execute(USED)
    assert migrate.apply(empty_database)[0] == "migrations/0007_index.sql"
    with psycopg.connect(empty_database, autocommit=True, row_factory=dict_row) as owner:
        yield owner


def rows(connection: psycopg.Connection[Any], query: str, *values: Any) -> list[dict[str, Any]]:
    return connection.execute(query, values).fetchall()


def test_it_is_up_to_date(upgraded: psycopg.Connection[Any], empty_database: str) -> None:
    status = migrate.status(empty_database)

    assert status.up_to_date
    assert status.orphans == []


def test_the_record_is_as_it_was_and_says_nothing_new_of_its_events(upgraded: psycopg.Connection[Any]) -> None:
    told = rows(
        upgraded, "select kind, body, facts, erased_at from polaris.read_events(1, 'user:manu', 'pj') order by seq"
    )

    assert [(e["kind"], e["facts"], e["erased_at"]) for e in told] == [
        (kind, None, None) for kind in ("session.created", "prompt", "tool.call", "reply")
    ]


def test_the_index_takes_up_what_was_there_before_it(upgraded: psycopg.Connection[Any]) -> None:
    assert rows(upgraded, "select polaris.index_events(1, 1) as n") == [{"n": 4}]

    found = rows(upgraded, "select seq from polaris.search_events(1, 'user:manu', 'refresh_token')")
    assert [hit["seq"] for hit in found] == [2]
    touched = rows(upgraded, "select seq, name, written from polaris_data.touched_files")
    assert touched == [{"seq": 3, "name": "refresh.ts", "written": True}]
    (brief,) = rows(upgraded, "select text from polaris.brief(1, 'user:manu', 'pj', 'fxm')")
    assert "#2" in brief["text"]


def test_a_login_that_was_there_is_a_clients(upgraded: psycopg.Connection[Any]) -> None:
    assert rows(upgraded, "select kind, sees_private from polaris_data.logins") == [
        {"kind": "client", "sees_private": False}
    ]


def test_a_post_on_its_way_goes_on(upgraded: psycopg.Connection[Any]) -> None:
    assert rows(upgraded, "select key, state from polaris_data.slack_posts") == [{"key": "e:2", "state": "posting"}]

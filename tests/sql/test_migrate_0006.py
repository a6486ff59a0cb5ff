"""Migration 0006 on a database that is in use: what is in it stays, and Slack can be connected."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from polaris.db import migrate, sources

USED = """
select polaris.create_org('acme', 'Acme', 'manu', 'manu@acme.example');
select polaris.add_member(1, 'user:manu', 'krishna', 'member', 'krishna@acme.example');
select polaris.create_project(1, 'user:manu', 'pj');
select polaris.create_session(1, 'user:krishna', 'pj', 'fxm');
select polaris.inject(1, 'user:krishna', 'pj', 'fxm', 'use RS256');
"""
CONNECT = """
select state from polaris.connect_slack(
  1, 'user:manu', 'T1', 'A1', 'Acme', null, 'UBOT', 'BBOT', '{chat:write}', 'sealed', '0a1b2c3d')
"""
PEOPLE = """[{"id": "U1", "name": "K", "email": "krishna@acme.example", "standing": "full"}]"""


@pytest.fixture
def upgraded(empty_database: str, tmp_path: Path) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A database that was at 0005 and knew nothing of Slack, with an organization in it, and is up to date now."""
    before = tmp_path / "sql"
    shutil.copytree(sources.folder(), before, ignore=shutil.ignore_patterns("0006_*", "70_slack", "*.py"))
    migrate.apply(empty_database, before)
    with psycopg.connect(empty_database) as owner:
        # Who becomes a member is looked for in Slack; there was none.
        owner.execute("create function polaris_data.match_member (bigint, text) returns void language sql as ''")
        owner.execute(USED)
        owner.execute("drop function polaris_data.match_member")
    assert migrate.apply(empty_database)[0] == "migrations/0006_slack.sql"
    with psycopg.connect(empty_database, autocommit=True, row_factory=dict_row) as owner:
        yield owner


def rows(connection: psycopg.Connection[Any], query: str, *values: Any) -> list[dict[str, Any]]:
    return connection.execute(query, values).fetchall()


def test_it_is_up_to_date(upgraded: psycopg.Connection[Any], empty_database: str) -> None:
    status = migrate.status(empty_database)

    assert status.up_to_date
    assert status.orphans == []


def test_the_record_is_as_it_was_and_has_no_channel(upgraded: psycopg.Connection[Any]) -> None:
    told = rows(upgraded, "select kind, actor, body from polaris.read_events(1, 'user:manu', 'pj') order by seq")
    assert [(e["kind"], e["actor"]) for e in told] == [("session.created", "user:krishna"), ("advice", "user:krishna")]

    (channel,) = rows(upgraded, "select project, state, shown, last_seq from polaris.list_slack_channels(1, null)")
    assert channel == {"project": "pj", "state": "missing", "shown": True, "last_seq": 2}
    assert rows(upgraded, "select from polaris.get_slack(1, 'user:manu')") == []


def test_a_workspace_finds_the_members_that_are_there_and_tells_from_now_on(upgraded: psycopg.Connection[Any]) -> None:
    assert rows(upgraded, CONNECT) == [{"state": "connected"}]
    (lease,) = rows(upgraded, "select polaris.lease_slack(1, 'bridge-1', 8) as fence")
    upgraded.execute("select polaris.write_slack_people(1, %s, %s)", [lease["fence"], PEOPLE])

    (person,) = rows(upgraded, "select member, actor from polaris.list_slack_people(1, 'user:manu')")
    assert person == {"member": "krishna", "actor": "user:krishna"}
    (channel,) = rows(upgraded, "select cursor from polaris.list_slack_channels(1, null)")
    assert channel == {"cursor": 2}


def test_its_log_goes_on(upgraded: psycopg.Connection[Any]) -> None:
    upgraded.execute(CONNECT)
    log = rows(upgraded, "select audit_id, action from polaris.list_audit(1, 'user:manu') order by audit_id")

    assert [entry["audit_id"] for entry in log] == list(range(1, len(log) + 1))
    assert (log[0]["action"], log[-1]["action"]) == ("org.created", "slack.connected")

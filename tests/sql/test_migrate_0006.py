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
insert into polaris_data.orgs (slug, name, redaction_key) values ('acme', 'Acme', sha256('key'));
insert into polaris_data.people (issuer, subject, email) values
  ('local', '1:manu', 'manu@acme.example'), ('local', '1:krishna', 'krishna@acme.example');
insert into polaris_data.members (org_id, handle, person_id, role) values
  (1, 'manu', 1, 'admin'), (1, 'krishna', 2, 'member');
insert into polaris_data.projects (org_id, name, created_by) values (1, 'pj', 'user:manu');
insert into polaris_data.project_heads (org_id, project_id, last_seq) values (1, 1, 2);
insert into polaris_data.sessions (org_id, project_id, name, created_by) values (1, 1, 'fxm', 'user:krishna');
insert into polaris_data.events (
  org_id, project_id, seq, session_id, kind, actor, target, body, client_id, late, occurred_at, recorded_at)
values
  (1, 1, 1, 1, 'session.created', 'user:krishna', null, 'fxm', 'a', false, now(), now()),
  (1, 1, 2, 1, 'advice', 'user:krishna', 'fxm', 'use RS256', 'b', false, now(), now());
insert into polaris_data.deliveries (
  org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
values (1, gen_random_uuid(), 1, 1, 2, 'user:krishna', 'human', 'use RS256', 'queued', now(), '2099-01-01');
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
    shutil.copytree(sources.folder(), before, ignore=shutil.ignore_patterns("000[6-9]_*", "001*", "functions", "*.py"))
    (before / "functions").mkdir()
    migrate.apply(empty_database, before)
    with psycopg.connect(empty_database) as owner:
        owner.execute(USED)
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
    assert log[-1]["action"] == "slack.connected"

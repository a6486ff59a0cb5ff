"""Migration 0004 on a database that is in use: what is in it stays, and the old functions go."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from polaris.db import migrate, sources

# Functions as they were before: other arguments, or another shape of the answer.
BEFORE = {
    "polaris.create_project": "p_org bigint, p_actor text, p_name text",
    "polaris.issue_token": "p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text, "
    "p_project text default null, p_expires_in interval default '90 days'",
    "polaris.inject": "p_org bigint default null, p_actor text default null, p_project text default null, "
    "p_session text default null, p_body text default null, p_client_id text default null, "
    "p_expires_in interval default '24 hours'",
    "polaris.read_advice": "p_org bigint, p_actor text, p_project text, p_session text, p_epoch bigint",
    "polaris.settle_delivery": "p_org bigint, p_actor text, p_delivery uuid, p_state text, p_reason text, p_path text, "
    "p_epoch bigint",
    "polaris_data.write_member": "p_org bigint, p_handle text, p_role text, p_email text, p_issuer text, "
    "p_subject text",
    "polaris_data.write_project": "p_org bigint, p_actor text, p_name text",
}
USED = """
insert into polaris_data.orgs (slug, name, redaction_key) values ('acme', 'Acme', sha256('key'));
insert into polaris_data.people (issuer, subject, email) values
  ('local', '1:manu', 'manu@acme.example'), ('local', '1:krishna', null);
insert into polaris_data.members (org_id, handle, person_id, role, removed_at) values
  (1, 'manu', 1, 'admin', null), (1, 'krishna', 2, 'member', null), (1, 'kris', 2, 'member', now());
insert into polaris_data.tokens (hash, org_id, actor, name, shown, issued_by, expires_at) values
  (sha256('fixed'), 1, 'user:manu', 'laptop', 'plr_u_x', 'user:manu', '2099-01-01'),
  (sha256('endless'), 1, 'agent:bot', 'build', 'plr_a_x', 'user:manu', null);
insert into polaris_data.projects (org_id, name, created_by) values (1, 'pj', 'user:manu');
insert into polaris_data.project_heads (org_id, project_id, last_seq) values (1, 1, 1);
insert into polaris_data.sessions (org_id, project_id, name, created_by, epoch, driver, lease_until)
values (1, 1, 'fxm', 'user:manu', 1, 'user:manu', '2099-01-01');
insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at) values (1, 1, 1, 'user:manu', now());
insert into polaris_data.events (
  org_id, project_id, seq, session_id, kind, actor, target, body, client_id, late, occurred_at, recorded_at)
values (1, 1, 1, 1, 'advice', 'user:krishna', 'fxm', 'use RS256', 'a', false, now(), now());
insert into polaris_data.deliveries (
  org_id, delivery_id, project_id, session_id, advice_seq, sender, sender_class, body, state, queued_at, expires_at)
values (1, gen_random_uuid(), 1, 1, 1, 'user:krishna', 'human', 'use RS256', 'queued', now(), '2099-01-01');
"""


@pytest.fixture
def upgraded(empty_database: str, tmp_path: Path) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A database that was at 0003, with an organization in it, and is up to date now."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "functions").mkdir()
    for source in sources.migrations(sources.folder()):
        if source.path.name < "0004":
            shutil.copy(source.path, tmp_path / "migrations")
    for name, arguments in BEFORE.items():
        (tmp_path / "functions" / f"{name}.sql").write_text(
            f"create or replace function {name} ({arguments}) returns integer language sql as 'select 1';"
        )
    migrate.apply(empty_database, tmp_path)
    with psycopg.connect(empty_database) as owner:
        owner.execute(USED)
    assert migrate.apply(empty_database)[0] == "migrations/0004_identity.sql"
    with psycopg.connect(empty_database, autocommit=True, row_factory=dict_row) as owner:
        yield owner


def test_nothing_of_the_old_functions_is_left(upgraded: psycopg.Connection[Any], empty_database: str) -> None:
    status = migrate.status(empty_database)

    assert status.up_to_date
    assert status.orphans == []


def test_members_tokens_and_the_record_are_as_they_were_and_usable(upgraded: psycopg.Connection[Any]) -> None:
    def rows(query: str) -> list[dict[str, Any]]:
        return upgraded.execute(query).fetchall()

    members = rows("select handle, role, removed_at is null as here from polaris.list_members(1) order by handle")
    assert members == [
        {"handle": "kris", "role": "member", "here": False},
        {"handle": "krishna", "role": "member", "here": True},
        {"handle": "manu", "role": "admin", "here": True},
    ]
    tokens = rows("select name, sliding, extract(year from expires_at)::int as year from polaris.list_tokens(1, null)")
    assert tokens == [
        {"name": "laptop", "sliding": False, "year": 2099},
        {"name": "build", "sliding": False, "year": None},
    ]
    (who,) = rows("select actor, role, expires_at from polaris.authenticate(sha256('endless'))")
    assert who == {"actor": "agent:bot", "role": "agent", "expires_at": None}
    (project,) = rows("select name, visibility, last_seq from polaris.list_projects(1, 'user:krishna')")
    assert project == {"name": "pj", "visibility": "org", "last_seq": 1}
    (advice,) = rows("select body, state, edited_by from polaris.read_advice(1, 'user:manu', 'pj', 'fxm', 1)")
    assert advice == {"body": "use RS256", "state": "queued", "edited_by": None}


def test_its_log_begins_with_what_happens_next(upgraded: psycopg.Connection[Any]) -> None:
    query = "select audit_id, action, prev_hash from polaris.list_audit(1, 'user:manu')"
    assert upgraded.execute(query).fetchall() == []
    upgraded.execute("select polaris.set_role(1, 'user:manu', 'krishna', 'admin')")

    assert upgraded.execute(query).fetchall() == [{"audit_id": 1, "action": "member.role", "prev_hash": "0" * 64}]

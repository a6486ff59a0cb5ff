"""The narrow door in the guard of the record: two inner functions pass, each for its own change, and nobody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sql_codes
from keeping_story import work
from psycopg import sql
from story import Connection, Story

CHANGES = {
    "update": "update polaris_data.events set body = 'rewritten' where org_id = {org}",
    "delete": "delete from polaris_data.events where org_id = {org}",
    "truncate": "truncate polaris_data.events",
    "update by merge": """
        merge into polaris_data.events e using (select 1) x on e.org_id = {org}
        when matched then update set body = ''""",
    "delete by merge": """
        merge into polaris_data.events e using (select 1) x on e.org_id = {org}
        when matched then delete""",
    "update by upsert": """
        insert into polaris_data.events select * from polaris_data.events where org_id = {org}
        on conflict (org_id, project_id, seq) do update set body = 'rewritten'""",
    "erase": """
        update polaris_data.events set body = '', payload = null, facts = null, erased_at = now()
        where org_id = {org}""",
}


@contextmanager
def guarded() -> Iterator[None]:
    with pytest.raises(psycopg.Error) as caught:
        yield
    assert caught.value.diag.constraint_name == "events_are_append_only", caught.value


@pytest.fixture
def lain(story: Story) -> Story:
    work(story, story.session("fxm", driver=story.me), "word")
    return story


def try_all(story: Story, connection: Connection) -> None:
    for change in CHANGES.values():
        with guarded():
            connection.execute(change.format(org=story.org))


def test_not_even_the_superuser_passes(lain: Story) -> None:
    try_all(lain, lain.owner)
    lain.check()


@pytest.mark.parametrize("setting", ["polaris.keeping", "polaris.door", "polaris_data.change_events"])
def test_no_setting_opens_it(lain: Story, setting: str) -> None:
    with lain.connect.owner() as connection:
        connection.execute("select set_config(%s, 'on', false)", [setting])
        try_all(lain, connection)


def test_a_function_of_the_owner_does_not_pass(lain: Story) -> None:
    with lain.connect.owner() as connection, connection.transaction(force_rollback=True):
        connection.execute("set local role polaris_owner")
        connection.execute(
            sql.SQL(
                """
                create function polaris_data.sneak (p_change text) returns void language plpgsql as
                $$ begin execute p_change; end $$
                """
            )
        )
        for change in CHANGES.values():
            with guarded(), connection.transaction():
                connection.execute("select polaris_data.sneak(%s)", [change.format(org=lain.org)])


def test_a_function_that_has_the_doors_name_elsewhere_does_not_pass(lain: Story) -> None:
    with lain.connect.owner() as connection, connection.transaction(force_rollback=True):
        for name in ("public.change_events", "public.drop_events", "pg_temp.change_events"):
            connection.execute(
                f"""
                create function {name} (p_change text) returns void language plpgsql as
                $$ begin execute p_change; end $$
                """
            )
            for change in CHANGES.values():
                with guarded(), connection.transaction():
                    connection.execute(f"select {name}(%s)", [change.format(org=lain.org)])


@pytest.mark.parametrize("door", ["change_events", "drop_events"])
def test_what_a_door_calls_does_not_pass_behind_it(lain: Story, door: str) -> None:
    # A trigger that somebody adds runs inside of the door and is still somebody else.
    table = "search_entries" if door == "drop_events" else "index_cursors"
    pj = lain.project_id()
    with lain.connect.owner() as connection, connection.transaction(force_rollback=True):
        connection.execute(
            f"""
            create function polaris_data.sneak () returns trigger language plpgsql as
            $$ begin delete from polaris_data.events where org_id = {lain.org}; return null; end $$;
            create trigger sneak after insert or update or delete on polaris_data.{table}
            for each statement execute function polaris_data.sneak ()
            """
        )
        with guarded():
            if door == "drop_events":
                connection.execute("select polaris_data.drop_events(%s, %s, 1, 3)", [lain.org, pj])
            else:
                connection.execute("select polaris_data.change_events(%s, %s, array[3::bigint], now())", [lain.org, pj])


@pytest.mark.parametrize(
    "column",
    [
        "seq = seq + 100",
        "client_id = 'x'",
        "actor = 'user:x'",
        "kind = 'reply'",
        "epoch = 9",
        "occurred_at = now()",
        "late = true",
    ],
)
def test_even_through_the_door_an_event_keeps_its_names(lain: Story, column: str) -> None:
    with lain.connect.owner() as connection, connection.transaction(force_rollback=True):
        connection.execute(
            f"""
            create or replace function polaris_data.change_events (
              p_org bigint, p_project bigint, p_seqs bigint[], p_erased_at timestamptz, p_hashes bytea[] default null,
              p_body text[] default null, p_payload jsonb[] default null, p_facts jsonb[] default null)
            returns bigint[] language plpgsql set search_path = pg_catalog, pg_temp as
            $$ begin update polaris_data.events set {column} where org_id = p_org and seq = 3; return null; end $$
            """
        )
        with guarded():
            connection.execute("select polaris_data.change_events(%s, 1, null, null)", [lain.org])


def test_each_door_lets_one_kind_through(owner: Any) -> None:
    writes = {
        name.rpartition("/")[2]: kind
        for name, text in sql_codes.functions().items()
        for kind in ("update polaris_data.events ", "delete from polaris_data.events ", "truncate")
        if kind in text.lower() and "tg_" not in name
    }

    assert writes == {
        "change_events.sql": "update polaris_data.events ",
        "drop_events.sql": "delete from polaris_data.events ",
    }


def test_who_may_call_the_doors(owner: Any) -> None:
    granted = owner.execute(
        """
        select r.rolname, p.proname from pg_roles r, pg_proc p
        where p.pronamespace = 'polaris_data'::regnamespace and p.proname in ('change_events', 'drop_events')
          and not r.rolsuper and has_function_privilege(r.oid, p.oid, 'execute') and r.rolname not like 'pg\\_%'
        """
    ).fetchall()

    assert {name for name, _ in granted} <= {"polaris_owner"}

"""The migrator: twice, six at once, killed, failing; and what it says about a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from polaris.db import migrate, sources
from polaris.errors import DatabaseUnavailable

ROLES = """-- Makes the owner.
-- runs as: admin
do $$
begin
  if not exists (select from pg_roles where rolname = 'polaris_owner') then
    create role polaris_owner nologin;
  end if;
exception when duplicate_object or unique_violation then
  null;
end $$;
create schema polaris authorization polaris_owner;
"""
CORE = "create table polaris.sessions (name text primary key, n int);\nselect 1, 'yoyo would print this';\n"
CLAIM = """create or replace function polaris.claim (p_name text) returns int language plpgsql as $$
begin
  return 1;
end;
$$;
"""
SHOW = "create or replace function polaris.show () returns int language sql as $$ select 7 $$;\n"
EVERYTHING = [
    "migrations/0001_roles.sql",
    "migrations/0002_core.sql",
    "functions/10_sessions/claim.sql",
    "functions/20_show.sql",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "functions" / "10_sessions").mkdir(parents=True)
    (tmp_path / "migrations/0001_roles.sql").write_text(ROLES)
    (tmp_path / "migrations/0002_core.sql").write_text(CORE)
    (tmp_path / "functions/10_sessions/claim.sql").write_text(CLAIM)
    (tmp_path / "functions/20_show.sql").write_text(SHOW)
    return tmp_path


def one(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row
        return row[0]


def run(url: str, folder: Path) -> subprocess.Popen[str]:
    """Migrates in a process of its own; the URL goes by way of the environment."""
    code = (
        "import os, json, pathlib; from polaris.db import migrate;"
        "print(json.dumps(migrate.apply(os.environ['URL'], pathlib.Path(os.environ['FOLDER']))))"
    )
    environment = os.environ | {"URL": url, "FOLDER": str(folder)}
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this did not become true in time"
        time.sleep(0.02)


def test_a_fresh_database_gets_everything_in_order_and_then_nothing(
    empty_database: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate.apply(empty_database, folder) == EVERYTHING
    assert migrate.apply(empty_database, folder) == []
    assert one(empty_database, "select polaris.claim('x')") == 1
    assert capsys.readouterr().out == ""


def test_everything_but_the_file_of_the_administrator_belongs_to_the_owner(empty_database: str, folder: Path) -> None:
    migrate.apply(empty_database, folder)

    table = "select relowner::regrole::text from pg_class where oid = 'polaris.sessions'::regclass"
    function = "select proowner::regrole::text from pg_proc where oid = 'polaris.claim'::regproc"
    marks = "select relowner::regrole::text from pg_class where oid = 'polaris_meta.sources'::regclass"
    assert one(empty_database, table) == "polaris_owner"
    assert one(empty_database, function) == "polaris_owner"
    assert one(empty_database, marks) == "postgres"


def test_a_changed_function_is_applied_again_without_a_migration(empty_database: str, folder: Path) -> None:
    migrate.apply(empty_database, folder)
    (folder / "functions/10_sessions/claim.sql").write_text(CLAIM.replace("return 1", "return 2"))

    assert migrate.status(empty_database, folder).changed == ["functions/10_sessions/claim.sql"]
    assert migrate.apply(empty_database, folder) == ["functions/10_sessions/claim.sql"]
    assert one(empty_database, "select polaris.claim('x')") == 2


def test_a_failing_function_names_its_file_and_line_and_leaves_everything_as_it_was(
    empty_database: str, folder: Path
) -> None:
    migrate.apply(empty_database, folder)
    (folder / "functions/10_sessions/claim.sql").write_text(CLAIM.replace("return 1", "return 3"))
    (folder / "functions/90_bad.sql").write_text(
        "-- Bad.\ncreate or replace function polaris.bad () returns int\nlanguage sql as $$ select $$ and;"
    )

    with pytest.raises(migrate.MigrationFailed) as failure:
        migrate.apply(empty_database, folder)

    assert failure.value.message.startswith("functions/90_bad.sql:3: syntax error")
    assert failure.value.details == {"file": "functions/90_bad.sql", "sqlstate": "42601"}
    assert one(empty_database, "select polaris.claim('x')") == 1


def test_a_failing_migration_names_its_file_and_leaves_nothing_of_itself(empty_database: str, folder: Path) -> None:
    (folder / "migrations/0003_more.sql").write_text("create table polaris.more (n int);\nselect 1 / 0;")

    with pytest.raises(migrate.MigrationFailed, match=r"migrations/0003_more\.sql: division by zero"):
        migrate.apply(empty_database, folder)

    assert one(empty_database, "select to_regclass('polaris.more') is null")
    assert one(empty_database, "select to_regclass('polaris.sessions') is not null")
    assert migrate.status(empty_database, folder).pending == ["migrations/0003_more.sql"]


def test_a_name_without_its_schema_fails_here_and_not_in_production(empty_database: str, folder: Path) -> None:
    (folder / "migrations/0003_careless.sql").write_text("create table careless (n int);")

    with pytest.raises(migrate.MigrationFailed, match="0003_careless"):
        migrate.apply(empty_database, folder)


def test_a_new_return_type_needs_a_migration_that_drops_the_old_function(empty_database: str, folder: Path) -> None:
    migrate.apply(empty_database, folder)
    (folder / "functions/10_sessions/claim.sql").write_text(
        "create or replace function polaris.claim (p_name text) returns text language sql as $$ select 'a' $$;"
    )
    with pytest.raises(migrate.MigrationFailed, match="cannot change return type"):
        migrate.apply(empty_database, folder)

    (folder / "migrations/0003_claim_returns_text.sql").write_text("drop function polaris.claim (text);")

    assert migrate.apply(empty_database, folder) == [
        "migrations/0003_claim_returns_text.sql",
        "functions/10_sessions/claim.sql",
    ]
    assert one(empty_database, "select polaris.claim('x')") == "a"


def test_the_mark_and_what_it_marks_are_one_transaction(
    empty_database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yoyo.backends.base import DatabaseBackend

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("crash")

    monkeypatch.setattr(DatabaseBackend, "mark_one", crash)
    with pytest.raises(RuntimeError, match="crash"):
        migrate.apply(empty_database, folder)
    assert one(empty_database, "select to_regnamespace('polaris') is null")

    monkeypatch.undo()

    assert migrate.apply(empty_database, folder) == EVERYTHING


def test_an_index_can_be_built_concurrently(empty_database: str, folder: Path) -> None:
    (folder / "migrations/0003_index.sql").write_text(
        "-- transactional: false\ncreate index concurrently sessions_by_n on polaris.sessions (n);"
    )

    assert migrate.apply(empty_database, folder)[2] == "migrations/0003_index.sql"
    assert one(empty_database, "select indisvalid from pg_index where indexrelid = 'polaris.sessions_by_n'::regclass")


def test_a_process_killed_in_the_middle_leaves_no_lock_and_no_half(empty_database: str, folder: Path) -> None:
    slow = folder / "migrations/0003_slow.sql"
    slow.write_text("create table polaris.half (n int);\nselect pg_sleep(600);")
    asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    process = run(empty_database, folder)
    until(lambda: one(empty_database, asleep) == 1)

    process.kill()
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]
    # The server notices a lost client at the next statement; a restart or an administrator ends the long one.
    one(
        empty_database,
        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where wait_event = 'PgSleep' and datname = current_database()",
    )
    slow.write_text("create table polaris.whole (n int);")

    assert migrate.apply(empty_database, folder)[0] == "migrations/0003_slow.sql"
    assert one(empty_database, "select to_regclass('polaris.half') is null")
    assert migrate.status(empty_database, folder).up_to_date


def test_of_six_processes_at_once_one_does_the_work(empty_database: str, folder: Path) -> None:
    processes = [run(empty_database, folder) for _ in range(6)]

    done = [json.loads(process.communicate()[0]) for process in processes]
    assert sorted(done, key=len) == [[], [], [], [], [], EVERYTHING]


def test_an_edited_migration_is_noticed(empty_database: str, folder: Path) -> None:
    migrate.apply(empty_database, folder)
    (folder / "migrations/0002_core.sql").write_text(CORE + "select 2;")

    status = migrate.status(empty_database, folder)
    assert status.edited == ["migrations/0002_core.sql"]
    assert not status.up_to_date


def test_a_database_newer_than_the_files_is_noticed(empty_database: str, folder: Path) -> None:
    (folder / "migrations/0003_later.sql").write_text("create table polaris.later (n int);")
    migrate.apply(empty_database, folder)
    (folder / "migrations/0003_later.sql").unlink()

    assert migrate.status(empty_database, folder).unknown == ["migrations/0003_later.sql"]


def test_functions_without_a_file_are_found_and_so_are_forgotten_signatures(empty_database: str, folder: Path) -> None:
    migrate.apply(empty_database, folder)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create function polaris.orphan () returns int language sql as 'select 1'")
        connection.execute("create function polaris.claim (p_n int) returns int language sql as 'select 1'")

    assert migrate.status(empty_database, folder).orphans == [
        "polaris.claim (p_n integer)",
        "polaris.claim (p_name text)",
        "polaris.orphan ()",
    ]


def test_the_digest_of_the_database_is_the_digest_of_the_files(empty_database: str, folder: Path) -> None:
    migrate.apply(empty_database, folder)

    assert one(empty_database, "select polaris_meta.digest()") == sources.digest(folder)


def test_an_empty_database_is_told_without_being_changed(empty_database: str, folder: Path) -> None:
    status = migrate.status(empty_database, folder)

    assert status.pending == ["migrations/0001_roles.sql", "migrations/0002_core.sql"]
    assert one(empty_database, "select to_regnamespace('polaris_meta') is null")


def test_a_user_without_an_entry_in_the_user_database_can_migrate(
    empty_database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", unknown)

    assert migrate.apply(empty_database, folder) == EVERYTHING


def test_a_server_that_does_not_answer_is_named_without_the_password(folder: Path) -> None:
    with pytest.raises(DatabaseUnavailable) as failure:
        migrate.apply("postgresql://somebody:very-secret@127.0.0.1:1/polaris", folder)

    assert "127.0.0.1" in failure.value.message
    assert "very-secret" not in str(failure.value)


def test_the_shipped_sql_is_applied_whole(database: Any) -> None:
    status = migrate.status(database.owner)

    assert status.up_to_date, status
    assert one(database.service, "select polaris_meta.digest()") == sources.digest()

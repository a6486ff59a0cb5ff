"""Logins of analysts, and the commands that make and end them."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from polaris import tokens
from polaris.cli import main
from polaris.db import analysts, founding, migrate, sources
from polaris.errors import Conflict, Forbidden, NotFound

NAME = "polaris_test_analyst"


@pytest.fixture
async def org(database: Any) -> int:
    made = await founding.create_org(database.owner, "acme", "manu", tokens.new("u"), label="x")
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("select polaris.add_member(%s, 'user:manu', 'eve', 'member')", [made.org_id])
        connection.execute("select polaris.join_session(%s, 'user:manu', 'pj', 'fxm')", [made.org_id])
    return made.org_id


@pytest.fixture(autouse=True)
def roles(cluster: Any) -> Iterator[None]:
    """Roles belong to the cluster: what a test leaves behind would be there for the next one."""
    yield
    with psycopg.connect(cluster.owner_url(), autocommit=True) as connection:
        for (name,) in connection.execute(
            "select rolname from pg_roles where rolname = %s or rolname ~ '^polaris_analyst_'", [NAME]
        ).fetchall():
            connection.execute(f"drop role {name}")


def create(database: Any, org: int, **more: Any) -> str:
    return analysts.create(database.owner, org, "user:manu", "agent:dashboard", NAME, **more).url


def test_a_login_reads_history_and_nothing_else(database: Any, org: int) -> None:
    with psycopg.connect(create(database, org), autocommit=True) as connection:
        assert connection.execute("select project, session from polaris_history.sessions").fetchall() == [("pj", "fxm")]
        for statement in ("select from polaris_data.events", "select * from polaris.list_projects()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    (row,) = analysts.listed(database.owner, org, "user:manu")
    assert (row["login"], row["actor"], row["sees_private"]) == (NAME, "agent:dashboard", False)


def test_it_begins_with_the_limits(database: Any, org: int) -> None:
    with psycopg.connect(create(database, org), autocommit=True) as connection:
        shown = {
            name: connection.execute(f"show {name}").fetchone() for name in (*analysts.SETTINGS, "temp_file_limit")
        }
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create temporary table mine (x int)")

    assert shown == {
        "default_transaction_read_only": ("on",),
        "statement_timeout": ("1min",),
        "idle_in_transaction_session_timeout": ("1min",),
        "temp_file_limit": ("4GB",),
    }


def test_it_holds_so_many_connections_and_no_more(database: Any, org: int) -> None:
    url = create(database, org)
    held = [psycopg.connect(url) for _ in range(analysts.CONNECTIONS)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(url)
    finally:
        for connection in held:
            connection.close()


def test_a_name_that_is_taken_and_a_stranger_leave_nothing(database: Any, org: int) -> None:
    with pytest.raises(NotFound, match="no member user:nobody"):
        analysts.create(database.owner, org, "user:manu", "user:nobody", NAME)
    with pytest.raises(Forbidden):
        analysts.create(database.owner, org, "user:eve", "user:eve", NAME)
    create(database, org)
    with pytest.raises(Conflict, match="already"):
        create(database, org)
    assert [row["login"] for row in analysts.listed(database.owner, org, "user:manu")] == [NAME]


def test_a_revoked_login_is_thrown_out_with_what_it_left_behind(database: Any, org: int) -> None:
    url = create(database, org)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute("select lo_create(0)")
        analysts.revoke(database.owner, org, "user:manu", NAME)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    with psycopg.connect(database.owner) as owner:
        assert owner.execute("select count(*) from pg_largeobject_metadata").fetchone() == (0,)
    with pytest.raises(NotFound):
        analysts.revoke(database.owner, org, "user:manu", "polaris_api")


def test_an_upgrade_does_not_wait_for_who_is_reading(database: Any, org: int) -> None:
    with (
        psycopg.connect(create(database, org)) as connection,
        psycopg.connect(database.owner, autocommit=True) as owner,
    ):
        connection.execute("select from polaris_history.events")
        owner.execute("delete from polaris_meta.sources where name = 'functions/80_history/events.sql'")

        assert "functions/80_history/events.sql" in migrate.apply(database.owner)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    assert migrate.status(database.owner).up_to_date


def test_a_migration_may_drop_a_view(database: Any, org: int, tmp_path: Path) -> None:
    # To change a column below it. No file of functions differs, and the view is there again.
    shutil.copytree(sources.folder(), tmp_path / "sql")
    (tmp_path / "sql/migrations/9999_drop.sql").write_text("-- A column.\ndrop view polaris_history.events;\n")

    assert "migrations/9999_drop.sql" in migrate.apply(database.owner, tmp_path / "sql")
    with psycopg.connect(create(database, org)) as connection:
        assert connection.execute("select count(*) > 0 from polaris_history.events").fetchone() == (True,)


# The commands


@pytest.fixture
def run(
    database: Any, clean_environment: Callable[[str, str], None], tmp_path: Path, capsys: Any
) -> Callable[..., Any]:
    """Runs `polaris … --json` as the administrator of an organization; answers exit code and what was printed."""
    import asyncio

    token = tokens.new("u")
    asyncio.run(founding.create_org(database.owner, "acme", "manu", token, label="x"))
    clean_environment("POLARIS_HOME", str(tmp_path / "home"))
    clean_environment("POLARIS_DATABASE_URL", database.owner)
    clean_environment("POLARIS_URL", "http://127.0.0.1:1")
    clean_environment("POLARIS_TOKEN", token)

    def run(*words: str) -> tuple[int, Any]:
        code = main([*words, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    return run


def test_the_url_is_printed_and_the_name_tells_nothing(run: Callable[..., Any]) -> None:
    code, made = run("analyst", "create", "user:manu")

    assert code == 0
    assert made["login"].startswith("polaris_analyst_")
    assert "acme" not in made["login"]
    assert (made["actor"], made["sees_private"]) == ("user:manu", False)
    with psycopg.connect(made["url"]) as connection:
        assert connection.execute("select count(*) from polaris_history.events").fetchone() == (0,)

    assert [(row["login"], row["revoked_at"]) for row in run("analyst", "list")[1]] == [(made["login"], None)]
    assert run("analyst", "revoke", made["login"])[0] == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(made["url"])
    assert run("analyst", "list")[1][0]["revoked_at"] is not None


def test_a_file_has_the_url_and_nobody_else_reads_it(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "url"
    code, made = run("analyst", "create", "agent:dashboard", "--private", "--login", NAME, "--file", str(file))

    assert (code, made) == (0, {"login": NAME, "actor": "agent:dashboard", "sees_private": True, "file": str(file)})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    psycopg.connect(file.read_text().strip()).close()


def test_a_file_that_is_there_stays_and_no_login_is_made(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("mine")

    assert run("analyst", "create", "user:manu", "--file", str(file))[0] != 0
    assert file.read_text() == "mine"
    assert run("analyst", "list")[1] == []


def test_a_login_that_cannot_be_made_leaves_no_file(run: Callable[..., Any], tmp_path: Path) -> None:
    assert run("analyst", "create", "user:nobody", "--file", str(tmp_path / "url"))[0] != 0
    assert not (tmp_path / "url").exists()

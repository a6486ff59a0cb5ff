"""Postgres logins: made with a verifier, bound to one participant, ended for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from polaris import tokens
from polaris.db import founding, logins
from polaris.errors import Conflict, NotFound

NAME = "polaris_test_client"


@pytest.fixture
async def org(database: Any) -> int:
    return (await founding.create_org(database.owner, "acme", "manu", tokens.new("u"), label="x")).org_id


@pytest.fixture(autouse=True)
def roles(cluster: Any) -> Iterator[None]:
    """Roles belong to the cluster: what a test leaves behind would be there for the next one."""
    yield
    with psycopg.connect(cluster.owner_url(), autocommit=True) as connection:
        connection.execute(f"drop role if exists {NAME}")


def test_a_login_acts_as_its_participant_and_as_nobody_else(database: Any, org: int) -> None:
    made = logins.create_client(database.owner, org, "user:manu", NAME)

    with psycopg.connect(made.url, autocommit=True) as connection:
        row = connection.execute(
            "select created_by from polaris.create_project(p_org => null, p_actor => null, p_name => 'pj')"
        )
        assert row.fetchone() == ("user:manu",)
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute("select * from polaris.list_projects(p_org => null, p_actor => 'user:eve')")
        assert refusal.value.sqlstate == "PL403"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from polaris_data.events")
    assert [(row["login"], row["actor"]) for row in logins.list_clients(database.owner, org)] == [(NAME, "user:manu")]


def test_the_server_never_sees_the_password(database: Any, org: int) -> None:
    made = logins.create_client(database.owner, org, "user:manu", NAME)

    assert ":" in made.url
    assert made.url not in repr(made)
    with psycopg.connect(database.owner) as connection:
        row = connection.execute("select rolpassword from pg_authid where rolname = %s", [NAME]).fetchone()
    assert row
    assert row[0].startswith("SCRAM-SHA-256$")


def test_a_login_for_a_stranger_leaves_no_role(database: Any, org: int) -> None:
    with pytest.raises(NotFound, match="no member user:eve"):
        logins.create_client(database.owner, org, "user:eve", NAME)

    with psycopg.connect(database.owner) as connection:
        assert connection.execute("select from pg_roles where rolname = %s", [NAME]).fetchone() is None


def test_a_name_that_is_taken_is_refused_and_keeps_its_password(database: Any, org: int) -> None:
    made = logins.create_client(database.owner, org, "user:manu", NAME)

    for name in (NAME, "postgres"):
        with pytest.raises(Conflict, match="already"):
            logins.create_client(database.owner, org, "user:manu", name)
    psycopg.connect(made.url).close()


def test_a_revoked_login_is_thrown_out_and_its_role_is_gone(database: Any, org: int) -> None:
    made = logins.create_client(database.owner, org, "user:manu", NAME)
    with psycopg.connect(made.url, autocommit=True) as connection:
        logins.revoke_client(database.owner, org, NAME)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(made.url)


def test_only_a_login_of_the_organization_can_be_revoked(database: Any, org: int) -> None:
    logins.create_client(database.owner, org, "user:manu", NAME)

    with pytest.raises(NotFound):
        logins.revoke_client(database.owner, org + 1, NAME)
    with pytest.raises(NotFound):
        logins.revoke_client(database.owner, org, "polaris_api")


async def test_a_token_of_nobody_stands_for_nobody(database: Any, org: int) -> None:
    assert await founding.whose(database.service, tokens.new("u")) is None


async def test_an_organization_is_made_whole_or_not_at_all(database: Any, org: int) -> None:
    token = tokens.new("u")
    with pytest.raises(Conflict):
        await founding.create_org(database.owner, "acme", "eve", token, label="x")
    assert await founding.whose(database.owner, token) is None

    made = await founding.create_org(database.owner, "other", "eve", token, label="x")

    assert await founding.whose(database.service, token) == made

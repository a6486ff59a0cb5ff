"""The running service and an analyst beside it: who lifts its limits is ended, and what it notifies misleads nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from api_place import Client, Place, event, until

from polaris.db import analysts

NAME = "polaris_http_analyst"


@pytest.fixture
def eve(place: Place, database: Any, cluster: Any) -> Iterator[psycopg.Connection[Any]]:
    """A connection of an analyst of acme."""
    with psycopg.connect(database.owner) as owner:
        ((org,),) = owner.execute("select org_id from polaris_data.orgs where slug = 'acme'").fetchall()
    made = analysts.create(database.owner, org, "user:manu", "user:manu", NAME)
    connection = psycopg.connect(made.url, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()
        analysts.revoke(database.owner, org, "user:manu", NAME)


async def test_the_service_ends_an_analyst_that_writes(place: Place, eve: psycopg.Connection[Any], caplog: Any) -> None:
    eve.execute("set default_transaction_read_only = off")
    eve.execute("create temporary table mine (x int)")

    def ended() -> bool:
        try:
            eve.execute("select 1")
        except psycopg.OperationalError:
            return True
        return False

    await until(ended, "the end of the connection")
    said = [record for record in caplog.records if record.message == "ended an analyst's connection"]
    assert [(record.login, record.reason) for record in said] == [(NAME, "owns")]


async def test_what_an_analyst_notifies_misleads_nobody(
    place: Place, manu: Client, eve: psycopg.Connection[Any]
) -> None:
    ((project,),) = await place.sql("select project_id from polaris_data.projects where name = 'pj'")
    async with manu.stream("/projects/pj/events?after=0") as stream:
        for payload in ('{"f":1,"l":999999}', "nothing", "[]", '{"f":null}', "x" * 7000):
            eve.execute("select pg_notify(%s, %s)", [f"polaris_project_{project}", payload])
            eve.execute("select pg_notify('polaris_control', %s)", [payload])
        (pushed,) = await manu.push("pj", "fxm", event(body="after the noise"))

        assert await stream.take(pushed["seq"]) == list(range(1, pushed["seq"] + 1))

"""Stories: every test tells its own, in an organization of its own, on one database a worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from story import Background, Connect, Connection, Story, signatures

STORIES, LOGIN, PASSWORD = "polaris_stories", "stories_service", "a-password-of-the-stories"


@pytest.fixture(scope="session")
def stories(cluster: Any, template: Any) -> Iterator[Connect]:
    """The database in which the stories happen: what they leave behind is in organizations that nobody else sees."""
    with psycopg.connect(cluster.owner_url(), autocommit=True) as owner:
        owner.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(LOGIN), sql.Literal(PASSWORD)))
        owner.execute(sql.SQL("grant polaris_service to {}").format(sql.Identifier(LOGIN)))
        owner.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(STORIES), sql.Identifier(template.template_dbname)
            )
        )
    yield Connect(
        cluster.owner_url(STORIES), f"postgresql://{LOGIN}:{PASSWORD}@{cluster.host}:{cluster.port}/{STORIES}"
    )
    with psycopg.connect(cluster.owner_url(), autocommit=True) as owner:
        owner.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(STORIES)))
        owner.execute(sql.SQL("drop role {}").format(sql.Identifier(LOGIN)))


@pytest.fixture(scope="session")
def owner(stories: Connect) -> Iterator[Connection]:
    """The superuser in the stories' database: looks at tables, which nobody else may."""
    with stories.owner() as connection:
        yield connection


@pytest.fixture(scope="session")
def teller(stories: Connect) -> Iterator[Connection]:
    with stories.service() as connection:
        yield connection


@pytest.fixture(scope="session")
def called(owner: Connection) -> dict[str, dict[str, str]]:
    return signatures(owner)


@pytest.fixture
def tell(
    stories: Connect, owner: Connection, teller: Connection, called: dict[str, dict[str, str]]
) -> Iterator[type[Story] | Any]:
    """Begins another story: an organization that is foreign to the first."""

    def begin() -> Story:
        return Story(teller, called, owner, stories)

    yield begin
    for connection in (owner, teller):
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


@pytest.fixture
def story(tell: Any) -> Story:
    begun: Story = tell()
    return begun


@pytest.fixture
def background(stories: Connect) -> Iterator[Background]:
    with stories.owner() as watcher:
        background = Background(watcher)
        yield background
        background.pool.shutdown()


@pytest.fixture
def inner(owner: Connection) -> Any:
    """Calls an inner function of schema polaris_data by position and answers its one value."""

    def call(function: str, *values: Any) -> Any:
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(values))
        query = sql.SQL("select polaris_data.{}({})").format(sql.Identifier(function), marks)
        (row,) = owner.execute(query, values).fetchall()
        return row[0]

    return call

"""The database of the tests: a cluster a worker, a template that was migrated once, a clone a test.

``cluster`` → ``template`` → ``postgresql`` (pytest-postgresql clones it) → ``database`` (its URLs) → ``db`` and
``service`` (connections). Everything in ``sql/`` is loaded as it lies in the tree; a clone takes about 80 ms.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from pytest_postgresql import factories

from polaris.db import logins, migrate
from polaris.db.embedded import SERVICE_LOGIN, THROW_AWAY, Server

SERVICE_PASSWORD = "a-password-of-the-tests"

# A shell that starts the tests in the background lets them, and so what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Cluster:
    """What pytest-postgresql asks of a server that it did not start itself."""

    host: str
    port: int
    password: str
    user: str = "postgres"
    options: str = ""
    maintenance_dbname: str = "postgres"
    template_dbname: str = "template1"

    def owner_url(self, database: str = "postgres") -> str:
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True)
class Database:
    """One migrated database: as the superuser who migrates, and as the login of the service."""

    name: str
    owner: str
    service: str


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A throw-away server of this worker; works as root (the server runs as nobody) and as anybody else."""
    home = Path(tempfile.mkdtemp(prefix="polaris-test-pg-"))
    home.chmod(0o711)  # root's server runs as nobody, who has to pass through
    server = Server(home, options=THROW_AWAY | {"shared_buffers": "128MB"}, open_home=True)
    try:
        url = urlsplit(server.start().owner)
        logins_url = server.urls().owner.rsplit("/", 1)[0] + "/postgres"
        migrate_roles(logins_url)
        assert url.port
        assert url.password
        yield Cluster("127.0.0.1", url.port, url.password)
    finally:
        server.destroy()
        shutil.rmtree(home, ignore_errors=True)


def migrate_roles(url: str) -> None:
    """The service's login belongs to the cluster: made once, before any database is migrated."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("select from pg_roles where rolname = 'polaris_service'").fetchone() is None:
            connection.execute("create role polaris_service nologin")
    logins.ensure_service(url, SERVICE_LOGIN, SERVICE_PASSWORD)


def load_schema(**place: Any) -> None:
    """Called by pytest-postgresql with the place of its template database."""
    wanted = {name: place[name] for name in ("host", "port", "user", "password", "dbname")}
    migrate.apply(make_conninfo(**wanted))


template = factories.postgresql_noproc(depends_on="cluster", dbname="polaris_test", load=[load_schema])
postgresql = factories.postgresql("template")


@pytest.fixture
def database(cluster: Cluster, postgresql: psycopg.Connection[Any]) -> Database:
    """A private, migrated database."""
    name = postgresql.info.dbname
    postgresql.close()
    return Database(
        name,
        cluster.owner_url(name),
        f"postgresql://{SERVICE_LOGIN}:{SERVICE_PASSWORD}@{cluster.host}:{cluster.port}/{name}",
    )


@pytest.fixture
def db(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser's synchronous connection; every statement commits."""
    with psycopg.connect(database.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def service(database: Database) -> AsyncIterator[psycopg.AsyncConnection[dict[str, Any]]]:
    """The service's own login (member of polaris_service); rows are dicts, every statement commits."""
    async with await psycopg.AsyncConnection.connect(
        database.service, autocommit=True, row_factory=dict_row
    ) as connection:
        yield connection


@pytest.fixture
def empty_database(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database in which nothing was migrated."""
    name = f"empty_{os.getpid()}"
    with psycopg.connect(cluster.owner_url(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}")
        yield cluster.owner_url(name)
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Takes every POLARIS_ variable of the person who runs the tests away; answers how to set one."""
    for name in [name for name in os.environ if name.startswith("POLARIS_")]:
        monkeypatch.delenv(name)
    return monkeypatch.setenv

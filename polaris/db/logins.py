"""Postgres logins: the service's own, those of participants who speak SQL directly, and what analysts' have in common
with these.

A password reaches the server only as a scram verifier made here, so that no statement, log or ``pg_stat_activity``
ever shows it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from polaris.addresses import ENCRYPTED, is_loopback
from polaris.db.migrate import LOCK_KEY
from polaris.errors import Conflict, NotFound, from_database

Connection = psycopg.Connection[tuple[Any, ...]]
CLIENT_ROLE = "polaris_client"
SERVICE_ROLE = "polaris_service"
CLIENT_CONNECTIONS = 20


@dataclass(frozen=True)
class Login:
    """A new login; the URL holds its password and is shown once."""

    login: str
    actor: str
    url: str = field(repr=False)


def ensure_service(url: str, login: str, password: str) -> None:
    """Makes *login* the service's login with *password*; changes nothing when it is that already.

    *url* is of a login that may make roles.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        known = _has_role(connection, login)
        if known and _signs_in(_place(connection) | {"user": login, "password": password}):
            return
        with connection.transaction():
            # Roles belong to the cluster: two processes that start at once must not both make one.
            connection.execute("select pg_advisory_xact_lock(%s)", [LOCK_KEY])
            _write(connection, login, password, new=not _has_role(connection, login))
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(SERVICE_ROLE), sql.Identifier(login)))


def create_client(url: str, org: int, actor: str, login: str) -> Login:
    """Makes a login that is *actor* of organization *org* in plain SQL; role and registration are one transaction.

    Raises `Conflict` (login_exists) and whatever ``polaris.register_login`` refuses.
    """
    register = "select polaris.register_login(p_org => %s, p_actor => %s, p_login => %s)"
    return make(url, actor, login, CLIENT_ROLE, CLIENT_CONNECTIONS, (register, [org, actor, login]))


def revoke_client(url: str, org: int, login: str) -> None:
    """Ends a client's login: its sessions, its registration, its role. Raises `NotFound` (no_such_login)."""
    end(url, login, ("select polaris.revoke_login(p_org => %s, p_login => %s)", [org, login]))


def list_clients(url: str, org: int) -> list[dict[str, Any]]:
    """The logins of an organization: ``login, actor, created_at, revoked_at``."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        try:
            return connection.execute("select * from polaris.list_logins(p_org => %s)", [org]).fetchall()
        except psycopg.Error as error:
            raise from_database(error) from error


def make(
    url: str,
    actor: str,
    login: str,
    role: str,
    connections: int,
    register: tuple[str, list[Any]],
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Login:
    """A new Postgres role *login*, member of *role*, with at most so many *connections*; registered or not made at all.

    *settings* become its defaults, which it may change itself. Raises `Conflict` (login_exists) and what the
    registration refuses.
    """
    password = secrets.token_urlsafe(24)
    name = sql.Identifier(login)
    with psycopg.connect(url, autocommit=True) as connection:
        if _has_role(connection, login):
            raise Conflict(
                f"There is a Postgres role {login} already.", code="login_exists", hint="Choose --login NAME."
            )
        try:
            with connection.transaction():
                _write(connection, login, password, new=True)
                limit = sql.SQL("alter role {} connection limit {}")
                connection.execute(limit.format(name, sql.Literal(connections)))
                for setting, value in settings.items():
                    default = sql.SQL("alter role {} set {} = {}")
                    connection.execute(default.format(name, sql.Identifier(setting), sql.Literal(value)))
                connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), name))
                connection.execute(*register)
        except psycopg.Error as error:
            raise from_database(error) from error
        place = _place(connection)
    user, secret, host = (quote(part, safe="") for part in (login, password, place.get("host", "localhost")))
    # A direct link refuses an address that says nothing about encryption and leads over a network.
    mode = place.get("sslmode") if place.get("sslmode") in ENCRYPTED else "verify-full"
    more = "" if is_loopback(unquote(host)) or unquote(host).startswith("/") else f"?sslmode={mode}"
    return Login(login, actor, f"postgresql://{user}:{secret}@{host}:{place['port']}/{place['dbname']}{more}")


def end(url: str, login: str, revoke: tuple[str, list[Any]]) -> None:
    """Revokes a registration, then ends the role's sessions and drops it, with what it made in this database."""
    role = sql.Identifier(login)
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            with connection.transaction():
                connection.execute(*revoke)
                if not _has_role(connection, login):
                    raise NotFound(f"There is no Postgres role {login}.", code="no_such_login")
                connection.execute(sql.SQL("alter role {} nologin").format(role))
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s", [login]
            )
            try:
                connection.execute(sql.SQL("drop role {}").format(role))
            except psycopg.errors.DependentObjectsStillExist:
                connection.execute(sql.SQL("drop owned by {}").format(role))
                connection.execute(sql.SQL("drop role {}").format(role))
        except psycopg.Error as error:
            raise from_database(error) from error


def _write(connection: Connection, login: str, password: str, *, new: bool) -> None:
    verifier = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
    verb = sql.SQL("create" if new else "alter")
    connection.execute(
        sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(login), sql.Literal(verifier))
    )


def _place(connection: Connection) -> dict[str, str]:
    """Where the server is, as connection parameters without a user; empty ones are left out."""
    info = connection.info
    place = {"host": info.host, "port": str(info.port), "dbname": info.dbname}
    place["sslmode"] = str(conninfo_to_dict(info.dsn).get("sslmode") or "")
    return {name: value for name, value in place.items() if value}


def _has_role(connection: Connection, name: str) -> bool:
    return connection.execute("select from pg_roles where rolname = %s", [name]).fetchone() is not None


def _signs_in(parameters: dict[str, str]) -> bool:
    try:
        psycopg.connect(**parameters).close()  # type: ignore[arg-type]
    except psycopg.OperationalError:
        return False
    return True

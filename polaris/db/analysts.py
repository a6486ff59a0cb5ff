"""Postgres logins of analysts: each reads the views of ``polaris_history``, of one organization.

What a role is given here are defaults, which it may lift with one SET; they end an honest mistake politely. The wall
are the policies of the tables, the role's connection limit, and ``polaris.reap_analysts``, whose limits lie just above.
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from polaris.db import logins
from polaris.errors import from_database

ROLE = "polaris_analyst"
CONNECTIONS = 5
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
TEMP_FILES = "4GB"


def create(url: str, org: int, by: str, actor: str, login: str, *, sees_private: bool = False) -> logins.Login:
    """Makes a login that reads the history of *org*; *actor* answers for it, *by* is the administrator who makes it.

    Raises `Conflict` (login_exists) and whatever ``polaris.create_analyst`` refuses.
    """
    register = """
        select polaris.create_analyst(
          p_org => %s, p_actor => %s, p_for => %s, p_login => %s, p_sees_private => %s)
        """
    made = logins.make(
        url, actor, login, ROLE, CONNECTIONS, (register, [org, by, actor, login, sees_private]), SETTINGS
    )
    _limit_files(url, login)
    return made


def revoke(url: str, org: int, by: str, login: str) -> None:
    """Ends an analyst's login: its rights, its sessions, its role. Raises `NotFound` (no_such_login)."""
    logins.end(
        url, login, ("select polaris.revoke_analyst(p_org => %s, p_actor => %s, p_login => %s)", [org, by, login])
    )


def listed(url: str, org: int, by: str) -> list[dict[str, Any]]:
    """The analysts of an organization: ``login, actor, sees_private, created_by, created_at, revoked_at``."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        try:
            query = "select * from polaris.list_analysts(p_org => %s, p_actor => %s)"
            return connection.execute(query, [org, by]).fetchall()
        except psycopg.Error as error:
            raise from_database(error) from error


def _limit_files(url: str, login: str) -> None:
    """How much a query may put on disk: the one limit that a role cannot lift, and that only a superuser may set."""
    statement = sql.SQL("alter role {} set temp_file_limit = {}").format(sql.Identifier(login), sql.Literal(TEMP_FILES))
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)

"""The first steps in a database that has no organization yet: for ``polaris up`` and ``polaris org create``.

These run with a database login instead of a token, because nobody has a token before them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg

from polaris import tokens
from polaris.db import calls, pool
from polaris.errors import Unauthorized, from_database


@dataclass(frozen=True)
class Standing:
    """Whom a token stands for."""

    org_id: int
    org: str
    actor: str
    role: str
    redaction_key: bytes = field(default=b"", repr=False, compare=False)


async def create_org(
    url: str, slug: str, handle: str, token: str, *, name: str | None = None, email: str | None = None, label: str
) -> Standing:
    """Makes an organization, its first administrator and that person's first token: all of it or nothing.

    Raises `Conflict` (org_exists) or `Unprocessable` (name_is_a_slug).
    """
    try:
        conn = await pool.connect(url, name="polaris founding")
        async with conn, conn.transaction():
            made = await calls.create_org(conn, slug, name or slug, handle, email)
            await _issue(conn, made.org_id, made.actor, label, token)
            return Standing(made.org_id, made.org, made.actor, "admin")
    except psycopg.Error as error:
        raise from_database(error) from error


async def issue(url: str, org_id: int, actor: str, token: str, *, label: str) -> None:
    """Gives a participant another token, which does not expire."""
    try:
        conn = await pool.connect(url, name="polaris founding")
        async with conn:
            await _issue(conn, org_id, actor, label, token)
    except psycopg.Error as error:
        raise from_database(error) from error


async def whose(url: str, token: str) -> Standing | None:
    """Whom *token* stands for in this database; None when it stands for nobody there."""
    try:
        conn = await pool.connect(url, name="polaris founding")
        async with conn:
            found = await calls.authenticate(conn, tokens.digest(token))
            return Standing(found.org_id, found.org, found.actor, found.role, found.redaction_key)
    except psycopg.Error as error:
        problem = from_database(error)
        if isinstance(problem, Unauthorized):
            return None
        raise problem from error


async def _issue(conn: pool.Connection, org_id: int, actor: str, label: str, token: str) -> None:
    hashed, shown = tokens.digest(token), tokens.shown(token)
    await calls.issue_token(conn, org_id, actor, actor, label, hashed, shown, expires_in=None)

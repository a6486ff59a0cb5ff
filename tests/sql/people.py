"""People whom an issuer vouches for, and what the audit log tells of them: for the tests of who may enter."""

from __future__ import annotations

import itertools
import os
from datetime import timedelta
from typing import Any

from psycopg import sql
from story import Caller, Row, Story

GOOGLE = "https://accounts.google.com"
SUBJECTS = itertools.count(1)


def secret() -> bytes:
    """Stands for the sha256 of something that nobody can guess."""
    return os.urandom(32)


def signed_in(story: Caller, email: str | None = "krishna@acme.example", **more: Any) -> Row:
    """Somebody new signs in with an address; answers the web session."""
    return story.sign_in(
        **{
            "issuer": GOOGLE,
            "subject": f"s-{next(SUBJECTS)}",
            "email": email,
            "name": "Krishna",
            "picture": None,
            "domain": None,
            "hash": secret(),
            "user_agent": "Firefox",
        }
        | more
    )


def local(story: Story, handle: str = "manu") -> Row:
    """A member whom the installation vouches for signs in; answers the web session."""
    return signed_in(story, None, issuer="local", subject=f"{story.org}:{handle}", name=None)


def joined(story: Story, handle: str, role: str = "member", email: str | None = None, **more: Any) -> Row:
    """Somebody signs in and becomes a member by an invitation; answers the web session."""
    session = signed_in(story, email or f"{handle}@acme.example", **more)
    link = secret()
    story.invite(actor=story.me, email=session.email, role=role, hash=link)
    story.accept_invite(person=session.person_id, org_slug=story.slug, hash=link, handle=handle)
    return session


def noted(story: Story, *actions: str) -> list[tuple[str | None, str, str | None]]:
    """Actor, action and target of each row of the audit log; with actions, only of theirs."""
    rows = story.list_audit(actor=None)
    return [(row.actor, row.action, row.target) for row in rows if not actions or row.action in actions]


def shift(story: Story, table: str, key: str, value: Any, **columns: timedelta) -> None:
    """Moves the times of a row: what would take hours has happened."""
    changes = [sql.SQL("{0} = {0} + {1}").format(sql.Identifier(c), sql.Literal(by)) for c, by in columns.items()]
    changed = story.owner.execute(
        sql.SQL("update polaris_data.{} set {} where {} = {}").format(
            sql.Identifier(table), sql.SQL(", ").join(changes), sql.Identifier(key), sql.Literal(value)
        )
    )

    assert changed.rowcount == 1

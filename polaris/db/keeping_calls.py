"""The stubs of area 85_keeping, made as those of `polaris.db.calls`: retention, legal holds, erasing, scrubbing.

What names an actor is an administrator's, most of the rest is the keeper's (`polaris.http.keeper`).
"""

from __future__ import annotations

from typing import NamedTuple

from polaris import model
from polaris.db.arrays import Longs, Texts
from polaris.db.calls import call
from polaris.db.pool import Connection


class WorkRow(NamedTuple):
    """What is to be done: ``kind`` erase (``id`` = the erasure) or prune (``id`` = the project)."""

    kind: str
    id: int


class PrunedRow(model.Answer):
    """One batch of retention; ``first_seq`` is null where a legal hold stands."""

    pruned: int
    first_seq: int | None
    more: bool


class ErasedRow(model.Answer):
    """One batch of an erasure; it *waits* for a legal hold to be lifted."""

    erased: int
    done: bool
    waits: bool


class ContentRow(NamedTuple):
    """What an event says; JSON as texts."""

    seq: int
    body: str
    payload: str | None
    facts: str | None
    hash: bytes


class ScrubbedRow(model.Answer):
    """The numbers of the events that changed."""

    changed: list[int]


class TextRow(NamedTuple):
    """A text that stands beside the record."""

    place: str
    key: str
    words: str
    hash: bytes


# Retention and holds


@call
async def set_retention(
    conn: Connection, org: int | None, actor: str | None, project: str | None, keep_days: int | None
) -> model.Retention:
    """403 ``admin_only``, 422 ``retention_is_sane``."""


@call
async def list_retention(conn: Connection, org: int | None, actor: str | None) -> list[model.Retention]:
    """The organization's word first, then the projects that the actor may see."""


@call
async def place_hold(
    conn: Connection, org: int | None, actor: str | None, project: str | None, reason: str
) -> model.Hold:
    """403 ``admin_only``, 409 ``hold_is_placed``."""


@call
async def lift_hold(conn: Connection, org: int | None, actor: str | None, hold: int) -> model.Hold:
    """404 ``no_such_hold``."""


@call
async def list_holds(conn: Connection, org: int | None, actor: str | None) -> list[model.Hold]:
    """Admins only."""


# Erasing


@call
async def erase_session(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str, reason: str
) -> model.Erasure:
    """403 ``admin_only``, 409 ``legal_hold``."""


@call
async def erase_person(
    conn: Connection, org: int | None, actor: str | None, participant: str, reason: str
) -> model.Erasure:
    """403 ``admin_only``, 409 ``legal_hold``."""


@call
async def list_erasures(conn: Connection, org: int | None, actor: str | None) -> list[model.Erasure]:
    """Admins only."""


# The keeper


@call
async def lead_keeping(conn: Connection) -> bool:
    """Whether this connection is the one that prunes and erases; it is until it ends."""


@call
async def list_orgs_to_keep(conn: Connection) -> list[int]:
    """Where something may have to be done."""


@call
async def list_keeping_work(conn: Connection, org: int) -> list[WorkRow]:
    """What is to be done now."""


@call
async def prune_project(conn: Connection, org: int, project_id: int, limit: int = 500) -> PrunedRow:
    """One batch."""


@call
async def erase_batch(conn: Connection, org: int, erasure: int, limit: int = 200) -> ErasedRow:
    """One batch; 404 ``no_such_erasure``."""


# Scrubbing


@call
async def read_for_scrub(
    conn: Connection, org: int, actor: str | None, project: str, after: int = 0, limit: int = 200
) -> list[ContentRow]:
    """A page of contents; 403 ``admin_only``."""


@call
async def scrub_events(
    conn: Connection,
    org: int,
    actor: str | None,
    project: str,
    seqs: Longs,
    hashes: list[bytes],
    bodies: Texts,
    payloads: list[str | None],
    facts: list[str | None],
) -> ScrubbedRow:
    """409 ``legal_hold``."""


@call
async def read_texts_for_scrub(
    conn: Connection,
    org: int,
    actor: str | None,
    project: str,
    after_place: str = "",
    after_key: str = "",
    limit: int = 500,
) -> list[TextRow]:
    """A page of texts; 403 ``admin_only``."""


@call
async def scrub_texts(
    conn: Connection,
    org: int,
    actor: str | None,
    project: str,
    places: list[str],
    keys: list[str],
    hashes: list[bytes],
    bodies: list[str],
) -> int:
    """How many changed; 409 ``legal_hold``."""

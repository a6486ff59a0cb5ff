"""Rows as the SQL functions answer them: the shapes of ``polaris.model`` with the inner ids, and the hot ones."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from polaris import model


class Identity(model.Answer):
    """Who a bearer token is. ``project_id`` limits it to one project; ``redaction_key`` is the organization's."""

    org_id: int
    org: str
    actor: str
    role: model.Role
    token_id: int
    project_id: int | None
    expires_at: datetime | None
    redaction_key: bytes


class OrgRow(model.Answer):
    org_id: int
    org: str
    actor: str


class LoginRow(model.Answer):
    """A Postgres login that acts as one participant."""

    login: str
    actor: str
    created_at: datetime
    revoked_at: datetime | None


class ProjectRow(model.Project):
    org_id: int
    project_id: int


class SessionRow(model.Session):
    org_id: int
    project_id: int
    session_id: int


class ClaimedRow(SessionRow):
    created: bool


class JoinedRow(SessionRow):
    created: bool
    claimed: bool


class HeadRow(model.Answer):
    project_id: int
    last_seq: int
    first_seq: int


class ReapedRow(model.Answer):
    """A client's transaction that was ended because it held the record up."""

    pid: int
    login: str
    seconds: int


class EventRow(NamedTuple):
    """One event, in the order of the JSON that readers get; ``payload`` is JSON text."""

    seq: int
    project: str
    session: str | None
    epoch: int | None
    kind: str
    actor: str
    speaker: str
    target: str | None
    turn: str | None
    agent: str | None
    body: str | None
    payload: str | None
    client_id: str | None
    late: bool
    occurred_at: datetime
    recorded_at: datetime

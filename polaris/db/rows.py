"""Rows as the SQL functions answer them: the shapes of ``polaris.model`` with the inner ids, and the hot ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, NamedTuple

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


class ExportBegun(model.Answer):
    """Which events an export holds, and its first line."""

    first_seq: int
    last_seq: int
    head: str


class ImportBegun(model.Answer):
    last_seq: int
    done: bool


class ExportRow(NamedTuple):
    """A row of an export as JSON; ``key`` is where the next page begins."""

    key: list[int]
    line: str


class MeRow(model.Answer):
    """Who the caller is. ``redaction_key`` is the organization's."""

    org_id: int
    org: str
    actor: str | None
    role: model.Role | None
    redaction_key: bytes


class OrgRow(model.Answer):
    org_id: int
    org: str
    actor: str


class WebSessionRow(model.Answer):
    """A browser that is signed in, and its person."""

    web_session_id: int
    person_id: int
    issuer: str
    email: str | None
    name: str | None
    picture: str | None
    domain: str | None
    created_at: datetime
    expires_at: datetime


class DeadWebSessionRow(model.Answer):
    web_session_id: int
    org_id: int


class MembershipRow(model.Answer):
    """A person in an organization."""

    org_id: int
    org: str
    org_name: str
    handle: str
    role: Literal["admin", "member"]
    redaction_key: bytes

    @property
    def actor(self) -> str:
        return f"user:{self.handle}"


class LocalPersonRow(model.Answer):
    """Somebody whom the installation itself vouches for."""

    issuer: str
    subject: str
    handle: str
    org: str
    org_name: str
    role: str


class SignInRow(model.Answer):
    """What the provider's answer is checked against."""

    nonce: str
    verifier: str
    return_to: str


class InviteRow(model.Answer):
    """What whoever holds the link of an invitation is shown."""

    org: str
    org_name: str
    email: str
    role: str
    handle: str | None
    invited_by: str
    expires_at: datetime


class JoinableRow(model.Answer):
    """An organization that a person may join by its domain."""

    org: str
    org_name: str
    domain: str


class GrantRow(model.Answer):
    """The answer to a code: an ``error`` of RFC 6749 or 8628, or whose the token is."""

    error: str | None
    org: str | None
    actor: str | None
    token_id: int | None


class DeviceRow(model.Answer):
    """A machine that asks; ``error`` is ``no_such_code`` or ``too_many_guesses``."""

    error: str | None
    machine: str | None
    address: str | None
    created_at: datetime | None


class DeviceAnswerRow(model.Answer):
    error: str | None
    machine: str | None


class DashboardSession(model.Answer):
    name: str
    driver: str | None
    epoch: int
    lease_until: datetime | None
    last_seq: int
    advice_waiting: int


class DashboardRow(model.Answer):
    """A project as its people see it first."""

    name: str
    visibility: model.Visibility
    created_by: str
    archived_at: datetime | None
    last_seq: int
    unread: int
    last_at: datetime | None
    sessions: list[DashboardSession]


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


def shown_session(row: SessionRow) -> model.SessionShown:
    """A session with the presence of its driver."""
    alive = row.lease_until is not None and row.lease_until > datetime.now(UTC)
    presence = "none" if row.driver is None else "present" if alive else "away"
    return model.SessionShown.model_validate({**row.model_dump(), "presence": presence})


class SeatRow(model.Answer):
    """Who held a session's seat under one epoch."""

    epoch: int
    driver: str
    claimed_at: datetime
    ended_at: datetime | None
    ended_how: str | None


class ProjectPolicyRow(model.Policy):
    project: str


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


class ReapedAnalyst(model.Answer):
    """An analyst's connection that was ended. *why*: revoked, connections, query, idle, transaction, lock or owns."""

    pid: int
    login: str
    why: str
    seconds: int


class AnalystRow(model.Answer):
    """A Postgres login that reads the history of an organization."""

    login: str
    actor: str
    sees_private: bool
    created_by: str | None
    created_at: datetime
    revoked_at: datetime | None


class EventRow(NamedTuple):
    """One event, in the order of the JSON that readers get; ``payload`` and ``facts`` are JSON text."""

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
    facts: str | None = None
    erased_at: datetime | None = None


class EntryRow(NamedTuple):
    """An event for a page: ``body`` may be cut; ``body_characters`` is how long it is."""

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
    body_characters: int
    facts: str | None = None
    erased_at: datetime | None = None


class FoundRow(NamedTuple):
    """An event that a search found; ``snippet`` holds what was found between U+E000 and U+E001."""

    project_id: int
    project: str
    session: str | None
    seq: int
    kind: str
    actor: str
    speaker: str
    agent: str | None
    turn: str | None
    snippet: str
    recorded_at: datetime


class UnindexedRow(NamedTuple):
    """A project whose last *behind* events are not in the index; the first of them waits since then."""

    org_id: int
    project_id: int
    behind: int
    waits_since: datetime | None

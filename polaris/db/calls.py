"""One Python stub a SQL function: the signature is the call, the docstring the contract, the SQL file the truth.

``await get_project(conn, org=7, actor="user:manu", project="pj")`` runs ``polaris.get_project(p_org => …)`` and answers
the row as a typed object. The service passes ``org`` and ``actor``; a direct client leaves them None. Every stub fails
with a ``psycopg.Error`` that `polaris.errors.from_database` translates. tests/contract/test_calls.py compares all of
them with ``pg_proc``. `push_events` has its own shape, in `polaris.db.writer`.

A stub has no body but its docstring, because none would ever run: the decorator puts the call in its place. The type
checker is told so in setup.cfg (``empty-body``).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row, tuple_row
from pydantic import BaseModel, TypeAdapter

from polaris import model
from polaris.db import rows
from polaris.db.arrays import Texts
from polaris.db.pool import Connection

P = ParamSpec("P")
R = TypeVar("R")
Stub = Callable[P, Coroutine[Any, Any, R]]

CALLS: dict[str, inspect.Signature] = {}


def call(stub: Stub[P, R]) -> Stub[P, R]:
    """Turns the typed signature of *stub* into the call of the SQL function of the same name.

    The annotation of the answer decides how rows are read: a model or a list of it is validated, a NamedTuple takes the
    columns it names without validation (the hot reads), anything else is the one column of the row.
    """
    name = stub.__name__
    CALLS[name] = inspect.signature(stub)
    names = [n for n in CALLS[name].parameters if n != "conn"]
    defaults = {n: p.default for n, p in CALLS[name].parameters.items() if p.default is not p.empty}
    answer = get_type_hints(stub)["return"]
    many = get_origin(answer) is list
    row: Any = get_args(answer)[0] if many else answer
    whole = inspect.isclass(row) and issubclass(row, BaseModel)
    fields = getattr(row, "_fields", None)
    validate: Callable[[Any], Any] = TypeAdapter(answer).validate_python if not fields else list
    if answer is type(None):  # a function that answers void
        validate = _nothing
    query = sql.SQL("select {} from polaris.{}({})").format(
        sql.SQL(", ").join(map(sql.Identifier, fields)) if fields else sql.SQL("*"),
        sql.Identifier(name),
        sql.SQL(", ").join(sql.SQL("{} => {}").format(sql.Identifier(argument(n)), sql.Placeholder(n)) for n in names),
    )
    text = query.as_bytes()

    @functools.wraps(stub)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        values: dict[str, Any] = defaults | dict(zip(("conn", *names), args, strict=False)) | kwargs
        conn: Connection = values.pop("conn")
        if whole:
            async with conn.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(text, values)
                found: Any = await cursor.fetchall()
        else:
            async with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
                await cursor.execute(text, values)
                found = await cursor.fetchall()
            if fields:
                return [row._make(r) for r in found]  # type: ignore[return-value]
            found = [r[0] for r in found]
        return validate(found if many else found[0])  # type: ignore[no-any-return]

    return run


def _nothing(value: object) -> None:
    """What a function that answers void answers."""


def argument(name: str) -> str:
    """The SQL name of a stub's parameter; a trailing underscore avoids a keyword of Python."""
    return f"p_{name.rstrip('_')}"


async def installed_digest(conn: Connection) -> str:
    """The checksum of the SQL that is installed; equal to `polaris.db.sources.digest()` when all is up to date."""
    row = await (await conn.execute("select polaris_meta.digest()")).fetchone()
    return str(row[0]) if row else ""


async def notification_queue_usage(conn: Connection) -> float:
    """How full the cluster's notification queue is, 0 to 1; at 1 nobody can commit a notification."""
    row = await (await conn.execute("select pg_notification_queue_usage()")).fetchone()
    return float(row[0]) if row else 0.0


# Accounts


@call
async def get_me(conn: Connection, org: int | None, actor: str | None) -> rows.MeRow:
    """Who a direct client is."""


@call
async def authenticate(conn: Connection, hash: bytes) -> rows.Identity:
    """401 ``token_unknown``, ``token_revoked``, ``token_expired``."""


@call
async def list_dead_tokens(conn: Connection, tokens: list[int]) -> list[int]:
    """Those of *tokens* that are no longer valid."""


@call
async def create_org(
    conn: Connection,
    slug: str,
    name: str,
    handle: str,
    email: str | None = None,
    issuer: str = "local",
    subject: str | None = None,
) -> rows.OrgRow:
    """An organization and its first admin; 409 ``org_exists``."""


@call
async def add_member(
    conn: Connection, org: int | None, actor: str | None, handle: str, role: str, email: str | None = None
) -> model.Member:
    """Admins only."""


@call
async def list_members(conn: Connection, org: int | None, actor: str | None) -> list[model.Member]:
    """Removed ones too."""


@call
async def remove_member(conn: Connection, org: int | None, actor: str | None, handle: str) -> model.Member:
    """Admins only; everything that hangs on the member's tokens ends."""


@call
async def issue_token(
    conn: Connection,
    org: int | None,
    actor: str | None,
    for_: str,
    name: str,
    hash: bytes,
    shown: str,
    project: str | None = None,
    expires_in: timedelta | None = timedelta(days=90),
    sliding: bool = False,
) -> model.Token:
    """Keeps the digest of a token that the caller made; 403 ``not_allowed``, 404 ``no_such_member``."""


@call
async def list_tokens(conn: Connection, org: int | None, actor: str | None) -> list[model.Token]:
    """Never a token itself."""


@call
async def revoke_token(conn: Connection, org: int | None, actor: str | None, token: int) -> model.Token:
    """404 ``no_such_token``."""


@call
async def list_logins(conn: Connection, org: int | None) -> list[rows.LoginRow]:
    """Postgres logins of direct clients and their participants."""


@call
async def register_login(conn: Connection, org: int | None, actor: str | None, login: str) -> rows.LoginRow:
    """A Postgres login becomes one participant."""


@call
async def revoke_login(conn: Connection, org: int | None, login: str) -> rows.LoginRow:
    """404 ``no_such_login``; what it has open ends."""


@call
async def touch_tokens(conn: Connection, tokens: list[int]) -> int:
    """Notes that these tokens are in use; how many were written."""


@call
async def set_role(conn: Connection, org: int | None, actor: str | None, handle: str, role: str) -> model.Member:
    """Admins only; 409 ``last_admin``."""


@call
async def invite(
    conn: Connection,
    org: int | None,
    actor: str | None,
    email: str,
    role: str,
    hash: bytes,
    handle: str | None = None,
    expires_in: timedelta = timedelta(days=7),
) -> model.Invite:
    """Keeps the digest of a link that is good once; 422 ``email_is_an_address``."""


@call
async def list_invites(conn: Connection, org: int | None, actor: str | None) -> list[model.Invite]:
    """Admins only."""


@call
async def revoke_invite(conn: Connection, org: int | None, actor: str | None, invite: int) -> model.Invite:
    """404 ``no_such_invite``, 409 ``invite_is_accepted``."""


@call
async def get_invite(conn: Connection, org_slug: str, hash: bytes) -> rows.InviteRow:
    """What the holder of the link is shown; 404 ``no_such_invite`` for a used one too."""


@call
async def accept_invite(
    conn: Connection, person: int, org_slug: str, hash: bytes, handle: str | None = None
) -> model.Member:
    """403 ``invite_is_for_another_address``, 409 ``member_exists``."""


@call
async def list_domains(conn: Connection, org: int | None, actor: str | None) -> list[model.Domain]:
    """Admins only: the proofs are in it."""


@call
async def add_domain(conn: Connection, org: int | None, actor: str | None, domain: str) -> model.Domain:
    """422 ``domain_is_a_name``."""


@call
async def prove_domain(conn: Connection, org: int | None, actor: str | None, domain: str) -> model.Domain:
    """After the name server showed the proof; 409 ``domain_is_taken``."""


@call
async def remove_domain(conn: Connection, org: int | None, actor: str | None, domain: str) -> str:
    """404 ``no_such_domain``."""


@call
async def list_orgs_to_join(conn: Connection, person: int) -> list[rows.JoinableRow]:
    """By the domain that the person's issuer vouches for."""


@call
async def join_by_domain(conn: Connection, person: int, org_slug: str, handle: str) -> model.Member:
    """403 ``domain_is_not_yours``, 409 ``member_exists``."""


@call
async def found_org(conn: Connection, person: int, slug: str, name: str, handle: str) -> rows.OrgRow:
    """Sign-up; 409 ``org_exists``."""


# Sign-in


@call
async def sign_in(
    conn: Connection,
    issuer: str,
    subject: str,
    email: str | None,
    name: str | None,
    picture: str | None,
    domain: str | None,
    hash: bytes,
    user_agent: str | None,
) -> rows.WebSessionRow:
    """Writes the person and the session of its browser; *hash* is the digest of the cookie."""


@call
async def resume_web_session(conn: Connection, hash: bytes) -> rows.WebSessionRow:
    """401 ``web_session_unknown``, ``web_session_expired``."""


@call
async def close_web_session(conn: Connection, hash: bytes) -> int:
    """How many that ended."""


@call
async def close_web_sessions(conn: Connection, person: int) -> int:
    """Signs a person out everywhere."""


@call
async def list_dead_web_sessions(
    conn: Connection, sessions: list[int], orgs: list[int]
) -> list[rows.DeadWebSessionRow]:
    """Those pairs that no longer open anything."""


@call
async def list_memberships(conn: Connection, person: int) -> list[rows.MembershipRow]:
    """The organizations of a person."""


@call
async def list_local_people(conn: Connection, org: int | None = None) -> list[rows.LocalPersonRow]:
    """Whom the installation itself vouches for."""


@call
async def begin_sign_in(conn: Connection, state_hash: bytes, nonce: str, verifier: str, return_to: str) -> None:
    """Keeps what the provider's answer is checked against."""


@call
async def take_sign_in(conn: Connection, state_hash: bytes) -> rows.SignInRow:
    """Once, for 10 minutes; 404 ``sign_in_unknown``."""


@call
async def write_login_code(
    conn: Connection, hash: bytes, person: int, org: int, challenge: str, redirect_uri: str, machine: str
) -> None:
    """An authorization code; 404 ``no_such_member``."""


@call
async def exchange_login_code(
    conn: Connection, hash: bytes, challenge: str, redirect_uri: str, token_hash: bytes, token_shown: str
) -> rows.GrantRow:
    """The code is used up whatever the answer is."""


@call
async def begin_device_login(conn: Connection, device_hash: bytes, user_code: str, machine: str, address: str) -> None:
    """409 ``user_code_is_taken``."""


@call
async def guess_device_login(conn: Connection, person: int, user_code: str) -> rows.DeviceRow:
    """Which machine asks; wrong guesses are counted."""


@call
async def answer_device_login(
    conn: Connection, person: int, org: int, user_code: str, allowed: bool
) -> rows.DeviceAnswerRow:
    """Lets the machine in, or not."""


@call
async def poll_device_login(conn: Connection, device_hash: bytes, token_hash: bytes, token_shown: str) -> rows.GrantRow:
    """What the machine is told: an error of RFC 8628 or its token."""


# The audit log


@call
async def list_audit(
    conn: Connection, org: int | None, actor: str | None, after: int = 0, limit: int = 500
) -> list[model.AuditRow]:
    """Admins only; the rows as they were hashed."""


@call
async def get_audit_head(conn: Connection, org: int | None, actor: str | None) -> model.AuditHead:
    """What to note down, so that a cut tail is found."""


@call
async def note_export(
    conn: Connection, org: int | None, actor: str | None, what: str, detail: str | None = None
) -> int:
    """Before the first byte leaves. *detail* is JSON text."""


@call
async def note_refused_sign_in(conn: Connection, reason: str, detail: str | None = None) -> int:
    """In the log of the installation. *detail* is JSON text."""


# Exports and imports


@call
async def begin_export(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    after: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> rows.ExportBegun:
    """Its maker and admins only; the audit log notes it."""


@call
async def read_export(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    what: str,
    after: list[int],
    last: int,
    limit: int = 500,
) -> list[rows.ExportRow]:
    """*what*: a part of `polaris.exports.PARTS`; *after*: the key of the last row, or nothing."""


@call
async def begin_import(
    conn: Connection, org: int | None, actor: str | None, project: str, digest: bytes, source: str
) -> rows.ImportBegun:
    """Admins only. *source* is the head of the export, JSON text. 409 ``project_exists``, ``import_is_another``."""


@call
async def import_rows(
    conn: Connection, org: int | None, actor: str | None, project: str, digest: bytes, what: str, rows: Texts
) -> int:
    """The project's last number now. 409 ``import_out_of_order``, ``import_is_done``, 422 ``import_not_valid``."""


@call
async def finish_import(
    conn: Connection, org: int | None, actor: str | None, project: str, digest: bytes
) -> rows.ProjectRow:
    """409 ``import_is_not_whole``."""


# Projects and sessions


@call
async def create_project(
    conn: Connection, org: int | None, actor: str | None, name: str, visibility: str = "org"
) -> rows.ProjectRow:
    """409 ``project_exists``, 422 ``name_is_a_slug``."""


@call
async def list_projects(conn: Connection, org: int | None, actor: str | None) -> list[rows.ProjectRow]:
    """Those that the actor may see."""


@call
async def get_project(conn: Connection, org: int | None, actor: str | None, project: str) -> rows.ProjectRow:
    """404 ``no_such_project``, also for what the actor may not see."""


@call
async def archive_project(conn: Connection, org: int | None, actor: str | None, project: str) -> rows.ProjectRow:
    """With its sessions; 404 ``no_such_project``."""


@call
async def restore_project(conn: Connection, org: int | None, actor: str | None, project: str) -> rows.ProjectRow:
    """With the sessions that were archived along with it."""


@call
async def set_visibility(
    conn: Connection, org: int | None, actor: str | None, project: str, visibility: str
) -> rows.ProjectRow:
    """Its maker or an admin; who may not see it any more loses the seat."""


@call
async def list_project_members(
    conn: Connection, org: int | None, actor: str | None, project: str
) -> list[model.ProjectMember]:
    """Who is on the list."""


@call
async def add_project_member(
    conn: Connection, org: int | None, actor: str | None, project: str, member: str
) -> model.ProjectMember:
    """404 ``no_such_member``."""


@call
async def remove_project_member(conn: Connection, org: int | None, actor: str | None, project: str, member: str) -> str:
    """What the participant watches there ends."""


@call
async def list_dashboard(conn: Connection, org: int | None, actor: str | None) -> list[rows.DashboardRow]:
    """Every project that the caller may see, and who drives what in it."""


@call
async def create_session(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str
) -> rows.SessionRow:
    """409 ``session_exists``."""


@call
async def list_sessions(conn: Connection, org: int | None, actor: str | None, project: str) -> list[rows.SessionRow]:
    """404 ``no_such_project``."""


@call
async def get_session(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str
) -> rows.SessionRow:
    """404 ``no_such_session``."""


@call
async def list_seats(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str, limit: int = 10
) -> list[rows.SeatRow]:
    """Who drove a session, the newest first."""


@call
async def archive_session(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str
) -> rows.SessionRow:
    """404 ``no_such_session``."""


@call
async def join_session(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str, lease_seconds: int
) -> rows.JoinedRow:
    """Creates what is missing and claims the seat if it is free."""


@call
async def claim_driver(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str, lease_seconds: int
) -> rows.ClaimedRow:
    """409 ``seat_is_held``, details ``{"driver": …}``; 409 ``seat_is_reserved``, details ``{"reserved_for": …}``."""


@call
async def release_driver(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str,
    epoch: int | None = None,
    to: str | None = None,
) -> rows.SessionRow:
    """409 ``not_driver``, 404 ``no_such_member`` for *to*."""


@call
async def brief(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str,
    characters: int = 6000,
    since: str | None = None,
) -> model.Brief:
    """404 ``no_such_session``, 422 ``characters_are_sane``. *since*: a number, ``drove`` or ``looked``."""


@call
async def context(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str | None = None,
    since: str | None = None,
    by: str | None = None,
    characters: int = 6000,
) -> model.Brief:
    """What happened in a project, in a session, or by a participant; 422 ``since_is_known``."""


@call
async def find_commit(conn: Connection, org: int | None, actor: str | None, commit: str) -> list[model.Commit]:
    """Those that made it first. 404 ``no_such_commit``, 422 ``commit_is_hex``."""


@call
async def list_commits(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[model.Commit]:
    """Only those that were made, newest first; a few more than *limit* where one event made several."""


@call
async def list_checkouts(conn: Connection, org: int | None, actor: str | None, project: str) -> list[model.Checkout]:
    """404 ``no_such_project``."""


@call
async def list_file_changes(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str | None,
    path: str,
    reads: bool = False,
    before: int | None = None,
    limit: int = 100,
) -> list[model.FileChange]:
    """Newest first; *project* None: in all that the actor may see. 422 ``path_is_missing``."""


@call
async def annotate(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    what: str,
    body: str | None,
    session: str | None = None,
    about: int | None = None,
    client_id: str | None = None,
    agent: str | None = None,
) -> model.MadeAnnotation:
    """A decision, a question or a star; 404 ``no_such_event``, 422 ``annotation_is_known``."""


@call
async def close_annotation(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    seq: int,
    body: str | None = None,
    client_id: str | None = None,
    agent: str | None = None,
) -> model.Closed:
    """404 ``no_such_annotation``, 409 ``annotation_is_closed``, 403 ``not_your_star``."""


@call
async def list_annotations(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str | None = None,
    kind: list[str] | None = None,
    open: bool | None = None,
    about: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[model.Annotation]:
    """Newest first; *before*: the next page."""


@call
async def heartbeat(
    conn: Connection,
    org: int | None,
    actor: list[str] | None,
    project: list[str],
    session: list[str],
    epoch: list[int],
    lease_seconds: int,
) -> list[model.Lease]:
    """Renews the leases of many links at once; one row an element, in order."""


@call
async def ask_seat(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str,
    note: str | None = None,
    client_id: str | None = None,
    expires_in: timedelta = timedelta(minutes=30),
    agent: str | None = None,
) -> model.SeatAsked:
    """409 ``seat_is_open``, ``seat_is_yours``, ``seat_is_reserved``; 403 ``seat_is_not_for_slack``."""


@call
async def answer_seat_request(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str,
    request: int,
    answer: str,
    reason: str | None = None,
) -> model.SeatRequest:
    """`give`, `decline`, `withdraw`; 404 ``no_such_request``, 409 ``request_has_ended``, 403 ``not_driver``."""


@call
async def list_seat_requests(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str | None = None, limit: int = 100
) -> list[model.SeatRequest]:
    """Open ones and ended ones, the oldest first."""


@call
async def take_over_seat(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str,
    epoch: int,
    reason: str,
    lease_seconds: int,
) -> rows.SessionRow:
    """Admins only; 409 ``seat_has_changed`` when *epoch* is not the present one."""


@call
async def list_orgs_with_lapses(conn: Connection) -> list[int]:
    """Organizations with a lease, a delivery or a request for a seat whose time is over."""


@call
async def expire_leases(conn: Connection, org: int | None) -> int:
    """Frees the seats whose lease is over; how many. Safe from several processes."""


@call
async def expire_deliveries(conn: Connection, org: int | None) -> int:
    """How many have ended."""


@call
async def expire_seat_requests(conn: Connection, org: int | None) -> int:
    """How many have ended."""


@call
async def reap_blockers(conn: Connection, older_than: timedelta = timedelta(seconds=2)) -> list[rows.ReapedRow]:
    """Ends direct clients' transactions that hold the record up; whose."""


@call
async def reap_analysts(
    conn: Connection,
    query: timedelta = timedelta(seconds=65),
    idle: timedelta = timedelta(seconds=65),
    transaction: timedelta = timedelta(minutes=10),
    connections: int = 5,
) -> list[rows.ReapedAnalyst]:
    """Ends connections of analysts that do what they may not; whose, and why."""


@call
async def create_analyst(
    conn: Connection, org: int | None, actor: str | None, for_: str, login: str, sees_private: bool = False
) -> rows.AnalystRow:
    """Registers a role that reads the history of *org*, for the participant *for_*; admins only."""


@call
async def list_analysts(conn: Connection, org: int | None, actor: str | None) -> list[rows.AnalystRow]:
    """Revoked ones too; admins only."""


@call
async def revoke_analyst(conn: Connection, org: int | None, actor: str | None, login: str) -> rows.AnalystRow:
    """404 ``no_such_login``; admins only."""


# The record


@call
async def say(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    body: str,
    client_id: str | None = None,
    payload: str | None = None,
    agent: str | None = None,
) -> model.Said:
    """A floor event: somebody speaks to the whole project. *payload* is JSON text."""


@call
async def read_events(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str | None = None,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    kind: list[str] | None = None,
    by: list[str] | None = None,
) -> list[rows.EventRow]:
    """Ascending: the next ones after *after*, the page before *before*, or the newest page."""


@call
async def read_entries(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str | None = None,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    kind: list[str] | None = None,
    by: list[str] | None = None,
    characters: int = 4000,
    payload_bytes: int = 65536,
) -> list[rows.EntryRow]:
    """`read_events` for pages: long bodies are cut, payloads that no page shows are left out."""


@call
async def list_recent(conn: Connection, org: int | None, actor: str | None, limit: int = 20) -> list[rows.EventRow]:
    """The newest words over all visible projects, newest first."""


@call
async def mark_read(conn: Connection, org: int | None, actor: str | None, project: str, seq: int) -> int:
    """The mark only rises."""


@call
async def get_read_mark(conn: Connection, org: int | None, actor: str | None, project: str) -> int:
    """0 for one who never read."""


@call
async def read_project_events(
    conn: Connection, org: int | None, project_id: int, after: int, limit: int
) -> list[rows.EventRow]:
    """The relay's read: the service only, no check of access."""


@call
async def list_heads(conn: Connection, org: int | None, projects: list[int]) -> list[rows.HeadRow]:
    """The first and last number of each project."""


# Advice


@call
async def inject(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str,
    body: str,
    client_id: str | None = None,
    expires_in: timedelta | None = None,
    agent: str | None = None,
) -> model.Injected:
    """Speaks to one session."""


@call
async def read_advice(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str, epoch: int
) -> list[model.Advice]:
    """What waits for the seat's holder: queued or sent, with the wording that its agent is shown."""


@call
async def settle_delivery(
    conn: Connection,
    org: int | None,
    actor: str | None,
    delivery: UUID,
    state: str,
    reason: str | None = None,
    path: str | None = None,
    epoch: int | None = None,
) -> model.Settled:
    """404 ``no_such_delivery``, 409 ``delivery_cannot_become``, 403 ``not_driver``."""


@call
async def get_delivery(
    conn: Connection, org: int | None, actor: str | None, project: str, delivery: UUID
) -> model.Delivery:
    """404 ``no_such_delivery``."""


@call
async def list_deliveries(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str | None = None, limit: int = 100
) -> list[model.Delivery]:
    """The newest first."""


# Policies


@call
async def list_policies(
    conn: Connection, org: int | None, actor: str | None, project: str, session: str | None = None
) -> list[model.Policy]:
    """What is in force for each class of sender."""


@call
async def list_all_policies(conn: Connection, org: int | None, actor: str | None) -> list[rows.ProjectPolicyRow]:
    """What is in force in every project that the caller may see."""


@call
async def set_policy(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    session: str | None,
    sender_class: str,
    policy: str | None,
) -> list[model.Policy]:
    """None takes the word back."""


@call
async def decide_delivery(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    delivery: UUID,
    decision: str,
    body: str | None = None,
    reason: str | None = None,
) -> model.Delivery:
    """The driver's yes (`send`) or no (`dismiss`) to what is held."""


# The tables made from the record


@call
async def search_events(
    conn: Connection,
    org: int | None,
    actor: str | None,
    query: str | None = None,
    project: str | None = None,
    session: str | None = None,
    kind: list[str] | None = None,
    by: list[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    file: str | None = None,
    before_at: datetime | None = None,
    before_project: int | None = None,
    before_seq: int | None = None,
    limit: int = 30,
) -> list[rows.FoundRow]:
    """Newest first, before a place; 404 ``no_such_project``, ``no_such_session``, 422 ``session_needs_a_project``."""


@call
async def find_events(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str,
    query: str | None = None,
    session: str | None = None,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    kind: list[str] | None = None,
    by: list[str] | None = None,
) -> list[rows.EventRow]:
    """A page of history, of the events that hold what *query* looks for."""


@call
async def list_unindexed(conn: Connection, limit: int = 100) -> list[rows.UnindexedRow]:
    """Whose newest events are not yet in the tables made from the record; who waits longest comes first."""


@call
async def reset_index(conn: Connection) -> int:
    """Lets all of those tables be made anew; how many events that are."""


@call
async def get_usage(
    conn: Connection,
    org: int | None,
    actor: str | None,
    project: str | None = None,
    session: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    by: str = "session",
    limit: int = 100,
) -> list[model.UsageSum]:
    """What models used, by session, person, project, day or model; 422 ``grouping_is_known``."""


@call
async def index_events(conn: Connection, org: int, project_id: int, limit: int = 500) -> int:
    """The next events of a project; answers how many; 0 also while another process fills it."""

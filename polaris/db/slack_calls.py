"""The stubs of area 70_slack, made as those of `polaris.db.calls`, and the rows that they answer with.

All of them are the service's. Those with a *fence* are a bridge's that has the lease of the workspace: 409
``bridge_was_replaced`` tells it that another one has it now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb as Jsonb

from polaris.db.calls import call
from polaris.db.pool import Connection


class SlackRow(NamedTuple):
    """A workspace as it may be shown. ``state``: connected, refused (Slack does not take the token), disconnected."""

    org_id: int
    team_id: str
    app_id: str
    name: str
    url: str | None
    bot_user_id: str
    bot_id: str | None
    scopes: list[str]
    state: str
    reason: str | None
    connected_by: str
    connected_at: datetime
    people_at: datetime | None
    hears_everybody: bool
    invites_drivers: bool
    threads_turns: bool
    digest_hour: int
    holder: str | None
    lease_until: datetime | None


class InstallRow(NamedTuple):
    """Who began to connect a workspace, and for which organization."""

    org_id: int
    slug: str
    actor: str


class WorkspaceRow(NamedTuple):
    """A workspace as a bridge needs it; ``token`` is sealed."""

    org_id: int
    org: str
    team_id: str
    app_id: str
    bot_user_id: str
    bot_id: str | None
    token: bytes
    token_key: str
    state: str
    people_at: datetime | None
    hears_everybody: bool
    invites_drivers: bool
    threads_turns: bool


class PersonRow(NamedTuple):
    """A person of the workspace. ``standing``: full, guest, stranger, bot, deleted; ``actor`` None: is not heard."""

    user_id: str
    handle: str
    username: str | None
    name: str
    email: str | None
    picture: str | None
    standing: str
    member: str | None
    member_by: str | None
    actor: str | None
    looked_up_at: datetime


class SpeakerRow(NamedTuple):
    """As whom somebody speaks; ``actor`` None: is not heard."""

    user_id: str
    name: str
    standing: str
    actor: str | None


class ChannelRow(NamedTuple):
    """A project and its channel. ``shown``: something of it may be posted; ``cursor``: the last event that was."""

    project_id: int
    project: str
    sessions: int
    last_seq: int
    shown: bool
    channel_id: str | None
    name: str
    state: str
    reason: str | None
    level: str
    hears: bool
    shared: bool
    cursor: int
    digest_at: datetime | None


class SlackEventRow(NamedTuple):
    """Something that Slack told; ``payload`` is JSON. ``kind``: message, edit, verb, hint, person, channel."""

    event_id: str
    kind: str
    channel_id: str | None
    project_id: int | None
    project: str | None
    ts: str | None
    thread_ts: str | None
    user_id: str | None
    sessions: list[str]
    body: str | None
    payload: str | None
    attempts: int
    received_at: datetime


class PostRow(NamedTuple):
    """A message in Slack, made or to be made, as it should look and as it looks.

    ``ts`` None: not made yet. ``version`` > ``shown``: the text is to be edited. ``reaction`` and ``reaction_shown``
    are names of emoji; ``extra_ts`` is a second copy that is to be deleted. ``thread_ts`` is resolved.
    """

    post_id: int
    project_id: int
    project: str
    session: str | None
    lane: str
    key: str
    kind: str
    seq: int | None
    channel_id: str | None
    thread_ts: str | None
    recipient: str | None
    author: str | None
    picture: str | None
    emoji: str | None
    text: str
    calls: int
    version: int
    shown: int
    reaction: str | None
    reaction_shown: str | None
    extra_ts: str | None
    state: str
    ts: str | None
    attempts: int
    repeats: int


class AdvisedRow(NamedTuple):
    """What became of advice for one session: a delivery and its state, or the code that refused it."""

    session: str
    delivery_id: UUID | None
    state: str | None
    code: str | None


class FiguresRow(NamedTuple):
    """How a bridge does, in posts; ``repeats`` were sent again without a proof, ``doubles`` proved to be copies."""

    posted: int
    waiting: int
    unsure: int
    failed: int
    dropped: int
    repeats: int
    doubles: int
    undone: int
    oldest_seconds: float


# The workspace


@call
async def begin_slack_install(conn: Connection, org: int, actor: str, web_session: int, state_hash: bytes) -> None:
    """Who wants to connect; 403 ``admin_only``."""
    raise NotImplementedError


@call
async def take_slack_install(conn: Connection, state_hash: bytes, web_session: int) -> list[InstallRow]:
    """Once, for 10 minutes; 404 ``slack_install_unknown``, 403 ``admin_only``."""
    raise NotImplementedError


@call
async def connect_slack(
    conn: Connection,
    org: int,
    actor: str | None,
    team: str,
    app: str,
    name: str,
    url: str | None,
    bot_user: str,
    bot_id: str | None,
    scopes: list[str],
    token: bytes,
    token_key: str,
) -> list[SlackRow]:
    """*token* is sealed; 403 ``admin_only``, 409 ``workspace_is_taken``."""
    raise NotImplementedError


@call
async def disconnect_slack(conn: Connection, org: int, actor: str | None, reason: str) -> list[SlackRow]:
    """403 ``admin_only``, 404 ``slack_not_connected``."""
    raise NotImplementedError


@call
async def end_slack(conn: Connection, team: str, app: str, at: datetime, reason: str) -> str:
    """Slack said so, at *at*: ``ended``, or ``ignored`` when it was connected anew since."""
    raise NotImplementedError


@call
async def get_slack(conn: Connection, org: int, actor: str | None) -> list[SlackRow]:
    """One row, or none."""
    raise NotImplementedError


@call
async def set_slack(
    conn: Connection,
    org: int,
    actor: str,
    hears_everybody: bool | None = None,
    invites_drivers: bool | None = None,
    threads_turns: bool | None = None,
    digest_hour: int | None = None,
) -> list[SlackRow]:
    """None leaves a setting as it is; 403 ``admin_only``, 404 ``slack_not_connected``."""
    raise NotImplementedError


@call
async def list_slack_workspaces(conn: Connection) -> list[WorkspaceRow]:
    """Every one that has a token, also one whose token Slack refused."""
    raise NotImplementedError


@call
async def rekey_slack(conn: Connection, org: int, old: bytes, token: bytes, token_key: str) -> bool:
    """False when the token was replaced meanwhile."""
    raise NotImplementedError


@call
async def lease_slack(conn: Connection, org: int, holder: str, seconds: int) -> int | None:
    """The fence, or None while another bridge has the workspace."""
    raise NotImplementedError


@call
async def release_slack(conn: Connection, org: int, fence: int) -> bool:
    """False when it was lost already."""
    raise NotImplementedError


@call
async def refuse_slack(conn: Connection, org: int, fence: int, reason: str) -> None:
    """Slack does not take the token any more."""
    raise NotImplementedError


# People


@call
async def write_slack_people(conn: Connection, org: int, fence: int, people: Jsonb, whole: bool = False) -> int:
    """*people*: a list of ``{"id", "username", "name", "email", "picture", "standing"}``; *whole* ends a whole list."""
    raise NotImplementedError


@call
async def list_slack_people(
    conn: Connection, org: int, actor: str | None, users: list[str] | None = None, members: list[str] | None = None
) -> list[PersonRow]:
    """All, those with the ids *users*, or those who are the *members* (handles); 403 ``admin_only``."""
    raise NotImplementedError


@call
async def map_slack_person(conn: Connection, org: int, actor: str, user: str, member: str | None) -> list[PersonRow]:
    """*member*: a handle, ``''`` for nobody, None for whoever has the same address; 404 ``no_such_member``."""
    raise NotImplementedError


@call
async def get_slack_speaker(conn: Connection, org: int, user: str) -> list[SpeakerRow]:
    """No row: look the person up first."""
    raise NotImplementedError


# Channels


@call
async def list_slack_channels(conn: Connection, org: int, actor: str | None) -> list[ChannelRow]:
    """Of every project that the caller may see, with or without a channel."""
    raise NotImplementedError


@call
async def write_slack_channel(
    conn: Connection,
    org: int,
    fence: int,
    project_id: int,
    channel: str | None,
    name: str,
    state: str,
    reason: str | None = None,
    shared: bool | None = None,
) -> int:
    """*state*: missing, live, archived, left, refused. How many events are skipped by that."""
    raise NotImplementedError


@call
async def set_slack_channel(
    conn: Connection,
    org: int,
    actor: str | None,
    project: str,
    level: str | None = None,
    hears: bool | None = None,
    again: bool | None = None,
) -> list[ChannelRow]:
    """*level*: all, final-only, muted, digest; 404 ``no_such_channel``, 422 ``level_is_known``, 403 ``admin_only``."""
    raise NotImplementedError


# Slack to project


@call
async def take_slack_event(
    conn: Connection,
    team: str,
    app: str,
    event_id: str,
    kind: str,
    channel: str | None = None,
    ts: str | None = None,
    thread_ts: str | None = None,
    user: str | None = None,
    names: list[str] = [],  # noqa: B006 - read only
    mentions: list[str] = [],  # noqa: B006
    explicit: bool = False,
    rest: str | None = None,
    text: str | None = None,
    payload: Jsonb | None = None,
) -> str:
    """``stored``, ``known`` or ``ignored``; the words are told in the SQL file."""
    raise NotImplementedError


@call
async def list_slack_inbox(conn: Connection, org: int) -> list[SlackEventRow]:
    """The oldest event of each channel, if its time has come."""
    raise NotImplementedError


@call
async def finish_slack_event(
    conn: Connection,
    org: int,
    fence: int,
    event_id: str,
    outcome: str,
    project_id: int | None = None,
    posts: Jsonb = Jsonb([]),
    retry_in: timedelta | None = None,
) -> None:
    """Done, with what is to be posted about it; or put off by *retry_in*."""
    raise NotImplementedError


@call
async def advise_from_slack(
    conn: Connection, org: int, fence: int, event_id: str, sessions: list[str], body: str
) -> list[AdvisedRow]:
    """404 ``no_such_slack_person``, 403 ``not_heard``, 429 ``too_fast``."""
    raise NotImplementedError


@call
async def edit_slack_advice(
    conn: Connection, org: int, fence: int, event_id: str, sessions: list[str], body: str | None
) -> list[AdvisedRow]:
    """No sessions: the message was deleted. Fails as `advise_from_slack`."""
    raise NotImplementedError


# Project to Slack


@call
async def write_slack_posts(
    conn: Connection, org: int, fence: int, project_id: int, from_: int, to: int, posts: Jsonb, deliveries: list[UUID]
) -> bool:
    """Events *from_* + 1 to *to* have become *posts*; False when the cursor is elsewhere, or nothing may be posted."""
    raise NotImplementedError


@call
async def list_slack_posts(conn: Connection, org: int, limit: int = 50) -> list[PostRow]:
    """What is to be sent now, oldest first."""
    raise NotImplementedError


@call
async def begin_slack_post(conn: Connection, org: int, fence: int, post_id: int) -> list[PostRow]:
    """The post as it is to be sent; none: not now."""
    raise NotImplementedError


@call
async def settle_slack_post(
    conn: Connection,
    org: int,
    fence: int,
    post_id: int,
    state: str,
    ts: str | None = None,
    version: int | None = None,
    reason: str | None = None,
    retry_in: timedelta | None = None,
) -> bool:
    """*state*: posted, waiting (again after *retry_in*), unsure (an echo settles it), failed."""
    raise NotImplementedError


@call
async def change_slack_post(
    conn: Connection,
    org: int,
    fence: int,
    post_id: int,
    version: int | None = None,
    reaction: str | None = None,
    deleted: bool = False,
    retry_in: timedelta | None = None,
    reason: str | None = None,
) -> None:
    """What Slack shows now; *reaction* ``''``: none."""
    raise NotImplementedError


@call
async def echo_slack_post(
    conn: Connection, team: str, app: str, channel: str, ts: str, post_id: int | None = None, text: str | None = None
) -> str:
    """``posted``, ``known``, ``double`` or ``ignored``."""
    raise NotImplementedError


@call
async def digest_slack(conn: Connection, org: int, fence: int, now: datetime | None = None) -> int:
    """How many digests were written."""
    raise NotImplementedError


@call
async def prune_slack(conn: Connection, org: int, fence: int) -> int:
    """How many rows went."""
    raise NotImplementedError


@call
async def get_slack_figures(conn: Connection, org: int) -> list[FiguresRow]:
    """One row."""
    raise NotImplementedError

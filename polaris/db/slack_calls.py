"""The stubs of area 70_slack, made as those of `polaris.db.calls`.

All of them are the service's. Those with a *fence* are a bridge's that has the lease of the workspace: 409
``bridge_was_replaced`` tells it that another one has it now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb as Jsonb

from polaris.db.calls import call
from polaris.db.pool import Connection
from polaris.db.slack_rows import (
    AdvisedRow,
    ChannelRow,
    FiguresRow,
    InstallRow,
    PersonRow,
    PostRow,
    SlackEventRow,
    SlackRow,
    WorkspaceRow,
)

# The workspace


@call
async def begin_slack_install(conn: Connection, org: int, actor: str, web_session: int, state_hash: bytes) -> None:
    """Who wants to connect; 403 ``admin_only``."""


@call
async def take_slack_install(conn: Connection, state_hash: bytes, web_session: int) -> list[InstallRow]:
    """Once, for 10 minutes; 404 ``slack_install_unknown``, 403 ``admin_only``."""


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


@call
async def disconnect_slack(conn: Connection, org: int, actor: str | None, reason: str) -> list[SlackRow]:
    """403 ``admin_only``, 404 ``slack_not_connected``."""


@call
async def end_slack(conn: Connection, team: str, app: str, at: datetime, reason: str) -> str:
    """Slack said so, at *at*: ``ended``, or ``ignored`` when it was connected anew since."""


@call
async def get_slack(conn: Connection, org: int, actor: str | None) -> list[SlackRow]:
    """One row, or none."""


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


@call
async def list_slack_workspaces(conn: Connection, org: int | None = None) -> list[WorkspaceRow]:
    """Every one that has a token, also one whose token Slack refused; of one organization, or of all."""


@call
async def rekey_slack(conn: Connection, org: int, old: bytes, token: bytes, token_key: str) -> bool:
    """False when the token was replaced meanwhile."""


@call
async def lease_slack(conn: Connection, org: int, holder: str, seconds: int) -> int | None:
    """The fence, or None while another bridge has the workspace."""


@call
async def release_slack(conn: Connection, org: int, fence: int) -> bool:
    """False when it was lost already."""


@call
async def refuse_slack(conn: Connection, org: int, fence: int, reason: str) -> None:
    """Slack does not take the token any more."""


# People


@call
async def write_slack_people(conn: Connection, org: int, fence: int, people: Jsonb, whole: bool = False) -> int:
    """*people*: a list of ``{"id", "username", "name", "email", "picture", "standing"}``; *whole* ends a whole list."""


@call
async def list_slack_people(
    conn: Connection, org: int, actor: str | None, users: list[str] | None = None, members: list[str] | None = None
) -> list[PersonRow]:
    """All, those with the ids *users*, or those who are the *members* (handles); 403 ``admin_only``."""


@call
async def map_slack_person(conn: Connection, org: int, actor: str, user: str, member: str | None) -> list[PersonRow]:
    """*member*: a handle, ``''`` for nobody, None for whoever has the same address; 404 ``no_such_member``."""


# Channels


@call
async def list_slack_channels(
    conn: Connection, org: int, actor: str | None, project_id: int | None = None
) -> list[ChannelRow]:
    """Of every project that the caller may see, with or without a channel; or of one."""


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


# Slack to project


@call
async def get_slack_key(conn: Connection, team: str, app: str) -> bytes | None:
    """The redaction key of whoever connected the workspace."""


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


@call
async def list_slack_inbox(conn: Connection, org: int) -> list[SlackEventRow]:
    """The oldest event of each channel, if its time has come."""


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


@call
async def advise_from_slack(
    conn: Connection, org: int, fence: int, event_id: str, sessions: list[str], body: str
) -> list[AdvisedRow]:
    """404 ``no_such_slack_person``, 403 ``not_heard``, 429 ``too_fast``."""


@call
async def edit_slack_advice(
    conn: Connection, org: int, fence: int, event_id: str, sessions: list[str], body: str | None
) -> list[AdvisedRow]:
    """No sessions: the message was deleted. Fails as `advise_from_slack`."""


# Project to Slack


@call
async def write_slack_posts(
    conn: Connection, org: int, fence: int, project_id: int, from_: int, to: int, posts: Jsonb, deliveries: list[UUID]
) -> bool:
    """Events *from_* + 1 to *to* have become *posts*; False when the cursor is elsewhere, or nothing may be posted."""


@call
async def list_slack_posts(conn: Connection, org: int, limit: int = 50) -> list[PostRow]:
    """What is to be sent now, oldest first."""


@call
async def begin_slack_post(conn: Connection, org: int, fence: int, post_id: int) -> list[PostRow]:
    """The post as it is to be sent; none: not now."""


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


@call
async def change_slack_post(
    conn: Connection,
    org: int,
    fence: int,
    post_id: int,
    version: int | None = None,
    reaction: str | None = None,
    deleted: bool = False,
    reason: str | None = None,
) -> None:
    """What Slack shows now; *reaction* ``''``: none."""


@call
async def echo_slack_post(
    conn: Connection, team: str, app: str, channel: str, ts: str, post_id: int | None = None, text: str | None = None
) -> str:
    """``posted``, ``known``, ``double`` or ``ignored``."""


@call
async def digest_slack(conn: Connection, org: int, fence: int, now: datetime | None = None) -> int:
    """How many digests were written."""


@call
async def prune_slack(conn: Connection, org: int, fence: int) -> int:
    """How many rows went."""


@call
async def get_slack_figures(conn: Connection, org: int) -> list[FiguresRow]:
    """One row."""

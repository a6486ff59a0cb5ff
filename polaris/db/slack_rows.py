"""What the functions of area 70_slack answer with: one NamedTuple a shape, its fields the columns."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


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

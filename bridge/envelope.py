"""What Slack tells, read: one envelope of the Events API, over HTTP or Socket Mode, is something to do, or nothing.

`read` is pure and never fails: an envelope comes from outside, and may hold anything where anything is expected. What
is not for us falls out here, before anything is written or logged: what bots, apps and people of other workspaces say,
joins and topics, edits that change no word. `take` is what both ingresses do with it before they acknowledge it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from polaris import log
from polaris.db import slack_calls
from polaris.db.pool import Database
from polaris.model import ADVICE_CHARACTERS
from polaris.redact import Redactor

from . import address

LOG = log.get("bridge.envelope")

# What the app subscribes to (docs/slack-app.yaml). app_rate_limited comes by itself.
EVENTS = (
    "message.channels",
    "channel_rename",
    "channel_archive",
    "channel_unarchive",
    "channel_deleted",
    "channel_left",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
    "member_left_channel",
    "user_change",
    "tokens_revoked",
    "app_uninstalled",
)
_VERB_KEYS = ("verb", "session", "to")
OURS = "polaris_event"  # the event_type in the metadata of everything that we post

_SPOKEN = (None, "thread_broadcast", "file_share")
_ID = re.compile(r"[A-Za-z0-9]{1,40}\Z")
_TS = re.compile(r"[0-9]{1,15}\.[0-9]{1,10}\Z")
_LONGEST = 50_000  # characters; Slack cuts at 40,000


@dataclass(frozen=True)
class Take:
    """Something to keep and to do: the arguments of `slack_calls.take_slack_event`.

    ``payload`` of a verb is ``{"verb", "session", "to"}`` (see `address.Verb`), of a person what `person` answers, of a
    channel ``{"type"}``, the type of Slack's event, and of ``channel_id_changed`` also ``"new_channel_id"``.
    """

    team: str
    app: str
    event_id: str
    kind: str
    channel: str | None = None
    ts: str | None = None
    thread_ts: str | None = None
    user: str | None = None
    names: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    explicit: bool = False
    rest: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    payload: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Echo:
    """A message of our own: the post with this number, or, where the number got lost, the one with this text."""

    team: str
    app: str
    channel: str
    ts: str
    post_id: int | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class Gone:
    """The app was removed from the workspace (``app_uninstalled``), or its token taken back (``tokens_revoked``)."""

    team: str
    app: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class _Frame:
    """What every event comes in. ``bot`` is the user id of our own bot there."""

    team: str
    app: str
    event_id: str
    bot: str | None
    at: datetime
    event: Mapping[str, Any]


def read(envelope: object) -> Take | Echo | Gone | None:
    """What *envelope* (the JSON of an ``event_callback``) tells us; None: nothing."""
    frame = _frame(envelope)
    if frame is None:
        return None
    kind = frame.event.get("type")
    if kind == "message":
        return _message(frame)
    if kind == "user_change":
        who = person(frame.event.get("user"), frame.team)
        return Take(frame.team, frame.app, frame.event_id, "person", user=who["id"], payload=who) if who else None
    if kind == "app_uninstalled":
        return Gone(frame.team, frame.app, kind, frame.at)
    if kind == "tokens_revoked":  # also when somebody takes back a user token, of which we have none
        lost = _map(frame.event.get("tokens")).get("bot")
        return Gone(frame.team, frame.app, kind, frame.at) if lost else None
    return _channel(frame) if isinstance(kind, str) and kind in EVENTS else None


async def take(database: Database, envelope: object) -> str:
    """Does durably what has to be done before an envelope is acknowledged, and answers what became of it.

    ``stored``, ``known`` or ``ignored``; of an echo also ``posted`` and ``double``, of the end ``ended``. Raises
    `PolarisError`: then it is not to be acknowledged, and Slack tells it again.
    """
    found = read(envelope)
    if isinstance(found, Take):
        key = await database.ask(slack_calls.get_slack_key, found.team, found.app)
        if key is None:
            return "ignored"
        found = _redacted(found, Redactor(key))
        return await database.ask(
            slack_calls.take_slack_event,
            found.team,
            found.app,
            found.event_id,
            found.kind,
            found.channel,
            found.ts,
            found.thread_ts,
            found.user,
            list(found.names),
            list(found.mentions),
            found.explicit,
            found.rest,
            found.text,
            None if found.payload is None else slack_calls.Jsonb(found.payload),
        )
    if isinstance(found, Echo):
        return await database.ask(
            slack_calls.echo_slack_post, found.team, found.app, found.channel, found.ts, found.post_id, found.text
        )
    if isinstance(found, Gone):
        answer = await database.ask(slack_calls.end_slack, found.team, found.app, found.at, found.reason)
        LOG.info("a workspace is gone", extra={"team": found.team, "reason": found.reason, "answer": answer})
        return answer
    if _map(envelope).get("type") == "app_rate_limited":
        LOG.warning("Slack leaves events out: too many", extra={"team": _id(_map(envelope).get("team_id"))})
    return "ignored"


def _redacted(told: Take, redactor: Redactor) -> Take:
    """Without secrets, under the same rules as what agents say."""
    rest, text = told.rest and redactor.text(told.rest), told.text and redactor.text(told.text)
    return replace(told, rest=rest, text=text, payload=told.payload and redactor.value(told.payload))


def person(user: object, team: str) -> dict[str, Any] | None:
    """A user object of Slack as `slack_calls.write_slack_people` takes it; None when it is none.

    An address that Slack says nobody confirmed is left out: people are matched by it.
    """
    told = _map(user)
    user_id = _id(told.get("id"))
    if user_id is None:
        return None
    profile = _map(told.get("profile"))
    name = next(
        (found for key in ("display_name", "real_name") if (found := _text(profile.get(key), 200))),
        _text(told.get("real_name"), 200) or _text(told.get("name"), 200),
    )
    picture = _text(profile.get("image_192"), 1000)
    email = _text(profile.get("email"), 320)
    return {
        "id": user_id,
        "username": _text(told.get("name"), 200),
        "name": name,
        "email": email if email and told.get("is_email_confirmed") is not False else None,
        "picture": picture if picture.startswith("https://") else None,
        "standing": _standing(told, user_id, team),
    }


def _standing(told: Mapping[str, Any], user_id: str, team: str) -> str:
    if told.get("is_bot") or told.get("is_workflow_bot") or user_id == "USLACKBOT":
        return "bot"
    if told.get("is_stranger") or told.get("team_id") not in (None, team):
        return "stranger"
    if told.get("deleted"):
        return "deleted"
    return "guest" if told.get("is_restricted") or told.get("is_ultra_restricted") else "full"


def _frame(envelope: object) -> _Frame | None:
    told = _map(envelope)
    team, app, event_id = (_id(told.get(name)) for name in ("team_id", "api_app_id", "event_id"))
    if told.get("type") != "event_callback" or not team or not app or not event_id:
        return None
    listed = told.get("authorizations")
    bots = (
        _id(one.get("user_id"))
        for one in map(_map, listed if isinstance(listed, list) else [])
        if one.get("is_bot") is True and one.get("team_id") in (None, team)
    )
    seconds = told.get("event_time")
    known = isinstance(seconds, int) and 0 < seconds < 2**33
    at = datetime.fromtimestamp(int(seconds or 0), UTC) if known else datetime.now(UTC)
    return _Frame(team, app, event_id, next(bots, None), at, _map(told.get("event")))


def _message(frame: _Frame) -> Take | Echo | None:
    event = frame.event
    channel, subtype = _id(event.get("channel")), event.get("subtype")
    if channel is None:
        return None
    if subtype == "message_changed":
        return _edit(frame, channel)
    if subtype == "message_deleted":
        return _deletion(frame, channel, event.get("deleted_ts"))
    ts = _ts(event.get("ts"))
    if ts is None:
        return None
    if _is_ours(event, frame):
        metadata = _map(event.get("metadata"))
        number = _map(metadata.get("event_payload")).get("id") if metadata.get("event_type") == OURS else None
        return Echo(frame.team, frame.app, channel, ts, _number(number), _text(event.get("text"), _LONGEST))
    user = _author(event, frame)
    if user is None or subtype not in _SPOKEN:
        return None
    thread_ts, text = _ts(event.get("thread_ts")), _text(event.get("text"), _LONGEST)
    thread_ts = None if thread_ts == ts else thread_ts
    if (said := address.verb(text, frame.bot)) is not None:
        # Words and numbers only where the verb has some.
        payload = {name: value for name, value in said._asdict().items() if value is not None or name in _VERB_KEYS}
        return Take(frame.team, frame.app, frame.event_id, "verb", channel, ts, thread_ts, user, payload=payload)
    return _speech(frame, "message", channel, ts, thread_ts, user, text)


def _edit(frame: _Frame, channel: str) -> Take | None:
    new, old = _map(frame.event.get("message")), _map(frame.event.get("previous_message"))
    ts, user = _ts(new.get("ts")), _author(new, frame)
    if new.get("subtype") == "tombstone":  # a deleted message that has replies stays as this
        return _deletion(frame, channel, new.get("ts"))
    if ts is None or user is None or new.get("subtype") not in _SPOKEN:
        return None
    text = _text(new.get("text"), _LONGEST)
    if "text" in old and _text(old["text"], _LONGEST) == text:  # a preview was added, or a reply counted
        return None
    thread_ts = _ts(new.get("thread_ts"))
    return _speech(frame, "edit", channel, ts, None if thread_ts == ts else thread_ts, user, text)


def _deletion(frame: _Frame, channel: str, stamp: object) -> Take | None:
    ts, user = _ts(stamp), _author(_map(frame.event.get("previous_message")), frame)
    if ts is None or user is None:
        return None
    return Take(frame.team, frame.app, frame.event_id, "edit", channel, ts, user=user)


def _speech(
    frame: _Frame, kind: str, channel: str, ts: str, thread_ts: str | None, user: str, text: str
) -> Take | None:
    to = address.address(text, frame.bot, thread_ts is not None)
    # One character more than an agent takes in one piece is enough to be told that it is too long.
    rest, whole = to.rest[: ADVICE_CHARACTERS + 1], to.text[: ADVICE_CHARACTERS + 1]
    return Take(
        frame.team,
        frame.app,
        frame.event_id,
        kind,
        channel,
        ts,
        thread_ts,
        user,
        to.names,
        to.mentions,
        to.explicit,
        rest,
        whole,
    )


def _channel(frame: _Frame) -> Take | None:
    event, kind = frame.event, str(frame.event["type"])
    about = event.get("channel") if kind != "channel_id_changed" else event.get("old_channel_id")
    channel = _id(_map(about).get("id") if isinstance(about, Mapping) else about)
    if channel is None or (kind == "member_left_channel" and (not frame.bot or event.get("user") != frame.bot)):
        return None
    payload = {"type": kind}
    if kind == "channel_id_changed":
        new = _id(event.get("new_channel_id"))
        if new is None:
            return None
        payload["new_channel_id"] = new
    return Take(frame.team, frame.app, frame.event_id, "channel", channel, payload=payload)


def _is_ours(message: Mapping[str, Any], frame: _Frame) -> bool:
    made_by = message.get("app_id") or _map(message.get("bot_profile")).get("app_id")
    by_bot = message.get("bot_id") and frame.bot is not None and message.get("user") == frame.bot
    return message.get("subtype") in (None, "bot_message", "thread_broadcast") and (
        made_by == frame.app or (made_by is None and bool(by_bot))
    )


def _author(message: Mapping[str, Any], frame: _Frame) -> str | None:
    """Who wrote it, if it was somebody of this workspace and not a program, as far as the message itself says."""
    if any(message.get(name) for name in ("bot_id", "app_id", "bot_profile", "workflow_id")):
        return None
    if any(message.get(name) not in (None, "", frame.team) for name in ("user_team", "source_team", "team")):
        return None
    user = _id(message.get("user"))
    return None if user in (frame.bot, "USLACKBOT") else user


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.match(value) else None


def _ts(value: object) -> str | None:
    return value if isinstance(value, str) and _TS.match(value) else None


def _number(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value, re.ASCII):
        value = int(value)
    return value if type(value) is int and 0 < value < 2**63 else None


def _text(value: object, most: int) -> str:
    """The text that Postgres can keep: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str):
        return ""
    whole = value[:most].replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.strip() if most < _LONGEST else whole

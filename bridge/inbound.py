"""From Slack to the project: what was kept at the ingress is done here, in order for each channel, once.

A message becomes advice of whoever wrote it, an edit changes what was not sent yet, a verb is done and answered. What
cannot be done is said in words to its author alone. A step may happen again after a crash: each of them can.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from polaris import log
from polaris.db import calls, rows, slack_calls
from polaris.db.slack_calls import Jsonb
from polaris.db.slack_rows import AdvisedRow, PersonRow, SlackEventRow
from polaris.errors import Conflict, DatabaseUnavailable, Forbidden, NotFound, PolarisError
from polaris.model import ADVICE_CHARACTERS, SLUG
from polaris.tasks import wait

from . import mrkdwn, people
from .place import Place, Replaced, TokenRefused
from .web_api import Away, Limited, Refused, Unsure

LOG = log.get("bridge.inbound")

LOOK_SECONDS = 10.0  # without a notification
AT_ONCE = 8  # channels
STALE = timedelta(hours=24)
# What fails for so long, and so often, is given up, so that its channel goes on; longer where Slack does not answer.
PATIENCE, PATIENCE_WITH_SLACK, TRIES = timedelta(hours=1), timedelta(hours=24), 10
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
BRIEF_CHARACTERS, LIMIT = 2500, 3000
MENTIONED = re.compile(r"@([UW][A-Z0-9]+)\b")
LEVELS = {
    "mute": ("muted", "Muted: nothing of {project} is posted here until somebody says `unmute`."),
    "unmute": ("all", "Everything of {project} is posted here again."),
    "final-only": ("final-only", "Only final answers, advice and changes of seats of {project} are posted here."),
}
REASONS = {
    "muted": "takes no advice from you: its policy mutes it",
    "session_is_archived": "is archived",
    "no_such_session": "is not there any more",
    "no_such_project": "is not there any more",
    "body_is_there": "was told nothing",
    "body_is_short": f"takes at most {ADVICE_CHARACTERS:,} characters at once",
    "too_fast": "was not told: twenty pieces of advice a minute are enough, wait a minute",
    "not_heard": "was not told: you are not heard here",
}

Posts = list[dict[str, Any]]


class Ears(Protocol):
    """Who has to know what happens to channels: `bridge.channels.Channels`."""

    async def heard(self, event: SlackEventRow) -> None: ...


class _Refusal(Exception):
    """Why something was not done, in a sentence of mrkdwn for its author."""


class Inbound:
    """The inbox of one workspace."""

    def __init__(self, place: Place, channels: Ears) -> None:
        self._place, self._channels = place, channels
        self._many = asyncio.Semaphore(AT_ONCE)
        self._pause = LOOK_SECONDS  # until something that was put off is due
        self._do: dict[str, Callable[[SlackEventRow], Awaitable[tuple[str, Posts]]]] = {
            "message": self._message,
            "edit": self._edit,
            "verb": self._verb,
            "hint": self._hint,
            "person": self._person,
            "channel": self._channel,
        }

    async def run(self) -> None:
        """Until it is cancelled. Raises `Replaced`, `TokenRefused`, and `DatabaseUnavailable`."""
        while True:
            self._place.inbox.clear()
            events = await self._place.read(slack_calls.list_slack_inbox)
            if not events:
                pause, self._pause = self._pause, LOOK_SECONDS
                await wait(self._place.inbox, pause)
                continue
            # One of each channel: they do not wait for each other.
            done = await asyncio.gather(*map(self._finish, events), return_exceptions=True)
            for failure in done:
                if isinstance(failure, BaseException):
                    raise failure

    async def _finish(self, event: SlackEventRow) -> None:
        """Does one event and writes down what became of it, or puts it off."""
        async with self._many:
            try:
                outcome, posts = await self._do[event.kind](event)
            except (Replaced, TokenRefused, DatabaseUnavailable):
                raise
            except (Away, Limited, Unsure) as error:
                LOG.warning("Slack does not say who somebody is", extra=self._about(event, error))
                await self._put_off(event, str(error), PATIENCE_WITH_SLACK, getattr(error, "seconds", 0.0))
                return
            except Exception as error:
                LOG.exception("an event of Slack could not be done", extra=self._about(event, error))
                await self._put_off(event, type(error).__name__, PATIENCE)
                return
            await self._place.write(
                slack_calls.finish_slack_event, event.event_id, outcome, event.project_id, Jsonb(posts)
            )
            self._place.posts.set()

    async def _put_off(self, event: SlackEventRow, reason: str, patience: timedelta, seconds: float = 0.0) -> None:
        pause = max(seconds, min(FIRST_PAUSE_SECONDS * 2 ** min(event.attempts, 10), LONGEST_PAUSE_SECONDS))
        self._pause = min(self._pause, pause)
        retry_in: timedelta | None = timedelta(seconds=pause)
        posts: Posts = []
        if event.attempts >= TRIES and datetime.now(UTC) - event.received_at > patience:
            LOG.error("an event of Slack is given up", extra=self._about(event) | {"reason": reason})
            retry_in = None
            if event.kind in ("message", "verb"):
                posts = self._private(event, "This did not get through. Please say it again.")
        await self._place.write(
            slack_calls.finish_slack_event, event.event_id, reason, event.project_id, Jsonb(posts), retry_in
        )

    def _about(self, event: SlackEventRow, error: Exception | None = None) -> dict[str, Any]:
        about = {"org": self._place.workspace.org, "event": event.event_id, "kind": event.kind}
        return about | ({"reason": type(error).__name__} if error else {})

    # What Slack tells

    async def _message(self, event: SlackEventRow) -> tuple[str, Posts]:
        if await self._speaker(event) is None:
            return "not heard", []
        body = await self._with_names(event.body or "")
        try:
            advised = await self._place.write(slack_calls.advise_from_slack, event.event_id, list(event.sessions), body)
        except PolarisError as error:
            if error.code not in REASONS:
                raise
            advised = [AdvisedRow(session, None, None, error.code) for session in event.sessions]
        return self._advised(event, advised)

    async def _edit(self, event: SlackEventRow) -> tuple[str, Posts]:
        body = None if event.body is None else await self._with_names(event.body)
        advised = await self._place.write(slack_calls.edit_slack_advice, event.event_id, list(event.sessions), body)
        return self._advised(event, advised)

    def _advised(self, event: SlackEventRow, advised: Sequence[AdvisedRow]) -> tuple[str, Posts]:
        refused = [row for row in advised if row.code is not None]
        lines = [f"*{row.session}* {REASONS.get(row.code or '', f'was not told ({row.code})')}." for row in refused]
        outcome = ", ".join(f"{row.session}: {row.code or row.state}" for row in advised) or "nothing changed"
        return outcome, self._private(event, "\n".join(lines)) if lines else []

    async def _hint(self, event: SlackEventRow) -> tuple[str, Posts]:
        speaker = await self._speaker(event)
        if speaker is None or event.project is None or not await self._is_shown(event):
            return "not heard", []
        told = json.loads(event.payload or "{}")
        unknown = [name for name in told.get("unknown", []) if name != "polaris"]
        return "hinted", self._private(event, await self._whom(event.project, unknown))

    async def _person(self, event: SlackEventRow) -> tuple[str, Posts]:
        await self._place.write(slack_calls.write_slack_people, Jsonb([json.loads(event.payload or "{}")]))
        return "written", []

    async def _channel(self, event: SlackEventRow) -> tuple[str, Posts]:
        await self._channels.heard(event)
        return "looked at", []

    # Verbs

    async def _verb(self, event: SlackEventRow) -> tuple[str, Posts]:
        speaker = await self._speaker(event)
        if speaker is None or event.project is None or not await self._is_shown(event):
            return "not heard", []
        told = json.loads(event.payload or "{}")
        verb = str(told.get("verb"))
        try:
            if verb == "who":
                return verb, self._public(event, await self._who(event.project))
            if verb in LEVELS:
                return verb, self._public(event, await self._set_level(speaker, event.project, verb))
            if verb in ("decision", "question", "star", "answer"):
                return verb, self._private(event, await self._note(event, speaker, event.project, told))
            session = await self._session_name(event.project, str(told.get("session")))
            if verb == "brief":
                return verb, self._public(event, await self._brief(speaker, event.project, session))
            if verb == "seat":
                return verb, self._private(event, await self._ask(event, speaker, event.project, session))
            if verb == "decline":
                return verb, self._private(event, await self._decline(speaker, event.project, session))
            return verb, self._private(
                event, await self._hand_off(speaker, event.project, session, str(told.get("to")))
            )
        except _Refusal as refusal:
            return f"{verb}: refused", self._private(event, str(refusal))

    async def _who(self, project: str) -> str:
        lines = [f"• *{s.name}*: {_seat(s)}" for s in await self._live(project)]
        return "\n".join([f"*{project}*: who drives", *lines]) if lines else f"No session of *{project}* is live."

    async def _note(self, event: SlackEventRow, speaker: PersonRow, project: str, told: Mapping[str, Any]) -> str:
        """Marks a decision, a question or a star, or answers a question; its event is what the channel sees."""
        verb, about, key = str(told.get("verb")), told.get("about"), f"slack:{event.event_id}"
        body, named = await self._with_names(str(told.get("text") or "")), told.get("session")
        session = await self._session_name(project, str(named)) if named else None
        try:
            if verb == "answer":
                closed = await self._place.read(
                    calls.close_annotation, speaker.actor, project, int(about or 0), body, key
                )
                return f"Question #{closed.seq} is answered (#{closed.closed_seq})."
            made = await self._place.read(calls.annotate, speaker.actor, project, verb, body, session, about, key)
        except NotFound as error:
            if error.code == "no_such_session":
                raise _Refusal(await self._whom(project, [str(session)])) from error
            raise _Refusal(mrkdwn.escape(error.message)) from error
        except PolarisError as error:
            if error.status >= 500 or isinstance(error, DatabaseUnavailable):
                raise
            raise _Refusal(mrkdwn.escape(error.message)) from error
        return f"The {made.what} is kept (#{made.seq})."

    async def _brief(self, speaker: PersonRow, project: str, session: str) -> str:
        try:
            brief = await self._place.read(calls.brief, speaker.actor, project, session, BRIEF_CHARACTERS)
        except NotFound as error:
            raise _Refusal(await self._whom(project, [session])) from error
        lines = [mrkdwn.escape(line) for line in brief.text.splitlines()]
        return str(mrkdwn.truncate("\n".join(lines), LIMIT, "…"))

    async def _set_level(self, speaker: PersonRow, project: str, verb: str) -> str:
        level, answer = LEVELS[verb]
        try:
            await self._place.read(slack_calls.set_slack_channel, speaker.actor, project, level)
        except NotFound as error:
            raise _Refusal(f"*{project}* has no channel here any more.") from error
        return answer.format(project=f"*{project}*")

    async def _ask(self, event: SlackEventRow, speaker: PersonRow, project: str, session: str) -> str:
        """Asks for the seat; the post about it calls the driver."""
        try:
            asked = await self._place.read(
                calls.ask_seat, speaker.actor, project, session, None, f"slack:{event.event_id}"
            )
        except (Conflict, Forbidden) as error:
            words = mrkdwn.escape(f"{error.message} {error.hint or ''}".strip())
            raise _Refusal(f"*{session}*: {words}") from error
        except NotFound as error:
            raise _Refusal(await self._whom(project, [session])) from error
        row = await self._place.read(calls.get_session, speaker.actor, project, session)
        until = f"until {asked.expires_at.astimezone(UTC):%H:%M} UTC"
        return f"*{row.driver or session}* is asked for the seat of *{session}*, {until}."

    async def _decline(self, speaker: PersonRow, project: str, session: str) -> str:
        """Keeps the seat from everybody who asks for it."""
        told: list[str] = []
        try:
            for one in await self._place.read(calls.list_seat_requests, speaker.actor, project, session):
                if one.ended_at is None:
                    await self._place.read(
                        calls.answer_seat_request, speaker.actor, project, session, one.seq, "decline"
                    )
                    told.append(one.actor)
        except Forbidden as error:
            raise _Refusal(f"Only who drives *{session}* may decline.") from error
        except Conflict:
            pass  # it ended in this very moment
        except NotFound as error:
            raise _Refusal(await self._whom(project, [session])) from error
        if not told:
            return f"Nobody asks for the seat of *{session}*."
        return f"You keep the seat of *{session}*; told: {', '.join(told)}."

    async def _hand_off(self, speaker: PersonRow, project: str, session: str, to: str) -> str:
        taker = await self._taker(to)
        try:
            row = await self._place.read(calls.get_session, speaker.actor, project, session)
            if row.driver is not None or row.reserved_for != taker:  # else it was done, and this is a repeat
                await self._place.read(calls.release_driver, speaker.actor, project, session, None, taker)
        except Conflict as error:
            raise _Refusal(f"Only who drives *{session}* may hand it over.") from error
        except NotFound as error:
            if error.code == "no_such_member":
                raise _Refusal(f"*{taker}* is nobody who may drive in *{project}*.") from error
            raise _Refusal(await self._whom(project, [session])) from error
        return f"*{session}* waits for *{taker}* now: `polaris join {project} {session}`."

    async def _taker(self, to: str) -> str:
        """A handle, or the id of a Slack user, as the participant whom a session is handed to."""
        if not to.isupper():
            return f"user:{to}"
        found = await self._known(to)
        if found is None or found.actor is None or not found.actor.startswith("user:"):
            raise _Refusal("A session is handed to members of Polaris only; this person is none, as far as is known.")
        return found.actor

    # Who and what

    async def _speaker(self, event: SlackEventRow) -> PersonRow | None:
        """Who wrote it, if they are heard."""
        found = await self._known(event.user_id) if event.user_id else None
        return found if found is not None and found.actor is not None else None

    async def _known(self, user_id: str) -> PersonRow | None:
        """A person of the workspace as Slack knows them, asked at least once a day."""
        found = await self._people([user_id])
        if found and datetime.now(UTC) - found[0].looked_up_at < STALE:
            return found[0]
        try:
            await people.look_up(self._place, [user_id])
        except (Away, Limited, Unsure, Refused):
            if not found:
                raise
            return found[0]  # yesterday's word is better than none
        return next(iter(await self._people([user_id])), None)

    async def _people(self, user_ids: list[str]) -> list[PersonRow]:
        return await self._place.read(slack_calls.list_slack_people, None, user_ids)

    async def _with_names(self, body: str) -> str:
        """The text with people's names where Slack writes their ids."""
        mentioned = list(dict.fromkeys(MENTIONED.findall(body)))[:50]
        if not mentioned or len(body) > ADVICE_CHARACTERS:  # too long: shorter names must not make what was cut fit
            return body
        names = {row.user_id: row.username or row.name for row in await self._people(mentioned)}
        return MENTIONED.sub(lambda found: f"@{names.get(found[1], found[1])}", body)

    async def _session_name(self, project: str, name: str) -> str:
        """A session's name; where Slack made a mention of it, the name of that person."""
        if name.isupper():
            name = next((row.username or row.handle for row in await self._people([name])), name.lower())
        if not re.fullmatch(SLUG, name):
            raise _Refusal(await self._whom(project, []))
        return name

    async def _live(self, project: str) -> list[rows.SessionRow]:
        found = await self._place.read(calls.list_sessions, None, project)
        return [row for row in found if row.archived_at is None]

    async def _whom(self, project: str, unknown: Sequence[str]) -> str:
        """Whom one can speak to, in words."""
        live = await self._live(project)
        names = [f"*{mrkdwn.escape(name)}*" for name in unknown[:5]]
        lines = [f"There is no live session {' or '.join(names)} in *{project}*."] if names else []
        if not live:
            return "\n".join([*lines, f"No session of *{project}* is live: nobody would hear you."])
        lines.append("Begin with the session that you speak to:")
        return "\n".join([*lines, *(f"• `@{row.name}` ({_seat(row)})" for row in live[:30])])

    async def _is_shown(self, event: SlackEventRow) -> bool:
        """Whether its project may be spoken of in the channel: it may have become private since."""
        found = await self._place.read(slack_calls.list_slack_channels, None, event.project_id)
        return any(row.shown for row in found)

    # What is posted about it

    def _private(self, event: SlackEventRow, text: str) -> Posts:
        return [
            {
                "key": f"hint:{event.event_id}",
                "kind": "hint",
                "recipient": event.user_id,
                "thread_ts": event.thread_ts,
                "text": text[:LIMIT],
            }
        ]

    def _public(self, event: SlackEventRow, text: str) -> Posts:
        """In the thread of the message."""
        key, thread = f"answer:{event.event_id}", event.thread_ts or event.ts
        return [{"key": key, "kind": "answer", "thread_ts": thread, "text": text[:LIMIT]}]


def _seat(session: rows.SessionRow) -> str:
    presence = rows.shown_session(session).presence
    if session.driver is None:
        return f"open, waits for {session.reserved_for}" if session.reserved_for else "open: nobody drives"
    return f"{session.driver} drives" + (", away" if presence == "away" else "")

"""What each tool does: it asks the daemon, and words the answer. No SDK here."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from polaris import log, render
from polaris.errors import PolarisError

from . import texts, tools
from .daemon import Daemon, Json
from .identity import Caller, Identity

LOG = log.get("channel")

AT_ONCE = 8
LINK_SECONDS = 2.0


@dataclass
class Outcome:
    """A tool's answer: for programs, for people, and what colleagues said."""

    answer: tools.Answer
    text: str
    advice: list[str] = field(default_factory=list)


class Calls:
    """The tools of one connection."""

    def __init__(self, daemon: Daemon, identity: Identity, token: str | None) -> None:
        self._daemon, self._identity, self._token = daemon, identity, token
        # Waiting for something new holds nothing up; everything else goes a few at a time.
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, name: str, asked: tools.Input, meta: Mapping[str, Any] | None) -> Outcome:
        """Carries one call out. Raises `PolarisError` with what to do."""
        if isinstance(asked, tools.Context) and asked.wait:
            return await self._run(name, asked, meta)
        async with self._room:
            return await self._run(name, asked, meta)

    async def _run(self, name: str, asked: tools.Input, meta: Mapping[str, Any] | None) -> Outcome:
        caller = await self._identity.caller(meta)
        outcome: Outcome = await getattr(self, f"_{name.removeprefix('polaris_')}")(caller, asked)
        outcome.advice = await self.advice(caller)
        outcome.answer.advice = outcome.advice
        return outcome

    async def advice(self, caller: Caller) -> list[str]:
        """What waits for this session; none where the daemon does not know how to hand it over."""
        try:
            found = await self._daemon.call("POST", "/advice", caller.told() | {"path": "mcp"})
        except PolarisError as error:
            if error.status >= 500:
                LOG.warning("advice was not asked for", extra={"code": error.code})
            return []
        given = found.get("texts")
        return [text for text in given if isinstance(text, str)] if isinstance(given, list) else []

    async def _connect(self, caller: Caller, asked: tools.Connect) -> Outcome:
        wish = caller.told() | {"project": asked.project, "session": asked.session or "", "role": asked.role}
        status = await self._daemon.call("POST", "/connect", wish | self._as_itself(), repeat=True)
        status = await self._linked(status)
        brief = status.get("brief")
        answer = tools.Connected(
            project=asked.project,
            session=asked.session,
            role=asked.role,
            participant=str(status.get("actor") or ""),
            state=str(status.get("line") or ""),
            brief=brief if isinstance(brief, str) and brief else None,
        )
        return Outcome(answer, answer.state + (f"\n\n{answer.brief}" if answer.brief else ""))

    async def _linked(self, status: Json) -> Json:
        """The status once the link of a new driver is up; after two seconds as it is."""
        named = status.get("agent_session_id")
        deadline = asyncio.get_running_loop().time() + LINK_SECONDS
        while not status.get("connected") and named and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
            status |= await self._daemon.call("GET", f"/status/{quote(named, safe='')}", repeat=True)
        return status

    async def _disconnect(self, caller: Caller, asked: tools.Disconnect) -> Outcome:
        # What was said to this session belongs to it as long as it is connected.
        found = await self._daemon.call("POST", "/disconnect", caller.told(), repeat=True)
        answer = tools.Disconnected(
            disconnected=bool(found.get("disconnected")), waiting=int(found.get("waiting") or 0)
        )
        if not answer.disconnected:
            return Outcome(answer, "This session was not connected.")
        more = f" {answer.waiting} events are still on their way." if answer.waiting else ""
        return Outcome(answer, f"Disconnected.{more}")

    async def _status(self, caller: Caller, asked: tools.Status) -> Outcome:
        named = caller.agent_session_id or ""
        status = await self._daemon.call("GET", f"/status/{quote(named, safe='')}", repeat=True)
        answer = tools.Stands(
            connected=bool(status.get("connected")),
            project=_text(status.get("project")),
            session=_text(status.get("session")),
            role=_text(status.get("role")),
            participant=_text(status.get("actor")),
            state=str(status.get("line") or ""),
            agent=caller.agent,
            agent_session=named,
        )
        return Outcome(answer, answer.state)

    async def _reply(self, caller: Caller, asked: tools.Reply) -> Outcome:
        said = caller.told() | {"body": asked.text, "client_id": f"mcp:{uuid.uuid4()}"}
        said |= asked.model_dump(include={"annotation", "about", "answers"}, exclude_none=True)
        found = await self._daemon.call("POST", "/reply", said, repeat=True)
        answer = tools.Replied(project=str(found.get("project") or ""), seq=int(found.get("seq") or 0))
        return Outcome(answer, f"Said to project {answer.project} as event {answer.seq}.")

    async def _context(self, caller: Caller, asked: tools.Context) -> Outcome:
        wait = asked.wait or None
        found = await self._daemon.call(
            "POST",
            "/context",
            caller.told()
            | self._as_itself()
            | asked.model_dump(include={"project", "session", "query", "after", "limit", "summary", "by", "since"})
            | {"wait": wait},
            seconds=30 + (wait or 0),
            repeat=True,
        )
        if summary := _text(found.get("summary")):
            place, last = str(found.get("project") or asked.project or ""), int(found.get("last_seq") or 0)
            told = tools.Shown(
                project=place, session=asked.session, events=[], last_seq=last, more=False, summary=summary
            )
            return Outcome(told, "\n".join(render.clean(line) for line in summary.splitlines()))
        items = [one for one in found.get("items") or [] if isinstance(one, dict)]
        newest = asked.after is None and wait is None
        events, whole = texts.floor(items, newest=newest)
        more = not whole or bool(found.get("more"))
        last = events[-1]["seq"] if events and not newest else int(found.get("last_seq") or 0)
        project = str(found.get("project") or asked.project or "")
        answer = tools.Shown(
            project=project,
            session=asked.session,
            events=[tools.Event.model_validate(one) for one in events],
            last_seq=last,
            more=more,
            summary=None,
            note=_text(found.get("note")),
        )
        place = render.clean(f"{project}/{asked.session}" if asked.session else project)
        lines = [texts.numbered(events)] if events else [f"Nothing new in {place}." if wait else f"Nothing in {place}."]
        if more and not newest:
            lines.append(f"There is more: go on with after={last}.")
        elif more:
            lines.append(f"Older events are left out; event numbers up to {last}.")
        if answer.note:
            lines.append(answer.note)
        return Outcome(answer, "\n".join(lines))

    async def _inject(self, caller: Caller, asked: tools.Inject) -> Outcome:
        if asked.seat:
            return await self._ask(caller, asked)
        wish = caller.told() | {"session": asked.session, "body": asked.text, "client_id": f"mcp:{uuid.uuid4()}"}
        wish |= {"project": asked.project} if asked.project else {}
        found = await self._daemon.call("POST", "/inject", wish | self._as_itself(), repeat=True)
        answer = tools.Injected(
            project=str(found.get("project") or asked.project or ""),
            session=asked.session,
            delivery=str(found.get("delivery_id") or ""),
            state=str(found.get("state") or ""),
            reason=_text(found.get("reason")),
        )
        why = f" ({answer.reason})" if answer.reason else ""
        return Outcome(
            answer, f"Advice {answer.delivery} for {answer.project}/{answer.session} is {answer.state}{why}."
        )

    async def _ask(self, caller: Caller, asked: tools.Inject) -> Outcome:
        """Asks for the seat of a session."""
        wish = caller.told() | {"session": asked.session, "note": asked.text, "client_id": f"mcp:{uuid.uuid4()}"}
        wish |= {"project": asked.project} if asked.project else {}
        found = await self._daemon.call("POST", "/ask", wish | self._as_itself(), repeat=True)
        place = f"{found.get('project') or asked.project or ''}/{asked.session}"
        answer = tools.Injected(
            project=str(found.get("project") or asked.project or ""),
            session=asked.session,
            delivery=str(found.get("delivery_id") or ""),
            state=str(found.get("delivery_state") or "muted"),
        )
        until = str(found.get("expires_at") or "")[:16].replace("T", " ")
        text = f"The driver of {place} is asked for the seat, until {until} UTC."
        return Outcome(answer, f"{text} polaris_connect takes it once it is given.")

    async def _handoff(self, caller: Caller, asked: tools.Handoff) -> Outcome:
        wish = caller.told() | ({"to": asked.to} if asked.to else {})
        found = await self._daemon.call("POST", "/handoff", wish, repeat=False)
        answer = tools.HandedOff(
            project=_text(found.get("project")),
            session=_text(found.get("session")),
            to=asked.to,
            waiting=int(found.get("waiting") or 0),
        )
        place = f"{answer.project}/{answer.session}" if answer.session else "The session"
        return Outcome(answer, f"{place} is handed over; its seat is {f'kept for {asked.to}' if asked.to else 'open'}.")

    def _as_itself(self) -> Json:
        """An agent with a credential of its own acts as itself, not as the profile's person."""
        return {"token": self._token} if self._token else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

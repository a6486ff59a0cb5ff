"""What an agent session says and asks: a word to the project, advice for another session, what happened there.

A connected agent session speaks as the participant of its connection. One that is not connected may name a project: it
speaks as the token that it shows, else as the profile. Everything that goes out is redacted first.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from polaris.client import Client, Json
from polaris.errors import NotFound, Unprocessable
from polaris.settings import Credential

from .advice import Advice
from .agents.base import markers
from .bindings import Bindings
from .connect import Connector
from .records import Route
from .redaction import Redaction

EVENTS = 50
EVENTS_MOST = 500
WAIT_SECONDS = 55
LOOK_SECONDS = 0.2
QUERY_CHARACTERS = 400
OURS = ("prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice")


@dataclass(frozen=True)
class Speaker:
    """Who speaks: as whom towards the service, and for which agent session. *route* None: it is not connected."""

    credential: Credential
    agent: str
    project: str
    route: Route | None
    drives: bool

    def drives_at(self, project: str, session: str) -> bool:
        return self.drives and self.route is not None and (self.route.project, self.route.session) == (project, session)


class Speaking:
    """The requests of agents that are about the project and not about their own capture."""

    def __init__(self, bindings: Bindings, connector: Connector, advice: Advice, redaction: Redaction) -> None:
        self._bindings, self._connector = bindings, connector
        self._advice, self._redaction = advice, redaction
        self._stopped = asyncio.Event()

    async def stop(self, _: object = None) -> None:
        """Whoever waits for something new is answered now."""
        self._stopped.set()

    async def reply(self, asked: Json) -> Json:
        """``{agent_session_id | pid, body, client_id?, annotation?, about?, answers?}``: speaks to the project.

        ``annotation`` (decision, question, star) marks it in the record, of the session that it is about; ``answers``
        is the number of a question that it closes. Answers ``{project, seq, created}``.
        """
        body = _body(asked)
        speaker = self._speaker({**asked, "project": None})
        async with self._client(speaker) as client:
            said = await self._said(client, speaker, asked, await self._clean(client, speaker, body))
        if speaker.route and (quoted := markers(body)):
            # Who quotes a piece has read it: for an agent without hooks the only proof there is.
            await self._advice.happened(speaker.route.route_id, [], dict.fromkeys(quoted))
        return {"project": speaker.project} | said

    async def _said(self, client: Client, speaker: Speaker, asked: Json, text: str) -> Json:
        project, client_id, agent = speaker.project, _optional(asked, "client_id"), speaker.agent
        what, about, answers = _optional(asked, "annotation"), _number(asked, "about"), _number(asked, "answers")
        if answers is not None:
            closed = await client.close_annotation(project, answers, text, client_id=client_id, agent=agent)
            return {"seq": closed["closed_seq"], "created": closed["changed"]}
        if what is None:
            return await client.say(project, text, client_id=client_id, agent=agent)
        session = speaker.route.session if speaker.route and about is None else None
        made = await client.annotate(
            project, what, text, session=session or None, about=about, client_id=client_id, agent=agent
        )
        return {"seq": made["seq"], "created": made["created"]}

    async def inject(self, asked: Json) -> Json:
        """``{agent_session_id | pid, project?, session, body, client_id?, token?}``: advises a session; the delivery.

        Raises 404 ``not_connected`` without a project, 422 ``own_session`` for the session that it drives itself.
        """
        body, client_id, session = _body(asked), _optional(asked, "client_id"), _optional(asked, "session")
        if not session:
            raise Unprocessable("Advice is for one session: name it.", code="session_missing")
        speaker = self._speaker(asked)
        if speaker.drives_at(speaker.project, session):
            raise Unprocessable(
                "This agent session drives that session itself.",
                code="own_session",
                hint="Speak to the project instead (polaris_reply), or name another session.",
            )
        async with self._client(speaker) as client:
            clean = await self._clean(client, speaker, body)
            # What a person's agent says is not shown as said by the person.
            return await client.inject(speaker.project, session, clean, client_id=client_id, agent=speaker.agent)

    async def ask(self, asked: Json) -> Json:
        """``{agent_session_id | pid, project?, session, note?, client_id?, token?}``: asks for the seat; the request.

        Raises 404 ``not_connected`` without a project, and what the service refuses: 409 ``seat_is_open`` among it.
        """
        session, note = _optional(asked, "session"), _optional(asked, "note") or ""
        if not session:
            raise Unprocessable("The seat of one session is asked for: name it.", code="session_missing")
        speaker = self._speaker(asked)
        async with self._client(speaker) as client:
            clean, client_id = await self._clean(client, speaker, note), _optional(asked, "client_id")
            return await client.ask_seat(speaker.project, session, clean, client_id=client_id, agent=speaker.agent)

    async def context(self, asked: Json) -> Json:
        """``{agent_session_id | pid, project?, session?, query?, after?, limit?, wait?, token?}``: events, ascending.

        Without ``after`` the newest. ``wait`` seconds: answers at the first event that is not this session's own, or
        when advice arrives for it. Answers ``{project, session, items, first_seq, last_seq, more, note}``.
        ``summary``, ``since`` or ``by``: instead of events a ``summary`` in text (`polaris.client.Client.context`).
        """
        if asked.get("summary") or asked.get("since") or asked.get("by"):
            return await self._summary(asked)
        session, query = _optional(asked, "session"), _optional(asked, "query")
        after, wait = _number(asked, "after"), _number(asked, "wait")
        limit = min(max(_number(asked, "limit") or EVENTS, 1), EVENTS_MOST)
        if query is not None and len(query) > QUERY_CHARACTERS:
            raise Unprocessable(f"A query has at most {QUERY_CHARACTERS} characters.", code="query_not_valid")
        speaker = self._speaker(asked)
        async with self._client(speaker) as client:
            if wait:
                if after is None:
                    after = int((await client.messages(speaker.project, session, limit=1))["last_seq"])
                await self._news(client, speaker, session, after, min(wait, WAIT_SECONDS))
            if query:
                page = await client.messages(speaker.project, session, after=after, limit=limit, q=query)
                page["more"] = len(page["items"]) >= limit
            else:
                page = await client.messages(speaker.project, session, after=after, limit=limit)
        return {"project": speaker.project, "session": session, "note": None, "more": _more(page, after)} | page

    async def _summary(self, asked: Json) -> Json:
        session, since, by = (_optional(asked, name) for name in ("session", "since", "by"))
        speaker = self._speaker(asked)
        async with self._client(speaker) as client:
            who = f"user:{by}" if by and ":" not in by else by
            found = await client.context(speaker.project, session, since=since, by=who)
        place: Json = {"project": speaker.project, "session": session, "items": [], "more": False, "note": None}
        return place | {"summary": found["text"], "last_seq": found["last_seq"], "since": found["since"]}

    async def _news(self, client: Client, speaker: Speaker, session: str | None, after: int, seconds: float) -> None:
        """Returns when there is something that the agent does not know, or when the time is over."""

        async def event() -> None:
            async for one in client.follow(speaker.project, session, after=after):
                if not _own(one, speaker):
                    return

        async def advice() -> None:
            while not (speaker.route and self._advice.of(speaker.route.route_id, "waiting")):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)

        waiting = [asyncio.create_task(work) for work in (event(), advice(), self._until_stopped())]
        try:
            done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        for task in done:
            task.result()

    async def _until_stopped(self) -> None:
        await self._stopped.wait()

    def _speaker(self, asked: Json) -> Speaker:
        """Raises 404 ``not_connected`` for an agent session without connection that names no project."""
        project = _optional(asked, "project")
        with suppress(NotFound):
            seen = self._connector.who(asked)
            if binding := self._bindings.of(seen.agent_session_id):
                route = self._bindings.routes[binding.route_id]
                credential = self._connector.credential(route)
                return Speaker(credential, binding.agent, project or route.project, route, binding.role == "driver")
        if not project:
            raise NotFound(
                "This agent session is not connected.",
                code="not_connected",
                hint="Connect it: polaris join PROJECT SESSION.",
            )
        credential = self._connector.credential_of(_optional(asked, "token"))
        return Speaker(credential, _optional(asked, "agent") or "mcp", project, None, False)

    def _client(self, speaker: Speaker) -> Client:
        return self._connector.opener.client(speaker.credential)

    async def _clean(self, client: Client, speaker: Speaker, text: str) -> str:
        key = speaker.route.redaction_key if speaker.route else base64.b64decode((await client.me())["redaction_key"])
        return self._redaction.text(key, text)


def _own(event: Json, speaker: Speaker) -> bool:
    """What the agent session itself makes by working: its call of the tool that waits, for one."""
    route = speaker.route
    return (
        speaker.drives
        and route is not None
        and event.get("kind") in OURS
        and (event.get("session"), event.get("actor")) == (route.session, route.actor)
    )


def _more(page: Json, after: int | None) -> bool:
    items = page["items"]
    if after is not None:
        return bool(items) and items[-1]["seq"] < int(page["last_seq"])
    return bool(items) and items[0]["seq"] > int(page.get("first_seq") or 1)


def _body(asked: Json) -> str:
    body = asked.get("body")
    if not isinstance(body, str) or not body.strip():
        raise Unprocessable("There is nothing to say.", code="body_not_valid")
    return body


def _optional(asked: Json, name: str) -> str | None:
    value: Any = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise Unprocessable(f"{name} has to be text.", code=f"{name}_not_valid")
    return value or None


def _number(asked: Json, name: str) -> int | None:
    value: Any = asked.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62):
        raise Unprocessable("A number was expected.", code="number_not_valid")
    return value

"""The service without an API in between: what `polaris.client.Client` does, done by SQL under a login of one's own.

``async with DirectClient("postgresql://…") as polaris: await polaris.inject("pj", "fxm", "use RS256")``. The methods,
their answers and their errors are those of `Client`; tests/daemon runs one suite over both. The database itself says
who a login is, so nothing here names an organization or a participant. What only the API can do, such as issuing
tokens, is refused with ``needs_the_api``.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import orjson

from polaris import model
from polaris.addresses import Address
from polaris.db import calls, finding, wire
from polaris.db.direct_line import Exchange, Line
from polaris.db.direct_socket import DirectSocket, follow, plain, push
from polaris.db.rows import shown_session
from polaris.errors import Forbidden, NotFound, PolarisError

Json = dict[str, Any]

DEFAULT_LEASE_SECONDS = 60
DEFAULT_EXPIRY = timedelta(hours=24)
SEAT_EXPIRY = timedelta(minutes=30)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
# What `Client` offers beside this: accounts and the audit log are the service's own.
API_ONLY = frozenset(
    {
        *("add_member", "audit", "audit_head", "call", "create_token", "export_audit", "export_project"),
        *("erase_person", "erase_session", "erasures", "holds", "import_project", "invite", "invites", "lift_hold"),
        *("place_hold", "retention", "set_retention"),
        *("remove_member", "revoke_invite", "revoke_token", "set_role", "sign_out", "tokens"),
    }
)


class DirectClient:
    """A caller of one database under one login; open it with ``async with``.

    *exchange* shares connections between the clients of a process; it is not closed here.
    """

    def __init__(
        self, address: str, *, lease_seconds: int = DEFAULT_LEASE_SECONDS, exchange: Exchange | None = None
    ) -> None:
        self._address = Address.parse(address)
        self.url = self._address.place
        self._lease_seconds = lease_seconds
        self._exchange, self._owned = exchange or Exchange(), exchange is None
        self._open: Line | None = None

    def __repr__(self) -> str:
        return f"DirectClient({self.url!r})"

    def __getattr__(self, name: str) -> Any:
        if name in API_ONLY:
            raise Forbidden(
                "A direct link cannot do this: it needs the service's API.",
                code="needs_the_api",
                hint="Use a profile of the API: polaris login https://…, then POLARIS_PROFILE.",
            )
        raise AttributeError(name)

    async def __aenter__(self) -> Self:
        self._open = self._exchange.enter(self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        line, self._open = self._open, None
        if line is not None:
            self._exchange.leave(line)
        if self._owned:
            await self._exchange.close()

    # Who and what there is

    async def me(self) -> Json:
        row = await self._line.whoami()
        key = base64.b64encode(row.redaction_key).decode()
        return {
            "org": row.org,
            "actor": row.actor,
            "role": row.role,
            "redaction_key": key,
            "token_expires_at": None,
        }

    async def projects(self) -> list[Json]:
        return [plain(model.Project, row) for row in await self._line.ask(calls.list_projects, None, None)]

    async def project(self, project: str) -> Json:
        return _object(model.Project, await self._line.ask(calls.get_project, None, None, project))

    async def create_project(self, project: str, *, visibility: str | None = None) -> Json:
        made = await self._line.ask(calls.create_project, None, None, project, visibility or "org")
        return _object(model.Project, made)

    async def archive_project(self, project: str) -> Json:
        return _object(model.Project, await self._line.ask(calls.archive_project, None, None, project))

    async def restore_project(self, project: str) -> Json:
        return _object(model.Project, await self._line.ask(calls.restore_project, None, None, project))

    async def set_visibility(self, project: str, visibility: str) -> Json:
        return _object(model.Project, await self._line.ask(calls.set_visibility, None, None, project, visibility))

    async def project_members(self, project: str) -> list[Json]:
        found = await self._line.ask(calls.list_project_members, None, None, project)
        return [plain(model.ProjectMember, row) for row in found]

    async def add_project_member(self, project: str, actor: str) -> Json:
        return _object(model.ProjectMember, await self._line.ask(calls.add_project_member, None, None, project, actor))

    async def remove_project_member(self, project: str, actor: str) -> Json:
        return {"removed": await self._line.ask(calls.remove_project_member, None, None, project, actor)}

    async def sessions(self, project: str) -> list[Json]:
        found = await self._line.ask(calls.list_sessions, None, None, project)
        return [plain(model.SessionShown, shown_session(row)) for row in found]

    async def session(self, project: str, session: str) -> Json:
        row = await self._line.ask(calls.get_session, None, None, project, session)
        return _object(model.SessionShown, shown_session(row))

    async def members(self) -> list[Json]:
        return [plain(model.Member, row) for row in await self._line.ask(calls.list_members, None, None)]

    # The seat

    async def join(self, project: str, session: str) -> Json:
        joined = await self._line.ask(calls.join_session, None, None, project, session, self._lease_seconds)
        return _object(model.Joined, joined)

    async def claim(self, project: str, session: str) -> Json:
        claimed = await self._line.ask(calls.claim_driver, None, None, project, session, self._lease_seconds)
        return _object(model.Claimed, claimed)

    async def release(self, project: str, session: str, epoch: int | None = None, to: str | None = None) -> Json:
        row = await self._line.ask(calls.release_driver, None, None, project, session, epoch, to)
        return _object(model.SessionShown, shown_session(row))

    # What happened, and what was marked

    async def ask_seat(
        self,
        project: str,
        session: str,
        note: str = "",
        *,
        client_id: str | None = None,
        expires_in_seconds: int | None = None,
        agent: str | None = None,
    ) -> Json:
        expiry = SEAT_EXPIRY if expires_in_seconds is None else timedelta(seconds=expires_in_seconds)
        text = await self._clean(note)
        asked = await self._line.ask(calls.ask_seat, None, None, project, session, text, client_id, expiry, agent)
        return _object(model.SeatAsked, asked)

    async def seat_requests(self, project: str, session: str) -> list[Json]:
        found = await self._line.ask(calls.list_seat_requests, None, None, project, session)
        return [plain(model.SeatRequest, row) for row in found]

    async def answer_seat(
        self, project: str, session: str, request: int, answer: str, reason: str | None = None
    ) -> Json:
        text = None if reason is None else await self._clean(reason)
        done = await self._line.ask(calls.answer_seat_request, None, None, project, session, request, answer, text)
        return _object(model.SeatRequest, done)

    async def take_over(self, project: str, session: str, epoch: int, reason: str) -> Json:
        text = await self._clean(reason)
        row = await self._line.ask(calls.take_over_seat, None, None, project, session, epoch, text, self._lease_seconds)
        return _object(model.SessionShown, shown_session(row))

    async def brief(self, project: str, session: str, characters: int = 6000, *, since: str | None = None) -> Json:
        found = await self._line.ask(calls.brief, None, None, project, session, characters, since)
        return _object(model.Brief, found)

    async def context(
        self,
        project: str,
        session: str | None = None,
        *,
        since: str | None = None,
        by: str | None = None,
        characters: int = 6000,
    ) -> Json:
        found = await self._line.ask(calls.context, None, None, project, session, since, by, characters)
        return _object(model.Brief, found)

    async def annotate(
        self,
        project: str,
        what: str,
        body: str = "",
        *,
        session: str | None = None,
        about: int | None = None,
        client_id: str | None = None,
        agent: str | None = None,
    ) -> Json:
        text = await self._clean(body)
        made = await self._line.ask(calls.annotate, None, None, project, what, text, session, about, client_id, agent)
        return _object(model.MadeAnnotation, made)

    async def close_annotation(
        self,
        project: str,
        seq: int,
        body: str | None = None,
        *,
        client_id: str | None = None,
        agent: str | None = None,
    ) -> Json:
        text = None if body is None else await self._clean(body)
        closed = await self._line.ask(calls.close_annotation, None, None, project, seq, text, client_id, agent)
        return _object(model.Closed, closed)

    async def annotations(
        self,
        project: str,
        session: str | None = None,
        *,
        kind: Iterable[str] = (),
        open: bool | None = None,
        about: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Json]:
        found = await self._line.ask(
            calls.list_annotations, None, None, project, session, list(kind) or None, open, about, before, limit
        )
        return [plain(model.Annotation, row) for row in found]

    # Git

    async def find_commit(self, commit: str) -> list[Json]:
        return [plain(model.Commit, row) for row in await self._line.ask(calls.find_commit, None, None, commit)]

    async def commits(
        self, project: str, session: str | None = None, *, before: int | None = None, limit: int = 100
    ) -> list[Json]:
        found = await self._line.ask(calls.list_commits, None, None, project, session, before, limit)
        return [plain(model.Commit, row) for row in found]

    async def checkouts(self, project: str) -> list[Json]:
        return [plain(model.Checkout, row) for row in await self._line.ask(calls.list_checkouts, None, None, project)]

    async def file_changes(
        self,
        path: str,
        project: str | None = None,
        *,
        reads: bool = False,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Json]:
        found = await self._line.ask(calls.list_file_changes, None, None, project, path, reads, before, limit)
        return [plain(model.FileChange, row) for row in found]

    async def usage(
        self,
        project: str | None = None,
        session: str | None = None,
        *,
        by: str = "session",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[Json]:
        found = await self._line.ask(calls.get_usage, None, None, project, session, since, until, by, limit)
        return [plain(model.UsageSum, row) for row in found]

    # Events

    async def push(self, project: str, session: str, events: Sequence[Json]) -> list[Json]:
        return await push(self._line, project, session, wire.loads(orjson.dumps({"events": list(events)})))

    async def say(self, project: str, body: str, *, client_id: str | None = None, agent: str | None = None) -> Json:
        text = await self._clean(body)
        return _object(model.Said, await self._line.ask(calls.say, None, None, project, text, client_id, agent=agent))

    async def messages(
        self,
        project: str,
        session: str | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        kind: Iterable[str] = (),
        actor: Iterable[str] = (),
        q: str | None = None,
    ) -> Json:
        where: Json = {
            "session": session,
            "after": after,
            "before": before,
            "limit": 100 if limit is None else limit,
            "kind": list(kind) or None,
            "by": list(actor) or None,
        }
        if q is None:
            rows = await self._line.ask(calls.read_events, None, None, project, **where)
        else:
            rows = await self._line.ask(calls.find_events, None, None, project, wire.clean(q), **where)
        heads = await self._line.ask(calls.get_project, None, None, project)  # after the rows: never behind them
        page: Json = orjson.loads(wire.page(rows, heads.first_seq, heads.last_seq))
        return page

    async def search(
        self,
        query: str = "",
        *,
        project: str | None = None,
        session: str | None = None,
        kind: Iterable[str] = (),
        actor: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        file: str | None = None,
        before: str | None = None,
        limit: int = 30,
    ) -> Json:
        place = finding.place(before)
        found = await self._line.ask(
            calls.search_events,
            None,
            None,
            wire.clean(query),
            project=project,
            session=session,
            kind=list(kind) or None,
            by=list(actor) or None,
            since=since,
            until=until,
            file=wire.clean(file),
            limit=limit,
            **place._asdict(),
        )
        return _object(model.FoundPage, finding.page(found, limit))

    async def history(
        self, project: str, session: str | None = None, *, after: int = 0, page: int = 500
    ) -> AsyncIterator[Json]:
        while items := (await self.messages(project, session, after=after, limit=page))["items"]:
            for event in items:
                yield event
            after = items[-1]["seq"]

    async def follow(
        self, project: str, session: str | None = None, *, after: int | None = None
    ) -> AsyncIterator[Json]:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                found = await self._line.ask(calls.get_project, None, None, project)
                if session is not None:
                    await self._line.ask(calls.get_session, None, None, project, session)
                if after is None:
                    after = found.last_seq
                bus = self._exchange.bus(self._line)
                watch = await bus.watch(self._line, found)
                try:
                    async with aclosing(follow(self._line, watch, project, session, after)) as rows:
                        async for row in rows:
                            pause, after = FIRST_PAUSE_SECONDS, row.seq
                            yield orjson.loads(wire.event(row))
                finally:
                    await bus.leave(watch)
            except PolarisError as error:
                # The end of a watch is told again, in its own words, by the first call of the next round.
                if error.status < 500 and error.status != 429:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    # Advice

    async def inject(
        self,
        project: str,
        session: str,
        body: str,
        *,
        client_id: str | None = None,
        expires_in_seconds: int | None = None,
        agent: str | None = None,
    ) -> Json:
        expiry = DEFAULT_EXPIRY if expires_in_seconds is None else timedelta(seconds=expires_in_seconds)
        text = await self._clean(body)
        given = await self._line.ask(calls.inject, None, None, project, session, text, client_id, expiry, agent=agent)
        return _object(model.Injected, given)

    async def delivery(self, project: str, delivery: str) -> Json:
        found = await self._line.ask(calls.get_delivery, None, None, project, _uuid(delivery))
        return _object(model.Delivery, found)

    async def deliveries(self, project: str, session: str) -> list[Json]:
        found = await self._line.ask(calls.list_deliveries, None, None, project, session)
        return [plain(model.Delivery, row) for row in found]

    async def settle(self, project: str, delivery: str, state: str, **more: Any) -> Json:
        number = _uuid(delivery)
        await self._line.ask(calls.get_delivery, None, None, project, number)  # it is of this project
        settled = await self._line.ask(
            calls.settle_delivery,
            None,
            None,
            number,
            state,
            more.get("reason"),
            more.get("path"),
            more.get("epoch"),
        )
        return _object(model.Settled, settled)

    @asynccontextmanager
    async def socket(
        self, project: str, session: str | None = None, *, after: int | None = None
    ) -> AsyncIterator[DirectSocket]:
        """The frames of the project's or the session's WebSocket. What refuses a handshake is raised here."""
        line = self._line
        me = await line.whoami()
        found = await line.ask(calls.get_project, None, None, project)
        seat = None if session is None else await line.ask(calls.get_session, None, None, project, session)
        bus = self._exchange.bus(line)
        watch = await bus.watch(line, found)
        try:
            opened = DirectSocket(line, me, watch, found, seat, after, self._lease_seconds)
            opened.start()
            try:
                yield opened
            finally:
                await opened.close()
        finally:
            await bus.leave(watch)

    # How it is done

    @property
    def _line(self) -> Line:
        if self._open is None:
            raise RuntimeError("open the client with `async with`")
        return self._open

    async def _clean(self, text: str) -> str:
        """What the API does with a text that somebody sends."""
        return (await self._line.redactor()).text(wire.clean(text))


def _object(kind: Any, value: Any) -> Json:
    found: Json = plain(kind, value)
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"There is no delivery {text[:80]}.", code="no_such_delivery") from None

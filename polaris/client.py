"""The API as a Python object: what the command line and the daemon call.

``async with Client(url, token) as polaris: await polaris.inject("pj", "fxm", "use RS256")``. Every call answers the
decoded JSON of the API and fails with a `PolarisError` that carries the service's code, message and hint. The token is
sent in one header and appears nowhere else, errors included; redirects are never followed, so it reaches nobody else.
"""

from __future__ import annotations

import asyncio
import codecs
import io
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import aiohttp
import orjson
from yarl import URL

from polaris.errors import Misconfigured, PolarisError, SocketClosed, Unavailable, from_problem

Json = dict[str, Any]

CALL_SECONDS = 30.0
CONNECT_SECONDS = 5.0
# A stream is given up when neither an event nor a ping came for so long; the service pings twice as often.
SILENCE_SECONDS = 60.0
FRAME_BYTES = 32 * 1024 * 1024
EXPORT = "application/x-ndjson"


class Socket:
    """One open WebSocket; frames are JSON objects in both directions."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Raises `SocketClosed` when the other side is gone."""
        try:
            await self._ws.send_str(orjson.dumps(frame).decode())
        except (aiohttp.ClientError, ConnectionError) as error:
            raise SocketClosed(self._ws.close_code or 1006) from error

    async def receive(self) -> Json:
        """The next frame. Raises `SocketClosed` with the close code (1006: broken off)."""
        message = await self._ws.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            frame = orjson.loads(message.data)
            if isinstance(frame, dict):
                return frame
            raise SocketClosed(1003, "a frame that is not an object")
        raise SocketClosed(self._ws.close_code or 1006, str(message.extra or ""))

    async def close(self) -> None:
        await self._ws.close()


class Client:
    """A caller of one service under one token; open it with ``async with``.

    *http* shares a connection pool between clients; it is not closed here.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        seconds: float = CALL_SECONDS,
        http: aiohttp.ClientSession | None = None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise Misconfigured("The service's address has to begin with http:// or https://.")
        if "@" in urlsplit(url).netloc:
            raise Misconfigured("The service's address holds a name or a password.", hint="The token alone says who.")
        self.url = url.rstrip("/")
        self._token = token
        self._seconds = seconds
        self._http = http
        self._owned = http is None

    def __repr__(self) -> str:
        return f"Client({self._place()!r})"

    async def __aenter__(self) -> Self:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owned and self._http is not None:
            await self._http.close()
            self._http = None

    # Who and what there is

    async def me(self) -> Json:
        """``{"org", "actor", "role", "redaction_key"}``; the key is base64."""
        return await self.call("GET", "/me")

    async def sign_out(self) -> Json:
        """Revokes the very token of this client."""
        return await self.call("DELETE", "/me/token")

    async def projects(self) -> list[Json]:
        return await self._items("/projects")

    async def project(self, project: str) -> Json:
        return await self.call("GET", _path("projects", project))

    async def create_project(self, project: str, *, visibility: str | None = None) -> Json:
        return await self.call("POST", "/projects", _given(name=project, visibility=visibility))

    async def archive_project(self, project: str) -> Json:
        return await self.call("POST", _path("projects", project, "archive"), {})

    async def restore_project(self, project: str) -> Json:
        return await self.call("POST", _path("projects", project, "restore"), {})

    async def set_visibility(self, project: str, visibility: str) -> Json:
        return await self.call("PUT", _path("projects", project, "visibility"), {"visibility": visibility})

    async def project_members(self, project: str) -> list[Json]:
        return await self._items(_path("projects", project, "members"))

    async def add_project_member(self, project: str, actor: str) -> Json:
        return await self.call("PUT", _path("projects", project, "members", actor))

    async def remove_project_member(self, project: str, actor: str) -> Json:
        return await self.call("DELETE", _path("projects", project, "members", actor))

    async def sessions(self, project: str) -> list[Json]:
        return await self._items(_path("projects", project, "sessions"))

    async def session(self, project: str, session: str) -> Json:
        return await self.call("GET", _session(project, session))

    async def members(self) -> list[Json]:
        return await self._items("/members")

    async def add_member(self, handle: str, *, role: str = "member", email: str | None = None) -> Json:
        return await self.call("POST", "/members", _given(handle=handle, role=role, email=email))

    async def remove_member(self, handle: str) -> Json:
        return await self.call("DELETE", _path("members", handle))

    async def tokens(self) -> list[Json]:
        return await self._items("/tokens")

    async def create_token(
        self, name: str, *, actor: str | None = None, project: str | None = None, expires_in_seconds: int | None = None
    ) -> Json:
        """The answer is the only place where the token itself ever appears."""
        body = _given(actor=actor, name=name, project=project, expires_in=expires_in_seconds)
        return await self.call("POST", "/tokens", body)

    async def revoke_token(self, token_id: int) -> Json:
        return await self.call("DELETE", _path("tokens", str(token_id)))

    async def set_role(self, handle: str, role: str) -> Json:
        return await self.call("PUT", _path("members", handle), {"role": role})

    async def invites(self) -> list[Json]:
        return await self._items("/invites")

    async def invite(self, email: str, *, role: str = "member", handle: str | None = None) -> Json:
        """``link`` in the answer is the only place where the secret ever appears."""
        return await self.call("POST", "/invites", _given(email=email, role=role, handle=handle))

    async def revoke_invite(self, invite_id: int) -> Json:
        return await self.call("DELETE", _path("invites", str(invite_id)))

    async def audit(self, *, after: int = 0, limit: int = 500) -> Json:
        """A page of the audit log, ascending: ``{"org_id", "items"}``."""
        return await self.call("GET", "/audit", query=[("after", str(after)), ("limit", str(limit))])

    async def audit_head(self) -> Json:
        return await self.call("GET", "/audit/head")

    async def export_audit(self) -> AsyncIterator[str]:
        """The whole audit log, one JSON object a line, in pieces of any length; the log notes who took it."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        async with self._get("/audit/export", {"Accept": EXPORT}) as answer:
            async for chunk in answer.content.iter_any():
                yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)

    async def export_project(
        self, project: str, *, after: int | None = None, since: str | None = None, until: str | None = None
    ) -> AsyncGenerator[tuple[str, bytes], None]:
        """A whole project, as (part, row): the first is ``export``, the last ``end``; `polaris.exports` tells the rows.

        Raises what the service says against it, also in the middle, and `Unavailable` for a stream that was cut.
        """
        query = _asked(after=after, since=since, until=until)
        async with self._get(_path("projects", project, "export"), {"Accept": EXPORT}, query) as answer:
            part, rest = "", b""
            async for chunk in answer.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    part = line[2 : line.index(b":") - 1].decode()
                    row = line[line.index(b":") + 1 : -1]
                    if part == "error":
                        raise from_problem(500, orjson.loads(row))
                    yield part, row
            if part != "end":
                raise self._away()

    async def import_project(self, project: str, digest: str, lines: bytes) -> Json:
        """Sends the next lines of an export; ``{"project", "last_seq", "done"}``."""
        place = _path("projects", project, "import")
        return await self.call("POST", place, lines, [("digest", digest)], media=EXPORT)

    # What is kept and what is deleted

    async def retention(self) -> list[Json]:
        """The organization's word first (``project`` is null), then the projects; ``in_force`` null: for ever."""
        return await self._items("/retention")

    async def set_retention(self, keep_days: int | None, project: str | None = None) -> Json:
        """*keep_days* None takes the word back."""
        path = _path("projects", project, "retention") if project else "/retention"
        return await self.call("PUT", path, {"keep_days": keep_days})

    async def holds(self) -> list[Json]:
        return await self._items("/holds")

    async def place_hold(self, reason: str, project: str | None = None) -> Json:
        return await self.call("POST", "/holds", _given(reason=reason, project=project))

    async def lift_hold(self, hold_id: int) -> Json:
        return await self.call("DELETE", _path("holds", str(hold_id)))

    async def erasures(self) -> list[Json]:
        return await self._items("/erasures")

    async def erase_session(self, project: str, session: str, reason: str) -> Json:
        """What was begun; `erasures` says when it is done."""
        return await self.call("POST", f"{_session(project, session)}/erase", {"reason": reason})

    async def erase_person(self, participant: str, reason: str) -> Json:
        """What was begun; `erasures` says when it is done."""
        return await self.call("POST", "/erasures", {"participant": participant, "reason": reason})

    # The seat

    async def join(self, project: str, session: str) -> Json:
        """Opens the session, making project and session where they lack, and takes the seat if it is free."""
        return await self.call("POST", f"{_session(project, session)}/join", {})

    async def claim(self, project: str, session: str) -> Json:
        """409 ``seat_is_held`` with ``details.driver`` when somebody else drives, 409 ``seat_is_reserved``."""
        return await self.call("POST", f"{_session(project, session)}/driver", {})

    async def release(self, project: str, session: str, epoch: int | None = None, to: str | None = None) -> Json:
        """Opens the seat; released *to* somebody, nobody else takes it for five minutes. 409 ``not_driver``."""
        return await self.call("POST", f"{_session(project, session)}/handoff", _given(epoch=epoch, to=to))

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
        """Asks the driver; 409 ``seat_is_open``, ``seat_is_yours``, ``seat_is_reserved``. *agent*: as for `inject`."""
        asked = _given(note=note, client_id=client_id, expires_in=expires_in_seconds, agent=agent)
        return await self.call("POST", f"{_session(project, session)}/requests", asked)

    async def seat_requests(self, project: str, session: str) -> list[Json]:
        """Who asked, oldest first; ``ended_at`` is null while a request waits for the driver."""
        return await self._items(f"{_session(project, session)}/requests")

    async def answer_seat(
        self, project: str, session: str, request: int, answer: str, reason: str | None = None
    ) -> Json:
        """``give`` or ``decline`` for the driver, ``withdraw`` for who asked; 409 ``request_has_ended``."""
        path = f"{_session(project, session)}/requests/{request}"
        return await self.call("POST", path, _given(answer=answer, reason=reason))

    async def take_over(self, project: str, session: str, epoch: int, reason: str) -> Json:
        """Administrators; 409 ``seat_has_changed`` when *epoch* is not the seat's any more."""
        taken = {"epoch": epoch, "reason": reason}
        return await self.call("POST", f"{_session(project, session)}/takeover", taken)

    async def brief(self, project: str, session: str, characters: int = 6000, *, since: str | None = None) -> Json:
        """``{"text", "last_seq", "since"}``: what a new driver has to know; every line begins with its events.

        *since*: only what came after an event (its number), since the caller ``drove`` last, or ``looked`` last.
        """
        query = _asked(characters=characters, since=since)
        return await self.call("GET", f"{_session(project, session)}/brief", query=query)

    async def context(
        self,
        project: str,
        session: str | None = None,
        *,
        since: str | None = None,
        by: str | None = None,
        characters: int = 6000,
    ) -> Json:
        """As `brief`, of a whole project, of one session, or of what one participant did (*by*, ``user:krishna``)."""
        query = _asked(session=session, since=since, by=by, characters=characters)
        return await self.call("GET", _path("projects", project, "context"), query=query)

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
        """A ``decision``, a ``question`` or a ``star``; only a star *about* an event needs no words."""
        marked = _given(what=what, body=body, session=session, about=about, client_id=client_id, agent=agent)
        return await self.call("POST", _path("projects", project, "annotations"), marked)

    async def close_annotation(
        self,
        project: str,
        seq: int,
        body: str | None = None,
        *,
        client_id: str | None = None,
        agent: str | None = None,
    ) -> Json:
        """Answers a question, takes a decision or one's own star back. 409 ``annotation_is_closed``."""
        place = _path("projects", project, "annotations", str(seq), "close")
        return await self.call("POST", place, _given(body=body, client_id=client_id, agent=agent))

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
        """Decisions, questions and stars, the newest first; *before* the last number is the next page."""
        wanted = None if open is None else str(open).lower()
        query = _asked(session=session, open=wanted, about=about, before=before, limit=limit)
        query += [("kind", value) for value in kind]
        answer = await self.call("GET", _path("projects", project, "annotations"), query=query)
        items: list[Json] = answer["items"]
        return items

    # Git

    async def find_commit(self, commit: str) -> list[Json]:
        """Which sessions made or met a commit, those that made it first; 404 ``no_such_commit``."""
        return await self._items(_path("commits", commit))

    async def commits(
        self, project: str, session: str | None = None, *, before: int | None = None, limit: int = 100
    ) -> list[Json]:
        """The commits that sessions made, the newest first; *before* is the ``seq`` of an event."""
        query = [(name, str(value)) for name, value in _given(session=session, before=before, limit=limit).items()]
        answer = await self.call("GET", _path("projects", project, "commits"), query=query)
        items: list[Json] = answer["items"]
        return items

    async def checkouts(self, project: str) -> list[Json]:
        """Repository, branch and commit of each session that said so."""
        return await self._items(_path("projects", project, "checkouts"))

    async def file_changes(
        self,
        path: str,
        project: str | None = None,
        *,
        reads: bool = False,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Json]:
        """The tool calls that changed a file, the newest first; *path* is a name or the end of a path."""
        query = _given(path=path, project=project, before=before, limit=limit, reads="true" if reads else None)
        answer = await self.call("GET", "/files", query=[(name, str(value)) for name, value in query.items()])
        items: list[Json] = answer["items"]
        return items

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
        """What models used, by session, person, project, day (the newest first) or model (else the most first)."""
        times = {name: at.isoformat() for name, at in (("since", since), ("until", until)) if at is not None}
        query = _given(project=project, session=session, by=by, limit=limit) | times
        answer = await self.call("GET", "/usage", query=[(name, str(value)) for name, value in query.items()])
        items: list[Json] = answer["items"]
        return items

    # Events

    async def push(self, project: str, session: str, events: Sequence[Json]) -> list[Json]:
        """One result an event, in order; a refused one has ``code`` and ``message`` in its place."""
        answer = await self.call("POST", f"{_session(project, session)}/events", {"events": list(events)})
        results: list[Json] = answer["results"]
        return results

    async def say(self, project: str, body: str, *, client_id: str | None = None, agent: str | None = None) -> Json:
        """A floor message: to the project, of no session. *agent*: the coding agent that says it for its person."""
        said = _given(body=body, client_id=client_id, agent=agent)
        return await self.call("POST", _path("projects", project, "messages"), said)

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
        """One page of history, ascending: ``{"items", "first_seq", "last_seq"}``; neither bound: the newest page.

        *q*: only the events that `search` finds by it.
        """
        query = [
            (name, str(value))
            for name, value in (("after", after), ("before", before), ("limit", limit), ("q", q))
            if value is not None
        ]
        query += [("kind", value) for value in kind] + [("actor", value) for value in actor]
        place = _session(project, session) if session else _path("projects", project)
        return await self.call("GET", f"{place}/messages", query=query)

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
        """``{"items", "next"}``, newest first, over all that the caller may see; *before*: the ``next`` of a page.

        A snippet marks what was looked for: it stands between U+E000 and U+E001. 422 ``session_needs_a_project``.
        """
        asked = _given(
            project=project,
            session=session,
            since=since.isoformat() if since else None,
            until=until.isoformat() if until else None,
            file=file,
            before=before,
        )
        given = [("q", query), ("limit", str(limit)), *asked.items()]
        given += [("kind", value) for value in kind] + [("actor", value) for value in actor]
        return await self.call("GET", "/search", query=given)

    async def history(
        self, project: str, session: str | None = None, *, after: int = 0, page: int = 500
    ) -> AsyncIterator[Json]:
        """Every event after a number, oldest first, page by page, until none is left."""
        while items := (await self.messages(project, session, after=after, limit=page))["items"]:
            for event in items:
                yield event
            after = items[-1]["seq"]

    async def follow(
        self, project: str, session: str | None = None, *, after: int | None = None
    ) -> AsyncIterator[Json]:
        """Events as they come, for ever, each once and in order, over any number of broken connections.

        *after* None begins with the next event. Ends only with a refusal of the service (`PolarisError` that is not
        about being away).
        """
        place = _session(project, session) if session else _path("projects", project)
        backoff = Backoff()
        while True:
            try:
                if after is None:
                    # Without a number a reconnect before the first event would skip what came in between.
                    after = int((await self.messages(project, session, limit=1))["last_seq"])
                async with self._stream(f"{place}/events", after) as stream:
                    async for event in stream:
                        backoff.reset()
                        if event["seq"] > after:
                            after = event["seq"]
                            yield event
            except PolarisError as error:
                if error.status < 500 and error.status != 429:
                    raise
            await backoff.wait()

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
        """The delivery; `delivery` reads its state. *agent*: the coding agent that says it for its person."""
        advice = _given(body=body, client_id=client_id, expires_in=expires_in_seconds, agent=agent)
        return await self.call("POST", f"{_session(project, session)}/inject", advice)

    async def delivery(self, project: str, delivery: str) -> Json:
        return await self.call("GET", _path("projects", project, "deliveries", delivery))

    async def deliveries(self, project: str, session: str) -> list[Json]:
        return await self._items(f"{_session(project, session)}/deliveries")

    async def settle(self, project: str, delivery: str, state: str, **more: Any) -> Json:
        """*more*: ``reason``, ``path``, ``epoch``."""
        return await self.call(
            "POST", _path("projects", project, "deliveries", delivery), {"state": state} | _given(**more)
        )

    # How it is done

    @asynccontextmanager
    async def socket(
        self, project: str, session: str | None = None, *, after: int | None = None
    ) -> AsyncIterator[Socket]:
        """The project's or the session's WebSocket. A refused handshake is the service's error."""
        place = _session(project, session) if session else _path("projects", project)
        query = [] if after is None else [("after", str(after))]
        try:
            ws = await asyncio.wait_for(
                self._open().ws_connect(
                    self._address(f"{place}/ws", query),
                    headers=self._headers(),
                    heartbeat=30,
                    max_msg_size=FRAME_BYTES,
                    compress=0,
                ),
                CONNECT_SECONDS + 5,
            )
        except aiohttp.WSServerHandshakeError as error:
            if error.status >= 500 or error.status < 400:
                raise self._away() from error
            raise await self._refusal(place, error.status) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._away() from error
        try:
            yield Socket(ws)
        finally:
            await ws.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Sequence[tuple[str, str]] = (),
        *,
        media: str = "application/json",
    ) -> Json:
        """One request; answers the decoded body. Raises the service's problem, or `Unavailable`.

        *media*: what the body is; one that is not JSON is bytes.
        """
        # As a file: aiohttp sends a large one in pieces and lets others run in between.
        data = None if body is None else io.BytesIO(body if isinstance(body, bytes) else orjson.dumps(body))
        headers = self._headers() | ({"Content-Type": media} if data is not None else {})
        limit = aiohttp.ClientTimeout(total=self._seconds, connect=CONNECT_SECONDS)
        try:
            async with self._open().request(
                method, self._address(path, query), data=data, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                raw, status = await answer.read(), answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._away() from error
        return _read(status, raw)

    @asynccontextmanager
    async def _stream(self, path: str, after: int) -> AsyncIterator[AsyncIterator[Json]]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        async with self._get(path, headers, [("after", str(after))]) as answer:
            yield _events(answer.content)

    @asynccontextmanager
    async def _get(
        self, path: str, headers: Mapping[str, str], query: Sequence[tuple[str, str]] = ()
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is read as it comes, for as long as it comes."""
        limit = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
        try:
            async with self._open().get(
                self._address(path, query), headers={**self._headers(), **headers}, timeout=limit, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    _read(answer.status, await answer.read())
                    raise self._away()
                yield answer
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._away() from error

    async def _items(self, path: str) -> list[Json]:
        items: list[Json] = (await self.call("GET", path))["items"]
        return items

    async def _refusal(self, path: str, status: int) -> PolarisError:
        """A handshake error has no body: the plain resource tells why."""
        try:
            await self.call("GET", path)
        except PolarisError as error:
            return error
        return from_problem(status, None)

    def _address(self, path: str, query: Sequence[tuple[str, str]] = ()) -> URL:
        return (
            URL(self.url + path, encoded=True).update_query(list(query))
            if query
            else URL(self.url + path, encoded=True)
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}

    def _open(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("open the client with `async with`")
        return self._http

    def _place(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def _away(self) -> Unavailable:
        return Unavailable(
            f"The service at {self._place()} does not answer.", hint="Is it running? `polaris up` starts one here."
        )


class Backoff:
    """Growing pauses with jitter, so that a thousand clients do not come back in the same moment."""

    def __init__(self, first_seconds: float = 0.2, most_seconds: float = 15.0) -> None:
        self._first, self._most = first_seconds, most_seconds
        self._next = first_seconds

    def reset(self) -> None:
        self._next = self._first

    def seconds(self) -> float:
        """The next pause; each is about twice the one before."""
        pause = self._next * random.uniform(0.5, 1.0)
        self._next = min(self._next * 2, self._most)
        return pause

    async def wait(self) -> None:
        await asyncio.sleep(self.seconds())


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[Json]:
    """Server-sent events: the JSON of each ``data:`` block; pings and other fields are passed over."""
    rest, data = b"", list[bytes]()
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                event = orjson.loads(b"\n".join(data))
                data.clear()
                if isinstance(event, dict) and isinstance(event.get("seq"), int):
                    yield event


def _read(status: int, raw: bytes) -> Json:
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        body = None
    if not 200 <= status < 300:
        raise from_problem(status, body)
    if not isinstance(body, dict):
        raise Unavailable("The service answered something that is not Polaris's.", hint="Is the address right?")
    return body


def _path(*parts: str) -> str:
    return "".join("/" + quote(part, safe="") for part in parts)


def _session(project: str, session: str) -> str:
    return _path("projects", project, "sessions", session)


def _given(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _asked(**fields: Any) -> list[tuple[str, str]]:
    """The part of an address behind the question mark: what is given."""
    return [(name, str(value)) for name, value in fields.items() if value is not None]

"""The floor of a project: its events, newest at the end, live; an event on a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import aiohttp_jinja2
import orjson
from aiohttp import web
from multidict import MultiMapping

from polaris.db import calls, slack_calls
from polaris.db.pool import Connection
from polaris.db.rows import EntryRow, ProjectRow
from polaris.errors import NotFound, Unprocessable
from polaris.http import streams
from polaris.http.auth import Caller
from polaris.http.hub import Item
from polaris.http.service import SERVICE
from polaris.http.web import site, slack_words, timeline, tools
from polaris.model import SeatRequest

PAGE = 100
COMMITS = 5  # that the side shows
LARGEST = 2**63 - 1
KINDS = (
    ("said", "What was said"),
    ("turns", "Prompts and replies"),
    ("tools", "Tool calls"),
    ("advised", "Advice and deliveries"),
    ("seats", "Seats and sessions"),
    ("annotation", "Notes"),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the reader wants to see of a project; empty means everything."""

    session: str = ""
    kind: str = ""
    actor: str = ""

    @classmethod
    def of(cls, query: MultiMapping[str]) -> Chosen:
        actor = query.get("actor", "").strip()
        if actor and ":" not in actor:
            actor = f"user:{actor}"
        return cls(query.get("session", "").strip(), query.get("kind", "").strip(), actor)

    @property
    def kinds(self) -> list[str] | None:
        return timeline.kinds(self.kind)

    def fits(self, item: Item, kinds: list[str] | None) -> bool:
        """Whether a live event is one of those; the session is looked at by the stream itself."""
        return (kinds is None or item.kind in kinds) and (not self.actor or item.row.actor == self.actor)

    def address(self, base: str, **more: int | str) -> str:
        """*base* with what is chosen, and more, as the question."""
        fields: dict[str, Any] = {"session": self.session, "kind": self.kind, "actor": self.actor}
        asked = {name: value for name, value in fields.items() if value} | more
        return f"{base}?{urlencode(asked)}" if asked else base


async def show(request: web.Request) -> web.Response:
    """``?session= &kind= &actor=`` choose, ``?before= ?after=`` turn the pages; ``?part=sessions`` is the side."""
    service, who = request.app[SERVICE], site.caller(request)
    name, base = request.match_info["p"], address(request)
    chosen, before, after = Chosen.of(request.query), number(request, "before"), number(request, "after")
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, name)  # before the rows: never ahead of them
        sessions = await calls.list_sessions(conn, who.org_id, who.actor, name)
        git = await _git(conn, who, project.name, [row.name for row in sessions])
        asks = asked(await calls.list_seat_requests(conn, who.org_id, who.actor, name))
        if request.query.get("part") == "sessions":
            return site.render(request, "_sessions.html", project=project, sessions=sessions, asks=asks, **git)
        mark = await calls.get_read_mark(conn, who.org_id, who.actor, name)
        rows = await read(conn, who, project.name, chosen, before, after)
        channel = await _channel(conn, who, project.project_id) if service.settings.slack_client_id else ""
    entries = [timeline.entry(row) for row in rows]
    _mark_unread(entries, mark)
    is_newest = before is None and (after is None or len(rows) < PAGE)
    last = max([project.last_seq, *(row.seq for row in rows[-1:])])
    more = bool(rows) and (len(rows) == PAGE or after is not None) and rows[0].seq > project.first_seq
    return site.render(
        request,
        "floor.html",
        project=project,
        sessions=sessions,
        asks=asks,
        entries=entries,
        states=timeline.states(entries),
        chosen=chosen,
        kinds=KINDS if not chosen.kind or chosen.kind in dict(KINDS) else (*KINDS, (chosen.kind, chosen.kind)),
        actors=sorted({a for s in sessions for a in (s.driver, s.created_by) if a} | {e.actor for e in entries}),
        older=chosen.address(base, before=rows[0].seq) if more else "",
        gone=project.first_seq if project.first_seq > 1 and not more else 0,
        newer=chosen.address(base, after=rows[-1].seq) if rows and not is_newest else "",
        live=chosen.address(f"{base}/live") if is_newest else "",
        after=last,
        mark=mark,
        channel=channel,
        **git,
    )


async def _git(conn: Connection, who: Caller, project: str, sessions: list[str]) -> dict[str, Any]:
    """Where each session's work stands, None for one that never said, and what was committed last."""
    found = {row.session: row for row in await calls.list_checkouts(conn, who.org_id, who.actor, project)}
    commits = await calls.list_commits(conn, who.org_id, who.actor, project, None, None, COMMITS) if found else []
    return {"checkouts": {name: found.get(name) for name in sessions}, "commits": commits[:COMMITS]}


async def live(request: web.Request) -> web.StreamResponse:
    """What comes after ``?after=``, or after the Last-Event-ID, as fragments of HTML; the same choice as the page."""
    service, who = request.app[SERVICE], site.caller(request)
    chosen, after = Chosen.of(request.query), streams.last_event_id(request, number(request, "after"))
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, request.match_info["p"])
        if chosen.session:
            await calls.get_session(conn, who.org_id, who.actor, project.name, chosen.session)
    return await follow(request, project, chosen, after)


async def follow(request: web.Request, project: ProjectRow, chosen: Chosen, after: int | None) -> web.StreamResponse:
    """The live stream of a page. What is not shown still moves the reader on, so that a reconnect is short."""
    kinds, fragment = chosen.kinds, _fragments(request, project)

    def encode(items: list[Item]) -> bytes:
        found = [fragment(item) for item in items if chosen.fits(item, kinds)]
        if not chosen.fits(items[-1], kinds):
            found.append(b"id: %d\r\nevent: at\r\ndata: %d\r\n\r\n" % (items[-1].seq, items[-1].seq))
        return b"".join(found)

    start = project.last_seq if after is None else after
    return await streams.relay(request, site.caller(request), project, chosen.session or None, start, encode)


async def say(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    text, what = await posted_text(request), (await site.form(request)).get("what")
    async with service.database.connection() as conn:
        if what:
            await calls.annotate(conn, who.org_id, who.actor, request.match_info["p"], what, text)
        else:
            await calls.say(conn, who.org_id, who.actor, request.match_info["p"], text)
    return done(request, address(request))


async def mark_read(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    seq = site.field(await site.form(request), "seq")
    if not seq.isascii() or not seq.isdecimal() or int(seq) > LARGEST:
        raise Unprocessable("The number of an event is wanted.")
    async with service.database.connection() as conn:
        await calls.mark_read(conn, who.org_id, who.actor, request.match_info["p"], int(seq))
    return done(request, address(request))


async def show_event(request: web.Request) -> web.Response:
    """One event, whole."""
    service, who = request.app[SERVICE], site.caller(request)
    text = request.match_info["seq"]
    seq = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, request.match_info["p"])
        rows = await calls.read_events(
            conn, who.org_id, who.actor, project.name, after=seq - 1, before=seq + 1, limit=1
        )
        if 0 < seq < project.first_seq:
            raise NotFound(f"History before #{project.first_seq} is gone.", code="no_such_event")
        if not seq or not rows:
            raise NotFound(f"There is no event {text[:20]} in this project.", code="no_such_event")
        (row,) = rows
        e = timeline.entry(row, whole=True)
        notes = await calls.list_annotations(conn, who.org_id, who.actor, project.name, about=seq)
        if row.kind == "annotation":
            of = await calls.list_annotations(conn, who.org_id, who.actor, project.name, before=seq + 1, limit=1)
            notes = [one for one in of if one.seq == seq] + notes
        state = await _state(conn, who, project.name, row.payload) if row.kind in ("advice", "seat.asked") else None
    return site.render(
        request,
        "event.html",
        project=project,
        e=e,
        row=row,
        body=tools.shown(row.body or ""),
        payload=_pretty(row.payload),
        delivery=state,
        notes=notes,
        starred=any(n.what == "star" and n.actor == who.actor and n.closed_at is None for n in notes),
    )


# What the pages of a project share.


async def read(
    conn: Connection,
    who: Caller,
    project: str,
    chosen: Chosen,
    before: int | None,
    after: int | None,
    limit: int = PAGE,
) -> list[EntryRow]:
    return await calls.read_entries(
        conn,
        who.org_id,
        who.actor,
        project,
        session=chosen.session or None,
        after=after,
        before=before,
        limit=limit,
        kind=chosen.kinds,
        by=[chosen.actor] if chosen.actor else None,
        characters=timeline.BODY_CHARACTERS,
        payload_bytes=timeline.PAYLOAD_BYTES,
    )


def address(request: web.Request, session: str | None = None) -> str:
    """The address of the project in the path, or of one of its sessions."""
    base = f"/o/{site.member(request).org}/p/{request.match_info['p']}"
    return f"{base}/s/{session}" if session else base


def number(request: web.Request, name: str) -> int | None:
    """A number of an event out of the question; None when it is not asked for."""
    text = request.query.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= LARGEST):
        raise Unprocessable(f"{name} is the number of an event.")
    return int(text)


async def posted_text(request: web.Request) -> str:
    """What somebody wrote into a box. Browsers end lines with CR LF; nobody else does."""
    return site.field(await site.form(request), "body").replace("\r\n", "\n")


def asked(requests: Iterable[SeatRequest]) -> dict[str, list[SeatRequest]]:
    """The requests for a seat that wait for the driver, by session."""
    found: dict[str, list[SeatRequest]] = {}
    for one in requests:
        if one.ended_at is None:
            found.setdefault(one.session, []).append(one)
    return found


def done(request: web.Request, path: str, *, refresh: bool = False) -> web.Response:
    """The answer to a form: nothing for a page that shows by itself what follows, otherwise the page again."""
    if not request.headers.get("HX-Request"):
        return site.see(request, path)
    return web.Response(status=204, headers={"HX-Trigger": "polaris:part"} if refresh else None)


def _fragments(request: web.Request, project: ProjectRow) -> Callable[[Item], bytes]:
    """Makes an event's message; only the first reader in this process pays for it."""
    module: Any = aiohttp_jinja2.get_env(request.app).get_template("_timeline.html").module
    base = address(request)

    def fragment(item: Item) -> bytes:
        if item.html is None:
            html = str(module.entry(timeline.entry(item.row), base)).strip()
            lines = html.replace("\r", "").encode().replace(b"\n", b"\r\ndata: ")
            item.html = b"id: %d\r\ndata: %b\r\n\r\n" % (item.seq, lines)
        return item.html

    return fragment


async def _channel(conn: Connection, who: Caller, project_id: int) -> str:
    """The address of the project's channel in Slack; empty where there is none."""
    workspace = next(iter(await slack_calls.get_slack(conn, who.org_id, who.actor)), None)
    if workspace is None or workspace.state != "connected":
        return ""
    rows = await slack_calls.list_slack_channels(conn, who.org_id, who.actor, project_id)
    return slack_words.link(workspace, next(iter(rows), None))


def _mark_unread(entries: list[timeline.Entry], mark: int) -> None:
    for e in entries:
        if mark and e.seq > mark:
            e.is_new = True
            return


async def _state(conn: Connection, who: Caller, project: str, payload: str | None) -> timeline.State | None:
    """Where a piece of advice is now."""
    delivery = orjson.loads(payload or "{}").get("delivery")
    if not isinstance(delivery, str):
        return None
    found = await calls.get_delivery(conn, who.org_id, who.actor, project, UUID(delivery))
    return timeline.State(found.state, found.reason or "")


def _pretty(payload: str | None) -> str:
    if not payload:
        return ""
    try:
        return tools.shown(orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2).decode())
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # deeper than orjson goes
        return tools.shown(payload)

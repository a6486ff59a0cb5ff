"""The page of a session: its turns, live or played again; the seat; advice and what became of it; who is heard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from polaris.db import calls
from polaris.db.pool import Connection
from polaris.db.rows import ProjectRow, SessionRow
from polaris.errors import NotFound, Unprocessable
from polaris.http import streams
from polaris.http.record import DEFAULT_EXPIRY
from polaris.http.service import SERVICE
from polaris.http.web import floor, site, timeline
from polaris.http.web.floor import Chosen
from polaris.http.web.usage_words import Figures
from polaris.model import SLUG

PAGE = 100
REEL = 300  # events that a replay loads at a time
# Who claims the seat in a browser has to get to a terminal: joining there renews the lease from then on.
CLAIM_SECONDS = 600
OWN_ADVICE = 3
COMMITS = 10


async def show(request: web.Request) -> web.Response:
    """``?before= ?after=`` turn the pages, ``?from=start`` replays; ``?part=panel`` and ``?part=entries`` are parts."""
    service, who = request.app[SERVICE], site.caller(request)
    name, part = request.match_info["s"], request.query.get("part")
    is_replay = request.query.get("from") == "start"
    before, after = floor.number(request, "before"), floor.number(request, "after")
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, request.match_info["p"])
        session = await calls.get_session(conn, who.org_id, who.actor, project.name, name)
        if part == "panel":
            return site.render(request, "_panel.html", **await _panel(conn, request, project, session))
        limit = REEL if part == "entries" else PAGE
        position = after or 0 if is_replay else after
        rows = await floor.read(conn, who, project.name, Chosen(session=name), before, position, limit)
        entries = [timeline.entry(row) for row in rows]
        if part == "entries":
            return site.render(request, "_entries.html", project=project, entries=entries)
        panel = await _panel(conn, request, project, session)
    here = floor.address(request, name)
    is_newest = not is_replay and before is None and (after is None or len(rows) < PAGE)
    states = timeline.states(entries)
    if not is_replay:
        states |= {d.advice_seq: timeline.State(d.state, d.reason or "") for d in panel["deliveries"]}
    is_cut = bool(rows) and (len(rows) == PAGE or after is not None)
    goes_on = f"{here}?{'from=start&' if is_replay else ''}after={rows[-1].seq}" if rows else ""
    return site.render(
        request,
        "session.html",
        items=timeline.fold(entries),
        states=states,
        older=f"{here}?before={rows[0].seq}" if is_cut else "",
        gone=0 if is_cut or (rows and rows[0].kind == "session.created") else project.first_seq,
        newer=goes_on if rows and not is_newest and rows[-1].seq < (session.last_seq or 0) else "",
        replay=is_replay,
        first=rows[0].seq if rows else 0,
        live=f"{here}/live" if is_newest else "",
        after=max([project.last_seq, *(row.seq for row in rows[-1:])]),
        **panel,
    )


async def live(request: web.Request) -> web.StreamResponse:
    service, who = request.app[SERVICE], site.caller(request)
    after = streams.last_event_id(request, floor.number(request, "after"))
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, request.match_info["p"])
        session = await calls.get_session(conn, who.org_id, who.actor, project.name, request.match_info["s"])
    return await floor.follow(request, project, Chosen(session=session.name), after)


async def advise(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    text = await floor.posted_text(request)
    project, session = request.match_info["p"], request.match_info["s"]
    what = (await site.form(request)).get("what")
    async with service.database.connection() as conn:
        if what:
            await calls.annotate(conn, who.org_id, who.actor, project, what, text, session)
        else:
            await calls.inject(conn, who.org_id, who.actor, project, session, text, None, DEFAULT_EXPIRY)
    return floor.done(request, floor.address(request, session), refresh=True)


async def claim(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    project, session = request.match_info["p"], request.match_info["s"]
    async with service.database.connection() as conn:
        await calls.claim_driver(conn, who.org_id, who.actor, project, session, CLAIM_SECONDS)
    return floor.done(request, floor.address(request, session), refresh=True)


async def release(request: web.Request) -> web.Response:
    """Leaves the seat that the page showed; a later one of the same driver stays."""
    service, who = request.app[SERVICE], site.caller(request)
    project, session = request.match_info["p"], request.match_info["s"]
    epoch = (await site.form(request)).get("epoch", "")
    shown = int(epoch) if epoch.isascii() and epoch.isdecimal() and len(epoch) < 19 else None
    async with service.database.connection() as conn:
        await calls.release_driver(conn, who.org_id, who.actor, project, session, shown)
    return floor.done(request, floor.address(request, session), refresh=True)


async def ask(request: web.Request) -> web.Response:
    """Asks the driver for the seat; who has asked already is shown the open request."""
    service, who = request.app[SERVICE], site.caller(request)
    project, session = request.match_info["p"], request.match_info["s"]
    note = (await site.form(request)).get("note", "")
    async with service.database.connection() as conn:
        await calls.ask_seat(conn, who.org_id, who.actor, project, session, note)
    return floor.done(request, floor.address(request, session), refresh=True)


async def answer(request: web.Request) -> web.Response:
    """The driver gives or declines, who asked withdraws."""
    service, who = request.app[SERVICE], site.caller(request)
    project, session, number = (request.match_info[name] for name in ("p", "s", "seq"))
    said = site.field(await site.form(request), "answer")
    seq = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0
    async with service.database.connection() as conn:
        await calls.answer_seat_request(conn, who.org_id, who.actor, project, session, seq, said)
    return floor.done(request, floor.address(request, session), refresh=True)


async def take_over(request: web.Request) -> web.Response:
    """Takes over the seat that the page showed, and no later one."""
    service, who = request.app[SERVICE], site.caller(request)
    project, session = request.match_info["p"], request.match_info["s"]
    fields = await site.form(request)
    epoch, reason = site.field(fields, "epoch"), site.field(fields, "reason")
    shown = int(epoch) if epoch.isascii() and epoch.isdecimal() and len(epoch) < 19 else 0
    async with service.database.connection() as conn:
        await calls.take_over_seat(conn, who.org_id, who.actor, project, session, shown, reason, CLAIM_SECONDS)
    return floor.done(request, floor.address(request, session), refresh=True)


async def set_policy(request: web.Request) -> web.Response:
    """An empty policy takes the session's own word back: the project's holds again."""
    service, who = request.app[SERVICE], site.caller(request)
    project, session = request.match_info["p"], request.match_info["s"]
    fields = await site.form(request)
    sender_class, policy = site.field(fields, "sender_class"), fields.get("policy") or None
    async with service.database.connection() as conn:
        await calls.set_policy(conn, who.org_id, who.actor, project, session, sender_class, policy)
    return floor.done(request, floor.address(request, session), refresh=True)


async def decide(request: web.Request) -> web.Response:
    """The driver's word about a suggestion: send it, send it in other words, dismiss it."""
    service, who = request.app[SERVICE], site.caller(request)
    project, fields = request.match_info["p"], await site.form(request)
    try:
        delivery = UUID(request.match_info["id"])
    except ValueError:
        raise NotFound("There is no such suggestion.", code="no_such_delivery") from None
    decision = site.field(fields, "decision")
    if decision not in ("send", "dismiss"):
        raise Unprocessable("A suggestion is sent or dismissed.", code="decision_is_known")
    async with service.database.connection() as conn:
        found = await calls.get_delivery(conn, who.org_id, who.actor, project, delivery)
        body: str | None = fields.get("body", "").replace("\r\n", "\n")
        if decision == "dismiss" or not body or body == found.body.strip():
            body = None
        await calls.decide_delivery(conn, who.org_id, who.actor, project, delivery, decision, body)
    session = fields.get("session", "")
    back = floor.address(request, session if re.fullmatch(SLUG, session) else found.session)
    return floor.done(request, back, refresh=True)


async def _panel(conn: Connection, request: web.Request, project: ProjectRow, session: SessionRow) -> dict[str, Any]:
    """What stands beside the timeline."""
    who, me = site.caller(request), site.member(request)
    org, actor = who.org_id, who.actor
    deliveries = await calls.list_deliveries(conn, org, actor, project.name, session.name, 200)
    policies = await calls.list_policies(conn, org, actor, project.name, session.name)
    seats = await calls.list_seats(conn, org, actor, project.name, session.name)
    used = await calls.get_usage(conn, org, actor, project.name, session.name, by="model")
    requests = await calls.list_seat_requests(conn, org, actor, project.name, session.name)
    asks = floor.asked(requests).get(session.name, [])
    # The rule is in decide_delivery; this only keeps buttons from those whom it would refuse.
    is_unattended = session.driver is None or session.driver.startswith("agent:")
    checkouts = await calls.list_checkouts(conn, org, actor, project.name)
    commits = await calls.list_commits(conn, org, actor, project.name, session.name, None, COMMITS)
    own = [d for d in deliveries if d.sender == actor][-OWN_ADVICE:]
    return {
        "project": project,
        "session": session,
        "deliveries": deliveries,
        "held": [d for d in deliveries if d.state == "held"],
        "may_decide": session.driver == actor
        or (is_unattended and (me.role == "admin" or session.created_by == actor)),
        "advice": [(d, timeline.State(d.state, d.reason or "")) for d in reversed(own)],
        "policies": policies,
        "seats": seats,
        "asks": asks,
        "asks_already": any(one.actor == actor for one in asks),
        "may_take_over": me.role == "admin"
        and not session.archived_at
        and (session.driver or session.reserved_for) not in (None, actor),
        "usage": Figures.of("", used) if used else None,
        "models": [Figures.of(row.model or "unnamed", [row]) for row in used] if len(used) > 1 else [],
        "checkout": next((row for row in checkouts if row.session == session.name), None),
        "commits": commits[:COMMITS],
        "claim_minutes": timedelta(seconds=CLAIM_SECONDS) // timedelta(minutes=1),
    }

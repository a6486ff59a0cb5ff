"""Looking back on the web: what happened in short, with its numbers as links; decisions, questions and stars."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from aiohttp import web

from polaris.db import calls
from polaris.errors import NotFound
from polaris.http.service import SERVICE
from polaris.http.web import floor, site, tools

CHARACTERS = 12_000
MANY = 300
SINCE = (("", "the beginning"), ("drove", "I last drove"), ("looked", "I last looked"))
# What a box offers beside its own: the words that the forms send.
MARKS = ("decision", "question", "star")
_NUMBERS = re.compile(r"#(\d{1,18})(?:–#(\d{1,18}))? ?")


@dataclass(slots=True)
class Line:
    """One statement and the events that it comes from."""

    text: str
    seqs: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    title: str
    lines: list[Line] = field(default_factory=list)


def parts(text: str) -> list[Part]:
    """A brief as the database tells it: a line that begins with numbers is a statement, any other a title."""
    found: list[Part] = []
    for line in text.splitlines():
        numbers = _NUMBERS.match(line)
        if numbers is None or not found:
            found.append(Part(tools.shown(line)))
        else:
            seqs = [int(number) for number in numbers.groups() if number]
            found[-1].lines.append(Line(tools.shown(line[numbers.end() :]), seqs))
    return found


async def show_brief(request: web.Request) -> web.Response:
    """``?session= &by= &since=``: of the project, of one session, of what somebody did."""
    service, who = request.app[SERVICE], site.caller(request)
    session, since = request.query.get("session", "").strip(), request.query.get("since", "").strip()
    by = request.query.get("by", "").strip()
    if by and ":" not in by:
        by = f"user:{by}"
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, request.match_info["p"])
        found = await calls.context(
            conn, who.org_id, who.actor, project.name, session or None, since or None, by or None, CHARACTERS
        )
        sessions = await calls.list_sessions(conn, who.org_id, who.actor, project.name)
    title, *rest = parts(found.text)
    return site.render(
        request,
        "brief.html",
        project=project,
        session=session,
        by=by,
        since=since,
        sinces=SINCE if since in dict(SINCE) else (*SINCE, (since, f"event {since}")),
        sessions=sessions,
        head=title,
        parts=rest,
    )


async def show_decisions(request: web.Request) -> web.Response:
    """Open questions, decisions, answers and stars of a project, or of one session (``?session=``)."""
    service, who = request.app[SERVICE], site.caller(request)
    session, before = request.query.get("session", "").strip(), floor.number(request, "before")
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, request.match_info["p"])
        rows = await calls.list_annotations(
            conn, who.org_id, who.actor, project.name, session or None, before=before, limit=MANY
        )
        sessions = await calls.list_sessions(conn, who.org_id, who.actor, project.name)
    older = f"{floor.address(request)}/decisions?before={rows[-1].seq}" if len(rows) == MANY else ""
    return site.render(
        request,
        "decisions.html",
        project=project,
        session=session,
        sessions=sessions,
        questions=[row for row in rows if row.what == "question" and row.closed_at is None],
        decisions=[row for row in rows if row.what == "decision"],
        answered=[row for row in rows if row.what == "question" and row.closed_at is not None],
        stars=[row for row in rows if row.what == "star" and row.closed_at is None],
        older=older,
    )


async def annotate(request: web.Request) -> web.Response:
    """A form with ``what``, ``body``, ``session`` and ``about``; goes back to where ``back`` says."""
    service, who, fields = request.app[SERVICE], site.caller(request), await site.form(request)
    about = fields.get("about", "")
    body = fields.get("body", "").replace("\r\n", "\n")
    async with service.database.connection() as conn:
        made = await calls.annotate(
            conn,
            who.org_id,
            who.actor,
            request.match_info["p"],
            site.field(fields, "what"),
            body,
            fields.get("session") or None,
            _seq(about) if about else None,
        )
    back = f"{floor.address(request)}/e/{made.about}" if made.about else f"{floor.address(request)}/decisions"
    return floor.done(request, back)


async def close(request: web.Request) -> web.Response:
    """Answers a question, or takes a decision or one's own star back."""
    service, who, fields = request.app[SERVICE], site.caller(request), await site.form(request)
    body = fields.get("body", "").replace("\r\n", "\n")
    async with service.database.connection() as conn:
        await calls.close_annotation(
            conn, who.org_id, who.actor, request.match_info["p"], _seq(request.match_info["seq"]), body or None
        )
    return floor.done(request, f"{floor.address(request)}/decisions")


def _seq(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= floor.LARGEST):
        raise NotFound(f"There is no event {text[:20]} in this project.", code="no_such_event")
    return int(text)

"""What is kept and what is deleted: retention, legal holds, erasures. For administrators."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls, keeping_calls
from polaris.errors import PolarisError, Unprocessable
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.form_page import address, again, number, page
from polaris.model import Erasure

PLACE = "keeping"


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        holds = await keeping_calls.list_holds(conn, who.org_id, who.actor)  # refuses who is no administrator
        kept = await keeping_calls.list_retention(conn, who.org_id, who.actor)
        erasures = await keeping_calls.list_erasures(conn, who.org_id, who.actor)
        projects = await calls.list_projects(conn, who.org_id, who.actor)
    return await page(
        request,
        "keeping.html",
        problem,
        whole=kept[0],
        kept=kept[1:],
        standing=[hold for hold in holds if hold.lifted_at is None],
        lifted=[hold for hold in holds if hold.lifted_at is not None],
        erasures=[(row, target(row)) for row in erasures],
        projects=[row.name for row in projects],
    )


def target(row: Erasure) -> str:
    """Whose content an erasure takes."""
    return row.participant or f"{row.project}/{row.session}"


@again(show)
async def set_retention(request: web.Request) -> web.StreamResponse:
    """No number of days takes the word back."""
    who, fields = site.caller(request), await site.form(request)
    project, text = fields.get("project") or None, fields.get("keep_days", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Unprocessable("Days are a whole number, 1 to 36500.", code="retention_is_sane")
    async with request.app[SERVICE].database.connection() as conn:
        row = await keeping_calls.set_retention(conn, who.org_id, who.actor, project, int(text) if text else None)
    where = f"Events of {project}" if project else "Events"
    words = f"are kept for {days(row.in_force)}" if row.in_force else "are kept for ever"
    return site.see(request, address(request, PLACE), flash=f"{where} {words}.")


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


@again(show)
async def place_hold(request: web.Request) -> web.StreamResponse:
    who, fields = site.caller(request), await site.form(request)
    reason = site.field(fields, "reason")
    async with request.app[SERVICE].database.connection() as conn:
        row = await keeping_calls.place_hold(conn, who.org_id, who.actor, fields.get("project") or None, reason)
    held = row.project or "the whole organization"
    return site.see(request, address(request, PLACE), flash=f"Nothing is deleted from {held} while the hold stands.")


@again(show)
async def lift_hold(request: web.Request) -> web.StreamResponse:
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        row = await keeping_calls.lift_hold(conn, who.org_id, who.actor, number(request))
    return site.see(request, address(request, PLACE), flash=f"The hold on {row.project or 'everything'} is lifted.")


@again(show)
async def erase(request: web.Request) -> web.StreamResponse:
    """``target`` is a session (``pj/fxm``) or a participant (``user:krishna``)."""
    who, fields = site.caller(request), await site.form(request)
    wanted, reason = site.field(fields, "target"), site.field(fields, "reason")
    project, slash, session = wanted.partition("/")
    async with request.app[SERVICE].database.connection() as conn:
        if slash:
            row = await keeping_calls.erase_session(conn, who.org_id, who.actor, project, session, reason)
        else:
            row = await keeping_calls.erase_person(conn, who.org_id, who.actor, wanted, reason)
    return site.see(request, address(request, PLACE), flash=f"What {target(row)} said is being erased.")

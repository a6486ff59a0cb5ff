"""Who belongs to an organization: members, their roles, invitations. And what all pages of settings share."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import psycopg
from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.errors import NotFound, PolarisError
from polaris.http import problems
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.mail import Invitation, send_invitation
from polaris.model import Invite

MENDABLE = (404, 409, 422, 502)  # what whoever sent a form can do something about; everything else is a page of its own
PAST = 50  # invitations that are over and still shown

Show = Callable[[web.Request, PolarisError | None], Awaitable[web.Response]]


class Filled(dict[str, str]):
    """What a form was filled in with; nothing where it was not."""

    def __missing__(self, name: str) -> str:
        return ""


def again(show: Show) -> Callable[[site.Handler], site.Handler]:
    """A form that failed comes back on its page, with the reason and what was filled in."""

    def decorate(handler: site.Handler) -> site.Handler:
        @functools.wraps(handler)
        async def run(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except (PolarisError, psycopg.Error) as error:
                problem = problems.known(error)
                if problem.status not in MENDABLE:
                    raise
                return await show(request, problem)

        return run

    return decorate


async def page(request: web.Request, template: str, problem: PolarisError | None, **context: object) -> web.Response:
    """A page of settings; with a *problem*, ``values`` are what the form that failed was filled in with."""
    values = Filled(await site.form(request) if problem else {})
    status = problem.status if problem else 200
    here = f"/o/{site.member(request).org}/settings"
    return site.render(
        request, f"settings/{template}", status=status, problem=problem, values=values, here=here, **context
    )


def address(request: web.Request, place: str) -> str:
    return f"/o/{site.member(request).org}/settings/{place}"


def number(request: web.Request) -> int:
    """The number in the path; 404 for what is none."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("There is no such page.")
    return int(text)


async def start(request: web.Request) -> web.StreamResponse:
    return site.see(request, address(request, "members"))


# Members


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    """Everybody sees who is there; administrators also whom they invited."""
    who, invites, local = site.caller(request), [], []
    async with request.app[SERVICE].database.connection() as conn:
        members = await calls.list_members(conn, who.org_id, who.actor)
        if who.role == "admin":
            invites = await calls.list_invites(conn, who.org_id, who.actor)
            local = [person.handle for person in await calls.list_local_people(conn, who.org_id)]
    now = datetime.now(UTC)
    return await page(
        request,
        "members.html",
        problem,
        members=[member for member in members if member.removed_at is None],
        gone=[member for member in members if member.removed_at is not None],
        waiting=[invite for invite in invites if state(invite, now) == "waiting"],
        past=[(invite, state(invite, now)) for invite in invites if state(invite, now) != "waiting"][-PAST:][::-1],
        local=local,
    )


def state(invite: Invite, now: datetime) -> str:
    """What became of an invitation."""
    if invite.accepted_at is not None:
        return "accepted"
    if invite.revoked_at is not None:
        return "revoked"
    return "expired" if invite.expires_at <= now else "waiting"


@again(show)
async def set_role(request: web.Request) -> web.StreamResponse:
    service, who, handle = request.app[SERVICE], site.caller(request), request.match_info["handle"]
    role = site.field(await site.form(request), "role")
    async with service.database.connection() as conn:
        row = await calls.set_role(conn, who.org_id, who.actor, handle, role)
    service.registry.control(None)
    what = "an administrator" if row.role == "admin" else "a member like others"
    return site.see(request, address(request, "members"), flash=f"{row.actor} is {what} now.")


@again(show)
async def remove(request: web.Request) -> web.StreamResponse:
    service, who, handle = request.app[SERVICE], site.caller(request), request.match_info["handle"]
    async with service.database.connection() as conn:
        row = await calls.remove_member(conn, who.org_id, who.actor, handle)
    service.registry.control(None)
    if row.actor == who.actor:
        return site.see(request, "/o?all", flash=f"You have left {site.member(request).org_name}.")
    return site.see(request, address(request, "members"), flash=f"{row.actor} is not a member any more.")


# Invitations


@again(show)
async def invite(request: web.Request) -> web.StreamResponse:
    """The link goes out by mail; where it cannot, it is shown this once."""
    service, who, fields = request.app[SERVICE], site.caller(request), await site.form(request)
    email, role, handle = site.field(fields, "email"), site.field(fields, "role"), fields.get("handle") or None
    secret = secrets.token_urlsafe(32)
    async with service.database.connection() as conn:
        made = await calls.invite(conn, who.org_id, who.actor, email, role, tokens.digest(secret), handle)
    link = f"{request[site.ORIGIN]}/invites/{who.org}/{secret}"
    invitation = Invitation(
        made.email, site.member(request).org_name, made.invited_by, made.role, link, made.expires_at
    )
    failure = await send_invitation(service.settings, invitation)
    if failure is None:
        return site.see(request, address(request, "members"), flash=f"The invitation is on its way to {made.email}.")
    return await page(request, "invited.html", None, invite=made, link=link, failure=failure)


@again(show)
async def revoke_invite(request: web.Request) -> web.StreamResponse:
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        row = await calls.revoke_invite(conn, who.org_id, who.actor, number(request))
    return site.see(request, address(request, "members"), flash=f"The invitation of {row.email} is revoked.")

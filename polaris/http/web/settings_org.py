"""Who belongs to an organization: members, their roles, invitations."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.errors import PolarisError
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.form_page import address, again, number, page
from polaris.http.web.mail import Invitation, send_invitation
from polaris.model import Invite

PAST = 50  # invitations that are over and still shown


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

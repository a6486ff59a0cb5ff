"""How people come into an organization: invitations and domains. For administrators."""

from __future__ import annotations

import secrets

from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.http.auth import CALLER
from polaris.http.paths import OfDomain, OfInvite
from polaris.http.service import SERVICE
from polaris.model import Domain, DomainIn, Domains, Invite, InviteIn, Invites, IssuedInvite, Removed


async def list_invites(request: web.Request) -> Invites:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Invites(items=await calls.list_invites(conn, caller.org_id, caller.actor))


async def invite(request: web.Request, body: InviteIn) -> IssuedInvite:
    """The secret of the link is made here, shown in this answer, and kept by nobody but its digest."""
    caller, service = request[CALLER], request.app[SERVICE]
    caller.everywhere()
    secret = secrets.token_urlsafe(32)
    async with service.database.connection() as conn:
        row = await calls.invite(
            conn, caller.org_id, caller.actor, body.email, body.role, tokens.digest(secret), body.handle
        )
    origin = service.settings.public_url or str(request.url.origin())
    return IssuedInvite(**row.model_dump(), link=f"{origin}/invites/{caller.org}/{secret}")


async def revoke_invite(request: web.Request, params: OfInvite) -> Invite:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await calls.revoke_invite(conn, caller.org_id, caller.actor, params.id)


async def list_domains(request: web.Request) -> Domains:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Domains(items=await calls.list_domains(conn, caller.org_id, caller.actor))


async def add_domain(request: web.Request, body: DomainIn) -> Domain:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await calls.add_domain(conn, caller.org_id, caller.actor, body.domain)


async def remove_domain(request: web.Request, params: OfDomain) -> Removed:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Removed(removed=await calls.remove_domain(conn, caller.org_id, caller.actor, params.domain.lower()))

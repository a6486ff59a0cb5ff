"""Who one is, the organization's members, and tokens."""

from __future__ import annotations

import base64
from datetime import timedelta

from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.errors import Unauthorized
from polaris.http.auth import CALLER
from polaris.http.paths import OfMember, OfToken
from polaris.http.service import SERVICE
from polaris.model import IssuedToken, Me, Member, MemberIn, Members, RoleIn, Token, TokenIn, Tokens

DEFAULT_LIFE = timedelta(days=90)


async def show_me(request: web.Request) -> Me:
    caller = request[CALLER]
    key = base64.b64encode(caller.redaction_key).decode()
    return Me.model_validate(
        {
            "org": caller.org,
            "actor": caller.actor,
            "role": caller.role,
            "redaction_key": key,
            "token_expires_at": caller.expires_at,
        }
    )


async def sign_out(request: web.Request) -> Token:
    """Any token may end itself, one for an agent or for one project too."""
    caller, service = request[CALLER], request.app[SERVICE]
    if caller.token_id is None:
        raise Unauthorized
    async with service.database.connection() as conn:
        row = await calls.revoke_token(conn, caller.org_id, caller.actor, caller.token_id)
    service.registry.control(None)
    return row


async def list_tokens(request: web.Request) -> Tokens:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Tokens(items=await calls.list_tokens(conn, caller.org_id, caller.actor))


async def issue_token(request: web.Request, body: TokenIn) -> IssuedToken:
    """The secret is made here, shown in this answer, and kept by nobody but its digest."""
    caller = request[CALLER]
    caller.everywhere()
    actor = body.actor or caller.actor
    secret = tokens.new(tokens.kind_for(actor))
    life = timedelta(seconds=body.expires_in) if body.expires_in is not None else DEFAULT_LIFE
    async with request.app[SERVICE].database.connection() as conn:
        row = await calls.issue_token(
            conn,
            caller.org_id,
            caller.actor,
            for_=actor,
            name=body.name,
            hash=tokens.digest(secret),
            shown=tokens.shown(secret),
            project=body.project,
            expires_in=life,
            # A person's token lives for as long as it is used; an agent's ends when it was said to.
            sliding=body.expires_in is None and actor.startswith("user:"),
        )
    return IssuedToken(**row.model_dump(), token=secret)


async def revoke_token(request: web.Request, params: OfToken) -> Token:
    caller = request[CALLER]
    caller.everywhere()
    service = request.app[SERVICE]
    async with service.database.connection() as conn:
        row = await calls.revoke_token(conn, caller.org_id, caller.actor, params.id)
    service.registry.control(None)  # this process need not wait for the notification
    return row


async def list_members(request: web.Request) -> Members:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Members(items=await calls.list_members(conn, caller.org_id, caller.actor))


async def add_member(request: web.Request, body: MemberIn) -> Member:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await calls.add_member(conn, caller.org_id, caller.actor, body.handle, body.role, body.email)


async def set_role(request: web.Request, params: OfMember, body: RoleIn) -> Member:
    caller = request[CALLER]
    caller.everywhere()
    service = request.app[SERVICE]
    async with service.database.connection() as conn:
        row = await calls.set_role(conn, caller.org_id, caller.actor, params.handle, body.role)
    service.registry.control(None)
    return row


async def remove_member(request: web.Request, params: OfMember) -> Member:
    """Everybody may leave; administrators remove others."""
    caller = request[CALLER]
    caller.everywhere()
    service = request.app[SERVICE]
    async with service.database.connection() as conn:
        row = await calls.remove_member(conn, caller.org_id, caller.actor, params.handle)
    service.registry.control(None)
    return row

"""How long the record is kept, what must be kept, and what is taken away from it."""

from __future__ import annotations

from aiohttp import web

from polaris.db import keeping_calls
from polaris.http.auth import CALLER
from polaris.http.paths import InProject, InSession, OfHold
from polaris.http.service import SERVICE
from polaris.model import (
    Erasure,
    ErasureIn,
    Erasures,
    Hold,
    HoldIn,
    Holds,
    PersonErasureIn,
    Retention,
    RetentionIn,
    Retentions,
)


async def list_retention(request: web.Request) -> Retentions:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Retentions(items=await keeping_calls.list_retention(conn, caller.org_id, caller.actor))


async def set_retention(request: web.Request, body: RetentionIn) -> Retention:
    request[CALLER].everywhere()
    return await _set(request, None, body)


async def set_project_retention(request: web.Request, params: InProject, body: RetentionIn) -> Retention:
    await request.app[SERVICE].admit(request[CALLER], params.p)
    return await _set(request, params.p, body)


async def _set(request: web.Request, project: str | None, body: RetentionIn) -> Retention:
    caller = request[CALLER]
    async with request.app[SERVICE].database.connection() as conn:
        return await keeping_calls.set_retention(conn, caller.org_id, caller.actor, project, body.keep_days)


async def list_holds(request: web.Request) -> Holds:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Holds(items=await keeping_calls.list_holds(conn, caller.org_id, caller.actor))


async def place_hold(request: web.Request, body: HoldIn) -> Hold:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await keeping_calls.place_hold(conn, caller.org_id, caller.actor, body.project, body.reason)


async def lift_hold(request: web.Request, params: OfHold) -> Hold:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await keeping_calls.lift_hold(conn, caller.org_id, caller.actor, params.id)


async def list_erasures(request: web.Request) -> Erasures:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return Erasures(items=await keeping_calls.list_erasures(conn, caller.org_id, caller.actor))


async def erase_person(request: web.Request, body: PersonErasureIn) -> Erasure:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await keeping_calls.erase_person(conn, caller.org_id, caller.actor, body.participant, body.reason)


async def erase_session(request: web.Request, params: InSession, body: ErasureIn) -> Erasure:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await keeping_calls.erase_session(conn, caller.org_id, caller.actor, params.p, params.s, body.reason)

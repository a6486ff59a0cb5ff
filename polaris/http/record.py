"""History out, events in, the floor, and advice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web

from polaris.db import calls, wire
from polaris.db.push import Where
from polaris.http import ingest
from polaris.http.auth import CALLER
from polaris.http.operations import read_bytes, require_json
from polaris.http.paths import InProject, InSession, OfDelivery
from polaris.http.service import SERVICE
from polaris.model import (
    BATCH_BYTES,
    Deliveries,
    DeliveriesQuery,
    Delivery,
    HistoryQuery,
    Injected,
    InjectIn,
    ProjectHistoryQuery,
    Said,
    SayIn,
    Settled,
    SettleIn,
)

DEFAULT_EXPIRY = timedelta(hours=24)


async def read_project(request: web.Request, params: InProject, query: ProjectHistoryQuery) -> bytes:
    return await _read(request, params.p, query.session, query)


async def read_session(request: web.Request, params: InSession, query: HistoryQuery) -> bytes:
    return await _read(request, params.p, params.s, query)


async def _read(request: web.Request, project: str, session: str | None, query: HistoryQuery) -> bytes:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, project)
    where: dict[str, Any] = {
        "session": session,
        "after": query.after,
        "before": query.before,
        "limit": query.limit,
        "kind": list(query.kind) if query.kind else None,
        "by": list(query.actor) if query.actor else None,
    }
    async with service.database.connection() as conn:
        if query.q is None:
            rows = await calls.read_events(conn, caller.org_id, caller.actor, project, **where)
        else:
            rows = await calls.find_events(conn, caller.org_id, caller.actor, project, wire.clean(query.q), **where)
        heads = await calls.get_project(conn, caller.org_id, caller.actor, project)  # after the rows: never behind them
    return wire.page(rows, heads.first_seq, heads.last_seq)


async def push(request: web.Request, params: InSession) -> bytes:
    """The hot path: bytes in, columns to the writer, bytes out."""
    service, caller = request.app[SERVICE], request[CALLER]
    require_json(request)
    value = wire.loads(await read_bytes(request, BATCH_BYTES))
    if caller.project_id is not None:
        await service.admit(caller, params.p)
    where = Where(caller.org_id, caller.actor, params.p, params.s)
    begun = await service.ingest.begin(where, service.redactor(caller), value)
    return ingest.encode(await service.ingest.finish(begun))


async def say(request: web.Request, params: InProject, body: SayIn) -> Said:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.say(conn, caller.org_id, caller.actor, params.p, body.body, body.client_id, agent=body.agent)


async def inject(request: web.Request, params: InSession, body: InjectIn) -> Injected:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    expiry = timedelta(seconds=body.expires_in) if body.expires_in is not None else DEFAULT_EXPIRY
    async with service.database.connection() as conn:
        return await calls.inject(
            conn, caller.org_id, caller.actor, params.p, params.s, body.body, body.client_id, expiry, body.agent
        )


async def list_deliveries(request: web.Request, params: InSession, query: DeliveriesQuery) -> Deliveries:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        found = await calls.list_deliveries(conn, caller.org_id, caller.actor, params.p, params.s, query.limit)
    return Deliveries(items=found)


async def show_delivery(request: web.Request, params: OfDelivery) -> Delivery:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.get_delivery(conn, caller.org_id, caller.actor, params.p, params.id)


async def settle_delivery(request: web.Request, params: OfDelivery, body: SettleIn) -> Settled:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        await calls.get_delivery(conn, caller.org_id, caller.actor, params.p, params.id)  # it is of this project
        return await calls.settle_delivery(
            conn, caller.org_id, caller.actor, params.id, body.state, body.reason, body.path, body.epoch
        )

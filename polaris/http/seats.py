"""Asking for the seat of a session, what becomes of the request, and taking the seat over."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from polaris.db import calls
from polaris.db.rows import shown_session
from polaris.http.auth import CALLER
from polaris.http.paths import InSession, OfRequest
from polaris.http.service import SERVICE
from polaris.model import (
    AnswerSeatIn,
    AskSeatIn,
    SeatAsked,
    SeatRequest,
    SeatRequests,
    SeatRequestsQuery,
    SessionShown,
    TakeOverIn,
)

DEFAULT_EXPIRY = timedelta(minutes=30)


async def ask(request: web.Request, params: InSession, body: AskSeatIn) -> SeatAsked:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    note = service.redactor(caller).text(body.note)
    expiry = DEFAULT_EXPIRY if body.expires_in is None else timedelta(seconds=body.expires_in)
    async with service.database.connection() as conn:
        return await calls.ask_seat(
            conn, caller.org_id, caller.actor, params.p, params.s, note, body.client_id, expiry, body.agent
        )


async def list_requests(request: web.Request, params: InSession, query: SeatRequestsQuery) -> SeatRequests:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        found = await calls.list_seat_requests(conn, caller.org_id, caller.actor, params.p, params.s, query.limit)
    return SeatRequests(items=found)


async def answer(request: web.Request, params: OfRequest, body: AnswerSeatIn) -> SeatRequest:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    reason = service.redactor(caller).text(body.reason) if body.reason is not None else None
    async with service.database.connection() as conn:
        return await calls.answer_seat_request(
            conn, caller.org_id, caller.actor, params.p, params.s, params.seq, body.answer, reason
        )


async def take_over(request: web.Request, params: InSession, body: TakeOverIn) -> SessionShown:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    reason = service.redactor(caller).text(body.reason)
    async with service.database.connection() as conn:
        return shown_session(
            await calls.take_over_seat(
                conn,
                caller.org_id,
                caller.actor,
                params.p,
                params.s,
                body.epoch,
                reason,
                service.settings.lease_seconds,
            )
        )

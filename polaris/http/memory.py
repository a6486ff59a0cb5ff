"""What happened, told in short, and what was marked in the record: decisions, questions, stars."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.http.auth import CALLER
from polaris.http.paths import InProject, InSession, OfAnnotation
from polaris.http.service import SERVICE
from polaris.model import (
    AnnotationIn,
    Annotations,
    AnnotationsQuery,
    Brief,
    BriefQuery,
    Closed,
    CloseIn,
    ContextQuery,
    MadeAnnotation,
)


async def brief(request: web.Request, params: InSession, query: BriefQuery) -> Brief:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.brief(conn, caller.org_id, caller.actor, params.p, params.s, query.characters, query.since)


async def context(request: web.Request, params: InProject, query: ContextQuery) -> Brief:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.context(
            conn, caller.org_id, caller.actor, params.p, query.session, query.since, query.by, query.characters
        )


async def annotate(request: web.Request, params: InProject, body: AnnotationIn) -> MadeAnnotation:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.annotate(
            conn,
            caller.org_id,
            caller.actor,
            params.p,
            body.what,
            body.body,
            body.session,
            body.about,
            body.client_id,
            body.agent,
        )


async def list_annotations(request: web.Request, params: InProject, query: AnnotationsQuery) -> Annotations:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        found = await calls.list_annotations(
            conn,
            caller.org_id,
            caller.actor,
            params.p,
            query.session,
            list(query.kind) if query.kind else None,
            query.open,
            query.about,
            query.before,
            query.limit,
        )
    return Annotations(items=found)


async def close(request: web.Request, params: OfAnnotation, body: CloseIn) -> Closed:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.close_annotation(
            conn, caller.org_id, caller.actor, params.p, params.seq, body.body, body.client_id, body.agent
        )

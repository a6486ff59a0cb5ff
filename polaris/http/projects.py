"""Projects, sessions and their seats."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.db.rows import ClaimedRow, JoinedRow, ProjectRow, shown_session
from polaris.http.auth import CALLER
from polaris.http.paths import InProject, InSession
from polaris.http.service import SERVICE
from polaris.model import HandoffIn, ProjectIn, Projects, SessionIn, Sessions, SessionShown


async def create_project(request: web.Request, body: ProjectIn) -> ProjectRow:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await calls.create_project(conn, caller.org_id, caller.actor, body.name, body.visibility)


async def list_projects(request: web.Request) -> Projects:
    caller = request[CALLER]
    async with request.app[SERVICE].database.connection() as conn:
        found = await calls.list_projects(conn, caller.org_id, caller.actor)
    return Projects(items=[row for row in found if caller.project_id in (None, row.project_id)])


async def show_project(request: web.Request, params: InProject) -> ProjectRow:
    service = request.app[SERVICE]
    async with service.database.connection() as conn:
        return await service.project(conn, request[CALLER], params.p)


async def archive_project(request: web.Request, params: InProject) -> ProjectRow:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.archive_project(conn, caller.org_id, caller.actor, params.p)


async def restore_project(request: web.Request, params: InProject) -> ProjectRow:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.restore_project(conn, caller.org_id, caller.actor, params.p)


async def create_session(request: web.Request, params: InProject, body: SessionIn) -> SessionShown:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return shown_session(await calls.create_session(conn, caller.org_id, caller.actor, params.p, body.name))


async def list_sessions(request: web.Request, params: InProject) -> Sessions:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        found = await calls.list_sessions(conn, caller.org_id, caller.actor, params.p)
    return Sessions(items=[shown_session(row) for row in found])


async def show_session(request: web.Request, params: InSession) -> SessionShown:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return shown_session(await calls.get_session(conn, caller.org_id, caller.actor, params.p, params.s))


async def archive_session(request: web.Request, params: InSession) -> SessionShown:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return shown_session(await calls.archive_session(conn, caller.org_id, caller.actor, params.p, params.s))


async def join_session(request: web.Request, params: InSession) -> JoinedRow:
    """Makes what is missing; a token that is limited to one project may not make another."""
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.join_session(
            conn, caller.org_id, caller.actor, params.p, params.s, service.settings.lease_seconds
        )


async def claim_driver(request: web.Request, params: InSession) -> ClaimedRow:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.claim_driver(
            conn, caller.org_id, caller.actor, params.p, params.s, service.settings.lease_seconds
        )


async def release_driver(request: web.Request, params: InSession, body: HandoffIn) -> SessionShown:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return shown_session(
            await calls.release_driver(conn, caller.org_id, caller.actor, params.p, params.s, body.epoch, body.to)
        )

"""Who may see a project, who may speak to its sessions, and the driver's word on what is held."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.db.rows import ProjectRow
from polaris.http.auth import CALLER
from polaris.http.paths import InProject, InSession, OfDelivery, OfProjectMember
from polaris.http.service import SERVICE
from polaris.model import (
    DecisionIn,
    Delivery,
    Policies,
    PolicyIn,
    ProjectMember,
    ProjectMembers,
    Removed,
    VisibilityIn,
)


async def set_visibility(request: web.Request, params: InProject, body: VisibilityIn) -> ProjectRow:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        row = await calls.set_visibility(conn, caller.org_id, caller.actor, params.p, body.visibility)
    service.registry.control(None)  # this process need not wait for the notification
    return row


async def list_members(request: web.Request, params: InProject) -> ProjectMembers:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return ProjectMembers(items=await calls.list_project_members(conn, caller.org_id, caller.actor, params.p))


async def add_member(request: web.Request, params: OfProjectMember) -> ProjectMember:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.add_project_member(conn, caller.org_id, caller.actor, params.p, params.actor)


async def remove_member(request: web.Request, params: OfProjectMember) -> Removed:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        gone = await calls.remove_project_member(conn, caller.org_id, caller.actor, params.p, params.actor)
    service.registry.control(None)
    return Removed(removed=gone)


async def list_of_project(request: web.Request, params: InProject) -> Policies:
    return await _list(request, params.p, None)


async def list_of_session(request: web.Request, params: InSession) -> Policies:
    return await _list(request, params.p, params.s)


async def set_of_project(request: web.Request, params: InProject, body: PolicyIn) -> Policies:
    return await _set(request, params.p, None, body)


async def set_of_session(request: web.Request, params: InSession, body: PolicyIn) -> Policies:
    return await _set(request, params.p, params.s, body)


async def decide(request: web.Request, params: OfDelivery, body: DecisionIn) -> Delivery:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return await calls.decide_delivery(
            conn, caller.org_id, caller.actor, params.p, params.id, body.decision, body.body, body.reason
        )


async def _list(request: web.Request, project: str, session: str | None) -> Policies:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, project)
    async with service.database.connection() as conn:
        return Policies(items=await calls.list_policies(conn, caller.org_id, caller.actor, project, session))


async def _set(request: web.Request, project: str, session: str | None, body: PolicyIn) -> Policies:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, project)
    async with service.database.connection() as conn:
        found = await calls.set_policy(
            conn, caller.org_id, caller.actor, project, session, body.sender_class, body.policy
        )
    return Policies(items=found)

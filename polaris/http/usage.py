"""What models used, in what the caller may see."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.http.auth import CALLER
from polaris.http.service import SERVICE
from polaris.model import UsageQuery, UsageSums


async def get_usage(request: web.Request, query: UsageQuery) -> UsageSums:
    """A token that is limited to one project is told of that one."""
    service, caller = request.app[SERVICE], request[CALLER]
    project = query.project
    if caller.project_id is not None:
        project = await service.own_project(caller, project)
    async with service.database.connection() as conn:
        found = await calls.get_usage(
            conn, caller.org_id, caller.actor, project, query.session, query.since, query.until, query.by, query.limit
        )
    return UsageSums(items=found)

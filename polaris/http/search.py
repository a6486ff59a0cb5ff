"""Search over what the caller may see. What was looked for is not written down anywhere."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls, finding, wire
from polaris.http.auth import CALLER
from polaris.http.service import SERVICE
from polaris.model import FoundPage, SearchQuery


async def search(request: web.Request, query: SearchQuery) -> FoundPage:
    """One page; a token that is limited to one project searches that one."""
    service, caller = request.app[SERVICE], request[CALLER]
    place = finding.place(query.before)
    project = query.project
    if caller.project_id is not None:
        project = await service.own_project(caller, project)
    async with service.database.connection() as conn:
        found = await calls.search_events(
            conn,
            caller.org_id,
            caller.actor,
            wire.clean(query.q),
            project=project,
            session=query.session,
            kind=list(query.kind) if query.kind else None,
            by=list(query.actor) if query.actor else None,
            since=query.since,
            until=query.until,
            file=wire.clean(query.file),
            limit=query.limit,
            **place._asdict(),
        )
    return finding.page(found, query.limit)

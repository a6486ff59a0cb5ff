"""Which session and which prompt made a commit or changed a file, and where each session stands in git."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls, wire
from polaris.errors import NotFound
from polaris.http.auth import CALLER
from polaris.http.paths import InProject, OfCommit
from polaris.http.service import SERVICE
from polaris.model import Checkouts, Commits, CommitsQuery, FileChanges, FilesQuery


async def find_commit(request: web.Request, params: OfCommit) -> Commits:
    """A token that is limited to one project is told of that one."""
    service, caller = request.app[SERVICE], request[CALLER]
    only = None if caller.project_id is None else await service.own_project(caller, None)
    async with service.database.connection() as conn:
        found = await calls.find_commit(conn, caller.org_id, caller.actor, wire.clean(params.sha))
    found = [row for row in found if only in (None, row.project)]
    if not found:
        raise NotFound("No session that you may see met this commit.", code="no_such_commit")
    return Commits(items=found)


async def list_commits(request: web.Request, params: InProject, query: CommitsQuery) -> Commits:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        found = await calls.list_commits(
            conn, caller.org_id, caller.actor, params.p, query.session, query.before, query.limit
        )
    return Commits(items=found)


async def list_checkouts(request: web.Request, params: InProject) -> Checkouts:
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        return Checkouts(items=await calls.list_checkouts(conn, caller.org_id, caller.actor, params.p))


async def list_file_changes(request: web.Request, query: FilesQuery) -> FileChanges:
    """In one project, or in all; a token that is limited to one project is told of that one."""
    service, caller = request.app[SERVICE], request[CALLER]
    project = query.project if caller.project_id is None else await service.own_project(caller, query.project)
    async with service.database.connection() as conn:
        found = await calls.list_file_changes(
            conn, caller.org_id, caller.actor, project, wire.clean(query.path), query.reads, query.before, query.limit
        )
    return FileChanges(items=found)

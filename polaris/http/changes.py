"""Which session and which prompt made a commit or changed a file, and where each session stands in git."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.db.pool import Connection
from polaris.errors import NotFound
from polaris.http.auth import CALLER, Caller
from polaris.http.paths import InProject, OfCommit
from polaris.http.service import SERVICE
from polaris.model import Checkouts, Commits, CommitsQuery, FileChanges, FilesQuery


async def find_commit(request: web.Request, params: OfCommit) -> Commits:
    caller = request[CALLER]
    async with request.app[SERVICE].database.connection() as conn:
        found = await calls.find_commit(conn, caller.org_id, caller.actor, params.sha)
        if caller.project_id is not None:
            only = await _own_project(conn, caller)
            found = [row for row in found if row.project == only]
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
    """In one project, or in all; a token that is limited to one project is never told of others."""
    service, caller = request.app[SERVICE], request[CALLER]
    if query.project is not None:
        await service.admit(caller, query.project)
    async with service.database.connection() as conn:
        project = query.project
        if project is None and caller.project_id is not None:
            project = await _own_project(conn, caller)
        found = await calls.list_file_changes(
            conn, caller.org_id, caller.actor, project, query.path, query.reads, query.before, query.limit
        )
    return FileChanges(items=found)


async def _own_project(conn: Connection, caller: Caller) -> str:
    """The name of the one project that the caller's token is for."""
    for row in await calls.list_projects(conn, caller.org_id, caller.actor):
        if row.project_id == caller.project_id:
            return row.name
    raise NotFound("The project of this token is not there any more.", code="no_such_project")

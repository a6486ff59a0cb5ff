"""The first page of an organization: its projects, who drives what now, what happened last."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.http.service import SERVICE
from polaris.http.web import floor, site, timeline

RECENT = 12


async def show(request: web.Request) -> web.Response:
    """``?part=projects`` is the part that changes."""
    service, who = request.app[SERVICE], site.caller(request)
    is_part = request.query.get("part") == "projects"
    async with service.database.connection() as conn:
        found = await calls.list_dashboard(conn, who.org_id, who.actor)
        rows = [] if is_part else await calls.list_recent(conn, who.org_id, who.actor, RECENT)
    return site.render(
        request,
        "_projects.html" if is_part else "dashboard.html",
        projects=[p for p in found if p.archived_at is None],
        archived=[p for p in found if p.archived_at is not None],
        recent=[{"project": row.project, "entry": timeline.entry(row)} for row in rows],
    )


async def create_project(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    fields = await site.form(request)
    name, visibility = site.field(fields, "name"), fields.get("visibility") or "org"
    async with service.database.connection() as conn:
        project = await calls.create_project(conn, who.org_id, who.actor, name, visibility)
    return site.see(request, f"/o/{who.org}/p/{project.name}", flash=f"Project {project.name} is there.")


async def archive_project(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    async with service.database.connection() as conn:
        project = await calls.archive_project(conn, who.org_id, who.actor, request.match_info["p"])
    return site.see(request, f"/o/{who.org}", flash=f"Project {project.name} is archived. It stays readable.")


async def restore_project(request: web.Request) -> web.Response:
    service, who = request.app[SERVICE], site.caller(request)
    async with service.database.connection() as conn:
        project = await calls.restore_project(conn, who.org_id, who.actor, request.match_info["p"])
    return site.see(request, floor.address(request), flash=f"Project {project.name} is back.")

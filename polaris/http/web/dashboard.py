"""The first page of an organization: its projects, who drives what now, what happened last."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls, slack_calls
from polaris.db.pool import Connection
from polaris.http.auth import Caller
from polaris.http.service import SERVICE
from polaris.http.web import floor, site, slack_words, timeline, usage_words
from polaris.http.web.usage_words import Figures

RECENT = 12


async def show(request: web.Request) -> web.Response:
    """``?part=projects`` is the part that changes."""
    service, who = request.app[SERVICE], site.caller(request)
    is_part = request.query.get("part") == "projects"
    async with service.database.connection() as conn:
        found = await calls.list_dashboard(conn, who.org_id, who.actor)
        used = await calls.get_usage(conn, who.org_id, who.actor, since=usage_words.lately(), by="project", limit=1000)
        rows = [] if is_part else await calls.list_recent(conn, who.org_id, who.actor, RECENT)
        is_asked = who.role == "admin" and service.settings.slack_client_id and not is_part
        slack = await _slack(conn, who) if is_asked else ""
    return site.render(
        request,
        "_projects.html" if is_part else "dashboard.html",
        projects=[p for p in found if p.archived_at is None],
        archived=[p for p in found if p.archived_at is not None],
        recent=[{"project": row.project, "entry": timeline.entry(row)} for row in rows],
        slack=slack,
        usage={row.project: Figures.of(row.project or "", [row]) for row in used},
        total=Figures.of("", used) if used else None,
        days=usage_words.DAYS,
    )


async def _slack(conn: Connection, who: Caller) -> str:
    """What an administrator should know of Slack; empty while all is well."""
    workspace = next(iter(await slack_calls.get_slack(conn, who.org_id, who.actor)), None)
    if workspace is None or workspace.state == "disconnected":
        return ""
    if workspace.state == "refused":
        return "Slack does not take Polaris's token any more."
    rows = await slack_calls.list_slack_channels(conn, who.org_id, who.actor)
    paused = sum(slack_words.Channel.of(row, workspace).is_paused for row in rows)
    return f"{paused} channel{'s are' if paused > 1 else ' is'} paused in Slack." if paused else ""


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

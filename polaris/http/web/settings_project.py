"""The settings of a project: who sees it, who is on its list, whose words its sessions hear."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls, keeping_calls
from polaris.errors import PolarisError
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.form_page import again, page
from polaris.model import Policy

CLASSES = (("human", "People"), ("agent", "Agents"), ("slack", "Slack"))
POLICIES = (
    ("auto", "Auto", "goes to the agent at once"),
    ("suggest", "Suggest", "waits until the driver sends it"),
    ("mute", "Mute", "is refused"),
)


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    """Everybody who sees the project sees this; its maker and administrators change it."""
    who, name = site.caller(request), request.match_info["p"]
    async with request.app[SERVICE].database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, name)
        listed = await calls.list_project_members(conn, who.org_id, who.actor, name)
        policies = await calls.list_policies(conn, who.org_id, who.actor, name)
        kept = [row for row in await keeping_calls.list_retention(conn, who.org_id, who.actor) if row.project == name]
        members = await calls.list_members(conn, who.org_id, who.actor)
        tokens = await calls.list_tokens(conn, who.org_id, who.actor)
    on_list = {row.actor for row in listed}
    known = {m.actor for m in members if m.removed_at is None}
    known |= {t.actor for t in tokens if t.actor.startswith("agent:") and t.revoked_at is None}
    return await page(
        request,
        "project.html",
        problem,
        project=project,
        listed=listed,
        policies=policies,
        kept=kept[0] if kept else None,
        candidates=sorted(known - on_list),
        may_change=who.role == "admin" or project.created_by == who.actor,
        classes=dict(CLASSES),
        choices=POLICIES,
    )


@again(show)
async def set_visibility(request: web.Request) -> web.StreamResponse:
    service, who, name = request.app[SERVICE], site.caller(request), request.match_info["p"]
    visibility = site.field(await site.form(request), "visibility")
    async with service.database.connection() as conn:
        project = await calls.set_visibility(conn, who.org_id, who.actor, name, visibility)
    service.registry.control(None)  # this process need not wait for the notification
    to = "those on its list" if project.visibility == "private" else "everybody in the organization"
    return site.see(request, address(request), flash=f"{name} is open to {to} now.")


@again(show)
async def add_member(request: web.Request) -> web.StreamResponse:
    """A name without ``user:`` or ``agent:`` is a person's."""
    who, name = site.caller(request), request.match_info["p"]
    actor = site.field(await site.form(request), "member")
    if ":" not in actor:
        actor = f"user:{actor}"
    async with request.app[SERVICE].database.connection() as conn:
        row = await calls.add_project_member(conn, who.org_id, who.actor, name, actor)
    return site.see(request, address(request), flash=f"{row.actor} is on the list.")


@again(show)
async def remove_member(request: web.Request) -> web.StreamResponse:
    service, who, name = request.app[SERVICE], site.caller(request), request.match_info["p"]
    actor = site.field(await site.form(request), "member")
    async with service.database.connection() as conn:
        project = await calls.get_project(conn, who.org_id, who.actor, name)
        gone = await calls.remove_project_member(conn, who.org_id, who.actor, name, actor)
    service.registry.control(None)
    if gone == who.actor and project.visibility == "private" and who.role != "admin":
        return site.see(request, f"/o/{who.org}", flash=f"You have left {name}.")
    return site.see(request, address(request), flash=f"{gone} is off the list.")


@again(show)
async def set_policies(request: web.Request) -> web.StreamResponse:
    """Only what was changed is written: each row of the audit log is somebody's decision."""
    who, name, fields = site.caller(request), request.match_info["p"], await site.form(request)
    async with request.app[SERVICE].database.connection() as conn:
        for row in await calls.list_policies(conn, who.org_id, who.actor, name):
            wanted = fields.get(row.sender_class, row.policy)
            if wanted != row.policy:
                await calls.set_policy(conn, who.org_id, who.actor, name, None, row.sender_class, wanted)
    return site.see(request, address(request), flash="Saved.")


async def show_all(request: web.Request) -> web.Response:
    """Whose words are heard where, in all projects."""
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        rows = await calls.list_all_policies(conn, who.org_id, who.actor)
    found: dict[str, dict[str, Policy]] = {}
    for row in rows:
        found.setdefault(row.project, {})[row.sender_class] = row
    return await page(request, "policies.html", None, projects=found, classes=CLASSES, choices=POLICIES)


def address(request: web.Request) -> str:
    return f"/o/{site.member(request).org}/p/{request.match_info['p']}/settings"

"""Slack on the web: how it stands with the workspace and what to do about it, how it is used, its channels."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from polaris.bridge.envelope import EVENTS
from polaris.bridge.seal import Seal
from polaris.bridge.web_api import SCOPES
from polaris.db import slack_calls
from polaris.db.slack_rows import WorkspaceRow
from polaris.errors import PolarisError, Unprocessable
from polaris.http.service import SERVICE
from polaris.http.web import site, slack_words
from polaris.http.web.form_page import address, again, page
from polaris.settings import SLACK, Settings

CALLBACK = "/slack/oauth/callback"
APPS = "https://api.slack.com/apps"
# Slack sends the browser on to the workspace's own name before anybody has clicked.
WORKSPACES = "https://*.slack.com"


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    """Members see the state and the channels; administrators also what to do and how the bridge does."""
    service, who, now = request.app[SERVICE], site.caller(request), datetime.now(UTC)
    settings, is_admin = service.settings, who.role == "admin"
    async with service.database.connection() as conn:
        workspace = next(iter(await slack_calls.get_slack(conn, who.org_id, who.actor)), None)
        is_on = workspace is not None and workspace.state != "disconnected"
        rows = await slack_calls.list_slack_channels(conn, who.org_id, who.actor) if is_on else []
        figures = await slack_calls.get_slack_figures(conn, who.org_id) if is_on and is_admin else []
        has_bridge = workspace is not None and slack_words.has_bridge(workspace, now)
        # Why none works for it may be the key: whoever may mend that is told.
        sealed = (
            await slack_calls.list_slack_workspaces(conn, who.org_id) if is_on and is_admin and not has_bridge else []
        )
    for target in (settings.slack_url, WORKSPACES) if settings.slack_url == SLACK else (settings.slack_url,):
        site.allow_form_target(request, target)
    manifests = {kind: manifest(request[site.ORIGIN], kind) for kind in ("http", "socket")}
    return await page(
        request,
        "slack.html",
        problem,
        is_set_up=is_set_up(settings),
        has_key=bool(settings.slack_keys),
        is_deaf=settings.slack_ingress == "http" and settings.public_url is None and settings.slack_url == SLACK,
        ingress=settings.slack_ingress,
        workspace=workspace,
        why=slack_words.reason(workspace.reason) if workspace else "",
        has_bridge=has_bridge,
        holder=(workspace.holder or "").rpartition(" ")[0] if workspace else "",
        seal_problem=next((_seal_problem(settings, row) for row in sealed), None),
        lacking=slack_words.lacking(workspace, SCOPES) if workspace and workspace.state == "connected" else [],
        channels=[slack_words.Channel.of(row, workspace, has_bridge) for row in rows] if workspace else [],
        figures=slack_words.figures(figures[0]) if figures else [],
        levels=slack_words.LEVELS,
        choices=[(value, name) for value, name, _ in slack_words.LEVELS],
        hours=[(hour, f"{hour:02}:00") for hour in range(24)],
        manifests=[
            (kind, text, f"{APPS}?{urlencode({'new_app': '1', 'manifest_json': text})}")
            for kind, text in manifests.items()
        ],
    )


def is_set_up(settings: Settings) -> bool:
    """Whether this installation has a Slack app, with which workspaces can be connected."""
    return bool(settings.slack_client_id and settings.slack_client_secret)


def manifest(origin: str, ingress: str) -> str:
    """The app as Slack makes it from JSON: the permissions, the events, and where this service is."""
    events: dict[str, Any] = {"bot_events": list(EVENTS)}
    if ingress == "http":
        events["request_url"] = f"{origin}/slack/events"
    found = {
        "display_information": {"name": "Polaris", "description": "The sessions of coding agents, in their channels"},
        "features": {"bot_user": {"display_name": "polaris", "always_online": True}},
        "oauth_config": {"redirect_urls": [origin + CALLBACK], "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "org_deploy_enabled": False,
            "socket_mode_enabled": ingress == "socket",
            "token_rotation_enabled": False,
        },
    }
    return json.dumps(found, indent=2)


def _seal_problem(settings: Settings, row: WorkspaceRow) -> PolarisError | None:
    """Why the workspace's token cannot be opened with the keys that there are; None when it can."""
    try:
        Seal.of(settings).open(row.token, row.token_key)
    except PolarisError as error:
        return error
    return None


# How it is used


@again(show)
async def save(request: web.Request) -> web.StreamResponse:
    """An empty box of a form is not sent at all."""
    who, fields = site.caller(request), await site.form(request)
    hour = site.field(fields, "digest_hour")
    if not re.fullmatch(r"[0-9]{1,2}", hour):
        raise Unprocessable("An hour is 0 to 23, in UTC.", code="digest_hour_is_sane")
    async with request.app[SERVICE].database.connection() as conn:
        await slack_calls.set_slack(
            conn,
            who.org_id,
            who.actor,
            hears_everybody="hears_everybody" in fields,
            invites_drivers="invites_drivers" in fields,
            threads_turns="threads_turns" in fields,
            digest_hour=int(hour),
        )
    return site.see(request, address(request, "slack"), flash="Saved.")


@again(show)
async def set_channel(request: web.Request) -> web.StreamResponse:
    """One of ``level``, ``hears`` (1 or 0) and ``again``."""
    who, fields, project = site.caller(request), await site.form(request), request.match_info["p"]
    level, hears = fields.get("level") or None, {"1": True, "0": False}.get(fields.get("hears", ""))
    async with request.app[SERVICE].database.connection() as conn:
        (row,) = await slack_calls.set_slack_channel(
            conn, who.org_id, who.actor, project, level, hears, "again" in fields or None
        )
    said = f"#{row.name}: {next(name for value, name, _ in slack_words.LEVELS if value == row.level).lower()}."
    if "again" in fields:
        said = f"The bridge tries again with a channel for {project}."
    elif hears is not None:
        said = f"What is written in #{row.name} is {'heard' if hears else 'not heard any more'}."
    return site.see(request, address(request, "slack"), flash=said)

"""The way to a Slack workspace and back: OAuth v2, and the end of it.

The state is 256 random bits of which the database keeps the digest, bound to the browser, good once and for ten
minutes. The token is sealed before it is stored, and stands in no address, answer or log.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import psycopg
from aiohttp import hdrs, web

from polaris.bridge.seal import Seal
from polaris.bridge.web_api import SCOPES, Away, Limited, Refused, Unsure, WebApi
from polaris.db import slack_calls
from polaris.db.slack_rows import InstallRow, SlackRow
from polaris.errors import Forbidden, NotFound, PolarisError, Unprocessable
from polaris.http import problems
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web import visitor as visitors
from polaris.http.web.form_page import address, again
from polaris.http.web.settings_slack import CALLBACK, is_set_up, show
from polaris.settings import Settings

logger = logging.getLogger(__name__)


class SlackUnavailable(PolarisError):
    """Slack does not answer as it should."""

    status, code = 502, "slack_unavailable"
    hint = "Nothing was connected. Begin again in a minute."


@again(show)
async def connect(request: web.Request) -> web.StreamResponse:
    """Sends the browser to Slack."""
    service, who = request.app[SERVICE], site.caller(request)
    settings, state = service.settings, secrets.token_urlsafe(32)
    _require_set_up(settings)
    async with service.database.connection() as conn:
        await slack_calls.begin_slack_install(
            conn, who.org_id, who.actor, site.visitor(request).web_session_id, visitors.digest(state)
        )
        found = await slack_calls.get_slack(conn, who.org_id, who.actor)
    asked = {
        "client_id": settings.slack_client_id,
        "scope": ",".join(SCOPES),
        "redirect_uri": request[site.ORIGIN] + CALLBACK,
        "state": state,
    }
    if found and found[0].state != "disconnected":
        asked["team"] = found[0].team_id
    # A redirect that leaves this site is not `see`.
    return web.Response(
        status=303, headers={hdrs.LOCATION: f"{settings.slack_url}/oauth/v2/authorize?{urlencode(asked)}"}
    )


async def finish(request: web.Request) -> web.StreamResponse:
    """Where Slack sends the browser back to."""
    back = "/o"
    try:
        _require_set_up(request.app[SERVICE].settings)
        install = await _take(request)
        back = f"/o/{install.slug}/settings/slack"
        row = await _install(request, install)
    except (PolarisError, psycopg.Error) as error:
        problem = problems.known(error)
        if problem.code == "internal":
            raise
        logger.warning("a Slack workspace was not connected", extra={"reason": problem.code, "said": problem.details})
        return site.render(request, "slack_refused.html", status=problem.status, problem=problem, back=back)
    return site.see(request, back, flash=f"{row.name} is connected.")


async def _take(request: web.Request) -> InstallRow:
    """Who began this. Whatever Slack answers, it is used up."""
    state, who = request.query.get("state", ""), site.visitor(request)
    async with request.app[SERVICE].database.connection() as conn:
        (found,) = await slack_calls.take_slack_install(conn, visitors.digest(state), who.web_session_id)
    return found


async def _install(request: web.Request, install: InstallRow) -> SlackRow:
    """Exchanges the code for a token and keeps it, sealed."""
    service, said = request.app[SERVICE], request.query.get("error")
    settings = service.settings
    if said == "access_denied":
        raise Forbidden("You did not allow it in Slack.", code="slack_said_no", hint="Connect again when you want to.")
    if said is not None:
        raise _no(_word(said))
    seal = Seal.of(settings)
    async with aiohttp.ClientSession() as http:
        try:
            grant = await WebApi(None, http, settings.slack_url).call(
                "oauth.v2.access",
                client_id=settings.slack_client_id,
                client_secret=settings.slack_client_secret,
                code=request.query.get("code", ""),
                redirect_uri=request[site.ORIGIN] + CALLBACK,
            )
            token, team, app = _granted(grant)
            about = await WebApi(token, http, settings.slack_url).call("auth.test")
        except Refused as error:
            raise _no(_word(error.error)) from None
        except (Limited, Away, Unsure) as error:
            raise SlackUnavailable(details={"reason": type(error).__name__}) from None
    if about.get("team_id") != team:
        raise SlackUnavailable("Slack's answers are about two workspaces.")
    sealed, key = seal.seal(token)
    async with service.database.connection() as conn:
        (row,) = await slack_calls.connect_slack(
            conn,
            install.org_id,
            install.actor,
            team,
            app,
            str(grant["team"].get("name") or about.get("team") or team),
            str(about["url"]) if about.get("url") else None,
            str(grant.get("bot_user_id") or about.get("user_id")),
            str(about["bot_id"]) if about.get("bot_id") else None,
            _scopes(grant),
            sealed,
            key,
        )
    return row


def _granted(grant: Mapping[str, Any]) -> tuple[str, str, str]:
    """The token, the workspace and the app; raises when it is not what was asked for."""
    team, token, app = grant.get("team"), grant.get("access_token"), grant.get("app_id")
    if grant.get("is_enterprise_install") or not isinstance(team, dict):
        raise Unprocessable(
            "This was installed for a whole organization of workspaces.",
            code="slack_not_one_workspace",
            hint="Choose one workspace when Slack asks, and begin again.",
        )
    if not (isinstance(token, str) and isinstance(app, str) and isinstance(team.get("id"), str)):
        raise SlackUnavailable(details={"reason": "no bot token"})
    if missing := sorted(set(SCOPES) - set(_scopes(grant))):
        raise Unprocessable(
            f"The app lacks permissions: {', '.join(missing)}.",
            code="slack_scopes_missing",
            hint="Bring the app up to the manifest on the page of settings, and begin again.",
        )
    return token, team["id"], app


def _scopes(grant: Mapping[str, Any]) -> list[str]:
    return [scope for scope in str(grant.get("scope", "")).split(",") if scope]


def _no(error: str) -> PolarisError:
    """What Slack said against it, and what mends it."""
    hint = {
        "bad_client_secret": "POLARIS_SLACK_CLIENT_SECRET is not that of the app.",
        "bad_redirect_uri": "Add this service's redirect URL to the app: it is in the manifest.",
        "code_already_used": "Begin again.",
        "invalid_client_id": "POLARIS_SLACK_CLIENT_ID is not that of an app.",
        "invalid_code": "It took too long, or the page was loaded twice. Begin again.",
        "invalid_team_for_non_distributed_app": "An app that is not distributed is for its own workspace.",
    }
    return Forbidden(
        f"Slack said no: {error}.", code="slack_said_no", hint=hint.get(error, "Begin again."), details={"error": error}
    )


def _require_set_up(settings: Settings) -> None:
    if not is_set_up(settings):
        raise NotFound(
            "There is no Slack app here.",
            code="slack_not_set_up",
            hint="Whoever runs this service sets POLARIS_SLACK_CLIENT_ID and what belongs to it.",
        )
    if not settings.slack_keys:  # before anybody is sent to Slack for nothing
        raise NotFound(
            "There is no key here to seal Slack's tokens with.",
            code="slack_key_missing",
            hint="Whoever runs this service makes one with `polaris slack new-key` and sets POLARIS_SLACK_KEYS.",
        )


@again(show)
async def disconnect(request: web.Request) -> web.StreamResponse:
    """Ends it here first; Slack is told afterwards, and if that fails the page says so."""
    service, who = request.app[SERVICE], site.caller(request)
    async with service.database.connection() as conn:
        workspaces = await slack_calls.list_slack_workspaces(conn, who.org_id) if who.role == "admin" else []
        await slack_calls.disconnect_slack(conn, who.org_id, who.actor, "administrator")
    said = "Slack is disconnected, and what came from there is deleted."
    for workspace in workspaces:
        if not await _revoke(service.settings, workspace.token, workspace.token_key):
            said += " Slack could not be told: remove the app there, too."
    return site.see(request, address(request, "slack"), flash=said)


async def _revoke(settings: Settings, sealed: bytes, key: str) -> bool:
    """Tells Slack that the token is over; False when that did not work."""
    try:
        token = Seal.of(settings).open(sealed, key)
        async with aiohttp.ClientSession() as http:
            await WebApi(token, http, settings.slack_url).call("auth.revoke")
    except Refused as error:
        return error.error in ("invalid_auth", "token_revoked", "account_inactive", "not_authed")
    except (PolarisError, Limited, Away, Unsure) as error:
        logger.warning("Slack was not told of the end", extra={"reason": type(error).__name__})
        return False
    return True


def _word(text: object) -> str:
    """A code of Slack's, or nothing of it when it is not one."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", text) else "unknown"

"""Tokens, of people and of agents; and the agents themselves, who are known by their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.errors import PolarisError, Unprocessable
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.form_page import address, again, number, page
from polaris.model import Token

DAYS, MOST_DAYS = 90, 3650
PAST = 50  # tokens that are over and still shown


@dataclass(frozen=True)
class Agent:
    """A participant that is no person: who answers for it, and what it still has."""

    actor: str
    run_by: list[str]
    live: list[Token]
    last_used_at: datetime | None

    @classmethod
    def of(cls, actor: str, issued: list[Token], now: datetime) -> Agent:
        used = [token.last_used_at for token in issued if token.last_used_at is not None]
        run_by = sorted({token.issued_by for token in issued if token.issued_by and token.issued_by != actor})
        return cls(actor, run_by, [t for t in issued if lives(t, now)], max(used, default=None))


def lives(token: Token, now: datetime) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    """One's own and those that one issued; administrators see all. ``?for=agent:x`` fills the form in."""
    who, now = site.caller(request), datetime.now(UTC)
    found, projects = await _read(request)
    past = sorted((t for t in found if not lives(t, now)), key=lambda t: t.created_at, reverse=True)
    return await page(
        request,
        "tokens.html",
        problem,
        live=sorted((t for t in found if lives(t, now)), key=lambda t: (t.actor != who.actor, t.actor, t.created_at)),
        past=past[:PAST],
        projects=projects,
        actors=sorted({t.actor for t in found} | {who.actor}),
        chosen=request.query.get("for", ""),
        days=DAYS,
        most_days=MOST_DAYS,
    )


@again(show)
async def issue(request: web.Request) -> web.StreamResponse:
    """The secret is made here, shown in this answer, and kept by nobody but its digest."""
    fields = await site.form(request)
    actor = fields.get("actor") or site.caller(request).actor
    return await _issue(request, actor, fields, is_sliding="sliding" in fields, back="tokens")


@again(show)
async def revoke(request: web.Request) -> web.StreamResponse:
    service, who = request.app[SERVICE], site.caller(request)
    async with service.database.connection() as conn:
        row = await calls.revoke_token(conn, who.org_id, who.actor, number(request))
    service.registry.control(None)  # this process need not wait for the notification
    back = "agents" if (await site.form(request)).get("back") == "agents" else "tokens"
    return site.see(request, address(request, back), flash=f"{row.name} is revoked. What hangs on it ends now.")


async def show_agents(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    found, projects = await _read(request)
    now, issued = datetime.now(UTC), dict[str, list[Token]]()
    for token in found:
        if token.actor.startswith("agent:"):
            issued.setdefault(token.actor, []).append(token)
    agents = [Agent.of(actor, issued[actor], now) for actor in sorted(issued)]
    return await page(request, "agents.html", problem, agents=agents, projects=projects, days=DAYS, most_days=MOST_DAYS)


@again(show_agents)
async def issue_for_agent(request: web.Request) -> web.StreamResponse:
    """The first token of an agent's name makes the agent; whoever issued it answers for it."""
    fields = await site.form(request)
    name = site.field(fields, "agent").removeprefix("agent:")
    return await _issue(request, f"agent:{name}", fields, is_sliding=False, back="agents")


async def _issue(
    request: web.Request, actor: str, fields: dict[str, str], *, is_sliding: bool, back: str
) -> web.Response:
    who, name, days = site.caller(request), site.field(fields, "name"), site.field(fields, "days")
    if not (days.isascii() and days.isdecimal() and len(days) < 5 and 1 <= int(days) <= MOST_DAYS):
        raise Unprocessable(f"A token lives for 1 to {MOST_DAYS} days.", code="expiry_is_sane")
    secret = tokens.new(tokens.kind_for(actor))
    async with request.app[SERVICE].database.connection() as conn:
        row = await calls.issue_token(
            conn,
            who.org_id,
            who.actor,
            for_=actor,
            name=name,
            hash=tokens.digest(secret),
            shown=tokens.shown(secret),
            project=fields.get("project") or None,
            expires_in=timedelta(days=int(days)),
            sliding=is_sliding,
        )
    return await page(request, "token.html", None, token=row, secret=secret, back=back)


async def _read(request: web.Request) -> tuple[list[Token], list[str]]:
    """The tokens that the visitor may see, and the projects that one could be limited to."""
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        found = await calls.list_tokens(conn, who.org_id, who.actor)
        projects = await calls.list_projects(conn, who.org_id, who.actor)
    return found, [project.name for project in projects if project.archived_at is None]

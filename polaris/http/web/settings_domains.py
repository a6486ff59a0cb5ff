"""The domains of an organization: once one is proven, its people may join by themselves. For administrators."""

from __future__ import annotations

from aiohttp import web

from polaris.db import calls
from polaris.errors import NotFound, PolarisError
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.dns import NAMES, record
from polaris.http.web.form_page import address, again, page


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        domains = await calls.list_domains(conn, who.org_id, who.actor)
    shown = [(domain, *record(domain.domain, domain.proof)) for domain in domains]
    return await page(request, "domains.html", problem, domains=shown)


@again(show)
async def add(request: web.Request) -> web.StreamResponse:
    who, domain = site.caller(request), site.field(await site.form(request), "domain")
    async with request.app[SERVICE].database.connection() as conn:
        row = await calls.add_domain(conn, who.org_id, who.actor, domain)
    said = f"{row.domain} is yours: its people may join." if row.proven_at else f"Prove now that {row.domain} is yours."
    return site.see(request, address(request, "domains"), flash=said)


@again(show)
async def check(request: web.Request) -> web.StreamResponse:
    """Asks the name server now; no connection to the database is held while it thinks."""
    service, who = request.app[SERVICE], site.caller(request)
    async with service.database.connection() as conn:
        domains = await calls.list_domains(conn, who.org_id, who.actor)
    found = next((domain for domain in domains if domain.domain == request.match_info["domain"]), None)
    if found is None:
        raise NotFound("This domain is not on the list.", code="no_such_domain")
    if found.proven_at is None:
        await request.app[NAMES].require_proof(found.domain, found.proof)
        async with service.database.connection() as conn:
            await calls.prove_domain(conn, who.org_id, who.actor, found.domain)
    return site.see(request, address(request, "domains"), flash=f"{found.domain} is proven: its people may join.")


@again(show)
async def remove(request: web.Request) -> web.StreamResponse:
    who = site.caller(request)
    async with request.app[SERVICE].database.connection() as conn:
        gone = await calls.remove_domain(conn, who.org_id, who.actor, request.match_info["domain"])
    return site.see(request, address(request, "domains"), flash=f"{gone} is off the list. Who joined by it stays.")

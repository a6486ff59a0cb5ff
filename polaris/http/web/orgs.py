"""Coming into an organization: by making one, by one's domain, by an invitation. And the page before all of it."""

from __future__ import annotations

import re

import psycopg
from aiohttp import web

from polaris import tokens
from polaris.db import calls
from polaris.db.rows import InviteRow
from polaris.errors import PolarisError, Unprocessable, from_database
from polaris.http.service import SERVICE
from polaris.http.web.sign_in import DOOR, LOCAL
from polaris.http.web.site import field, form, render, see, visitor
from polaris.http.web.visitor import VISITOR, Visitor
from polaris.model import SLUG
from polaris.redact import NOBODYS

# What a person can mend in the form itself; everything else is a page of its own.
MENDABLE = ("org_exists", "member_exists", "name_is_a_slug", "field_is_missing")


async def landing(request: web.Request) -> web.StreamResponse:
    """What Polaris is; who is signed in already is past that."""
    if VISITOR in request:
        return see(request, "/o")
    return render(request, "landing.html", provider=request.app[DOOR].provider)


async def sign_up(request: web.Request) -> web.StreamResponse:
    """The form for a new organization."""
    return render(request, "sign_up.html", problem=None, values={"handle": suggest_handle(visitor(request))})


async def found(request: web.Request) -> web.StreamResponse:
    """Makes an organization; whoever does is its first administrator."""
    fields = await form(request)
    try:
        fields["name"] = name = NOBODYS.text(field(fields, "name"))
        # An empty one is made from the name; the form comes back with it when it is taken.
        fields["slug"] = slug = _slug(fields.get("slug", "").lower() or suggest_slug(name), "address")
        handle = _slug(field(fields, "handle").lower(), "handle")
        async with request.app[SERVICE].database.connection() as conn:
            made = await calls.found_org(conn, visitor(request).person_id, slug, name, handle)
    except (PolarisError, psycopg.Error) as error:
        return _again(request, "sign_up.html", error, values=fields)
    return see(request, f"/o/{made.org}", flash=f"{name} is yours. Make its first project, then invite your team.")


async def show(request: web.Request) -> web.StreamResponse:
    """The person's organizations, and those that its domain opens. With one and no choice it goes there at once."""
    who = visitor(request)
    async with request.app[SERVICE].database.connection() as conn:
        joinable = await calls.list_orgs_to_join(conn, who.person_id)
    if len(who.memberships) == 1 and not joinable and "all" not in request.query:
        return see(request, f"/o/{who.memberships[0].org}")
    return render(request, "orgs.html", joinable=joinable, handle=suggest_handle(who), problem=None, tried="")


async def join(request: web.Request) -> web.StreamResponse:
    """Makes the person a member of an organization that has proven the person's domain."""
    who, org, fields = visitor(request), request.match_info["org"], await form(request)
    try:
        handle = _slug(field(fields, "handle").lower(), "handle")
        async with request.app[SERVICE].database.connection() as conn:
            await calls.join_by_domain(conn, who.person_id, org, handle)
    except (PolarisError, psycopg.Error) as error:
        async with request.app[SERVICE].database.connection() as conn:
            joinable = await calls.list_orgs_to_join(conn, who.person_id)
        return _again(request, "orgs.html", error, joinable=joinable, handle=fields.get("handle", ""), tried=org)
    return see(request, f"/o/{org}", flash=f"You are user:{handle} here.")


async def show_invite(request: web.Request) -> web.StreamResponse:
    """Who invites as what. Whoever is not signed in comes back here afterwards."""
    invite = await _invite(request)
    who = request.get(VISITOR)
    handle = suggest_handle(who) if who is not None else ""
    return _render_invite(request, invite, problem=None, handle=handle)


async def accept(request: web.Request) -> web.StreamResponse:
    """Makes the person a member; the link is used up."""
    invite, fields = await _invite(request), await form(request)
    handle = None
    try:
        if invite.handle is None:
            handle = _slug(field(fields, "handle").lower(), "handle")
        async with request.app[SERVICE].database.connection() as conn:
            joined = await calls.accept_invite(conn, visitor(request).person_id, invite.org, _digest(request), handle)
    except (PolarisError, psycopg.Error) as error:
        problem = _known(error)
        if problem.code == "already_member":
            return see(request, f"/o/{invite.org}", flash="You are a member here already.")
        if problem.code not in MENDABLE:
            raise
        return _render_invite(request, invite, problem=problem, handle=fields.get("handle", ""))
    return see(request, f"/o/{invite.org}", flash=f"Welcome to {invite.org_name}: you are {joined.actor} here.")


def suggest_handle(who: Visitor) -> str:
    """From the address, else from the name."""
    return suggest_slug((who.email or "").partition("@")[0] or who.name or "")


def suggest_slug(text: str) -> str:
    """What is left of a name in lower case letters, digits and hyphens; maybe nothing."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")


def _slug(text: str, what: str) -> str:
    """The same rule as the database's, so that the form can say which field it is about."""
    if not re.fullmatch(SLUG, text):
        raise Unprocessable(
            f"This cannot be the {what}.",
            code="name_is_a_slug",
            hint="Use 1 to 63 lower case letters, digits and hyphens, and no hyphen first.",
        )
    return text


def _known(error: PolarisError | psycopg.Error) -> PolarisError:
    return from_database(error) if isinstance(error, psycopg.Error) else error


def _again(request: web.Request, template: str, error: PolarisError | psycopg.Error, **context: object) -> web.Response:
    """The form once more, with what was filled in and what is wrong; raises what the form cannot mend."""
    problem = _known(error)
    if problem.code not in MENDABLE:
        raise error
    return render(request, template, status=problem.status, problem=problem, **context)


async def _invite(request: web.Request) -> InviteRow:
    async with request.app[SERVICE].database.connection() as conn:
        return await calls.get_invite(conn, request.match_info["org"], _digest(request))


def _render_invite(
    request: web.Request, invite: InviteRow, *, problem: PolarisError | None, handle: str
) -> web.Response:
    who = request.get(VISITOR)
    fits = who is not None and who.issuer != LOCAL and (who.email or "").lower() == invite.email
    return render(
        request,
        "invite.html",
        status=problem.status if problem else 200,
        invite=invite,
        problem=problem,
        handle=handle,
        fits=fits,
    )


def _digest(request: web.Request) -> bytes:
    return tokens.digest(request.match_info["secret"])

"""The way in and out: with a provider, or, on one's own machine and only when asked for, as anybody of it."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass

import orjson
import psycopg
from aiohttp import hdrs, web

from polaris.db import calls
from polaris.db.pool import Connection
from polaris.errors import Forbidden, NotFound, PolarisError, from_database
from polaris.http.limits import Buckets
from polaris.http.service import SERVICE
from polaris.http.web import visitor as visitors
from polaris.http.web.oidc import Pending, Provider, ProviderUnavailable, SignInRefused, Who
from polaris.http.web.site import ORIGIN, field, form, local_path, render, see
from polaris.http.web.visitor import VISITOR
from polaris.redact import NOBODYS
from polaris.settings import Settings, is_loopback

logger = logging.getLogger(__name__)

CALLBACK = "/sign-in/callback"
LOCAL = "local"  # the issuer of people whom this installation itself vouches for
BROWSER, BROWSER_SECONDS = "polaris-sign-in", 600
RATE, BURST = 2.0, 60  # of sign-ins that one address begins or ends
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


@dataclass(frozen=True)
class Door:
    """What sign-in needs beside the database: ``provider`` is None where none is set up."""

    provider: Provider | None
    buckets: Buckets

    @classmethod
    def of(cls, settings: Settings) -> Door:
        provider = None
        if settings.oidc_client_id and settings.oidc_client_secret:
            provider = Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
        return cls(provider, Buckets(RATE, BURST))

    def admit(self, request: web.Request) -> None:
        """Raises `RateLimited` for an address that tries again and again."""
        self.buckets.forget()
        self.buckets.take(request.remote)


DOOR = web.AppKey("door", Door)


async def show(request: web.Request) -> web.StreamResponse:
    """The page on which people choose how to sign in."""
    path = local_path(request.query.get("next", "/o"))
    if VISITOR in request:
        return see(request, path)
    people = []
    if is_local(request):
        async with request.app[SERVICE].database.connection() as conn:
            people = await calls.list_local_people(conn)
    return render(request, "sign_in.html", provider=request.app[DOOR].provider, next=path, people=people)


async def begin(request: web.Request) -> web.StreamResponse:
    """Sends the browser to the provider."""
    door = request.app[DOOR]
    door.admit(request)
    path = local_path(request.query.get("next", "/o"))
    if door.provider is None:
        raise NotFound("There is no sign-in with a provider here.", hint="Ask whoever runs this service.")
    pending, state = Pending.new(), secrets.token_urlsafe(32)
    browser = _browser(request) or secrets.token_urlsafe(32)
    try:
        address = await door.provider.address(pending, state, request[ORIGIN] + CALLBACK)
    except PolarisError as error:
        return await _refuse(request, error)
    async with request.app[SERVICE].database.connection() as conn:
        await calls.begin_sign_in(conn, _key(browser, state), pending.nonce, pending.verifier, path)
    # A redirect with a query of its own is not `see`: that one never leaves this site.
    response = web.Response(status=303, headers={hdrs.LOCATION: address})
    visitors.set_cookie(response, request[ORIGIN], BROWSER, browser, BROWSER_SECONDS)
    return response


async def finish(request: web.Request) -> web.StreamResponse:
    """Where the provider sends the browser back to."""
    request.app[DOOR].admit(request)
    try:
        who, path = await _answer(request)
    except (SignInRefused, ProviderUnavailable) as error:
        return await _refuse(request, error)
    return await _let_in(
        request,
        path,
        who.issuer,
        who.subject,
        email=who.email,
        name=who.name,
        picture=who.picture,
        domain=who.domain,
    )


async def sign_in_locally(request: web.Request) -> web.StreamResponse:
    """As somebody whom this installation vouches for; nothing is asked of them."""
    request.app[DOOR].admit(request)
    if not is_local(request):
        raise Forbidden(
            "Local sign-in is for this machine itself, and only when it was asked for.",
            code="sign_in_is_not_local",
            hint="Start the service with `polaris up --local-sign-in`.",
        )
    fields = await form(request)
    subject = field(fields, "person")
    async with request.app[SERVICE].database.connection() as conn:
        chosen = next((row for row in await calls.list_local_people(conn) if row.subject == subject), None)
    if chosen is None:
        raise NotFound("There is no such person here.", code="no_such_member", hint="Choose one of the list.")
    path = local_path(fields.get("next") or "/o")
    return await _let_in(request, path, chosen.issuer, chosen.subject, name=chosen.handle)


async def sign_out(request: web.Request) -> web.StreamResponse:
    """Ends the session of this browser, or of all browsers of the person."""
    who, everywhere = request.get(VISITOR), (await form(request)).get("everywhere")
    if who is not None:
        async with request.app[SERVICE].database.connection() as conn:
            if everywhere:
                await calls.close_web_sessions(conn, who.person_id)
            else:
                await _close(conn, request)
    path = local_path(request.query.get("next", "/"))
    response = see(request, path, flash="You are signed out everywhere." if everywhere else "You are signed out.")
    visitors.clear_cookie(response, request[ORIGIN], "polaris")
    return response


def is_local(request: web.Request) -> bool:
    """Whether local sign-in is on and the request comes from this machine, to this machine, through nobody."""
    return (
        request.app[SERVICE].settings.local_sign_in
        and is_loopback(request.remote or "")
        and is_loopback(request.url.host or "")
        and not any(name in request.headers for name in FORWARDED)
    )


async def _answer(request: web.Request) -> tuple[Who, str]:
    """Who came back, and where to go on. Whatever the answer is, the sign-in that it belongs to is used up."""
    provider, browser, state = request.app[DOOR].provider, _browser(request), request.query.get("state", "")
    over = "This sign-in is over."
    hint = "It was begun in another browser or more than ten minutes ago, or it was finished already. Begin again."
    if provider is None:
        raise SignInRefused("no_provider", over)
    if browser is None:
        raise SignInRefused("other_browser", over, hint=hint)
    try:
        async with request.app[SERVICE].database.connection() as conn:
            row = await calls.take_sign_in(conn, _key(browser, state))
    except psycopg.Error as error:
        if from_database(error).code != "sign_in_unknown":
            raise
        raise SignInRefused("state", over, hint=hint) from None
    who = await provider.finish(Pending(row.nonce, row.verifier), request.query, request[ORIGIN] + CALLBACK)
    return who, row.return_to


async def _let_in(
    request: web.Request, path: str, issuer: str, subject: str, **person: str | None
) -> web.StreamResponse:
    """*person*: what the issuer says of them, as `visitor.sign_in` takes it."""
    async with request.app[SERVICE].database.connection() as conn:
        await _close(conn, request)  # a browser has one session; its old cookie opens nothing any more
        agent = NOBODYS.text(request.headers.get(hdrs.USER_AGENT, "")) or None
        cookie = await visitors.sign_in(conn, issuer, subject, **person, user_agent=agent)
    response = see(request, path)
    visitors.set_cookie(response, request[ORIGIN], "polaris", cookie, visitors.LIFE_SECONDS)
    return response


async def _close(conn: Connection, request: web.Request) -> None:
    cookie = request.cookies.get(visitors.cookie_name(request[ORIGIN]))
    if cookie:
        await calls.close_web_session(conn, visitors.digest(cookie))


async def _refuse(request: web.Request, error: PolarisError) -> web.Response:
    """A plain page with what to do next; what cannot be trusted is noted in the log of the installation."""
    if isinstance(error, SignInRefused):
        logger.warning("a sign-in was refused", extra={"reason": error.reason})
        async with request.app[SERVICE].database.connection() as conn:
            detail = error.said | {"address": request.remote or ""}
            await calls.note_refused_sign_in(conn, error.reason, orjson.dumps(detail).decode())
        reason = ", ".join((error.reason, *error.said.values()))
    else:
        logger.error("the provider of the sign-in cannot be used", exc_info=error)
        reason = ""
    return render(request, "refused.html", status=error.status, problem=error, reason=reason)


def _browser(request: web.Request) -> str | None:
    """What binds a sign-in to this browser; the same for all its tabs, so that two of them can sign in at once."""
    found = request.cookies.get(visitors.cookie_name(request[ORIGIN], BROWSER), "")
    return found if re.fullmatch(r"[A-Za-z0-9_-]{43}", found) else None


def _key(browser: str, state: str) -> bytes:
    """Under what a sign-in is kept: only the browser that began it can name it."""
    return visitors.digest(f"{browser}.{state}")

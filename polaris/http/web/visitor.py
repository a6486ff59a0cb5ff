"""Who looks at a page: the browser's cookie, its session in the database, and what the person is in an organization.

The cookie holds 256 random bits; the database keeps their digest only. Behind https its name begins with ``__Host-``,
so that no other host and no plain connection can set it. On loopback there is no https, and browsers do not tell ports
apart when they send cookies: there the name carries the port.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import psycopg
from aiohttp import web

from polaris.db import calls
from polaris.db.pool import Connection
from polaris.db.rows import MembershipRow, WebSessionRow
from polaris.errors import Forbidden, PolarisError, from_database
from polaris.http.auth import Caller
from polaris.settings import is_loopback

LIFE_SECONDS = 7 * 86400
OVER = ("web_session_unknown", "web_session_expired")


class Misdirected(PolarisError):
    """This is not the address of this service."""

    status, code = 421, "wrong_host"
    hint = "Open it at its public address, or at http://127.0.0.1 on its own machine."


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person. ``csrf`` is the token that every form of this browser carries."""

    web_session_id: int
    person_id: int
    issuer: str
    email: str | None
    name: str | None
    picture: str | None
    domain: str | None
    created_at: datetime
    csrf: str
    memberships: tuple[MembershipRow, ...] = ()

    def member(self, org: str) -> MembershipRow | None:
        """What the person is in the organization *org*; None where it is no member."""
        return next((m for m in self.memberships if m.org == org), None)


VISITOR = web.RequestKey("visitor", Visitor)
MEMBER = web.RequestKey("member", MembershipRow)


def origin(request: web.Request, public_url: str | None) -> str:
    """The origin under which people reach this service. Raises `Misdirected` for any other.

    Without a public address only loopback is served: a foreign name in ``Host`` is a page that had its name point here
    (DNS rebinding).
    """
    if public_url:
        if request.host.lower() != urlsplit(public_url).netloc.lower():
            raise Misdirected
        return public_url
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        raise Misdirected
    return f"http://{request.host.lower()}"


def cookie_name(origin: str, use: str = "polaris") -> str:
    """``__Host-polaris`` behind https, ``polaris-4320`` on loopback."""
    place = urlsplit(origin)
    return f"__Host-{use}" if place.scheme == "https" else f"{use}-{place.port or 80}"


def set_cookie(response: web.StreamResponse, origin: str, use: str, value: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(origin, use),
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        secure=origin.startswith("https:"),
        samesite="Lax",
    )


def clear_cookie(response: web.StreamResponse, origin: str, use: str) -> None:
    # A __Host- cookie is only deleted by one that has its attributes.
    set_cookie(response, origin, use, "", 0)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


async def find(conn: Connection, cookie: str) -> Visitor | None:
    """The person behind a cookie; None when it opens nothing any more."""
    try:
        row = await calls.resume_web_session(conn, digest(cookie))
    except psycopg.Error as error:
        if from_database(error).code in OVER:
            return None
        raise
    return _visitor(row, cookie, await calls.list_memberships(conn, row.person_id))


async def sign_in(
    conn: Connection,
    issuer: str,
    subject: str,
    *,
    email: str | None = None,
    name: str | None = None,
    picture: str | None = None,
    domain: str | None = None,
    user_agent: str | None = None,
) -> str:
    """Begins a session for somebody whom *issuer* vouches for; answers the new cookie's value."""
    cookie = secrets.token_urlsafe(32)
    await calls.sign_in(conn, issuer, subject, email, name, picture, domain, digest(cookie), user_agent)
    return cookie


def caller(visitor: Visitor, member: MembershipRow) -> Caller:
    """The same person as the API knows callers."""
    return Caller(
        member.org_id,
        member.org,
        member.actor,
        member.role,
        None,
        None,
        None,
        member.redaction_key,
        visitor.web_session_id,
    )


def check_csrf(visitor: Visitor | None, token: str) -> None:
    """Raises 403 when the form did not come from one of this browser's pages."""
    if visitor is None or not hmac.compare_digest(token.encode(), visitor.csrf.encode()):
        raise Forbidden(
            "This form is out of date.", code="csrf", hint="Go back, load the page again, and send it again."
        )


def _visitor(row: WebSessionRow, cookie: str, memberships: list[MembershipRow]) -> Visitor:
    return Visitor(
        row.web_session_id,
        row.person_id,
        row.issuer,
        row.email,
        row.name,
        row.picture,
        row.domain,
        row.created_at,
        _csrf(cookie),
        tuple(memberships),
    )


def _csrf(cookie: str) -> str:
    """Derived from the cookie, which no page can read: nothing to store, nothing to guess."""
    return base64.urlsafe_b64encode(hmac.digest(cookie.encode(), b"csrf", "sha256")).rstrip(b"=").decode()

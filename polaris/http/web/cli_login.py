"""The service's side of ``polaris login``: a code for the browser of the same machine (RFC 8252 with PKCE), and the
device grant (RFC 8628) for machines without one.

A person says yes on a page, in a form with a CSRF token; looking at a page changes nothing. Codes are random, kept as
digests, good once and for a short time: all of that is decided in the database. ``/cli/device`` and ``/cli/token`` are
for programs: forms in, JSON with the errors of RFC 6749 out.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

import psycopg
from aiohttp import hdrs, web

from polaris import tokens
from polaris.db import calls
from polaris.db.rows import GrantRow
from polaris.errors import BadRequest, NotFound, PolarisError, TooMany, from_database
from polaris.http.limits import Buckets
from polaris.http.operations import read_bytes
from polaris.http.service import SERVICE
from polaris.http.web import site
from polaris.http.web.site import ORIGIN, allow_form_target, render, visitor
from polaris.redact import NOBODYS
from polaris.render import clean
from polaris.settings import is_loopback

CALLBACK = re.compile(r"(http://127\.0\.0\.1:([1-9][0-9]{0,4}))/callback")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
STATE = re.compile(r"[A-Za-z0-9._~-]{8,200}")
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words, and nothing to take for 0 or 1
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_SECONDS, INTERVAL_SECONDS = 600, 5  # as begin_device_login and poll_device_login keep them
MACHINE_CHARACTERS = 80
FORM_BYTES = 1 << 14
OAUTH_ERRORS = {
    "authorization_pending": "Nobody has entered the code yet.",
    "slow_down": "Ask less often: 5 seconds more between two questions.",
    "access_denied": "The person said no.",
    "expired_token": "The code is too old.",
    "invalid_grant": "The code is not good: it was used, is too old, or belongs to another sign-in.",
    "invalid_request": "A parameter is missing, comes twice, or makes no sense.",
    "unsupported_grant_type": "This way to a token is not offered.",
}


@dataclass(frozen=True)
class Desk:
    """How often one address may begin a device's sign-in, and ask for a token."""

    begun: Buckets = field(default_factory=lambda: Buckets(0.5, 30))
    asked: Buckets = field(default_factory=lambda: Buckets(10, 200))


DESK = web.AppKey("desk", Desk)


# In the browser of the machine that asks.


@dataclass(frozen=True)
class Asked:
    """What the machine asks for: checked, before anybody is shown it and again before it is given."""

    origin: str
    redirect_uri: str
    state: str
    challenge: str
    machine: str

    @classmethod
    def read(cls, found: dict[str, str]) -> Asked:
        """Raises `BadRequest`: nobody is sent anywhere with a code but to this machine's own loopback."""
        callback = CALLBACK.fullmatch(found.get("redirect_uri", ""))
        challenge, state = found.get("code_challenge", ""), found.get("state", "")
        if (
            not callback
            or int(callback[2]) > 65535
            or not CHALLENGE.fullmatch(challenge)
            or found.get("code_challenge_method") != "S256"
            or not STATE.fullmatch(state)
        ):
            raise BadRequest("This is not a sign-in of `polaris login`.", hint="Run `polaris login` again.")
        return cls(callback[1], callback[0], state, challenge, _machine(found.get("machine", "")))


async def ask(request: web.Request) -> web.StreamResponse:
    """Shows which machine asks, and as whom it would act."""
    asked = Asked.read(dict(request.query))
    allow_form_target(request, asked.origin)
    return render(request, "cli_authorize.html", asked=asked)


async def decide(request: web.Request) -> web.StreamResponse:
    """Sends the browser back to the machine, with a code or with a no."""
    fields = await site.form(request)
    asked = Asked.read(fields)
    allow_form_target(request, asked.origin)
    if fields.get("decision") != "allow":
        return _back(asked, error="access_denied")
    who, member = visitor(request), _member(request, fields)
    code = secrets.token_urlsafe(32)
    async with request.app[SERVICE].database.connection() as conn:
        await calls.write_login_code(
            conn,
            tokens.digest(code),
            who.person_id,
            member,
            asked.challenge,
            asked.redirect_uri,
            asked.machine,
        )
    return _back(asked, code=code)


# In any browser, for a machine elsewhere.


async def show_device(request: web.Request) -> web.StreamResponse:
    """The field for the code; a link may fill it in, but never sends it."""
    return _device(request, code=_spelt(request.query.get("user_code", "")))


async def answer_device(request: web.Request) -> web.StreamResponse:
    """First shows which machine has the code; then lets it in, or not."""
    fields = await site.form(request)
    code = _spelt(site.field(fields, "user_code"))
    decision = fields.get("decision")
    who = visitor(request)
    async with request.app[SERVICE].database.connection() as conn:
        if decision is None:
            found = await calls.guess_device_login(conn, who.person_id, code)
            error, machine, address, since = found.error, found.machine, found.address, found.created_at
        else:
            allowed = decision == "allow"
            org_id = _member(request, fields) if allowed else 0
            answered = await calls.answer_device_login(conn, who.person_id, org_id, code, allowed)
            error, machine, address, since = answered.error, answered.machine, None, None
    if error == "too_many_guesses":
        raise TooMany("You entered too many wrong codes.", hint="Wait ten minutes, then begin again on the machine.")
    if error is not None:
        problem = NotFound("No machine waits with this code.", hint="Codes are good for ten minutes. Look again.")
        return _device(request, code=code, problem=problem)
    return _device(request, code=code, machine=machine, address=address, since=since, decision=decision)


# For the machine.


async def begin_device(request: web.Request) -> web.StreamResponse:
    """RFC 8628, 3.2."""
    address = _address(request)
    _admit(request.app[DESK].begun, address)
    fields = await _fields(request)
    if fields is None:
        return _refused("invalid_request")
    device_code, machine = secrets.token_urlsafe(32), _machine(fields.get("machine", ""))
    while True:
        user_code = "".join(secrets.choice(LETTERS) for _ in range(8))
        try:
            async with request.app[SERVICE].database.connection() as conn:
                await calls.begin_device_login(conn, tokens.digest(device_code), _spelt(user_code), machine, address)
            break
        except psycopg.Error as error:
            if from_database(error).code != "user_code_is_taken":
                raise
    place, shown = f"{request[ORIGIN]}/device", _spelt(user_code)
    return web.json_response(
        {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": place,
            "verification_uri_complete": f"{place}?{urlencode({'user_code': shown})}",
            "expires_in": DEVICE_SECONDS,
            "interval": INTERVAL_SECONDS,
        }
    )


async def give_token(request: web.Request) -> web.StreamResponse:
    """RFC 6749, 4.1.3 with RFC 7636, 4.5; RFC 8628, 3.4. The token exists in this answer only."""
    _admit(request.app[DESK].asked, _address(request))
    fields = await _fields(request)
    if fields is None:
        return _refused("invalid_request")
    grant, token = fields.get("grant_type"), tokens.new("u")
    kept = tokens.digest(token), tokens.shown(token)
    async with request.app[SERVICE].database.connection() as conn:
        if grant == "authorization_code" and fields.get("code"):
            # A code is used up also when the rest of the request is wrong: whoever has it has it from somewhere.
            challenge, place = _challenge(fields.get("code_verifier", "")), fields.get("redirect_uri", "")
            row = await calls.exchange_login_code(conn, tokens.digest(fields["code"]), challenge, place, *kept)
        elif grant == DEVICE_GRANT and fields.get("device_code"):
            row = await calls.poll_device_login(conn, tokens.digest(fields["device_code"]), *kept)
        else:
            known = grant in (None, "authorization_code", DEVICE_GRANT)
            return _refused("invalid_request" if known else "unsupported_grant_type")
    return _granted(row, token)


def _granted(row: GrantRow, token: str) -> web.Response:
    if row.error is not None:
        return _refused(row.error)
    answer = {"access_token": token, "token_type": "Bearer", "org": row.org, "actor": row.actor}
    return web.json_response(answer, headers={hdrs.PRAGMA: "no-cache"})


def _refused(error: str) -> web.Response:
    return web.json_response({"error": error, "error_description": OAUTH_ERRORS[error]}, status=400)


def _admit(buckets: Buckets, address: str) -> None:
    buckets.forget()
    buckets.take(address)


async def _fields(request: web.Request) -> dict[str, str] | None:
    """The form of a program; None for anything that RFC 6749 calls an invalid request."""
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    try:
        pairs = parse_qsl((await read_bytes(request, FORM_BYTES)).decode(), max_num_fields=20, errors="strict")
    except ValueError:
        return None
    fields = dict(pairs)
    return None if len(fields) != len(pairs) or any("\0" in value for value in fields.values()) else fields


def _back(asked: Asked, **answer: str) -> web.Response:
    location = f"{asked.redirect_uri}?{urlencode({**answer, 'state': asked.state})}"
    return web.Response(status=303, headers={hdrs.LOCATION: location})


def _member(request: web.Request, fields: dict[str, str]) -> int:
    """The number of the organization that was chosen; the person has to be in it."""
    found = visitor(request).member(site.field(fields, "org"))
    if found is None:
        raise NotFound("You are no member of this organization.", code="no_such_member")
    return found.org_id


def _device(
    request: web.Request,
    *,
    code: str,
    machine: str | None = None,
    address: str | None = None,
    since: datetime | None = None,
    decision: str | None = None,
    problem: PolarisError | None = None,
) -> web.Response:
    status = problem.status if problem else 200
    context = {"code": code, "machine": machine, "address": address, "since": since, "decision": decision}
    return render(request, "device.html", status=status, problem=problem, **context)


def _spelt(code: str) -> str:
    """However it was typed, as it is shown: ``BCDF-GHJK``."""
    letters = re.sub(r"[^A-Z]", "", code.upper())[:8]
    return f"{letters[:4]}-{letters[4:]}" if letters else ""


def _machine(text: str) -> str:
    return NOBODYS.text(clean(text)).strip()[:MACHINE_CHARACTERS] or "a machine without a name"


def _address(request: web.Request) -> str:
    """Where the machine asks from; behind a proxy on this very host, what that proxy itself saw."""
    remote = request.remote or "an unknown address"
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return clean(said)[:MACHINE_CHARACTERS] if said and is_loopback(remote) else remote


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()

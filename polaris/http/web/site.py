"""The frame around every page: who looks, whether a form may be believed, what headers go out, how a failure looks.

A page is a row of the table in `polaris.http.web.pages`; its handler is a plain aiohttp handler that raises
`PolarisError` when something is wrong. Everything that must hold for all pages happens here, once.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

import aiohttp_jinja2
import jinja2
import psycopg
from aiohttp import hdrs, web

from polaris.db.rows import MembershipRow
from polaris.errors import Forbidden, NotFound, PolarisError, Unauthorized, Unavailable, Unprocessable
from polaris.http import problems
from polaris.http.auth import CALLER, Caller
from polaris.http.service import SERVICE
from polaris.http.web import visitor as visitors
from polaris.http.web.visitor import MEMBER, VISITOR, Visitor

logger = logging.getLogger(__name__)

Access = Literal["public", "person", "member", "machine"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SAFE = ("GET", "HEAD")
FLASH, FLASH_SECONDS = "polaris-flash", 60
PICTURES = "https://avatars.slack-edge.com https://secure.gravatar.com https://lh3.googleusercontent.com"
FOREVER = "public, max-age=31536000, immutable"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

ORIGIN = web.RequestKey("origin", str)
FORM_TARGETS = web.RequestKey("form targets", tuple)


@dataclass(frozen=True)
class Page:
    """One row of the table of pages.

    ``access``: *public* needs nobody, *person* somebody who is signed in, *member* (the path begins with ``/o/{org}``)
    a member of that organization. *machine* is not for browsers: no cookie counts, so nothing can be forged with one,
    and failures are JSON.
    """

    method: str
    path: str
    handler: Handler
    access: Access = "member"


# What handlers use.


def visitor(request: web.Request) -> Visitor:
    """Who looks; for pages that are not public."""
    return request[VISITOR]


def member(request: web.Request) -> MembershipRow:
    """What the visitor is in the organization of the path."""
    return request[MEMBER]


def caller(request: web.Request) -> Caller:
    """The visitor as the API knows callers."""
    return request[CALLER]


async def form(request: web.Request) -> dict[str, str]:
    """The fields of a posted form, stripped; inside an organization without secrets. A file or a NUL is refused."""
    fields: dict[str, str] = {}
    who = request.get(CALLER)
    clean = request.app[SERVICE].redactor(who).text if who else str
    for name, value in (await request.post()).items():
        if not isinstance(value, str) or "\0" in value:
            raise Unprocessable("This form takes text only.")
        fields[name] = clean(value.strip())
    return fields


def field(fields: dict[str, str], name: str) -> str:
    """One field that has to be filled in."""
    if not fields.get(name):
        raise Unprocessable(f"Please fill in: {name.replace('_', ' ')}.", code="field_is_missing")
    return fields[name]


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A page or a fragment of one."""
    who = request.get(VISITOR)
    settings = request.app[SERVICE].settings
    flash = _take_flash(request) if template[:1] != "_" else ""
    everywhere = {
        "visitor": who,
        "csrf": who.csrf if who else "",
        "org": request.get(MEMBER),
        "memberships": who.memberships if who else (),
        "path": request.path,
        "local_sign_in": settings.local_sign_in,
        "now": datetime.now(UTC),
        "flash": flash,
    }
    answer = aiohttp_jinja2.render_template(template, request, everywhere | context | {"status": status}, status=status)
    if flash:
        visitors.clear_cookie(answer, request[ORIGIN], FLASH)  # here: when headers go out it is too late for cookies
    return answer


def see(request: web.Request, path: str, flash: str = "") -> web.Response:
    """Sends the browser to another page of this site, with a word for its top."""
    path = local_path(path)
    if request.headers.get("HX-Request"):
        response = web.Response(headers={"HX-Redirect": path})
    else:
        response = web.Response(status=303, headers={hdrs.LOCATION: path})
    if flash:
        visitors.set_cookie(response, request[ORIGIN], FLASH, quote(flash), FLASH_SECONDS)
    return response


def local_path(path: str) -> str:
    """*path* if it stays on this site, else ``/o``: nobody is sent elsewhere by a link that looks like ours."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if safe else "/o"


def allow_form_target(request: web.Request, target: str) -> None:
    """Lets the form of this page end up at *target* (``form-action`` also governs redirects after a POST)."""
    request[FORM_TARGETS] = (*request.get(FORM_TARGETS, ()), target)


def require_own_form(request: web.Request) -> None:
    """Raises 403 unless a browser sent this from one of our pages: for forms of people who are not signed in."""
    sent = request.headers.get(hdrs.ORIGIN)
    site = request.headers.get("Sec-Fetch-Site", "same-origin" if sent == request[ORIGIN] else "")
    if sent not in (None, request[ORIGIN]) or site != "same-origin":
        raise Forbidden("This form came from another site.", code="csrf")


# The frame.


def install(app: web.Application, pages: Iterable[Page]) -> None:
    """Adds the pages, their templates and the files that they load."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("polaris.http.web"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        context_processors=(),
    )
    environment.globals["static"] = static
    app.on_response_prepare.append(_add_headers)
    for page in pages:
        app.router.add_route(page.method, page.path, _framed(page))
    app.router.add_get("/static/{version}/{name}", _file)


def _framed(page: Page) -> Handler:
    async def run(request: web.Request) -> web.StreamResponse:
        request[ORIGIN] = ""
        try:
            request[ORIGIN] = visitors.origin(request, request.app[SERVICE].settings.public_url)
            answer = await _enter(request, page) or await page.handler(request)
        except (asyncio.CancelledError, ConnectionResetError):
            raise
        except web.HTTPException as error:
            if error.status >= 400:
                raise
            answer = error
        except Exception as error:
            if page.access == "machine":
                raise
            answer = _refusal(request, error)
        return answer

    return run


@web.middleware
async def lost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Shows people who follow a wrong link a page instead of JSON."""
    answer = await handler(request)
    if request.match_info.http_exception is None or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
        return answer
    request[ORIGIN] = ""
    return _refusal(request, NotFound("There is no such page."))


async def _enter(request: web.Request, page: Page) -> web.Response | None:
    """Finds out who looks and refuses who may not; an answer instead of the page, or None."""
    if any("\0" in part for part in (*request.match_info.values(), *request.query.values())):
        raise NotFound("There is no such page.")
    if page.access == "machine":
        return None
    service = request.app[SERVICE]
    cookie = request.cookies.get(visitors.cookie_name(request[ORIGIN]))
    if cookie:
        async with service.database.connection() as conn:
            found = await visitors.find(conn, cookie)
        if found is not None:
            request[VISITOR] = found
    who = request.get(VISITOR)
    if page.access != "public":
        if who is None:
            if request.method not in SAFE:
                raise Unauthorized(
                    "You are not signed in any more.", code="web_session_unknown", hint="Sign in, then send it again."
                )
            return see(request, f"/sign-in?next={quote(request.path_qs)}")
        service.buckets.take(("web", who.web_session_id))
    if page.access == "member":
        assert who is not None
        membership = who.member(request.match_info["org"])
        if membership is None:
            raise NotFound("There is no such page, or it is not for you.")
        request[MEMBER], request[CALLER] = membership, visitors.caller(who, membership)
    if request.method not in SAFE:
        if page.access == "public" and who is None:
            require_own_form(request)
        else:
            _refuse_foreign(request)
            token = request.headers.get("X-CSRF-Token") or str((await request.post()).get("csrf", ""))
            visitors.check_csrf(who, token)
    return None


def _refuse_foreign(request: web.Request) -> None:
    if request.headers.get(hdrs.ORIGIN, request[ORIGIN]) != request[ORIGIN] or request.headers.get(
        "Sec-Fetch-Site", "none"
    ) not in ("same-origin", "none"):
        raise Forbidden("This form came from another site.", code="csrf")


def _refusal(request: web.Request, error: Exception) -> web.Response:
    """A failure as a page, or as a piece of the page that asked for a piece."""
    problem = problems.known(error)
    if problem.status >= 500 and not isinstance(problem, Unavailable):
        # The route, not the path: the path of an invitation is a secret.
        route = request.match_info.route.resource
        logger.error(
            "a page failed",
            exc_info=error,
            extra={"method": request.method, "path": route.canonical if route else ""},
        )
    elif isinstance(error, psycopg.OperationalError):
        logger.warning("a page found no database", extra={"reason": type(error).__name__})
    if request.headers.get("HX-Request"):
        answer = render(request, "_problem.html", **_said(problem))
        answer.headers.update({"HX-Retarget": "#problem", "HX-Reswap": "innerHTML"})
        return answer
    return render(request, "error.html", **_said(problem))


def _said(problem: PolarisError) -> dict[str, Any]:
    return {"status": problem.status, "message": problem.message, "hint": problem.hint, "code": problem.code}


async def _add_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """On every answer of a page, streams too, when its headers go out."""
    if ORIGIN not in request:
        return
    targets = " ".join(("'self'", *request.get(FORM_TARGETS, ())))
    answer.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src 'self' data: {PICTURES}; form-action {targets}; base-uri 'none'; frame-ancestors 'none'",
    )
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    answer.headers.setdefault("Cache-Control", "no-store")
    if request[ORIGIN].startswith("https:"):
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _take_flash(request: web.Request) -> str:
    return (
        unquote(request.cookies.get(visitors.cookie_name(request[ORIGIN], FLASH), ""))[:500] if request[ORIGIN] else ""
    )


# Files.


def static(name: str) -> str:
    """The address of a file that pages load; it changes with the file, so that browsers may keep it for ever."""
    return f"/static/{_static()[name][0]}/{name}"


async def _file(request: web.Request) -> web.StreamResponse:
    found = _static().get(request.match_info["name"])
    if found is None:
        raise NotFound
    version, body, kind = found
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": FOREVER}
    if request.match_info["version"] != version:
        headers["Cache-Control"] = "no-cache"
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)


@functools.cache
def _static() -> dict[str, tuple[str, bytes, str]]:
    folder = Path(str(files("polaris.http.web"))) / "static"
    found = {}
    for file in sorted(folder.iterdir()):
        body = file.read_bytes()
        found[file.name] = (hashlib.sha256(body).hexdigest()[:12], body, TYPES[file.suffix])
    return found

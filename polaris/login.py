"""Signing a machine in: through the browser here (RFC 8252) or through one anywhere else (RFC 8628).

Both ways end with the answer of the service's ``/cli/token``: ``{"access_token", "org", "actor", …}``. The verifier of
the code (PKCE, RFC 7636) and the device's code never leave this process but to the service, in the body of a request.
Nothing is written here; `polaris.commands.login` shows, opens and saves.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from polaris.errors import Misused, PolarisError, Unavailable, from_problem
from polaris.render import clean
from polaris.settings import is_loopback

Json = dict[str, Any]

CLIENT = "polaris-cli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
BROWSER_SECONDS = 300.0
REQUEST = aiohttp.ClientTimeout(total=30, connect=10)
LONGEST_PAUSE_SECONDS = 60.0
SLOWER_SECONDS = 5.0  # what slow_down adds to the interval
MACHINE_CHARACTERS = 80

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}"
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Polaris</title>
<style>{style}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'",
    hdrs.CACHE_CONTROL: "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    hdrs.CONNECTION: "close",
}


class NoBrowser(Exception):
    """No browser opens on this machine."""


@dataclass(frozen=True)
class Device:
    """What a person needs to approve this machine elsewhere: a short code, and the address of the page for it."""

    user_code: str
    uri: str
    seconds: float


def service_address(text: str) -> str:
    """The origin that *text* means; ``https`` unless it is this machine. Raises `Misused`."""
    if "://" not in text:
        host = urlsplit(f"//{text}").hostname or ""
        text = f"{'http' if is_loopback(host) else 'https'}://{text}"
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https"):
        raise Misused("The service's address has to look like https://polaris.example.com.")
    if "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Misused("The service's address has no user, no path and no query.", hint=f"Try {parts.scheme}://{host}")
    if parts.scheme == "http" and not is_loopback(host):
        raise Misused(
            "Only a service on this machine is reached without encryption.", hint=f"Try https://{parts.netloc}"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def wants_device(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a browser here would help nobody: over SSH, or without a display on Linux."""
    if environ.get("SSH_CONNECTION"):
        return True
    return platform == "linux" and not any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def machine_name() -> str:
    """What the page that asks for a yes calls this machine."""
    return clean(socket.gethostname())[:MACHINE_CHARACTERS] or "a machine"


async def require_service(http: aiohttp.ClientSession, service: str) -> None:
    """Raises `Unavailable` unless a Polaris answers there: better at once than after a browser waited in vain."""
    try:
        async with http.get(f"{service}/healthz", timeout=REQUEST, allow_redirects=False) as answer:
            alive = answer.status == 200 and json.loads(await answer.read()) == {"status": "ok"}
    except ValueError:
        alive = False
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _away(service) from error
    if not alive:
        raise _foreign()


async def through_browser(
    http: aiohttp.ClientSession,
    service: str,
    show: Callable[[str], Awaitable[bool]],
    *,
    machine: str,
    seconds: float = BROWSER_SECONDS,
) -> Json:
    """Lets *show* open the service's page, and takes the answer on a port that nobody else was told.

    Raises `NoBrowser` when *show* answers False before anybody came back.
    """
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
    async with _callback(state, answer) as redirect:
        asked = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": redirect,
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            "machine": machine,
        }
        got = await _answered(answer, show(f"{service}/cli/authorize?{urlencode(asked)}"), seconds)
    if "code" not in got:
        raise _refused(got.get("error", ""), got.get("error_description"))
    status, body = await _post(
        http,
        f"{service}/cli/token",
        grant_type="authorization_code",
        client_id=CLIENT,
        code=got["code"],
        redirect_uri=redirect,
        code_verifier=verifier,
    )
    if status != 200:
        raise _refused(str(body.get("error", "")), body.get("error_description") or body.get("message"))
    return _granted(body)


async def through_device(
    http: aiohttp.ClientSession,
    service: str,
    show: Callable[[Device], None],
    *,
    machine: str,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Json:
    """Lets *show* tell the code and the page, and asks until somebody has said yes or no there."""
    status, grant = await _post(http, f"{service}/cli/device", client_id=CLIENT, machine=machine)
    if status != 200:
        raise _refused(str(grant.get("error", "")), grant.get("error_description"))
    device, code, interval = _device(grant)
    show(device)
    waited = 0.0
    while True:
        waited += interval
        if waited > device.seconds:
            raise _refused("expired_token")
        await sleep(interval)
        try:
            status, body = await _post(
                http, f"{service}/cli/token", grant_type=DEVICE_GRANT, client_id=CLIENT, device_code=code
            )
        except Unavailable:
            interval = min(
                interval * 2, LONGEST_PAUSE_SECONDS
            )  # RFC 8628, 3.5: a client that cannot connect asks less often
            continue
        if status == 200:
            return _granted(body)
        error = str(body.get("error", ""))
        if error == "slow_down" or status == 429:
            interval += SLOWER_SECONDS
        elif error != "authorization_pending":
            raise _refused(error, body.get("error_description"))


@asynccontextmanager
async def _callback(state: str, answer: asyncio.Future[Mapping[str, str]]) -> AsyncIterator[str]:
    """Listens for the one answer of the browser, on 127.0.0.1 only; gives the address to come back to."""

    async def take(request: web.Request) -> web.Response:
        if request.headers.get(hdrs.HOST) != place:  # a page elsewhere whose name was bent to this address
            return _page(421, "Wrong address", "This is not for you.")
        if not hmac.compare_digest(request.query.get("state", "").encode(), state.encode()) or answer.done():
            return _page(400, "Not expected", "This sign-in is over, or never was. Run polaris login again.")
        answer.set_result(dict(request.query))
        if "code" in request.query:
            return _page(200, "Back to the terminal", "You can close this tab. The terminal says whether all is well.")
        return _page(200, "Nothing was signed in", "You can close this tab.")

    app = web.Application()
    app.router.add_get("/callback", take, allow_head=False)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        place = f"127.0.0.1:{site.port}"
        yield f"http://{place}/callback"
    finally:
        await runner.cleanup()


async def _answered(
    answer: asyncio.Future[Mapping[str, str]], opening: Awaitable[bool], seconds: float
) -> Mapping[str, str]:
    shown = asyncio.ensure_future(opening)
    try:
        async with asyncio.timeout(seconds):
            either: list[asyncio.Future[Any]] = [answer, shown]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() and not shown.result():
                raise NoBrowser
            return await answer
    except TimeoutError:
        raise PolarisError(
            f"Nobody came back from the browser within {seconds / 60:.0f} minutes.",
            code="sign_in_timed_out",
            status=408,
            hint="Run `polaris login` again; `polaris login --device` works with a browser anywhere.",
        ) from None
    finally:
        shown.cancel()
        await asyncio.gather(shown, return_exceptions=True)


def _device(grant: Json) -> tuple[Device, str, float]:
    """Checks what the service grants; the numbers are kept within what a person can wait for."""
    code, user_code, uri = (grant.get(name) for name in ("device_code", "user_code", "verification_uri"))
    whole = grant.get("verification_uri_complete")
    interval, seconds = grant.get("interval", 5), grant.get("expires_in", 600)
    texts = (code, user_code, uri, whole or uri)
    if not all(isinstance(text, str) and text for text in texts) or not str(uri).startswith(("https://", "http://")):
        raise _foreign()
    if not isinstance(interval, int | float) or not isinstance(seconds, int | float):
        raise _foreign()
    device = Device(clean(str(user_code)), clean(str(uri)), min(max(float(seconds), 1.0), 3600.0))
    return device, str(code), min(max(float(interval), 1.0), LONGEST_PAUSE_SECONDS)


def _granted(body: Json) -> Json:
    if not isinstance(body.get("access_token"), str) or str(body.get("token_type", "")).lower() != "bearer":
        raise _foreign()
    return body


async def _post(http: aiohttp.ClientSession, url: str, **form: str) -> tuple[int, Json]:
    """One form to the service; status and object of the answer. Raises `Unavailable`."""
    try:
        async with http.post(
            URL(url, encoded=True),
            data=form,
            headers={hdrs.ACCEPT: "application/json"},
            timeout=REQUEST,
            allow_redirects=False,
        ) as answer:
            raw, status = await answer.read(), answer.status
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _away(str(URL(url).origin())) from error
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if status >= 500:
        raise from_problem(status, body)
    if not isinstance(body, dict) or (status != 200 and status != 429 and "error" not in body):
        raise _foreign()
    return status, body


def _refused(error: str, description: Any = None) -> PolarisError:
    """The error of RFC 6749 and 8628 as one that says what to do."""
    if error == "access_denied":
        return PolarisError("The page said no: nobody is signed in.", code="sign_in_refused", status=403)
    if error == "expired_token":
        return PolarisError(
            "Nobody entered the code in time.", code="sign_in_timed_out", status=408, hint="Run `polaris login` again."
        )
    said = clean(str(description or error or "no reason given"))[:300]
    return PolarisError(
        f"The service refuses the sign-in: {said}", code="sign_in_failed", status=400, hint="Run `polaris login` again."
    )


def _away(service: str) -> Unavailable:
    return Unavailable(f"The service at {service} does not answer.", hint="Is the address right? Is it running?")


def _foreign() -> Unavailable:
    return Unavailable("The service answered something that is not Polaris's.", hint="Is the address right?")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _page(status: int, title: str, text: str) -> web.Response:
    return web.Response(
        status=status,
        text=_PAGE.format(style=_STYLE, title=title, text=text),
        content_type="text/html",
        headers=_PAGE_HEADERS,
    )

"""Signing this machine in and out."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from polaris import credentials, tokens
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Misconfigured, PolarisError, Unauthorized
from polaris.settings import Credential, Settings, read_credentials

if TYPE_CHECKING:
    from polaris.login import Device


class Login(Group):
    """Commands about who this machine is."""

    @command
    async def login(
        self, url: str | None = None, *, device: bool = False, with_token: bool = False, profile: str | None = None
    ) -> Result:
        """Signs this machine in to the service at URL (default: POLARIS_URL, then the profile's).

        Opens the browser, or shows a code for a browser anywhere else: over SSH, and where no browser opens.

        --device      shows the code in any case
        --with-token  reads a token from stdin instead, for machines without people
        --profile     the name to keep it under; it becomes the default one
        """
        from polaris import login
        from polaris.client import Client

        settings = base.settings()
        service = login.service_address(url or settings.url or _known(settings, profile))
        name = profile or settings.profile or _profile_for(settings, service)
        before = credentials.find(settings.credentials_file, name)  # a file that cannot be used is found before the act
        token = _given_token() if with_token else await _granted_token(service, device)
        async with Client(service, token) as client:
            me = await client.me()
        credentials.save(settings.credentials_file, name, Credential(service, me["org"], me["actor"], token))
        if before and (before.url, before.actor, before.org) != (service, me["actor"], me["org"]):
            _say(f"The profile {name!r} was {before.actor} of {before.org} at {before.url}.")
        for variable, differs in (
            ("POLARIS_TOKEN", settings.token not in (None, token)),
            ("POLARIS_URL", settings.url not in (None, service)),
            ("POLARIS_PROFILE", settings.profile not in (None, name)),
        ):
            if differs:
                _say(f"{variable} is set here and counts more than what was just saved.")
        found = {"profile": name, "url": service, "org": me["org"], "actor": me["actor"], "role": me["role"]}
        return Result(found, _welcome(found))

    @command
    async def logout(self, *, profile: str | None = None, forget: bool = False) -> Result:
        """Revokes this machine's token in the service, with everything that hangs on it, and removes the profile.

        --profile  which one; else POLARIS_PROFILE, then the default one
        --forget   removes the profile even if the service cannot be asked to revoke the token
        """
        from polaris.client import Client

        settings = base.settings()
        file = settings.credentials_file
        name = profile or settings.profile or str(read_credentials(file)["default"])
        found = credentials.find(file, name)
        if found is None:
            raise Misconfigured(
                f"There is no profile {name!r} in {file}.", code="not_signed_in", hint="Nobody is signed in there."
            )
        revoked = False
        try:
            async with Client(found.url, found.token) as client:
                await client.sign_out()
            revoked = True
        except Unauthorized:
            pass  # the service knows the token no more: there is nothing to revoke
        except PolarisError as error:
            if not forget:
                raise PolarisError(
                    f"{error.message} The token is still good there, so the profile {name!r} is kept.",
                    code=error.code,
                    status=error.status,
                    hint="Try again, or `polaris logout --forget` and have the token revoked elsewhere.",
                ) from error
            _say(f"{error.message} The token may still be good there: have it revoked.")
        credentials.remove(file, name)
        if settings.token:
            _say("POLARIS_TOKEN is set here: commands go on as whom it names.")
        lines = [f"{found.actor} of {found.org} is signed out of {found.url}; the profile {name!r} is removed."]
        return Result({"profile": name, "url": found.url, "actor": found.actor, "revoked": revoked}, lines)


def _known(settings: Settings, profile: str | None) -> str:
    """The address of the profile that signs in again."""
    found = credentials.find(settings.credentials_file, profile or settings.profile)
    if found is None:
        raise Misconfigured(
            "Which service? There is no profile that says it.", hint="Run `polaris login https://polaris.example.com`."
        )
    return found.url


def _profile_for(settings: Settings, service: str) -> str:
    """The profile that has this service already, the default one first; else a new one with the name of its host."""
    file = settings.credentials_file
    for name in credentials.names(file):
        if (read_credentials(file)["profiles"][name] or {}).get("url") == service:
            return name
    return urlsplit(service).netloc


def _given_token() -> str:
    token = base.text_of("-")
    if not tokens.well_formed(token):
        raise Unauthorized("What stands on stdin is not a token of Polaris.", code="token_malformed")
    return token


async def _granted_token(service: str, device: bool) -> str:
    import aiohttp

    from polaris import login

    machine = login.machine_name()
    async with aiohttp.ClientSession() as http:
        await login.require_service(http, service)
        answer: dict[str, Any] | None = None
        if not device and not login.wants_device(os.environ):
            try:
                answer = await login.through_browser(http, service, _open, machine=machine)
            except login.NoBrowser:
                _say("No browser opens here.")
        if answer is None:
            answer = await login.through_device(http, service, _tell, machine=machine)
    return str(answer["access_token"])


async def _open(url: str) -> bool:
    """Opens the browser; whether one was found. A thread, because some browsers keep their caller until they close."""
    _say(f"Your browser opens to sign in. If it does not, open this address on this machine:\n\n  {url}\n")
    loop = asyncio.get_running_loop()
    found: asyncio.Future[bool] = loop.create_future()

    def tell(opened: bool) -> None:
        if not found.done():
            found.set_result(opened)

    def open_it() -> None:
        try:
            opened = webbrowser.open(url)
        except (webbrowser.Error, OSError):
            opened = False
        with suppress(RuntimeError):  # the loop is closed: somebody came back before the browser did
            loop.call_soon_threadsafe(tell, opened)

    threading.Thread(target=open_it, name="browser", daemon=True).start()
    return await found


def _tell(device: Device) -> None:
    minutes = max(1, round(device.seconds / 60))
    _say(f"Open this page in a browser anywhere, within {minutes} minutes:\n\n  {device.uri}\n")
    _say(f"and enter the code:\n\n  {device.user_code}\n")


def _welcome(found: dict[str, str]) -> list[str]:
    return [
        f"You are {found['actor']} of {found['org']} ({found['role']}) at {found['url']}.",
        f"This machine's profile is {found['profile']!r}.",
        "Next:",
        "  polaris status                 what this machine is connected to",
        "  polaris daemon                 captures the coding agents of this machine",
        "  polaris join PROJECT SESSION   opens a session and takes its seat",
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

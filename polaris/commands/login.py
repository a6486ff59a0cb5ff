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

from polaris import credentials, render, tokens
from polaris.addresses import Address, is_direct
from polaris.command import Group, Result, command
from polaris.commands import base, setup
from polaris.errors import Exit, Misconfigured, PolarisError, Unauthorized
from polaris.settings import Credential, Settings, read_credentials

if TYPE_CHECKING:
    from polaris.login import Device


class Login(Group):
    """Commands about who this machine is."""

    @command
    async def login(
        self,
        url: str | None = None,
        *,
        device: bool = False,
        with_token: bool = False,
        profile: str | None = None,
        dry_run: bool = False,
        no_install: bool = False,
    ) -> Result:
        """Signs this machine in to the service at URL (default: POLARIS_URL, then the profile's) and sets it up.

        Opens the browser, or shows a code for a browser anywhere else: over SSH, and where no browser opens. A profile
        that is still good is used as it is. Then the coding agents of this machine get their hooks, tools, status line
        and the command /polaris, and the daemon becomes a service of yours; the plan is shown first.

        --device      shows the code in any case
        --with-token  reads a token from stdin instead, for machines without people; of a postgresql:// URL its password
        --profile     the name to keep it under; it becomes the default one
        --dry-run     shows what would be changed, and changes nothing
        --no-install  signs in and changes nothing else
        """
        from polaris import login

        settings = base.settings()
        asked = url or settings.url or _known(settings, profile)
        direct = Address.parse(asked) if is_direct(asked) else None
        service = direct.place if direct else login.service_address(asked)
        name = profile or settings.profile or _profile_for(settings, service)
        before = credentials.find(settings.credentials_file, name)  # a file that cannot be used is found before the act
        me = None
        if before and before.url == service and not device and not with_token and not (direct and direct.password):
            me = await _still_good(before)
        if dry_run:
            return await _shown(settings, service, name, me, no_install)
        if me is not None and before:
            token = before.token
        else:
            if direct:
                token = _login_of(settings, direct, with_token, shown=url == asked)
            else:
                token = _given_token() if with_token else await _granted_token(service, device)
            async with base.client_of(Credential(service, "", "", token)) as client:
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
        if no_install:
            return Result(found, [*_welcome(found), "Nothing else was changed: `polaris login` sets this machine up."])
        return await _set_up(settings, found)

    @command
    async def logout(self, *, profile: str | None = None, forget: bool = False) -> Result:
        """Revokes this machine's token in the service, with everything that hangs on it, and removes the profile.

        What was captured is delivered first. With the last profile goes everything that `polaris login` put on this
        machine: hooks, tools, status line, the command /polaris, the daemon's service.

        --profile  which one; else POLARIS_PROFILE, then the default one
        --forget   removes the profile even if the service cannot be asked to revoke the token
        """
        settings = base.settings()
        file = settings.credentials_file
        name = profile or settings.profile or str(read_credentials(file)["default"])
        found = credentials.find(file, name)
        if found is None:
            raise Misconfigured(
                f"There is no profile {name!r} in {file}.", code="not_signed_in", hint="Nobody is signed in there."
            )
        # First whether it can be done at all: until then the machine goes on as it is.
        await _asked(found, name, forget, revoke=False)
        last = credentials.names(file) == [name]
        left = await setup.deliver(None if last else name)
        revoked = await _asked(found, name, forget, revoke=True)
        credentials.remove(file, name)
        if settings.token:
            _say("POLARIS_TOKEN is set here: commands go on as whom it names.")
        told: dict[str, Any] = {"profile": name, "url": found.url, "actor": found.actor, "revoked": revoked}
        told["waiting"] = left
        lines = [f"{found.actor} of {found.org} is signed out of {found.url}; the profile {name!r} is removed."]
        if any(left.values()):
            words = f"{base.counted(left['events'], 'event')} and {base.counted(left['files'], 'file')} of hooks"
            lines.append(f"The service does not have {words}: they are kept in {settings.home}.")
        if not last:
            rest = ", ".join(credentials.names(file))
            return Result(told, [*lines, f"Everything else stays, for: {rest}."])
        removal = await base.in_thread(setup.look, settings, removes=True)
        for line in [*removal.lines(colour=render.colour_wanted(sys.stderr)), ""]:
            _say(line)
        lines += await base.in_thread(removal.carry_out)
        lines += [f"Left as it is: {one.error}" for one in removal.agents.refused]
        told["setup"] = removal.data()
        return Result(told, lines, Exit.FAILURE if removal.failures or removal.agents.refused else Exit.OK)


async def _still_good(saved: Credential) -> dict[str, Any] | None:
    """Who the saved token says one is; None when the service knows it no more."""
    try:
        async with base.client_of(saved) as client:
            return await client.me()
    except Unauthorized:
        return None


async def _shown(settings: Settings, service: str, name: str, me: dict[str, Any] | None, no_install: bool) -> Result:
    """The plan alone."""
    found = {"profile": name, "url": service, "signed_in": me is not None, "actor": me["actor"] if me else None}
    lines = [
        f"You are {me['actor']} of {me['org']} at {service} already; no sign-in is needed."
        if me
        else f"You sign in at {service}; the profile {name!r} is written to {settings.credentials_file}."
    ]
    if not no_install:
        plan = await base.in_thread(setup.look, settings)
        found |= {"setup": plan.data()}
        lines += plan.lines(colour=render.colour_wanted(sys.stdout))
    return Result(found, [*lines, "Nothing was changed: this is what would be done."])


async def _set_up(settings: Settings, found: dict[str, str]) -> Result:
    """Shows the plan on stderr, carries it out, and tells what was done and what is left to do."""
    plan = await base.in_thread(setup.look, settings)
    for line in [*plan.lines(colour=render.colour_wanted(sys.stderr)), ""]:
        _say(line)
    refused = len(plan.agents.refused)
    changed = bool(plan.agents)
    done = await base.in_thread(plan.carry_out)
    titles = [one.install.title for one in plan.agents.found]
    lines = [*_welcome(found), *done]
    if titles:
        lines.append(("Set up: " if changed else "Set up already: ") + ", ".join(titles) + ".")
    lines += [f"Refused: {one.error}" for one in plan.agents.refused[refused:]]
    failed = bool(plan.failures or plan.agents.refused)
    lines.append("")
    lines += ["Now, in a coding agent (start it anew if it runs already):", "  /polaris join PROJECT SESSION"] * bool(
        titles
    )
    lines += ["No coding agent was found. `polaris install` looks again."] * (not titles)
    lines.append("`polaris doctor` checks every joint; `polaris logout` takes everything out again.")
    return Result(found | {"setup": plan.data()}, lines, Exit.FAILURE if failed else Exit.OK)


async def _asked(saved: Credential, name: str, forget: bool, *, revoke: bool) -> bool:
    """Asks the service whether it knows the token, or to *revoke* it; whether it did.

    Raises what the service says, unless the profile is to be forgotten in any case.
    """
    if revoke and is_direct(saved.url):
        _say("The Postgres login stays: whoever looks after the database ends it with `polaris login-role revoke`.")
        return False
    try:
        async with base.client_of(saved) as client:
            await (client.sign_out() if revoke else client.me())
        return True
    except Unauthorized:
        return False  # the service knows the token no more: there is nothing to revoke
    except PolarisError as error:
        if not forget:
            raise PolarisError(
                f"{error.message} The token is still good there, so the profile {name!r} is kept.",
                code=error.code,
                status=error.status,
                hint="Try again, or `polaris logout --forget` and have the token revoked elsewhere.",
            ) from error
        if revoke:
            _say(f"{error.message} The token may still be good there: have it revoked.")
        return False


def _login_of(settings: Settings, address: Address, with_token: bool, *, shown: bool) -> str:
    """The whole address of a direct link; its password is asked for, so that no list of processes ever shows it."""
    if address.password is not None:
        if shown:
            _say("The password stood on the command line, where others may have seen it. Without it you are asked.")
        return address.secret
    if settings.token and is_direct(settings.token) and Address.parse(settings.token).place == address.place:
        return settings.token
    if with_token:
        return address.with_password(base.text_of("-")).secret
    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        password = getpass.getpass(f"Password of {address.login} (empty: none is needed): ")
        return address.with_password(password).secret if password else address.secret
    return address.secret


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
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""Looks at every joint between the coding agents of this machine, the daemon and the service; changes nothing.

Each check is on its own, all run at once, and one that takes too long or fails is a finding itself. A finding says in
one line how it is, and which command mends it. The daemon's secret is shown to the daemon only: to the process that
holds the lock of this home, never to whoever happens to have the port.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp

from polaris import __version__, install, service, service_managers
from polaris.addresses import is_direct
from polaris.errors import PolarisError
from polaris.settings import Credential, Settings

Json = dict[str, Any]
Level = Literal["ok", "warn", "fail"]

CHECK_SECONDS = 3.0
# Agents are asked for their version, which takes those in Node a second or more each.
AGENTS_SECONDS = 8.0
SKEW_SECONDS = 10.0
EXPIRES_SOON_SECONDS = 3 * 86_400
SPOOL_BYTES = 100 * 1024 * 1024
PRIVATE_FILES = ("credentials.json", "daemon.token", "daemon.json", "daemon.sqlite", "daemon.tokens", "installed.json")
PRIVATE_FOLDERS = ("", "spool", "bound", "logs", "backups")
RESTART = "polaris stop; polaris start"
CHANNEL_FLAGS = ("--dangerously-load-development-channels", "--channels")


@dataclass(frozen=True)
class Finding:
    """How one thing is; ``mend`` is the command (or the act) that makes it well."""

    joint: str
    level: Level
    text: str
    mend: str | None = None

    def data(self) -> Json:
        return dataclasses.asdict(self)


@dataclass
class Patient:
    """What the checks look at; ``status`` is the daemon's own word, once it was asked."""

    settings: Settings
    environ: Mapping[str, str]
    status: Json | None = None


async def examine(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """All findings, in the order of the way that an event takes from the service back to the agents."""
    patient = Patient(settings, os.environ if environ is None else environ)
    checks: list[tuple[str, float, Callable[[Patient], Awaitable[list[Finding]]]]] = [
        ("service", CHECK_SECONDS, _service),
        ("home", CHECK_SECONDS, _home),
        ("agents", AGENTS_SECONDS, _agents),
        ("inbox", CHECK_SECONDS, _inboxes),
    ]
    daemon, *others = await asyncio.gather(
        _checked("daemon", CHECK_SECONDS, _daemon, patient),
        *(_checked(name, seconds, check, patient) for name, seconds, check in checks),
    )
    found, home, agents, inboxes = others
    return [*found, *daemon, *_queue(patient), *home, *agents, *_events(patient), *inboxes]


async def _checked(
    name: str, seconds: float, check: Callable[[Patient], Awaitable[list[Finding]]], patient: Patient
) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds):
            return await check(patient)
    except TimeoutError:
        return [Finding(name, "warn", f"This could not be looked at within {seconds:g} s.", "polaris doctor")]
    except PolarisError as error:
        return [Finding(name, "fail", error.message, error.hint)]
    except Exception as error:
        return [Finding(name, "fail", f"This could not be looked at: {type(error).__name__}: {error}")]


# The service


async def _service(patient: Patient) -> list[Finding]:
    credential = patient.settings.credential()
    if is_direct(credential.url):
        return await _database(credential)
    place = f"{urlsplit(credential.url).scheme}://{urlsplit(credential.url).netloc.rpartition('@')[2]}"
    limit = aiohttp.ClientTimeout(total=CHECK_SECONDS - 0.3)
    begun = time.time()
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers={"Authorization": f"Bearer {credential.token}"}) as http,
            http.get(f"{credential.url}/me", allow_redirects=False) as answer,
        ):
            raw, status, date = await answer.read(), answer.status, answer.headers.get("Date", "")
    except (aiohttp.ClientError, OSError, TimeoutError):
        mend = "polaris up" if urlsplit(credential.url).hostname in ("127.0.0.1", "localhost") else "Is it running?"
        return [Finding("service", "fail", f"{place} does not answer.", mend)]
    now = (begun + time.time()) / 2
    return [*_signed_in(credential, place, status, raw), *_clock(date, now)]


async def _database(credential: Credential) -> list[Finding]:
    """A direct link: the database itself is the service."""
    from polaris.db.direct import DirectClient

    try:
        async with DirectClient(credential.token) as client:
            me = await client.me()
    except PolarisError as error:
        mend = error.hint or f"polaris login {credential.url}"
        return [Finding("service", "fail", f"{credential.url}: {error.message}", mend)]
    return [
        Finding("service", "ok", f"{credential.url} answers."),
        Finding("sign-in", "ok", f"{me['actor']} of {me['org']} ({me['role']}), by a login of the database."),
    ]


def _signed_in(credential: Credential, place: str, status: int, raw: bytes) -> list[Finding]:
    try:
        me = json.loads(raw)
    except ValueError:
        me = None
    if status == 401:
        return [
            Finding("service", "ok", f"{place} answers."),
            Finding("sign-in", "fail", "The token of this machine is not valid any more.", "polaris login"),
        ]
    if status != 200 or not isinstance(me, dict) or "actor" not in me:
        return [Finding("service", "fail", f"{place} answers {status}, not as Polaris does.", "polaris login URL")]
    found = [Finding("service", "ok", f"{place} answers.")]
    expires = me.get("token_expires_at")
    who, until = f"{me['actor']} of {me['org']} ({me['role']})", ""
    if isinstance(expires, str):
        moment = datetime.fromisoformat(expires)
        until = f", until {moment:%Y-%m-%d}"
        if (moment - datetime.now(UTC)).total_seconds() < EXPIRES_SOON_SECONDS:
            return [*found, Finding("sign-in", "warn", f"{who}{until}: the token ends soon.", "polaris login --device")]
    return [*found, Finding("sign-in", "ok", f"{who}{until}.")]


def _clock(date: str, now: float) -> list[Finding]:
    try:
        skew = now - parsedate_to_datetime(date).timestamp() - 0.5  # the header has whole seconds
    except (TypeError, ValueError):
        return []
    if abs(skew) <= SKEW_SECONDS:
        return [Finding("clock", "ok", "This machine's clock agrees with the service's.")]
    way = "ahead of" if skew > 0 else "behind"
    text = f"This machine's clock is {abs(skew):.0f} s {way} the service's: events have wrong times."
    mend = "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"
    return [Finding("clock", "warn", text, mend)]


# The daemon


async def _daemon(patient: Patient) -> list[Finding]:
    settings = patient.settings
    state = await asyncio.to_thread(service.state, settings)
    if not state.running:
        taken = settings.port and not await asyncio.to_thread(service.port_is_free, settings.port)
        if taken:
            text = f"Port {settings.port} is taken by a program that is not the daemon of {settings.home}."
            mend = "Stop that program, or set POLARIS_PORT; then: polaris start"
            return [Finding("daemon", "fail", text, mend)]
        return [Finding("daemon", "fail", f"No daemon runs for {settings.home}.", "polaris start")]
    limit = aiohttp.ClientTimeout(total=CHECK_SECONDS - 0.3)
    try:
        token = settings.daemon_token_file.read_text().strip()
        async with (
            aiohttp.ClientSession(timeout=limit, headers={"X-Polaris-Token": token}) as http,
            http.get(f"http://{service.HOST}:{state.port}/status") as answer,
        ):
            status, told = answer.status, json.loads(await answer.read())
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return [Finding("daemon", "fail", f"The daemon (pid {state.pid}) does not answer.", RESTART)]
    if status != 200:
        return [Finding("daemon", "fail", f"The daemon refuses: {told.get('code')}.", RESTART)]
    patient.status = told
    by = ", run by `polaris up`" if state.parent else ""
    found = [Finding("daemon", "ok", f"It runs: port {state.port}, pid {state.pid}{by}.")]
    version = told["daemon"].get("version")
    if version != __version__:
        text = f"Version {version or 'unknown'} runs, {__version__} is installed."
        found.append(Finding("daemon", "warn", text, "polaris up, again" if state.parent else RESTART))
    if settings.port not in (0, state.port):
        text = f"It listens on port {state.port}, not on {settings.port} as is set here."
        found.append(Finding("daemon", "warn", text, RESTART))
    return found


def _queue(patient: Patient) -> list[Finding]:
    """The spool, and links that do not get through."""
    status = patient.status
    if status is None:
        files = _count(patient.settings.spool_folder)
        return (
            [Finding("queue", "warn", f"{files} files of hooks wait for the daemon.", "polaris start")] if files else []
        )
    spool, found = status["spool"], []
    size = f"{spool['events']} events ({spool['bytes'] / 1048576:.1f} MiB) and {spool['files']} files wait"
    if spool.get("full"):
        found.append(Finding("queue", "fail", f"The queue is full: {size}; hooks keep their own.", "polaris status"))
    elif spool["bytes"] > SPOOL_BYTES:
        found.append(Finding("queue", "warn", f"{size}.", "polaris status"))
    else:
        found.append(Finding("queue", "ok", f"{size}."))
    for link in status.get("links") or []:
        place = "/".join(filter(None, (link["project"], link["session"])))
        if link["state"] == "refused":
            found.append(Finding("link", "fail", f"{place}: {link['reason']}", "polaris login"))
        elif link["state"] == "offline" and link["waiting"]:
            found.append(
                Finding("link", "warn", f"{place}: offline, {link['waiting']} wait. {link['reason'] or ''}".strip())
            )
        if link.get("refused"):
            text = f"{place}: the service refused {link['refused']} events."
            found.append(Finding("link", "warn", text, "polaris status --json"))
    for name, failure in (status.get("failures") or {}).items():
        found.append(Finding("daemon", "fail", f"{name}: {failure}", RESTART))
    return found


async def _home(patient: Patient) -> list[Finding]:
    """Whether others could read what is private, and whether the command in the home folder still works."""
    home, found = patient.settings.home, []
    if not home.exists():
        return [Finding("home", "warn", f"{home} is not there yet.", "polaris login")]
    wrong = [
        home / name
        for name in (*PRIVATE_FILES, *PRIVATE_FOLDERS)
        if (home / name).exists() and _mode(home / name) & 0o077
    ]
    if wrong:
        names = ", ".join(str(file) for file in wrong)
        found.append(Finding("home", "fail", f"Others can read {names}.", f"chmod -R go= {home}"))
    else:
        found.append(Finding("home", "ok", f"{home} is yours alone."))
    program = home / "bin" / "polaris"
    if program.exists():
        done = await asyncio.to_thread(service_managers.ask, [str(program), "--version"])
        if done.returncode:
            text = f"{program} does not work: the Python it was made with is gone."
            found.append(Finding("home", "fail", text, "polaris install"))
    return found


# The agents


async def _agents(patient: Patient) -> list[Finding]:
    """What an installation would change now is what is wrong now."""
    plan = await asyncio.to_thread(lambda: install.plan(patient.settings, environ=patient.environ))
    if not plan.found:
        return [
            Finding(
                "agents", "warn", "No coding agent was found on this machine.", "Install one, then: polaris install"
            )
        ]
    found = []
    for one in plan.found:
        title = " ".join(filter(None, (one.install.title, one.version)))
        steps = [step for step in plan.steps if step.target.agent == one.name]
        refused = [error for error in plan.refused if error.agent == one.name]
        mend = f"polaris install --agent {one.name}"
        if refused:
            found += [
                Finding(one.name, "fail", f"{title}: {error.error}", error.error.hint or mend) for error in refused
            ]
        elif steps:
            installed = _installed(patient.settings, one.name)
            lacks = ", ".join(name for step in steps for name, _ in step.parts)
            text = f"{title}: not as it should be: {lacks}" if installed else f"{title}: not set up for Polaris."
            found.append(Finding(one.name, "fail" if installed else "warn", text, mend))
        else:
            found.append(Finding(one.name, "ok", f"{title}: set up."))
        found += [Finding(one.name, "warn", f"{title}: {text}") for text in plan.warnings.get(one.name, [])]
        if one.program and not one.version and one.install.version:
            found.append(Finding(one.name, "warn", f"{title} does not tell its version.", f"{one.program} --version"))
    stale = [step.target.file.name for step in plan.steps if not step.target.agent]
    if stale and _installed(patient.settings, ""):
        text = f"Made by another version: {', '.join(stale)} in {patient.settings.home / 'bin'}."
        found.append(Finding("scripts", "fail", text, "polaris install"))
    return found


def _events(patient: Patient) -> list[Finding]:
    """Whether hooks reach the daemon: when each agent was heard last."""
    heard = (patient.status or {}).get("heard")
    if not isinstance(heard, dict):
        return []
    now = time.time()
    found = [Finding("hooks", "ok", f"{name} was heard {_ago(now - at)} ago.") for name, at in sorted(heard.items())]
    if found:
        return found
    text = "No hook has reached the daemon since it started."
    return [Finding("hooks", "warn", text, "Start the agent anew, and send it a prompt.")]


async def _inboxes(patient: Patient) -> list[Finding]:
    """Which ways into running sessions of Claude Code there are, beside its hooks."""
    config = patient.environ.get("CLAUDE_CONFIG_DIR") or str(
        Path(patient.environ.get("HOME") or Path.home()) / ".claude"
    )
    sessions = [one for file in Path(config, "sessions").glob("*.json") if (one := _session(file))]
    if not sessions:
        return []
    with_inbox = sum(
        bool(one.get("messagingSocketPath")) and Path(one["messagingSocketPath"]).exists() for one in sessions
    )
    with_channel = 0
    for one in sessions:
        with_channel += _has_channel(await asyncio.to_thread(_arguments, int(one["pid"])))
    text = f"{len(sessions)} sessions run: {with_inbox} with an inbox, {with_channel} with the channel."
    if with_inbox + with_channel:
        return [Finding("ways in", "ok", text)]
    why = "An idle one is not woken: advice waits for its next prompt. Claude Code 2.1.224 and newer has an inbox."
    return [Finding("ways in", "warn", f"{text} {why}", "claude update")]


def _session(file: Path) -> Json | None:
    """A session's own file, if its process lives."""
    try:
        found = json.loads(file.read_bytes())
        os.kill(int(found["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        pass
    try:
        asked = subprocess.run(
            ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return asked.stdout.split()


def _has_channel(arguments: Sequence[str]) -> bool:
    return any(word.partition("=")[0] in CHANNEL_FLAGS for word in arguments) and any(
        "polaris" in word for word in arguments
    )


def _installed(settings: Settings, agent: str) -> bool:
    from polaris.install.record import Record

    return any(entry.agent == agent for entry in Record(settings.home).entries.values())


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def _count(folder: Path) -> int:
    try:
        return sum(1 for file in folder.iterdir() if file.suffix == ".json")
    except OSError:
        return 0


def _ago(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{max(seconds, 0):.0f} s"

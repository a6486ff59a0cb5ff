"""What commands share: the settings, a client of the service, the database, the daemon of this machine, tables."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from polaris.addresses import is_direct
from polaris.errors import Conflict, Misconfigured, Misused, Unavailable, from_problem
from polaris.settings import Credential, Settings

if TYPE_CHECKING:
    from polaris.client import Client
    from polaris.db.embedded import Urls

DAEMON_SECONDS = 20.0


def settings(**overrides: Any) -> Settings:
    """The settings of this command; an override that is None leaves the environment's."""
    return Settings.from_env(**overrides)


@asynccontextmanager
async def service() -> AsyncIterator[Client]:
    """The service, as whom the profile (or ``POLARIS_TOKEN``) names."""
    async with client_of(settings().credential()) as client:
        yield client


def client_of(credential: Credential) -> Client:
    """A client as whom *credential* names: of the API, or on a direct link of the database itself."""
    if is_direct(credential.url):
        from polaris.db.direct import DirectClient

        return cast("Client", DirectClient(credential.token, lease_seconds=settings().lease_seconds))
    from polaris.client import Client

    return Client(credential.url, credential.token)


@contextmanager
def database(chosen: Settings | None = None) -> Iterator[Urls]:
    """The database as its administrator: ``POLARIS_DATABASE_URL``, else the embedded one, started for as long."""
    from polaris.db.embedded import Server, Urls

    chosen = chosen or settings()
    if chosen.database_url:
        yield Urls(chosen.database_url, chosen.database_url)
        return
    server = Server(chosen.home)
    ran = server.running()
    try:
        yield server.start()
    finally:
        if not ran:
            server.stop()


async def daemon(method: str, path: str, body: Any = None) -> Any:
    """Asks the daemon of this machine. Raises `Unavailable` when none runs, and what the daemon refuses."""
    import aiohttp

    here = settings()
    try:
        port = int(json.loads(here.daemon_file.read_text())["port"])
        token = here.daemon_token_file.read_text().strip()
    except (OSError, ValueError, KeyError, TypeError):
        raise _no_daemon(here.home) from None
    limit = aiohttp.ClientTimeout(total=DAEMON_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers={"X-Polaris-Token": token}) as http,
            http.request(method, f"http://127.0.0.1:{port}{path}", json=body) as answer,
        ):
            status, raw = answer.status, await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise _no_daemon(here.home) from None
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if status != 200:
        raise from_problem(status, found)
    return found


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Runs *work* until it ends, or until SIGTERM or SIGINT: then it is cancelled and tidies up before this returns."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    working = asyncio.create_task(work)
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    finally:
        waiting.cancel()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def alone(lock: Path, already: str) -> Iterator[None]:
    """One process at a time; the lock goes with it, however it ends. Raises `Conflict` that says *already*."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(lock, "a", opener=lambda path, flags: os.open(path, flags, 0o600)) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(already, code="already_up", hint="polaris status") from None
        yield


def text_of(word: str) -> str:
    """A text from the command line; ``-`` reads it from stdin."""
    import sys

    if word != "-":
        return word
    if sys.stdin is None or sys.stdin.isatty():
        raise Misconfigured("There is nothing on stdin to read.")
    return sys.stdin.read().strip()


def moment(text: str | None) -> datetime | None:
    """``2026-11-23`` or ``2026-11-23T14:00`` (this machine's time where none is named), or ``7d``: so long ago."""
    if text is None:
        return None
    if found := re.fullmatch(r"(\d{1,5})([mhdw])", text.strip()):
        unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[found[2]]
        return datetime.now(UTC) - timedelta(**{unit: int(found[1])})
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise Misused(
            f"{text!r} is no moment.", hint="2026-11-23, 2026-11-23T14:00, or 90m, 24h, 7d, 2w ago."
        ) from None


def counted(number: int, noun: str) -> str:
    """``1 event``, ``2 events``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[str]:
    """Aligned columns with a head; times are cut to the minute, nothing is shown as a dash."""
    if not rows:
        return []
    shown = [[_cell(row.get(column)) for column in columns] for row in rows]
    head = [column.removesuffix("_at").replace("_", " ") for column in columns]
    widths = [max(len(line[i]) for line in [head, *shown]) for i in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, *shown]
    ]


async def in_thread(work: Any, *arguments: Any, **named: Any) -> Any:
    """Runs blocking work (the database's administration is synchronous) beside the loop."""
    return await asyncio.to_thread(work, *arguments, **named)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text[:16].replace("T", " ") if len(text) > 18 and text[4:5] == "-" and text[10:11] == "T" else text


def _no_daemon(home: Path) -> Unavailable:
    return Unavailable(f"No daemon runs for {home}.", code="daemon_unreachable", hint="Start it: polaris start")

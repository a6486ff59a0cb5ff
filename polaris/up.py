"""All of Polaris on one machine: Postgres, migrations, the service, the daemon; an organization and its owner.

Postgres, service, daemon and, where they are wanted, the Slack bridge and the demo are processes of their own, looked
after from here: one that dies is started again at the same place. When this process is killed, the others but Postgres
end by themselves. Secrets reach them through their environment, never through their arguments.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from polaris import log, tokens
from polaris.commands import base
from polaris.errors import Conflict, Misconfigured, PolarisError, Unavailable
from polaris.settings import Credential, Settings, read_credentials, save_credential, write_private
from polaris.tasks import finished

if TYPE_CHECKING:
    from polaris.db.embedded import Server
    from polaris.db.founding import Standing

HOST = "127.0.0.1"
ORG = "local"
PROFILE = "local"
READY_SECONDS = 30.0
STOP_SECONDS = 20.0
RESTART_PAUSES_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 30.0
DATABASE_LOOK_SECONDS = 1.0
# What the bridge needs of the service's settings.
OF_THE_BRIDGE = re.compile("POLARIS_(DATABASE_URL|PUBLIC_URL|(SLACK)_.*)")
# How a part begins: this very installation, whatever the working directory holds.
PYTHON = (sys.executable, "-P", "-c", "import sys; from polaris.cli import main; sys.exit(main())")

logger = log.get(__name__)


async def up(settings: Settings, *, port: int, temporary: bool, demo: bool, ready: Callable[[str, str], None]) -> None:
    """Runs until SIGTERM or SIGINT and leaves nothing running; *ready* is called with the service's URL and its owner.

    *port* is the service's, 0 takes any; *temporary* removes the embedded database at the end; *demo* plays the live
    demo beside the rest. Raises `Conflict` when this home is up already, and whatever keeps a part from starting.
    """
    settings.check_local_sign_in(HOST)
    await base.until_told(_run(settings, port, temporary, demo, ready))


async def _run(settings: Settings, port: int, temporary: bool, demo: bool, ready: Callable[[str, str], None]) -> None:
    from polaris.db import logins, migrate
    from polaris.db.embedded import SERVICE_LOGIN, Server, Urls

    async with AsyncExitStack() as stack:
        stack.enter_context(base.alone(settings.home / "up.lock", f"Polaris is up already for {settings.home}."))
        if settings.database_url:
            urls = Urls(settings.database_url, settings.database_url)
        else:
            server = Server(settings.home)
            # Pushed first: a start that is cancelled half-way has to be undone as well.
            undo = server.destroy if temporary else server.stop
            stack.push_async_callback(lambda: finished(asyncio.to_thread(undo)))
            urls = await finished(asyncio.to_thread(server.start))
        await finished(asyncio.to_thread(migrate.apply, urls.owner))
        if not settings.database_url:
            await finished(
                asyncio.to_thread(logins.ensure_service, urls.owner, SERVICE_LOGIN, server.service_password())
            )
        credential = await _owner(settings, urls.owner)

        environment = {name: value for name, value in os.environ.items() if not name.startswith("POLARIS_")}
        environment |= {
            "POLARIS_HOME": str(settings.home),
            "POLARIS_PARENT": str(os.getpid()),
            "POLARIS_LOG_LEVEL": settings.log_level,
            "POLARIS_LEASE_SECONDS": str(settings.lease_seconds),
        }
        web = settings.web_environment() | {"POLARIS_DATABASE_URL": urls.service}
        api = Part("api", ["serve", f"--port={port}"], environment | web, settings)
        stack.push_async_callback(api.stop)
        url = await api.start()
        save_credential(
            settings.credentials_file,
            PROFILE,
            Credential(url, credential.org, credential.actor, credential.token),
            default=False,
        )
        daemon = Part(
            "daemon", ["daemon", f"--port={settings.port}"], environment | {"POLARIS_PROFILE": PROFILE}, settings
        )
        stack.push_async_callback(daemon.stop)
        await daemon.start()
        parts = [api, daemon]
        if settings.slack_client_id:
            own = {name: value for name, value in web.items() if OF_THE_BRIDGE.fullmatch(name)}
            # Links in messages lead to the web page, which without an address of its own is at this machine's.
            bridge = Part("bridge", ["bridge"], environment | {"POLARIS_PUBLIC_URL": url} | own, settings)
            stack.push_async_callback(bridge.stop)
            await bridge.start()
            parts.append(bridge)
        ready(url, credential.actor)
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part.keep())
            if not settings.database_url:
                group.create_task(_keep_database(server))
            if demo:
                # After the others are ready: nobody waits for a story.
                player = Part("demo", ["demo", "--live"], environment, settings)
                stack.push_async_callback(player.stop)
                group.create_task(_keep_demo(player))


async def _keep_demo(player: Part) -> None:
    """The demo is an addition: when it cannot go on, everything else does."""
    try:
        await player.start()
        await player.keep()
    except Unavailable as error:
        logger.error("the demo has ended", extra={"reason": error.message})


async def _keep_database(server: Server) -> None:
    """Starts the server again when it was killed; what reads and writes waits meanwhile and comes back by itself."""
    while True:
        await asyncio.sleep(DATABASE_LOOK_SECONDS)
        if await asyncio.to_thread(server.running):
            continue
        logger.warning("postgres ended")
        try:
            await finished(asyncio.to_thread(server.start))
        except PolarisError as error:
            logger.error("postgres does not start", extra={"reason": str(error)})


@dataclass
class Part:
    """One process that belongs to this installation. Its log is ``logs/NAME.log``, its last words ``NAME.err``."""

    name: str
    words: list[str]
    environment: dict[str, str] = field(repr=False)
    settings: Settings
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    url: str = field(default="", init=False)

    async def start(self) -> str:
        """Starts it and waits until it says that it is ready; the URL. Raises `Unavailable` with its last words."""
        folder = self.settings.logs_folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        last_words = folder / f"{self.name}.err"
        with open(last_words, "wb", opener=_private) as errors:
            self.process = await asyncio.create_subprocess_exec(
                *PYTHON,
                *self.words,
                f"--log={folder / f'{self.name}.log'}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=self.environment,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop the parts in their order
            )
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(READY_SECONDS):
                line = (await self.process.stdout.readline()).decode(errors="replace").strip()
        except TimeoutError:
            line = ""
        if not line.startswith("ready "):
            await self.stop()
            said = log.masked(last_words.read_text(errors="replace").strip()[-2000:])
            raise Unavailable(
                f"The {self.name} did not start: {said.removeprefix('polaris: ') or 'it said nothing'}",
                code=f"{self.name}_does_not_start",
                hint=f"Its log is {folder / f'{self.name}.log'}",
            )
        self.url = line.removeprefix("ready ")
        return self.url

    async def keep(self) -> None:
        """Starts it again at the same place whenever it ends; gives up when it does not stay."""
        pauses = iter(RESTART_PAUSES_SECONDS)
        while True:
            assert self.process is not None
            begun = time.monotonic()
            code = await self.process.wait()
            if time.monotonic() - begun > STEADY_SECONDS:
                pauses = iter(RESTART_PAUSES_SECONDS)
            pause = next(pauses, None)
            logger.warning("%s ended", self.name, extra={"exit_code": code})
            if pause is None:
                raise Unavailable(f"The {self.name} ends again and again.", hint=f"See {self.settings.logs_folder}")
            await asyncio.sleep(pause)
            if any(word.startswith("--port=") for word in self.words):
                port = self.url.rpartition(":")[2]
                self.words = [f"--port={port}" if word.startswith("--port=") else word for word in self.words]
            # A failing start counts like an end: the loop comes round to the next pause.
            with contextlib.suppress(Unavailable):
                await self.start()

    async def stop(self) -> None:
        """Asks it to end, waits, and insists."""
        if self.process is None or self.process.returncode is not None:
            return
        for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.process.wait()
                return


async def _owner(settings: Settings, url: str) -> Credential:
    """The saved owner of the organization ``local``; makes organization, member and token where they lack."""
    from polaris.db import founding

    saved = read_credentials(settings.credentials_file)["profiles"].get(PROFILE, {})
    token = saved.get("token", "")
    if token and (me := await founding.whose(url, token)):
        return Credential("", me.org, me.actor, token)
    token = tokens.new("u")
    label = f"polaris up on {socket.gethostname()}"
    note = settings.home / "local.json"
    try:
        me = await founding.create_org(url, ORG, handle(), token, name="This machine", label=label)
        write_private(note, json.dumps({"org_id": me.org_id, "actor": me.actor}) + "\n")
    except Conflict as error:
        # The organization is there and its token is lost: whoever has the database's password may make another one.
        me = await _known(note, url, token, label, error)
    credential = Credential("http://127.0.0.1", me.org, me.actor, token)
    save_credential(settings.credentials_file, PROFILE, credential, default=False)
    return credential


async def _known(note: Path, url: str, token: str, label: str, error: PolarisError) -> Standing:
    from polaris.db import founding

    try:
        known = json.loads(note.read_text())
        org_id, actor = int(known["org_id"]), str(known["actor"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Misconfigured(
            f"This database has an organization {ORG!r}, but the credentials for it are not in this home.",
            code="credentials_lost",
            hint=f"Restore {note.with_name('credentials.json')} from a backup, or give POLARIS_HOME a new folder.",
        ) from error
    await founding.issue(url, org_id, actor, token, label=label)
    return founding.Standing(org_id, ORG, actor, "admin")


def handle() -> str:
    """The name of the operating system's user as a member's handle."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].rstrip("-") or "owner"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

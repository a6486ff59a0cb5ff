"""The daemon: one process a home folder that captures, keeps, links and hands advice.

`serve` puts the parts together and runs them until the process is told to stop. Start: lock, secret, database, files of
hooks that ran meanwhile, links, and only then the port, so that what happened first is queued first.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from polaris import __version__, log, machine, secret_hints
from polaris.credentials import check_private
from polaris.errors import Conflict, Misconfigured
from polaris.settings import Settings, write_private

from . import agents, guard, records
from .advice import GRACE_SECONDS, Advice
from .asking import Answering
from .bindings import Bindings
from .connect import Connector
from .delivery_routes import DeliveryRoutes
from .direct import Opener
from .files import Files
from .git import Git
from .intake import Intake
from .keyring import Keyring
from .limits import Limits
from .link import ANSWER_SECONDS
from .links import Links
from .listeners import Listeners
from .paths import REST_SECONDS, UNPROVEN_SECONDS, Paths
from .redaction import Redaction
from .routes import Routes
from .speaking import Speaking
from .spool import MOST_BYTES, Spool
from .store import Store
from .tasks import Tasks
from .turns import Turns
from .watch import watch

LOG = log.get("daemon")

HOST = "127.0.0.1"
FILES_SECONDS = 2.0
STOP_SECONDS = 3.0
OPEN_FILES = 4096


class Daemon:
    """All parts of one daemon; `open` and `close` are its life."""

    def __init__(
        self,
        settings: Settings,
        *,
        spool_bytes: int = MOST_BYTES,
        grace_seconds: float = GRACE_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        rest_seconds: float = REST_SECONDS,
        unproven_seconds: float = UNPROVEN_SECONDS,
        bypass: Callable[[], bool] | None = None,
    ) -> None:
        self.settings = settings
        self.tasks = Tasks()
        self.store = Store(settings.daemon_database, records.STEPS)
        self.spool = Spool(self.store, spool_bytes)
        self.bindings = Bindings(self.store, settings.bound_folder)
        self.keyring = Keyring(settings.home / "daemon.tokens")
        self.redaction = Redaction()
        self.limits = Limits(machine.Watched(machine.file_of(settings.home)))
        self.opener = Opener(settings.lease_seconds)
        self.advice = Advice(self.store, self._wake, self._readable, grace_seconds)
        self.links = Links(
            self.tasks,
            self.bindings,
            self.spool,
            self.advice,
            self.keyring,
            self._credential,
            self.opener,
            answer_seconds,
        )
        self.turns = Turns()
        self.intake = Intake(
            self.store,
            self.bindings,
            self.spool,
            self.advice,
            self.redaction,
            self.turns,
            self.limits,
            Git(self.limits.excludes),
            wake=self._wake,
            holds=self.links.holds,
        )
        self.listeners = Listeners(self.advice.moved.set)
        self.paths = Paths(
            self.advice,
            self.bindings,
            self.turns,
            self.listeners,
            holds=self.links.holds,
            look=self.intake.look,
            bypass=bypass or self.limits.bypass,
            rest_seconds=rest_seconds,
            unproven_seconds=unproven_seconds,
        )
        self.files = Files(settings.spool_folder, self.intake)
        self.connector = Connector(
            settings,
            self.bindings,
            self.advice,
            self.intake,
            self.files,
            self.links,
            self.keyring,
            self.opener,
            self.limits,
        )
        self.answering = Answering(self.bindings, self.connector, self.redaction)
        self.speaking = Speaking(self.bindings, self.connector, self.advice, self.redaction)
        self.started_at = time.time()
        self.port = 0

    async def open(self) -> None:
        self.keyring.load()
        self.store.open()
        home_key = secrets.token_bytes(32)
        self.redaction.home_key = await self.store.do(lambda db: records.read_meta(db, "home_key", home_key))
        await self.bindings.load()
        await self.spool.load()
        await self.advice.load()
        taken = await self.files.take_up()
        if taken:
            LOG.info("took up what hooks had left", extra={"files": taken})
        self.opener.open()
        self.links.start()
        # Not waited for: it takes a third of a second, and only the first event needs it.
        self.tasks.start("redaction", partial(asyncio.to_thread, secret_hints.warm))
        self.tasks.start("files", self._files)
        self.tasks.start("advice", lambda: watch(self.advice, self.intake))
        self.tasks.start("paths", self.paths.run)
        self.tasks.start("usage", self.intake.count_beside)

    async def close(self) -> None:
        await self.tasks.stop()
        await self.opener.close()
        await asyncio.to_thread(self.store.close)

    async def status(self) -> dict[str, Any]:
        """``{daemon, sessions, links, spool, refused, failures, last_event_at, heard}``; times in seconds."""
        sessions = [
            self.connector.status(one.agent_session_id)
            | {"agent_session_id": one.agent_session_id, "agent": one.agent, "pid": one.pid}
            | {"advice_reason": self.paths.reason(one.route_id)}
            for one in self.bindings
        ]
        return {
            "daemon": {
                "pid": os.getpid(),
                "port": self.port,
                "started_at": self.started_at,
                "home": str(self.settings.home),
                "version": __version__,
            },
            "sessions": sessions,
            "links": self.links.status(),
            "spool": {
                "events": sum(self.spool.waiting.values()),
                "bytes": self.spool.bytes,
                "full": self.spool.full,
                "files": self.files.waiting(),
            },
            "advice": self.advice.counts(),
            "refused": await self.spool.aside(),
            "unknown": agents.not_understood(),
            "failures": dict(self.tasks.failures),
            "heard": {agent: at / 1000 for agent, at in self.intake.heard.items()},
            "last_event_at": None if self.intake.last_event_at is None else self.intake.last_event_at / 1000,
        }

    def _wake(self, route_id: int) -> None:
        self.links.wake(route_id)

    def _readable(self, piece: records.Piece) -> bool:
        return self.paths.readable(piece)

    def _credential(self, route: records.Route) -> Any:
        return self.connector.credential(route)

    async def _files(self) -> None:
        """A hook that gave up waiting leaves its payload in a file, whether the daemon lives or not."""
        while True:
            if self.limits.changed():
                await self.intake.pause_barred()
            await self.files.take_up()
            await asyncio.sleep(FILES_SECONDS)


async def serve(
    settings: Settings,
    *,
    port: int | None = None,
    ready: Callable[[int], None] | None = None,
    stop: asyncio.Event | None = None,
    **options: Any,
) -> None:
    """Runs the daemon until SIGTERM, SIGINT or *stop*. *port* 0 means any; *ready* is called with the real one.

    Raises 409 ``daemon_is_running`` when this home has one already, and `Misconfigured` ``port_taken`` when another
    program has the port.
    """
    check_private(settings.home)
    _room_for_connections()
    async with AsyncExitStack() as stack:
        stack.enter_context(_Lock(settings.home / "daemon.lock", settings.daemon_file))
        token = guard.read_token(settings.daemon_token_file)
        daemon = Daemon(settings, **options)
        stack.push_async_callback(daemon.close)
        await daemon.open()
        door = guard.Door()
        app = web.Application(middlewares=[guard.guard(token, door)], client_max_size=guard.BODY_BYTES)
        Routes(daemon).add_to(app)
        DeliveryRoutes(daemon).add_to(app)
        app.on_shutdown.append(daemon.speaking.stop)
        runner = web.AppRunner(
            app,
            shutdown_timeout=STOP_SECONDS,
            handle_signals=False,
            access_log=None,
            keepalive_timeout=guard.KEEPALIVE_SECONDS,
            lingering_time=1.0,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        wanted = settings.port if port is None else port
        assert runner.server
        try:
            listening = await asyncio.get_running_loop().create_server(door.over(runner.server), HOST, wanted)
        except OSError as error:
            raise Misconfigured(
                f"Port {wanted} of this machine is taken by another program.",
                code="port_taken",
                hint="Set POLARIS_PORT to a free one, for the daemon and for the agents.",
            ) from error
        stack.callback(listening.close)
        daemon.tasks.start("door", door.sweep)
        daemon.port = listening.sockets[0].getsockname()[1]
        about = {"port": daemon.port, "pid": os.getpid(), "version": __version__, "parent": settings.parent}
        write_private(settings.daemon_file, json.dumps(about))
        stack.callback(settings.daemon_file.unlink, missing_ok=True)
        stop = stop or asyncio.Event()
        # Before anybody learns that it runs: who knows may end it.
        with _signals(stop):
            LOG.info("listening", extra={"port": daemon.port})
            if ready:
                ready(daemon.port)
            await stop.wait()
            LOG.info("stopping")


def _room_for_connections() -> None:
    """Some systems give a program 256 open files; a link for each session and a hook for each event need more."""
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ImportError, OSError, ValueError):
        LOG.info("the number of open files stays as it is")


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set *stop*."""
    loop = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
            handled.append(number)
        except (NotImplementedError, RuntimeError, ValueError):
            pass  # not the main thread, as in tests
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


class _Lock:
    """One daemon a home: the lock goes with the process, however it ends."""

    def __init__(self, file: Path, shown: Path) -> None:
        self._file, self._shown = file, shown
        self._descriptor = -1

    def __enter__(self) -> None:
        import fcntl

        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            try:
                other = json.loads(self._shown.read_text())
            except (OSError, ValueError):
                other = {}
            raise Conflict(
                "A daemon of this home runs already"
                + (f" (pid {other['pid']}, port {other['port']})." if other else "."),
                code="daemon_is_running",
                details=other or None,
            ) from error

    def __exit__(self, *_: Any) -> None:
        os.close(self._descriptor)

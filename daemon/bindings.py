"""Which agent session belongs to which Polaris session; nothing is guessed.

An agent session is known by its id. The same process (pid and start time) carries its binding over a ``/clear``; a
resume keeps it by the id in a new process; a fork has a new id in a new process and is not bound. Where one process
holds many sessions (`Agent.PROCESS_IS_SESSION`), its number binds nothing; all it can tell is which session last called
one of our own tools in it. The registry is in memory, every change is in SQLite before it counts, and ``bound/``
mirrors who is captured for the hook script.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from polaris import log
from polaris.errors import Unprocessable

from . import agents, processes, records
from .records import Binding, Process, Route
from .store import Store
from .transcript import Cursor

LOG = log.get("daemon.bindings")
# The id becomes the name of a file in bound/.
SESSION_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
CALLERS = 200


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Sighting:
    """What a hook's payload says about where it comes from. ``starts`` and ``ends`` are the agent's own words.

    ``calls_us``: the agent is about to call one of our own tools.
    """

    agent: str
    agent_session_id: str
    pid: int | None = None
    transcript: str | None = None
    starts: str | None = None
    ends: str | None = None
    mode: str | None = None
    calls_us: bool = False


class Bindings:
    """The registry of bindings, routes and processes of one daemon."""

    def __init__(self, store: Store, folder: Path, started: Callable[[int], str | None] = processes.started) -> None:
        self._store = store
        self._folder = folder
        self._started = started
        self._lock = asyncio.Lock()
        self._by_id: dict[str, Binding] = {}
        self._processes: dict[int, Process] = {}
        # Of processes with many sessions, the one that last called our tools there.
        self._callers: dict[int, Process] = {}
        self.routes: dict[int, Route] = {}

    async def load(self) -> None:
        """Takes over what an earlier run knew, and makes ``bound/`` agree with it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self.routes = {route.route_id: route for route in await self._store.do(records.read_routes)}
        self._by_id = {one.agent_session_id: one for one in await self._store.do(records.read_bindings)}
        self._processes = {one.pid: one for one in await self._store.do(records.read_processes)}
        wanted = {one.agent_session_id for one in self if one.captures}
        for file in self._folder.iterdir():
            if file.name not in wanted:
                file.unlink(missing_ok=True)
        for name in wanted:
            (self._folder / name).touch(0o600)

    def __iter__(self) -> Iterator[Binding]:
        return iter(list(self._by_id.values()))

    def of(self, agent_session_id: str) -> Binding | None:
        """By the current id, or by one of before a ``/clear``."""
        found = self._by_id.get(agent_session_id)
        return found or next((one for one in self if agent_session_id in one.former.split()), None)

    def of_route(self, route_id: int) -> list[Binding]:
        return [one for one in self if one.route_id == route_id]

    def driver(self, route_id: int) -> Binding | None:
        """The agent session that drives over this route; at most one."""
        return next((one for one in self if one.route_id == route_id and one.role == "driver"), None)

    def processes(self) -> list[Process]:
        """Newest first."""
        return sorted(self._processes.values(), key=lambda one: -one.seen_at)

    def session_of(self, pid: int) -> Process | None:
        """The agent session that the process was last seen with; None when another process has its number now.

        Of a process with many sessions: the one that last called a tool of ours there.
        """
        start = self._started(pid)
        found = self._callers.get(pid) or self._processes.get(pid)
        if found and found.started == start:
            return found
        # Who was connected by somebody else's word, before a hook of it came.
        bound = next((one for one in self if one.pid == pid and one.started == start), None)
        return Process(pid, start, bound.agent, bound.agent_session_id, bound.transcript, 0) if bound else None

    async def see(self, seen: Sighting) -> Binding | None:
        """The binding that an event belongs to, if any; follows ``/clear``, resume and the end of a session."""
        async with self._lock:
            if not _owns_its_process(seen.agent):
                self._called(seen)
                seen = replace(seen, pid=None)
            binding = self._by_id.get(seen.agent_session_id)
            if binding is None:
                start = None if seen.pid is None else self._started(seen.pid)
                await self._note(seen, start)
                binding = self._predecessor(seen, start)
                if binding is None or seen.agent_session_id in binding.former.split():
                    return binding
                LOG.info("the binding follows /clear", extra={"route": binding.route_id})
                former = " ".join([*binding.former.split()[-9:], binding.agent_session_id])
                changed = replace(binding, agent_session_id=seen.agent_session_id, former=former, cleared=0)
            elif seen.pid is not None and seen.pid != binding.pid:
                start = self._started(seen.pid)
                await self._note(seen, start)
                changed = replace(binding, pid=seen.pid, started=start)
            else:
                changed = binding
            changed = _followed(changed, seen)
            if changed != binding:
                await self._save(changed, instead_of=binding)
            return changed

    async def change(self, agent_session_id: str, **values: Any) -> Binding | None:
        """Changes fields of one binding; None when it is gone."""
        async with self._lock:
            binding = self._by_id.get(agent_session_id)
            if binding is None:
                return None
            changed = replace(binding, **values)
            if changed != binding:
                await self._save(changed)
            return changed

    async def bind(self, binding: Binding) -> None:
        """Makes a binding, or puts it in the place of an older one of the same agent session."""
        if not SESSION_ID.fullmatch(binding.agent_session_id):
            raise Unprocessable("This is not the id of an agent session.", code="agent_session_not_valid")
        if not _owns_its_process(binding.agent):
            binding = replace(binding, pid=None, started=None)
        async with self._lock:
            await self._save(binding)

    async def drop(self, agent_session_id: str) -> None:
        """Forgets one binding; from here on nothing of that agent session is taken."""
        async with self._lock:
            self._mark(agent_session_id, False)
            await self._store.do(lambda db: records.drop_binding(db, agent_session_id))
            self._by_id.pop(agent_session_id, None)

    def find_route(self, route: Route) -> Route | None:
        """The known route to the same place for the same participant."""
        return next((one for one in self.routes.values() if one.key == route.key), None)

    async def save_route(self, route: Route, epoch: int) -> Route:
        """Makes or renews a route that has *epoch* from now on."""

        def job(db: sqlite3.Connection) -> int:
            route_id = records.save_route(db, route)
            records.note_epoch(db, route_id, epoch, now_ms())
            return route_id

        saved = replace(route, route_id=await self._store.do(job))
        self.routes[saved.route_id] = saved
        return saved

    async def set_epoch(self, agent_session_id: str, epoch: int) -> None:
        """Notes that the seat was claimed anew: what is captured from now on happened under *epoch*."""
        if changed := await self.change(agent_session_id, epoch=epoch, state="active", reason=None):
            await self._store.do(lambda db: records.note_epoch(db, changed.route_id, epoch, now_ms()))

    async def set_releasing(self, route_id: int, epoch: int | None) -> None:
        await self._store.do(lambda db: records.set_route(db, route_id, releasing=epoch))
        self.routes[route_id] = replace(self.routes[route_id], releasing=epoch)

    async def forget_route(self, route_id: int) -> None:
        await self._store.do(lambda db: records.forget_route(db, route_id))
        self.routes.pop(route_id, None)

    def read(self, agent_session_id: str, cursor: str) -> None:
        """The caller has committed how far the transcript was read."""
        if binding := self._by_id.get(agent_session_id):
            self._by_id[agent_session_id] = replace(binding, cursor=cursor)

    async def note(self, seen: Sighting) -> None:
        """Remembers which agent session a process has, bound or not."""
        if seen.pid is not None and _owns_its_process(seen.agent):
            async with self._lock:
                await self._note(seen, self._started(seen.pid))

    async def _save(self, binding: Binding, instead_of: Binding | None = None) -> None:
        dropped = (
            instead_of.agent_session_id
            if instead_of and instead_of.agent_session_id != binding.agent_session_id
            else None
        )

        def job(db: sqlite3.Connection) -> None:
            if dropped:
                records.drop_binding(db, dropped)
            records.save_binding(db, binding)

        await self._store.do(job)
        self._by_id[binding.agent_session_id] = binding
        if dropped:
            self._by_id.pop(dropped, None)
            self._mark(dropped, False)
        self._mark(binding.agent_session_id, binding.captures)

    async def _note(self, seen: Sighting, start: str | None) -> None:
        if seen.pid is None or not SESSION_ID.fullmatch(seen.agent_session_id):
            return
        process = Process(seen.pid, start, seen.agent, seen.agent_session_id, seen.transcript, now_ms())
        old = self._processes.get(seen.pid)
        if old and replace(old, seen_at=process.seen_at) == process:
            return
        await self._store.do(lambda db: records.save_process(db, process))
        self._processes[seen.pid] = process

    def _called(self, seen: Sighting) -> None:
        if seen.pid is None or not seen.calls_us:
            return
        start = self._started(seen.pid)
        self._callers.pop(seen.pid, None)
        self._callers[seen.pid] = Process(seen.pid, start, seen.agent, seen.agent_session_id, None, now_ms())
        while len(self._callers) > CALLERS:
            self._callers.pop(next(iter(self._callers)))

    def _predecessor(self, seen: Sighting, start: str | None) -> Binding | None:
        """Whose binding the unknown id continues: the same process after a ``/clear``."""
        if seen.pid is None:
            return None
        for binding in self:
            if (binding.agent, binding.pid, binding.started) != (seen.agent, seen.pid, start):
                continue
            if seen.agent_session_id in binding.former.split():
                return binding  # a late event of before the /clear
            if seen.starts == "clear" or (binding.cleared and seen.starts is None):
                return binding
        return None

    def _mark(self, agent_session_id: str, captured: bool) -> None:
        file = self._folder / agent_session_id
        if captured:
            file.touch(0o600)
        else:
            file.unlink(missing_ok=True)


def _owns_its_process(name: str) -> bool:
    agent = agents.find(name)
    return agent is None or agent.PROCESS_IS_SESSION


def _followed(binding: Binding, seen: Sighting) -> Binding:
    """What an event of the session itself changes in its binding."""
    if seen.mode:
        binding = replace(binding, mode=seen.mode)
    if seen.transcript and seen.transcript != binding.transcript:
        # A transcript that began after the binding did belongs to it whole.
        cursor = None if binding.transcript is None else Cursor(since=now_ms() / 1000).text()
        binding = replace(binding, transcript=seen.transcript, cursor=cursor)
    if seen.ends == "clear":
        return replace(binding, cleared=1)
    if seen.ends:
        return replace(binding, state="ended" if binding.state == "active" else binding.state)
    return replace(binding, state="active") if binding.state == "ended" else binding

"""What a sign-in changes on this machine and a sign-out undoes: the settings of coding agents, the daemon's service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polaris import __version__
from polaris.commands import base, machine
from polaris.errors import PolarisError
from polaris.settings import Settings

if TYPE_CHECKING:
    from polaris.install import Plan
    from polaris.service import State, Way

Json = dict[str, Any]

# How long a sign-out waits for the service to take what was captured.
DELIVERY_SECONDS = 5.0
COLOURS = {"+": "\x1b[32m", "~": "\x1b[33m", "-": "\x1b[31m"}
BOLD, END = "\x1b[1m", "\x1b[0m"
STEP_SECONDS = 0.1


@dataclass
class Setup:
    """A plan for the whole machine; `look` makes it and changes nothing."""

    settings: Settings
    removes: bool
    agents: Plan
    way: Way
    ran: State
    failures: list[PolarisError] = field(default_factory=list)

    @property
    def belongs_to_up(self) -> bool:
        return self.ran.running and self.ran.parent is not None

    @property
    def restarts(self) -> bool:
        """Whether the daemon that runs is of another version than this."""
        return self.ran.running and not self.belongs_to_up and self.ran.version != __version__

    def lines(self, *, colour: bool = False) -> list[str]:
        return [*self.agents.lines(colour=colour), *self._service_lines(colour)]

    def data(self) -> Json:
        about = {"way": self.way.name, "file": str(self.way.file) if self.way.file else None}
        return {
            "install": self.agents.data(),
            "service": about | {"running": self.ran.running, "belongs_to_up": self.belongs_to_up},
            "failures": [one.problem() for one in self.failures],
        }

    def carry_out(self) -> list[str]:
        """Does it, agents first: the service runs the command that is put into the home folder. What cannot be done
        stops nothing else and joins ``failures``. Answers what was done with the daemon.
        """
        if self.removes:
            lines = self._tried(self._remove_service)
            self.agents.carry_out()
            return lines
        if self.agents:
            self.agents.carry_out()
        return self._tried(self._make_service)

    def _tried(self, work: Any) -> list[str]:
        try:
            done: list[str] = work()
            return done
        except PolarisError as error:
            self.failures.append(error)
            return [error.message, *([error.hint] if error.hint else [])]

    def _make_service(self) -> list[str]:
        from polaris import service

        if self.belongs_to_up:
            return ["`polaris up` runs the daemon."]
        changed = self.way.install()
        if self.restarts or (changed and self.ran.running and self.way.file):
            service.stop(self.settings, self.way)
        self.ran = service.start(self.settings, self.way)
        return [f"The daemon runs as a {self.way.name}, on port {self.ran.port}."]

    def _remove_service(self) -> list[str]:
        from polaris import service

        if self.belongs_to_up:
            return ["`polaris up` runs the daemon; it goes on until `polaris up` ends."]
        ran = service.stop(self.settings, self.way)
        there = self.way.remove()
        return ["The daemon has stopped." if ran.running or there else "No daemon ran."]

    def _service_lines(self, colour: bool) -> list[str]:
        title = f"{BOLD}The daemon{END}" if colour else "The daemon"
        if self.belongs_to_up:
            return [f"{title}: `polaris up` runs it"]
        rows = [
            line
            for sign, what, why in (self._removal_rows() if self.removes else self._rows())
            for line in (f"  {COLOURS[sign]}{sign} {what}{END}" if colour else f"  {sign} {what}", f"      {why}")
        ]
        if not rows:
            return [] if self.removes else [f"{title}: nothing to do"]
        return [title, *rows]

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        """Sign, what, and why of each thing that is done with the service."""
        file = self.way.file
        there = file is not None and file.exists()
        if file is not None and (not there or file.read_text(encoding="utf-8", errors="replace") != self.way.text()):
            yield (
                "~" if there else "+",
                _short(file),
                f"a {self.way.name}: the daemon runs from each of your sign-ins on",
            )
        if not self.ran.running:
            yield "+", "starts", f"as a {self.way.name}; agents' hooks talk to it, and it talks to the service"
        elif self.restarts:
            yield "~", "starts again", f"version {self.ran.version or 'unknown'} runs, {__version__} is installed"

    def _removal_rows(self) -> Iterator[tuple[str, str, str]]:
        file = self.way.file
        if file is not None and file.exists():
            yield "-", _short(file), f"a {self.way.name}"
        if self.ran.running:
            yield "-", "ends", f"port {self.ran.port} is free then"


def look(settings: Settings, *, removes: bool = False, environ: Mapping[str, str] | None = None) -> Setup:
    """What a sign-in (or, *removes*, a sign-out) would change here. Blocks for as long as agents tell their version."""
    from polaris import install, service

    agents = install.plan_removal(settings) if removes else install.plan(settings)
    way = (service.installed(settings, environ) if removes else None) or service.choose(settings, environ)
    return Setup(settings, removes, agents, way, service.state(settings))


async def deliver(profile: str | None) -> Json:
    """Disconnects the agent sessions of *profile* (None: all) and waits a little until the service has everything.

    Answers what is left: ``{"events", "files"}``. A daemon that cannot be asked has nothing that could be delivered.
    """
    try:
        sessions = (await base.daemon("GET", "/status"))["sessions"]
    except PolarisError:
        return await machine.waiting()
    mine = [one for one in sessions if profile is None or one.get("profile") == profile]

    async def let_go(session: Json) -> None:
        with suppress(PolarisError):  # what it has is still in the queue, and told of below
            await base.daemon("POST", "/disconnect", {"agent_session_id": session["agent_session_id"]})

    async def empty() -> None:
        while any((await machine.waiting()).values()):  # noqa: ASYNC110 -- the queue is another process's
            await asyncio.sleep(STEP_SECONDS)

    with suppress(TimeoutError):
        async with asyncio.timeout(DELIVERY_SECONDS):
            await asyncio.gather(*(let_go(one) for one in mine))
            await empty()
    return await machine.waiting()


def _short(file: Path) -> str:
    home = os.environ.get("HOME", "")
    text = str(file)
    return f"~{text[len(home) :]}" if home and text.startswith(f"{home}{os.sep}") else text

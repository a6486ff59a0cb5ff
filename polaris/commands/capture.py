"""What is captured on this machine at all: directories, agents, sessions that ask for no permissions."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from pathlib import Path

from polaris import machine
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import NotFound, Unprocessable
from polaris.machine import Machine


class Capture(Group):
    """What is captured on this machine. The running daemon follows at once."""

    @command
    async def list(self) -> Result:
        """Shows excluded directories, agents that are switched off, and whether bypassing sessions are woken."""
        return _told(machine.read(_file()))

    @command
    async def exclude(self, folder: str) -> Result:
        """Never captures anything of FOLDER and what is below it; sessions that run there are paused."""
        real = machine.real(folder)
        if not Path(real).is_dir():
            raise NotFound(f"There is no folder {real}.", code="no_such_folder")
        now = machine.read(_file())
        return _saved(dataclasses.replace(now, excluded=tuple(sorted({*now.excluded, real}))))

    @command
    async def include(self, folder: str) -> Result:
        """Takes FOLDER off the list again."""
        now, real = machine.read(_file()), machine.real(folder)
        if real not in now.excluded:
            above = [one for one in now.excluded if Machine(excluded=(one,)).excludes([real])]
            raise NotFound(
                f"{real} is not on the list.",
                code="not_excluded",
                hint=f"It lies in {above[0]}, which is." if above else "`polaris capture list` shows what is.",
            )
        return _saved(dataclasses.replace(now, excluded=tuple(one for one in now.excluded if one != real)))

    @command
    async def off(self, agent: str) -> Result:
        """Captures nothing of AGENT (`claude-code`, `codex`, …) on this machine any more."""
        now = machine.read(_file())
        return _saved(dataclasses.replace(now, agents_off=tuple(sorted({*now.agents_off, _known(agent)}))))

    @command
    async def on(self, agent: str) -> Result:
        """Captures AGENT again; sessions that were paused are resumed with `polaris resume`."""
        now = machine.read(_file())
        return _saved(dataclasses.replace(now, agents_off=tuple(one for one in now.agents_off if one != agent)))

    @command
    async def bypass(self, switch: str) -> Result:
        """Lets advice wake an agent that runs without asking for permissions (`on`), or not (`off`, at first)."""
        if switch not in ("on", "off"):
            raise Unprocessable("It is on or off.", code="not_valid")
        return _saved(dataclasses.replace(machine.read(_file()), bypass=switch == "on"))


def _file() -> Path:
    return machine.file_of(base.settings().home)


def _saved(new: Machine) -> Result:
    machine.write(_file(), new)
    return _told(new)


def _told(now: Machine) -> Result:
    lines = [f"never captured: {one}" for one in now.excluded] or ["every directory is captured"]
    lines += [f"switched off: {one}" for one in now.agents_off] or ["no agent is switched off"]
    woken = "is woken by advice too" if now.bypass else "gets advice at its next event only"
    return Result(dataclasses.asdict(now), [*lines, f"an idle session that bypasses permissions {woken}"])


def _known(agent: str) -> str:
    if import_module("polaris.daemon.agents").find(agent) is None:
        raise Unprocessable(f"Polaris does not know the agent {agent!r}.", code="unknown_agent")
    return agent

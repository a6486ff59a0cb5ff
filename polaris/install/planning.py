"""What would be changed on this machine, as a list that can be shown, and then done."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from polaris.errors import Misconfigured
from polaris.install import machine
from polaris.install.desktop import CLAUDE_DESKTOP
from polaris.install.files import CannotInstall, Changed, drop, drop_folders, read, replace, sha256, shown
from polaris.install.machine import Found
from polaris.install.record import Entry, Record
from polaris.install.shapes import Entry as EntryPart
from polaris.install.shapes import Install
from polaris.install.targets import SCRIPTS, Target, scripts, targets_of, value_at
from polaris.settings import Settings, write_private

COMMAND_SECONDS = 30.0
# How often a file is read anew because somebody else wrote it meanwhile.
TRIES = 5
COLOURS = {"add": "\x1b[32m", "change": "\x1b[33m", "remove": "\x1b[31m", "refuse": "\x1b[31m", "": "\x1b[1m"}
SIGNS = {"add": "+", "change": "~", "remove": "-"}

What = Literal["add", "change", "remove"]


@dataclass(frozen=True)
class Step:
    """One file that is changed: how, and the parts that go in or out, each with its reason."""

    what: What
    target: Target
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Refused:
    """A file that is left as it is, although it should be changed."""

    agent: str
    file: Path
    error: CannotInstall


@dataclass
class Plan:
    """What would be done, and where it cannot be. `carry_out` does it; whatever fails joins ``refused``.

    ``notes`` say what the user has to do, ``warnings`` what of the user's stands in the way.
    """

    settings: Settings
    environ: Mapping[str, str]
    found: list[Found]
    removes: bool
    steps: list[Step] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    done: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    def data(self) -> dict[str, Any]:
        return {
            "agents": [
                {"agent": f.name, "version": f.version, "program": f.program, "config": str(f.config)}
                for f in self.found
            ],
            "steps": [
                {
                    "agent": step.target.agent or None,
                    "file": str(step.target.file),
                    "what": step.what,
                    "parts": [{"part": says, "why": why} for says, why in step.parts],
                }
                for step in self.steps
            ],
            "refused": [
                {"agent": one.agent or None, "file": str(one.file), "code": one.error.code, "message": str(one.error)}
                for one in self.refused
            ],
            "notes": self.notes,
            "warnings": self.warnings,
            "done": self.done,
        }

    def lines(self, *, colour: bool = False) -> list[str]:
        """The plan for people: each agent, its files with what goes in or out, and what the user has to do."""
        home = machine.user_home(self.environ)
        titles = {f.name: " ".join(filter(None, (f.install.title, f.version))) for f in self.found}
        lines: list[str] = []
        for agent, title in [*titles.items(), (SCRIPTS, "For all of them")]:
            steps = [step for step in self.steps if step.target.agent == agent]
            rows = [line for step in steps for line in self._rows(step, home, colour)]
            rows += [self._refusal(one, home, colour) for one in self.refused if one.agent == agent]
            if agent or rows:
                lines.append(_painted(title, "", colour) + ("" if rows else ": nothing to do"))
                lines += rows
            lines += [f"  {_painted('! ' + text, 'change', colour)}" for text in self.warnings.get(agent, [])]
            if steps and not self.removes:
                lines += [f"  > {note}" for note in self.notes.get(agent, [])]
        return lines or ["There is nothing of Polaris to remove." if self.removes else "No coding agent was found."]

    def carry_out(self) -> None:
        """Does it. A file that cannot be changed stops nothing else."""
        self.done = True
        if not self.steps:
            return
        with _alone(self.settings.home) as made:
            record = Record(self.settings.home)
            folders = made if self.removes else []
            for step in self.steps:
                try:
                    folders += self._do(step, record, [] if self.removes else made)
                except CannotInstall as error:
                    self.refused.append(Refused(step.target.agent, step.target.file, error))
            # Last, because the home folder itself may be one of them.
            drop_folders(folders)

    def _do(self, step: Step, record: Record, made: list[str]) -> list[str]:
        for _ in range(TRIES):
            with suppress(Changed):
                if step.what == "remove":
                    return self._remove(step.target, record)
                self._add(step.target, record, made)
                made.clear()
                return []
        raise CannotInstall(f"{step.target.file} changes all the time.", code="install_busy", hint="Try again.")

    def _add(self, target: Target, record: Record, made: list[str]) -> None:
        current = read(target.file)
        bare = target.without_us(current, record)
        after = target.with_us(current)
        folders: list[str] = []
        if after != current:
            if current is not None and target.by_command and self._by_command(target, add=True):
                after = read(target.file) or b""
            else:
                self._keep_edited(target, current, record)
                folders = replace(target.file, after, current, mode=target.mode)
            record.note(target.file, target.agent, sha256(after), bare, [*made, *folders])
        if target.status:
            self._keep_status(target.wrapped(bare))

    def _remove(self, target: Target, record: Record) -> list[str]:
        current = read(target.file)
        entry = record.entries.get(str(target.file))
        bare = target.without_us(current, record)
        changed = entry is None or entry.after != sha256(current)
        if bare != current and not (changed and target.by_command and self._by_command(target, add=False)):
            self._keep_edited(target, current, record)
            if bare is None:
                drop(target.file, current)
            else:
                replace(target.file, bare, current)
        if target.status:
            self._keep_status(None)
        record.forget(target.file)
        return entry.folders if entry else []

    def _by_command(self, target: Target, *, add: bool) -> bool:
        """Lets the program change its own file; whether that did it."""
        edit, found = target.by_command, next(f for f in self.found if f.name == target.agent)
        if edit is None or found.program is None:
            return False
        environ = {**self.environ, **found.install.environment}
        commands = [edit.part.remove] if value_at(read(target.file), edit.path) is not None else []
        commands += [edit.part.add] if add else []
        for command in commands:
            with suppress(OSError):
                machine.run([found.program, *edit.place.fill(command)], environ, COMMAND_SECONDS)
        return value_at(read(target.file), edit.path) == (edit.value if add else None)

    def _keep_edited(self, target: Target, current: bytes | None, record: Record) -> None:
        """Keeps a file of ours that somebody changed, before it is replaced or removed."""
        entry = record.entries.get(str(target.file))
        if target.whole and entry is not None and current is not None and sha256(current) != entry.after:
            write_private(record.backups / f"{target.file.name}.edited", current.decode(errors="replace"))

    def _keep_status(self, command: str | None) -> None:
        file = self.settings.home / "statusline.command"
        if command is None:
            file.unlink(missing_ok=True)
            shutil.rmtree(self.settings.home / "statusline.shown", ignore_errors=True)
        else:
            write_private(file, command)

    def _rows(self, step: Step, home: Path, colour: bool) -> list[str]:
        name = shown(step.target.file, home)
        lines = [f"  {_painted(f'{SIGNS[step.what]} {name}', step.what, colour)}"]
        for says, why in step.parts:
            what = f"{says.count(',') + 1} hooks" if says.startswith("hooks for ") else says
            lines.append(f"      {what}" + ("" if self.removes else f": {why}"))
        return lines

    def _refusal(self, one: Refused, home: Path, colour: bool) -> str:
        text = str(one.error).replace(str(home) + os.sep, "~/")
        hint = f" {one.error.hint}" if one.error.hint else ""
        return f"  {_painted('! ' + text, 'refuse', colour)}{hint}"


def installs() -> dict[str, Install]:
    """What every agent's module says about itself."""
    agents = import_module("polaris.daemon.agents")
    modules = {name: agents.find(name) for name in agents.NAMES}
    found = {name: module.INSTALL for name, module in modules.items() if getattr(module, "INSTALL", None) is not None}
    return found | {"claude-desktop": CLAUDE_DESKTOP}


def plan(settings: Settings, *, agent: str | None = None, environ: Mapping[str, str] | None = None) -> Plan:
    """What installing would change, for all agents of this machine or the one that is named. Writes nothing.

    Raises `Misconfigured` when *agent* is not known or not on this machine.
    """
    environ = os.environ if environ is None else environ
    found = machine.find(_chosen(agent), environ)
    if agent is not None and not found:
        raise Misconfigured(f"{installs()[agent].title} is not on this machine.", code="agent_not_found")
    record = Record(settings.home)
    made = Plan(settings, environ, found, removes=False)
    user_home = machine.user_home(environ)
    targets = scripts(settings, user_home) if found else []
    for one in found:
        targets += targets_of(one, settings, user_home)
        made.notes[one.name] = list(one.install.notes)
        made.warnings[one.name] = _warnings(one, environ)
    for target in targets:
        try:
            _plan_adding(made, target, record)
        except CannotInstall as error:
            made.refused.append(Refused(target.agent, target.file, error))
    return made


def plan_removal(settings: Settings, *, agent: str | None = None, environ: Mapping[str, str] | None = None) -> Plan:
    """What removing would change: everything of ours that is found, whether it is in the record or not."""
    environ = os.environ if environ is None else environ
    chosen = _chosen(agent)
    record = Record(settings.home)
    user_home = machine.user_home(environ)
    there = [
        Found(
            name,
            one,
            machine.config_folder(one, environ),
            machine.program(one, environ),
            "",
            machine.is_moved(one, environ),
        )
        for name, one in chosen.items()
    ]
    targets = [target for one in there for target in targets_of(one, settings, user_home)]
    known = {str(target.file) for target in targets}
    for file, entry in record.entries.items():
        if file not in known and entry.agent in chosen:
            targets += _elsewhere(chosen[entry.agent], file, entry, settings, user_home)
    if not {entry.agent for entry in record.entries.values()} - set(chosen) - {SCRIPTS}:
        targets += scripts(settings, user_home)
    made = Plan(settings, environ, there, removes=True)
    for target in targets:
        try:
            current = read(target.file)
            bare = target.without_us(current, record)
            if bare != current or str(target.file) in record.entries:
                made.steps.append(Step("remove", target, tuple((edit.says(), edit.why) for edit in target.edits)))
        except CannotInstall as error:
            made.refused.append(Refused(target.agent, target.file, error))
    touched = {step.target.agent for step in made.steps} | {one.agent for one in made.refused}
    made.found = [one for one in there if one.name in touched]
    return made


def _plan_adding(made: Plan, target: Target, record: Record) -> None:
    current = read(target.file)
    after = target.with_us(current)
    parts = [
        (edit.says(), edit.why)
        for edit in target.edits
        if target.only(edit).with_us(current) != (current if target.whole else target.only(None).with_us(current))
    ]
    if target.status:
        theirs = target.wrapped(target.without_us(current, record))
        kept = read(made.settings.home / "statusline.command")
        if theirs is not None and (kept != theirs.encode() or any(says == target.status.says() for says, _ in parts)):
            parts = [part for part in parts if part[0] != target.status.says()]
            parts.append((target.status.says(), f"{target.status.why}; yours is kept and shown beside it"))
    if after != current or parts:
        made.steps.append(Step("add" if current is None else "change", target, tuple(parts)))


def _elsewhere(install: Install, file: str, entry: Entry, settings: Settings, user_home: Path) -> list[Target]:
    """The target of a file that the record has and that the agent has no longer: its folder was another one then."""
    for part in install.parts:
        name = (isinstance(part, EntryPart) and part.moved) or part.file
        rest = name.removeprefix("{config}")
        if rest != name and file.endswith(rest):
            found = Found(entry.agent, install, Path(file.removesuffix(rest)), None, "", moved=True)
            return [t for t in targets_of(found, settings, user_home) if str(t.file) == file]
    return []


def _warnings(found: Found, environ: Mapping[str, str]) -> list[str]:
    said = []
    for warn in found.install.warnings:
        for name in warn.files:
            file = Path(machine.expanded(name.replace("{config}", str(found.config)), environ))
            with suppress(CannotInstall):
                value = value_at(read(file), warn.path)
                if value is not None and (warn.value is None or value == warn.value):
                    said.append(f"{shown(file, machine.user_home(environ))}: {warn.says}")
    return said


def _chosen(agent: str | None) -> dict[str, Install]:
    known = installs()
    if agent is None:
        return known
    if agent not in known:
        raise Misconfigured(
            f"There is no agent {agent!r} that Polaris knows.", code="agent_unknown", hint=f"Known: {', '.join(known)}."
        )
    return {agent: known[agent]}


def _painted(text: str, what: str, colour: bool) -> str:
    return f"{COLOURS[what]}{text}\x1b[0m" if colour else text


@contextmanager
def _alone(home: Path) -> Iterator[list[str]]:
    """One installation at a time in one home; the folder itself is the lock, so that nothing is left of it.

    Gives the folders that had to be made for it.
    """
    made: list[str] = []
    for folder in reversed([home, *home.parents]):
        if not folder.exists():
            folder.mkdir(mode=0o700)
            made.append(str(folder))
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield made
    finally:
        os.close(handle)

"""Turns what an agent's data says into changes of a text: ``add`` puts our part in, ``take`` takes it out again.

Both work on any text, whatever state of ours it has: nothing, an older installation, or what was written yesterday.
Ours is what runs one of our scripts, or the ``polaris`` of a home with ``mcp``.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from polaris import resources
from polaris.install import jsonc, toml
from polaris.install.files import CannotInstall, read
from polaris.install.machine import at_least
from polaris.install.shapes import Copied, Entry, Hooks, Part, StatusLine, Table, Trust


@dataclass(frozen=True)
class Place:
    """What the words in braces of an agent's data mean for one home and one agent."""

    agent: str
    home: Path
    config: Path
    version: str
    user_home: Path
    moved: bool = False

    @property
    def words(self) -> dict[str, str]:
        folder = self.home / "bin"
        first = "" if self.home == self.user_home / ".polaris" else f"POLARIS_HOME={quoted(str(self.home))} "
        return {
            "config": str(self.config),
            "home": str(self.home),
            "polaris": str(folder / "polaris"),
            "command": f"{first}{quoted(str(folder / 'capture.sh'))} {self.agent}",
            "statusline": f"{first}{quoted(str(folder / 'statusline.sh'))}",
        }

    def file(self, part: Part) -> Path:
        """The file of *part*."""
        name = part.moved if isinstance(part, Entry) and part.moved and self.moved else part.file
        file = self._path(name)
        if isinstance(part, Entry) and part.instead and not file.exists() and self._path(part.instead).exists():
            return self._path(part.instead)
        return file

    def _path(self, name: str) -> Path:
        filled = str(self.fill(name))
        return self.user_home / filled[2:] if filled.startswith("~/") else Path(filled)

    def fill(self, value: Any) -> Any:
        """*value* with the words in braces filled in; keys stay."""
        if isinstance(value, str):
            for word, meaning in self.words.items():
                value = value.replace(f"{{{word}}}", meaning)
            return value
        if isinstance(value, Mapping):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.fill(item) for item in value]
        return value

    def script(self, command: object, name: str) -> str | None:
        """The path of our script *name* if *command* runs it for this agent, whichever home it belongs to."""
        try:
            words = shlex.split(command) if isinstance(command, str) else []
        except ValueError:
            return None
        named = bool(words) and words[0].startswith("POLARIS_HOME=")
        words = words[1:] if named else words
        if not words or not words[0].endswith((f"/bin/{name}", f"/hooks/{name}")):
            return None
        if name == "capture.sh":
            return words[0] if words[1:] == [self.agent] else None
        # Many people have a status line of this name; ours is in a folder of Polaris.
        known = named or "polaris" in words[0].lower() or Path(words[0]).parent == self.home / "bin"
        return words[0] if known and not words[1:] else None

    def leaves(self, script: str) -> bool:
        """Whether a removal leaves an entry alone: it belongs to another home that is still there."""
        other = Path(script)
        return other.parent.name == "bin" and other.parent != self.home / "bin" and other.exists()


class Edit(Protocol):
    """One part of a file. ``before`` is the text without us where it is known: what was there stays, even if empty."""

    why: str

    def add(self, text: str) -> str: ...

    def take(self, text: str, before: str | None) -> str: ...

    def says(self) -> str: ...


def quoted(word: str) -> str:
    return "'" + word.replace("'", "'\"'\"'") + "'"


def edit_of(part: Part, place: Place) -> Edit:
    match part:
        case Hooks():
            return HookEdit(part, place)
        case Entry():
            return EntryEdit(part, place)
        case StatusLine():
            return StatusEdit(part, place)
        case Table():
            return TableEdit(part, place)
        case Trust():
            return TrustEdit(part, place)
        case Copied():
            return CopyEdit(part, place)


class HookEdit:
    def __init__(self, part: Hooks, place: Place) -> None:
        self.part, self.place, self.why = part, place, part.why
        self.events = [event for event, since in part.events.items() if at_least(place.version, since)]
        self.handler = dict(part.handler) | {"command": place.words["command"]}

    def says(self) -> str:
        return f"hooks for {', '.join(self.events)}"

    def add(self, text: str) -> str:
        for key, value in self.part.top.items():
            if jsonc.find(jsonc.parse(text), [key]) is None:
                text = jsonc.put(text, [key], value)
        for event in self.events:
            ours = list(self._ours(text, event))
            if not ours:
                item = self.handler if self.part.form == "handlers" else {"hooks": [self.handler]}
                text = jsonc.append(text, ["hooks", event], item)
                continue
            for path in reversed(ours[1:]):
                text = jsonc.remove(text, path)
            text = jsonc.put(text, ours[0], self.handler)
        for event in self._all(text):
            if event not in self.events:
                text = self._without(text, event, None)
        return text

    def take(self, text: str, before: str | None) -> str:
        for event in self._all(text):
            text = self._without(text, event, before, leave=True)
        # What the file needs beside hooks goes with the last of them, unless the user had it.
        if not any(_has_more(text, ["hooks", event]) for event in self._all(text)):
            for key, value in self.part.top.items():
                here = jsonc.find(jsonc.parse(text), [key])
                theirs = before is not None and jsonc.find(jsonc.parse(before), [key]) is not None
                if here is not None and here.value == value and not theirs:
                    text = jsonc.remove(text, [key], before)
        return text

    def _without(self, text: str, event: str, before: str | None, *, leave: bool = False) -> str:
        for path in reversed(list(self._ours(text, event, leave=leave))):
            text = jsonc.remove(text, path, before)
        return text

    def _all(self, text: str) -> list[str]:
        hooks = jsonc.find(jsonc.parse(text), ["hooks"])
        return [item.key for item in hooks.items] if hooks is not None and hooks.kind == "object" else []

    def ours(self, text: str) -> list[list[str | int]]:
        """Where all our handlers are."""
        return [path for event in self._all(text) for path in self._ours(text, event)]

    def _ours(self, text: str, event: str, *, leave: bool = False) -> Iterator[list[str | int]]:
        """Where our handlers of *event* are."""
        holder = jsonc.find(jsonc.parse(text), ["hooks", event])
        if holder is None or not isinstance(holder.value, list):
            return
        for number, item in enumerate(holder.value):
            if not isinstance(item, dict):
                continue
            if self.part.form == "handlers":
                handlers, path = [item], ["hooks", event]
                places: list[list[str | int]] = [[*path, number]]
            else:
                inner = item.get("hooks")
                handlers = inner if isinstance(inner, list) else []
                places = [["hooks", event, number, "hooks", i] for i in range(len(handlers))]
            for handler, where in zip(handlers, places, strict=True):
                script = self.place.script(handler.get("command") if isinstance(handler, dict) else None, "capture.sh")
                if script is not None and not (leave and self.place.leaves(script)):
                    yield where


class EntryEdit:
    def __init__(self, part: Entry, place: Place) -> None:
        self.part, self.place, self.why = part, place, part.why
        self.path, self.value = list(part.path), place.fill(part.value)

    def says(self) -> str:
        return ".".join(self.path)

    def add(self, text: str) -> str:
        return jsonc.put(text, self.path, self.value)

    def take(self, text: str, before: str | None) -> str:
        here = jsonc.find(jsonc.parse(text), self.path)
        if here is None or not self._ours(here.value):
            return text
        return _put_back(text, self.path, before)

    def _ours(self, value: Any) -> bool:
        words = list(_texts(value))
        servers = [word for word in words if word == "polaris" or word.endswith("/polaris")]
        if "mcp" not in words or not servers:
            return False
        return not self.place.leaves(servers[0])


class StatusEdit:
    def __init__(self, part: StatusLine, place: Place) -> None:
        self.part, self.place, self.why = part, place, part.why
        self.path = list(part.path)
        wanted = {key: value for key, value in part.value.items() if at_least(place.version, part.since.get(key, ""))}
        self.value: dict[str, Any] = place.fill(wanted)

    def says(self) -> str:
        return self.path[-1]

    def add(self, text: str) -> str:
        kept = {key: value for key, value in _object(text, self.path).items() if key not in self.value}
        return jsonc.put(text, self.path, {**self.value, **kept})

    def take(self, text: str, before: str | None) -> str:
        script = self.place.script(_object(text, self.path).get("command"), "statusline.sh")
        if script is None or self.place.leaves(script):
            return text
        return _put_back(text, self.path, before)

    def wrapped(self, before: str | None) -> str | None:
        """The command of the user's own status line, in the text without us."""
        command = _object(before, self.path).get("command") if before and before.strip("\ufeff \t\r\n") else None
        return command if isinstance(command, str) and not self.place.script(command, "statusline.sh") else None


class TableEdit:
    def __init__(self, part: Table, place: Place) -> None:
        self.part, self.place, self.why = part, place, part.why
        self.value = place.fill(part.value)

    def says(self) -> str:
        return ".".join(self.part.name)

    def add(self, text: str) -> str:
        return toml.put(text, self.part.name, self.value)

    def take(self, text: str, before: str | None) -> str:
        return toml.remove(text, self.part.name)


class TrustEdit:
    why = "the trust in our hooks goes with them"

    def __init__(self, part: Trust, place: Place) -> None:
        self.part, self.place = part, place
        self.hooks = Path(place.fill(part.hooks))

    def says(self) -> str:
        return ".".join(self.part.name)

    def add(self, text: str) -> str:
        return text

    def take(self, text: str, before: str | None) -> str:
        for name in self._names():
            text = toml.remove(text, (*self.part.name, name))
        return text

    def _names(self) -> list[str]:
        """The tables of our hooks, as Codex names them: file, event, group, handler."""
        try:
            hooks = (read(self.hooks) or b"{}").decode()
            places = HookEdit(Hooks(str(self.hooks), {}), self.place).ours(hooks)
        except (ValueError, CannotInstall):  # what cannot be read is told about where it is removed
            return []
        files = dict.fromkeys([str(self.hooks), os.path.realpath(self.hooks)])
        return [f"{file}:{_snake(str(path[1]))}:{path[2]}:{path[4]}" for file in files for path in places]


class CopyEdit:
    """A whole file of ours."""

    def __init__(self, part: Copied, place: Place) -> None:
        self.why = part.why
        command = place.words["polaris"]
        # Single quotes keep everything; Claude Code's rules for tools do not know the usual way of quoting those.
        word = f"'{command}'" if "'" not in command else f'"{command}"'
        home = json.dumps(str(place.home))[1:-1]
        self.text = resources.text(*part.source).replace("@POLARIS@", word).replace("@HOME@", home)

    def says(self) -> str:
        return "a file of its own"

    def add(self, text: str) -> str:
        return self.text

    def take(self, text: str, before: str | None) -> str:
        return before or ""


def _put_back(text: str, path: list[str], before: str | None) -> str:
    """*text* with what stood at *path* before us, written as it was; without it if nothing did."""
    old = jsonc.find(jsonc.parse(before), path) if before is not None else None
    if before is None or old is None:
        return jsonc.remove(text, path, before)
    here = jsonc.find(jsonc.parse(text), path)
    assert here is not None
    return text[: here.start] + before[old.start : old.end] + text[here.end :]


def _has_more(text: str, path: list[str]) -> bool:
    node = jsonc.find(jsonc.parse(text), path)
    return node is not None and bool(node.items)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _object(text: str, path: list[str]) -> dict[str, Any]:
    """The object at *path*; empty for none."""
    node = jsonc.find(jsonc.parse(text), path)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)

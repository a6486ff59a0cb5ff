"""What the daemon remembers besides events: routes, bindings, processes, advice, receipts.

Plain functions of an open SQLite connection, to be run by `store.Store.do`; with `spool` and `used` the only SQL of
the daemon. Times are milliseconds since 1970.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

SCHEMA = """
create table meta (
  name text primary key,
  value blob not null
) without rowid;

-- Where a participant's events of one Polaris session go; one link each. An advisor's route may have no session ('').
create table routes (
  route_id integer primary key,
  profile text not null,
  token_ref text not null,
  org text not null,
  actor text not null,
  project text not null,
  session text not null,
  redaction_key blob not null,
  releasing integer,
  unique (profile, org, actor, project, session)
);

-- Which epoch a route had from when on: a hook's file that is taken up late belongs to the one of its own time.
create table epochs (
  route_id integer not null references routes on delete cascade,
  since integer not null,
  epoch integer not null,
  primary key (route_id, since)
) without rowid;

create table bindings (
  agent_session_id text primary key,
  agent text not null,
  route_id integer not null references routes,
  role text not null,
  pid integer,
  started text,
  state text not null,
  reason text,
  epoch integer not null,
  paused integer not null,
  cleared integer not null,
  former text not null,
  transcript text,
  cursor text,
  bound_at integer not null
) without rowid;

-- Agent processes that were seen, bound or not, so that /connect can name a session by its pid.
create table processes (
  pid integer primary key,
  started text,
  agent text not null,
  agent_session_id text not null,
  transcript text,
  seen_at integer not null
);

-- Events that the service has not acknowledged. code is null until it refuses one for good.
create table events (
  event_id integer primary key autoincrement,
  route_id integer not null references routes,
  client_id text not null,
  epoch integer not null,
  kind text not null,
  event blob not null,
  captured_at integer not null,
  code text,
  message text
);
create unique index events_by_client_id on events (route_id, client_id);
create index events_by_route on events (route_id, event_id) where code is null;

create table advice (
  delivery_id text primary key,
  route_id integer not null references routes,
  epoch integer not null,
  state text not null,
  marker text not null,
  text text not null,
  expires_at integer,
  arrived_at integer not null,
  attempts integer not null,
  agent_session_id text,
  turn text,
  handed_at integer,
  ended_at integer,
  replied integer not null
) without rowid;
create index advice_by_route on advice (route_id);

create table receipts (
  receipt_id integer primary key autoincrement,
  route_id integer not null references routes,
  delivery_id text not null,
  state text not null,
  reason text,
  path text,
  epoch integer not null
);
"""

# What later versions added. A file has as many steps behind it as its ``user_version`` says; none is ever changed.
STEPS = (
    SCHEMA,
    # 2: the way on which a piece is, those that did not take it, and the permission mode of an agent session.
    """
alter table advice add column path text;
alter table advice add column tried text not null default '';
alter table bindings add column mode text;
""",
    # 3: what models used and no event carries yet (`used`).
    """
create table used (
  used_id integer primary key autoincrement,
  route_id integer not null references routes on delete cascade,
  agent text not null,
  message text not null,
  row text not null,
  unique (route_id, agent, message)
);
""",
)

PROCESSES_KEPT = 500

Row = TypeVar("Row", bound="_Row")


class _Row:
    @classmethod
    def of(cls: type[Row], row: sqlite3.Row) -> Row:
        # Every name of the class is a column of its table.
        return cls(**{field.name: row[field.name] for field in fields(cls)})  # type: ignore[arg-type]


@dataclass
class Route(_Row):
    """Who writes where, and as whom. ``token_ref`` '' means the profile's own token, else a key of `keyring`.

    ``releasing`` is the epoch whose seat is to be given up as soon as everything has been pushed.
    """

    route_id: int
    profile: str
    token_ref: str
    org: str
    actor: str
    project: str
    session: str
    redaction_key: bytes
    releasing: int | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return (self.profile, self.org, self.actor, self.project, self.session)

    @property
    def place(self) -> str:
        return f"{self.project}/{self.session}" if self.session else self.project


@dataclass
class Binding(_Row):
    """One agent session and its Polaris session.

    ``state``: ``active``; ``lost`` (the seat is not ours any more, ``reason`` says who took it); ``ended`` (the agent
    left; its resume makes it active again). ``former`` are its ids before ``/clear``, parted by blanks. ``cursor`` is
    how far its transcript was read (`transcript.Cursor`); None: not yet, begin at its present end.
    """

    agent_session_id: str
    agent: str
    route_id: int
    role: str
    pid: int | None
    started: str | None
    state: str
    reason: str | None
    epoch: int
    paused: int
    cleared: int
    former: str
    transcript: str | None = None
    cursor: str | None = None
    bound_at: int = 0
    # The agent's permission mode, as it said last.
    mode: str | None = None

    @property
    def captures(self) -> bool:
        """Whether its hooks' payloads become events now."""
        # `ended` too: the payload that tells of the end, and those of a resume while the daemon is down.
        return self.role == "driver" and self.state != "lost" and not self.paused


@dataclass
class Process(_Row):
    pid: int
    started: str | None
    agent: str
    agent_session_id: str
    transcript: str | None
    seen_at: int


@dataclass
class Piece(_Row):
    """One piece of advice on its way into the agent.

    ``state``: ``waiting``, ``handing`` (in an answer that may not have been written), ``sent``, ``seen``, ``done``.
    ``turn`` is the one it was handed in, ``ended_at`` when that turn ended, ``replied`` whether with a reply. ``path``
    is the way of the last copy; ``tried``, parted by blanks, are the ways that did not take it.
    """

    delivery_id: str
    route_id: int
    epoch: int
    state: str
    marker: str
    text: str
    expires_at: int | None
    arrived_at: int
    attempts: int = 0
    agent_session_id: str | None = None
    turn: str | None = None
    handed_at: int | None = None
    ended_at: int | None = None
    replied: int = 0
    path: str | None = None
    tried: str = ""


@dataclass
class Receipt(_Row):
    receipt_id: int
    route_id: int
    delivery_id: str
    state: str
    reason: str | None
    path: str | None
    epoch: int


def read_meta(db: sqlite3.Connection, name: str, default: bytes) -> bytes:
    """The value of *name*; writes *default* when it has none yet."""
    db.execute("insert or ignore into meta values (?, ?)", (name, default))
    value: bytes = db.execute("select value from meta where name = ?", (name,)).fetchone()[0]
    return value


def read_routes(db: sqlite3.Connection) -> list[Route]:
    return [Route.of(row) for row in db.execute("select * from routes order by route_id")]


def save_route(db: sqlite3.Connection, route: Route) -> int:
    """Makes or renews the route of its (profile, org, actor, project, session); answers its id."""
    row = db.execute(
        "insert into routes (profile, token_ref, org, actor, project, session, redaction_key, releasing)"
        " values (:profile, :token_ref, :org, :actor, :project, :session, :redaction_key, :releasing)"
        " on conflict (profile, org, actor, project, session) do update set"
        " token_ref = excluded.token_ref, redaction_key = excluded.redaction_key, releasing = excluded.releasing"
        " returning route_id",
        asdict(route),
    ).fetchone()
    return int(row[0])


def set_route(db: sqlite3.Connection, route_id: int, **values: Any) -> None:
    _update(db, "routes", "route_id", route_id, values)


def forget_route(db: sqlite3.Connection, route_id: int) -> None:
    """Raises when something still refers to it."""
    db.execute("delete from routes where route_id = ?", (route_id,))


def note_epoch(db: sqlite3.Connection, route_id: int, epoch: int, since: int) -> None:
    db.execute("insert or replace into epochs (route_id, since, epoch) values (?, ?, ?)", (route_id, since, epoch))


def epoch_at(db: sqlite3.Connection, route_id: int, moment: int) -> int | None:
    """The epoch that the route had at *moment*; before the first known one, that one."""
    row = db.execute(
        "select epoch from epochs where route_id = ? order by since > ?, abs(since - ?) limit 1",
        (route_id, moment, moment),
    ).fetchone()
    return None if row is None else int(row[0])


def read_bindings(db: sqlite3.Connection) -> list[Binding]:
    return [Binding.of(row) for row in db.execute("select * from bindings order by bound_at")]


def save_binding(db: sqlite3.Connection, binding: Binding) -> None:
    _replace(db, "bindings", asdict(binding))


def drop_binding(db: sqlite3.Connection, agent_session_id: str) -> None:
    db.execute("delete from bindings where agent_session_id = ?", (agent_session_id,))


def read_processes(db: sqlite3.Connection) -> list[Process]:
    return [Process.of(row) for row in db.execute("select * from processes order by seen_at")]


def set_cursor(db: sqlite3.Connection, agent_session_id: str, cursor: str) -> None:
    _update(db, "bindings", "agent_session_id", agent_session_id, {"cursor": cursor})


def save_process(db: sqlite3.Connection, process: Process) -> None:
    _replace(db, "processes", asdict(process))
    db.execute(
        "delete from processes where pid not in (select pid from processes order by seen_at desc limit ?)",
        (PROCESSES_KEPT,),
    )


def read_pieces(db: sqlite3.Connection) -> list[Piece]:
    return [Piece.of(row) for row in db.execute("select * from advice order by arrived_at, delivery_id")]


def save_pieces(db: sqlite3.Connection, pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        _replace(db, "advice", asdict(piece))


def drop_pieces(db: sqlite3.Connection, delivery_ids: Iterable[str]) -> None:
    db.executemany("delete from advice where delivery_id = ?", [(name,) for name in delivery_ids])


def add_receipt(db: sqlite3.Connection, piece: Piece, state: str, *, reason: str | None = None) -> None:
    db.execute(
        "insert into receipts (route_id, delivery_id, state, reason, path, epoch) values (?, ?, ?, ?, ?, ?)",
        (piece.route_id, piece.delivery_id, state, reason, piece.path, piece.epoch),
    )


def read_receipts(db: sqlite3.Connection, route_id: int, limit: int) -> list[Receipt]:
    rows = db.execute("select * from receipts where route_id = ? order by receipt_id limit ?", (route_id, limit))
    return [Receipt.of(row) for row in rows]


def drop_receipt(db: sqlite3.Connection, receipt_id: int) -> None:
    db.execute("delete from receipts where receipt_id = ?", (receipt_id,))


def _replace(db: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    db.execute(f"insert or replace into {table} ({names}) values ({marks})", values)


def _update(db: sqlite3.Connection, table: str, key: str, found: Any, values: dict[str, Any]) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(f"update {table} set {sets} where {key} = :_key", values | {"_key": found})

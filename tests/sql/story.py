"""Stories for the tests of the SQL functions: an organization, its people, sessions and events, in few words.

A story calls the functions of schema ``polaris`` as the service: ``story.claim_driver(actor="user:krishna", **fxm)``
passes ``p_org`` by itself. Functions that answer one row answer that row, the others a list of rows.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import namedtuple_row

Connection = psycopg.Connection[Any]
Row = Any

MANY = ("list_", "read_", "search_", "find_events", "push_", "heartbeat", "reap_", "set_policy", "get_slack")
MANY += ("begin_slack_post", "advise_from_slack", "edit_slack_advice", "find_commit", "get_usage")
NUMBERS = itertools.count(1)
DEADLINE_SECONDS = 20.0

EVENT: dict[str, Any] = {
    "kind": "prompt",
    "turn": None,
    "agent": "claude-code",
    "body": "text",
    "payload": None,
    "occurred_at": None,
    "facts": None,
}
PUSHED = (
    "actor",
    "project",
    "session",
    "epoch",
    "kind",
    "client_id",
    "turn",
    "agent",
    "body",
    "payload",
    "occurred_at",
    "facts",
)


class Place(dict[str, str]):
    """A session by its names, to be passed on as ``**fxm``; with the driver and epoch that it had when it was made."""

    def __init__(self, project: str, session: str, driver: str | None = None, epoch: int = 0) -> None:
        super().__init__(project=project, session=session)
        self.driver = driver
        self.epoch = epoch


class Caller:
    """The functions of schema ``polaris`` on one connection; *org* is passed wherever a function takes one."""

    def __init__(self, connection: Connection, signatures: dict[str, dict[str, str]], org: int | None = None) -> None:
        self.connection = connection
        self.signatures = signatures
        self.org = org

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self.signatures:
            raise AttributeError(name)
        return lambda **arguments: self.call(name, **arguments)

    def call(self, function: str, /, **arguments: Any) -> Any:
        types = self.signatures[function]
        values = {f"p_{name}": _json(value, types[f"p_{name}"]) for name, value in arguments.items()}
        if "p_org" in types:
            values.setdefault("p_org", self.org)
        query = sql.SQL("select * from polaris.{}({})").format(
            sql.Identifier(function),
            sql.SQL(", ").join(
                sql.SQL("{} => {}::{}").format(sql.Identifier(name), sql.Placeholder(name), sql.SQL(types[name]))
                for name in values
            ),
        )
        with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            rows = cursor.execute(query, values).fetchall()
        if function.startswith(MANY):
            return rows
        (row,) = rows
        return row[0] if len(row) == 1 else row

    def push(self, place: Place, *events: dict[str, Any], **same: Any) -> list[Row]:
        """Pushes as the place's driver under its epoch; *same* is said of each event, what it says itself wins."""
        base = {**place, "actor": place.driver, "epoch": place.epoch, **EVENT, **same}
        return self.push_columns([base | event for event in events])

    def push_columns(self, events: list[dict[str, Any]]) -> list[Row]:
        columns = {name: [_json(event[name]) for event in events] for name in PUSHED}
        rows: list[Row] = self.call("push_events", **columns)
        return rows


class Story(Caller):
    """One organization of the shared database, made by user:manu."""

    def __init__(
        self, connection: Connection, signatures: dict[str, dict[str, str]], owner: Connection, connect: Connect
    ) -> None:
        super().__init__(connection, signatures)
        self.owner = owner
        self.connect = connect
        self.slug = f"org-{next(NUMBERS)}"
        made = self.create_org(slug=self.slug, name="The Org", handle="manu")
        self.org, self.me = made.org_id, made.actor

    def member(self, handle: str, role: str = "member") -> str:
        """Adds a person; answers its participant."""
        actor: str = self.add_member(actor=self.me, handle=handle, role=role).actor
        return actor

    def project(self, name: str = "pj", by: str | None = None) -> str:
        self.create_project(actor=by or self.me, name=name)
        return name

    def session(self, name: str, driver: str | None = None, project: str = "pj", lease_seconds: int = 60) -> Place:
        """A session, made with its project where that is missing; driven by *driver* where one is named."""
        if project not in {p.name for p in self.list_projects()}:
            self.project(project)
        if name not in {s.name for s in self.list_sessions(actor=None, project=project)}:
            self.create_session(actor=driver or self.me, project=project, session=name)
        if driver is None:
            return Place(project, name)
        return self.claim(Place(project, name), driver, lease_seconds)

    def claim(self, place: Place, driver: str, lease_seconds: int = 60) -> Place:
        """The same session as its next driver has it."""
        seat = self.claim_driver(actor=driver, lease_seconds=lease_seconds, **place)
        return Place(place["project"], place["session"], driver, seat.epoch)

    def advise(self, place: Place, body: str = "use RS256", sender: str | None = None, **more: Any) -> Row:
        return self.inject(actor=sender or self.me, body=body, **place, **more)

    def settle(self, delivery: Row, state: str, place: Place, **more: Any) -> Row:
        return self.settle_delivery(
            delivery=delivery.delivery_id, state=state, **{"actor": place.driver, "epoch": place.epoch, **more}
        )

    def events(self, project: str = "pj", **filters: Any) -> list[Row]:
        rows: list[Row] = self.read_events(project=project, limit=1000, **filters)
        return rows

    def told(self, project: str = "pj", after: int = 0) -> list[str]:
        """The kinds of a project's events, in order."""
        return [event.kind for event in self.events(project, after=after)]

    def project_id(self, name: str = "pj") -> int:
        number: int = self.get_project(actor=None, project=name).project_id
        return number

    def audited(self) -> list[tuple[str | None, str, str | None, Any]]:
        """The audit log, oldest first: who did what to whom, and the details."""
        log = self.list_audit(actor=None, limit=1000)
        return [(row.actor, row.action, row.target, json.loads(row.detail or "null")) for row in log]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Looks at the tables as the superuser."""
        return self.owner.execute(query, values).fetchall()

    def run_out(self, place: Place) -> None:
        """Lets the lease of a session run out."""
        self.owner.execute(
            """
            update polaris_data.sessions s set lease_until = clock_timestamp() - interval '1 second'
            from polaris_data.projects p
            where p.org_id = s.org_id and p.project_id = s.project_id
              and s.org_id = %s and p.name = %s and s.name = %s and s.driver is not null
            """,
            [self.org, place["project"], place["session"]],
        )

    def grow_old(self, delivery: Row) -> None:
        """Lets a piece of advice expire."""
        self.owner.execute(
            """
            update polaris_data.deliveries set expires_at = clock_timestamp() - interval '1 second'
            where org_id = %s and delivery_id = %s
            """,
            [self.org, delivery.delivery_id],
        )

    def lapse(self, request: Row) -> None:
        """Lets a request for a seat run out; nobody has noticed yet."""
        self.owner.execute(
            """
            update polaris_data.seat_requests r set expires_at = clock_timestamp() - interval '1 second'
            from polaris_data.sessions s, polaris_data.projects p
            where p.org_id = s.org_id and p.project_id = s.project_id
              and r.org_id = s.org_id and r.session_id = s.session_id
              and s.org_id = %s and p.name = %s and s.name = %s and r.seq = %s
            """,
            [self.org, request.project, request.session, request.seq],
        )

    def check(self, project: str = "pj") -> None:
        """Counts gaps and doubles over a whole project."""
        (number,) = self.rows(
            """
            select count(*), coalesce(min(seq), 1), coalesce(max(seq), 0), count(distinct seq),
              count(distinct (session_id, client_id)), (
                select h.last_seq from polaris_data.project_heads h
                where h.org_id = %s and h.project_id = %s)
            from polaris_data.events where org_id = %s and project_id = %s
            """,
            *[self.org, self.project_id(project)] * 2,
        )
        count = number[0]

        assert number == (count, 1, count, count, count, count)

    @contextmanager
    def another(self) -> Iterator[Caller]:
        """The service again, on a connection of its own."""
        with self.connect.service() as connection:
            yield Caller(connection, self.signatures, self.org)

    @contextmanager
    def client(self, actor: str) -> Iterator[Client]:
        """A direct SQL client: a Postgres login of its own that acts as *actor*."""
        with self.connect.client() as (login, connection):
            self.register_login(actor=actor, login=login)
            yield Client(connection, self.signatures, login)

    @contextmanager
    def listening(self, *channels: str) -> Iterator[Callable[[], list[tuple[str, str]]]]:
        """Listens; the function it yields answers what was heard since it was last asked: (channel, payload)."""
        with self.connect.service() as ear:
            for channel in (*channels, "end_of_story"):
                ear.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))

            def heard() -> list[tuple[str, str]]:
                # The queue is in order: what was said before this mark is heard before it.
                mark = str(next(NUMBERS))
                self.owner.execute("select pg_notify('end_of_story', %s)", [mark])
                found = []
                for note in ear.notifies(timeout=DEADLINE_SECONDS):
                    if note.payload == mark:
                        return found
                    found.append((note.channel, note.payload))
                raise AssertionError("the notification never came")

            yield heard


class Client(Caller):
    """A direct client's functions; no organization is passed, the login says it."""

    def __init__(self, connection: Connection, signatures: dict[str, dict[str, str]], login: str) -> None:
        super().__init__(connection, signatures)
        self.login = login


@dataclass(frozen=True)
class Connect:
    """New connections to one database, each closed where it was opened."""

    owner_url: str
    service_url: str

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            yield connection

    @contextmanager
    def service(self) -> Iterator[Connection]:
        with psycopg.connect(self.service_url, autocommit=True) as connection:
            yield connection

    @contextmanager
    def client(self, *roles: str) -> Iterator[tuple[str, Connection]]:
        """A new login, member of polaris_client unless other roles are named; it goes with its connection."""
        login = f"client_{next(NUMBERS)}"
        with self.owner() as owner:
            owner.execute(sql.SQL("create role {} login password 'open sesame'").format(sql.Identifier(login)))
            for role in roles or ("polaris_client",):
                owner.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(login)))
            try:
                with psycopg.connect(self.owner_url, user=login, password="open sesame", autocommit=True) as connection:
                    yield login, connection
            finally:
                owner.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(login)))


@dataclass
class Refusal:
    """What the database said when it refused."""

    message: str = ""
    hint: str = ""
    detail: Any = field(default=None)


@contextmanager
def refused(status: int, code: str) -> Iterator[Refusal]:
    """Expects the one way to fail: SQLSTATE PL + status, and the code as the constraint."""
    said = Refusal()
    with pytest.raises(psycopg.Error) as caught:
        yield said
    error = caught.value
    said.message = error.diag.message_primary or ""
    said.hint = error.diag.message_hint or ""
    said.detail = json.loads(error.diag.message_detail or "null")

    assert (error.sqlstate, error.diag.constraint_name) == (f"PL{status}", code), error


@contextmanager
def not_permitted() -> Iterator[None]:
    """Expects Postgres itself to refuse."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        yield


def event(client_id: str, **fields: Any) -> dict[str, Any]:
    """One event to push."""
    return {"client_id": client_id, **fields}


class Background:
    """Calls that may have to wait, each in a thread; `until_waiting` answers when one does."""

    def __init__(self, owner: Connection) -> None:
        self.owner = owner
        self.pool = ThreadPoolExecutor(16)

    def start(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self.pool.submit(call, *args, **kwargs)

    def until_waiting(self, caller: Caller, future: Future[Any]) -> None:
        """Returns when the connection of *caller* waits for a lock of another one."""
        pid = caller.connection.info.backend_pid
        until = time.monotonic() + DEADLINE_SECONDS
        while not future.done():
            (row,) = self.owner.execute("select cardinality(pg_blocking_pids(%s)) > 0", [pid]).fetchall()
            if row[0]:
                return
            if time.monotonic() > until:
                raise AssertionError("it never waited")
        raise AssertionError(f"it did not wait: {future.exception() or future.result()}")

    def answer(self, future: Future[Any]) -> Any:
        return future.result(DEADLINE_SECONDS)

    def failure(self, future: Future[Any]) -> BaseException | None:
        return future.exception(DEADLINE_SECONDS)


def signatures(connection: Connection) -> dict[str, dict[str, str]]:
    """The arguments of every function of schema polaris, with their types."""
    found: dict[str, dict[str, str]] = {}
    for name, arguments, types in connection.execute(
        """
        select p.proname, coalesce(p.proargnames[1:p.pronargs], '{}'),
          array(select format_type(t, null) from unnest(p.proargtypes::oid[]) with ordinality as a (t, n) order by n)
        from pg_proc p where p.pronamespace = 'polaris'::regnamespace
        """
    ).fetchall():
        found[name] = dict(zip(arguments, types, strict=True))
    return found


def _json(value: Any, type: str = "") -> Any:
    return json.dumps(value) if isinstance(value, dict) or (type == "jsonb" and isinstance(value, list)) else value

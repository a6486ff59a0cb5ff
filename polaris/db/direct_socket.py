"""A direct client's socket: the frames of the API's WebSocket (docs/api.md), made out of SQL calls and notifications.

Events and advice come down, pushes, receipts and heartbeats go up, each with its answer. Who reads slowly slows only
the reading from the database. It ends with the close codes of the API: 4401 when the login is not valid any more, 4403
without access to the project.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any
from uuid import UUID

import orjson
from psycopg import errors
from pydantic import TypeAdapter, ValidationError

from polaris import model
from polaris.db import calls, judge, wire
from polaris.db.bus import NO_ACCESS, Watch
from polaris.db.direct_line import Line
from polaris.db.pool import Connection
from polaris.db.push import PUSH, Pushed, Where, columns
from polaris.db.rows import EventRow, MeRow, ProjectRow, SessionRow
from polaris.db.waiting import STIRRING, Waiting
from polaris.errors import NotFound, PolarisError, SocketClosed, Unavailable, Unprocessable

logger = logging.getLogger(__name__)

Json = dict[str, Any]

PAGE, LEAST_PAGE, PAGE_BYTES = 200, 8, 8 << 20  # events of one read, and about what they may weigh
WAITING_EVENTS = 500  # what may wait for whoever receives
RETRIES = 5  # of a batch that met a deadlock


class DirectSocket:
    """One connection of one participant to a project or a session; made by `DirectClient.socket`."""

    def __init__(
        self,
        line: Line,
        me: MeRow,
        watch: Watch,
        project: ProjectRow,
        seat: SessionRow | None,
        after: int | None,
        lease_seconds: int,
    ) -> None:
        self._line, self._me, self._watch, self._project, self._seat = line, me, watch, project, seat
        self._after = project.last_seq if after is None else after
        self._lease_seconds = lease_seconds
        self._frames: deque[Json] = deque([self._hello()])
        if self._after < project.first_seq - 1:
            self._frames.append({"type": "gone", "first_seq": project.first_seq})
        self._changed = asyncio.Event()  # a frame came, or the end
        self._taken = asyncio.Event()  # there is room for events again
        self._stirred = asyncio.Event()
        self._stirred.set()
        self._end: PolarisError | None = None
        self._push_order, self._order = asyncio.Lock(), asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._start(self._pump())
        if self._seat is not None:
            self._start(self._advise(Waiting(None, None, self._project.name, self._seat.name)))

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Takes a frame; its answer is one of those that `receive` gives. Raises why the socket is over."""
        if self._end is not None:
            raise self._end
        self._start(self._answer(wire.loads(orjson.dumps(frame))))

    async def receive(self) -> Json:
        """The next frame. Raises why the socket is over, when everything before it was received."""
        while not self._frames:
            if self._end is not None:
                raise self._end
            self._changed.clear()
            await self._changed.wait()
        self._taken.set()
        return self._frames.popleft()

    async def close(self) -> None:
        self._finish(SocketClosed(1000))
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Down.

    def _hello(self) -> Json:
        seat = self._seat
        return {
            "type": "hello",
            "project": self._project.name,
            "session": seat.name if seat else None,
            "actor": self._me.actor,
            "driver": seat.driver if seat else None,
            "epoch": seat.epoch if seat else None,
            "last_seq": self._project.last_seq,
            "first_seq": self._project.first_seq,
            "lease_seconds": self._lease_seconds,
            "redaction_key": base64.b64encode(self._me.redaction_key).decode(),
        }

    def _put(self, frame: Json) -> None:
        self._frames.append(frame)
        self._changed.set()

    async def _pump(self) -> None:
        """The events, in order, by the rule of `polaris.db.bus`."""
        session = self._seat.name if self._seat else None
        async for row in follow(self._line, self._watch, self._project.name, session, self._after):
            while len(self._frames) >= WAITING_EVENTS:
                self._taken.clear()
                await self._taken.wait()
            self._put({"type": "event", "event": orjson.loads(wire.event(row))})
            if row.kind in STIRRING:
                self._stirred.set()

    async def _advise(self, waiting: Waiting) -> None:
        """The advice that waits for the seat's holder: at first, and whenever something stirs."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            for advice in await self._line.ask(waiting.news, str(self._me.actor)):
                self._put({"type": "advice", "delivery": plain(model.Advice, advice)})
                waiting.told(advice)

    # Up.

    async def _answer(self, value: Any) -> None:
        number = value.pop("id", None)
        try:
            answer = await self._handle(value.pop("type", None), value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            answer = _problem(Unprocessable(f"{place}: {first['msg']}."))
        except PolarisError as error:
            answer = _problem(error)
        except Exception:
            logger.exception("a message failed")
            answer = _problem(PolarisError())
        self._put(answer | {"id": number})

    async def _handle(self, kind: Any, value: Json) -> Json:
        if self._seat is None:
            raise Unprocessable("A project's socket only listens.", hint="Open the socket of a session.")
        project, session = self._project.name, self._seat.name
        match kind:
            case "push":
                async with self._push_order:
                    return {"type": "pushed", "results": await push(self._line, project, session, value)}
            case "settle":
                delivery = TypeAdapter(UUID).validate_python(value.pop("delivery", None))
                told = model.SettleIn.model_validate(value)
                async with self._order:
                    settled = await self._line.ask(
                        calls.settle_delivery, None, None, delivery, told.state, told.reason, told.path, told.epoch
                    )
                return {"type": "settled", "delivery": plain(model.Delivery, settled)}
            case "heartbeat":
                epoch = Heartbeat.model_validate(value).epoch
                async with self._order:
                    (lease,) = await self._line.ask(
                        calls.heartbeat, None, None, [project], [session], [epoch], self._lease_seconds
                    )
                return {"type": "lease", **_json(lease.model_dump(exclude={"project", "session"}))}
        raise Unprocessable("There is no message of this type.", code="unknown_message")

    # The end.

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (failure := task.exception()) is None:
            return
        if isinstance(failure, NotFound):  # found out by reading on
            failure = SocketClosed(NO_ACCESS, "no access to this project any more")
        elif not isinstance(failure, PolarisError):
            logger.error("a direct socket failed", exc_info=failure)
            failure = SocketClosed(1011, "internal")
        self._finish(failure)

    def _finish(self, error: PolarisError) -> None:
        self._end = self._end or error
        self._changed.set()


class Heartbeat(model.Body):
    epoch: model.Epoch


async def follow(line: Line, watch: Watch, project: str, session: str | None, after: int) -> AsyncGenerator[EventRow]:
    """Yields the rows after *after*, in order, for ever. Raises what ends the watch, and what a read fails with."""
    position, limit = after, PAGE
    while True:
        await watch.wait()
        while True:
            rows = await line.ask(calls.read_events, None, None, project, session=session, after=position, limit=limit)
            size = 1
            for row in rows:
                yield row
                size += len(row.payload or "") + len(row.body or "")
            if rows:
                position = rows[-1].seq
            if len(rows) < limit:
                break
            limit = max(LEAST_PAGE, min(PAGE, PAGE_BYTES * len(rows) // size))


async def push(line: Line, project: str, session: str, value: Any) -> list[Json]:
    """Judges, redacts and writes one batch (``{"events": […]}``). The answer comes after the commit."""
    batch = await judge.batch(value, await line.redactor())
    if not batch.events:
        return batch.answer(())
    wheres = [Where(0, "", project, session)] * len(batch.events)  # whose they are, the login says
    arguments = columns(None, wheres, batch.events)
    for _ in range(RETRIES):
        try:
            return batch.answer(await line.ask(_write, arguments))
        except PolarisError as error:
            if not isinstance(error.__cause__, errors.DeadlockDetected | errors.SerializationFailure):
                raise
    raise Unavailable("Somebody holds the counter of this project.", code="project_busy", hint="Send it again.")


async def _write(conn: Connection, arguments: tuple[object, ...]) -> list[Pushed]:
    cursor = await conn.execute(PUSH, arguments)
    return [Pushed(*row) for row in await cursor.fetchall()]


def plain(kind: Any, value: Any) -> Any:
    """*value* as the JSON of *kind* that the API answers, decoded."""
    return _json(TypeAdapter(kind).dump_python(value))


def _json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=wire.OPTIONS))


def _problem(error: PolarisError) -> Json:
    return {"type": "problem", **error.problem(), "status": error.status}

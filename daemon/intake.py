"""From a hook's payload to committed events: understood, redacted, written, and only then answered.

The same way for what comes over HTTP and for the files that the hook script wrote while the daemon was down. A payload
that fits no bound session goes nowhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from polaris import log
from polaris.errors import BadRequest
from polaris.model import EVENT_BYTES

from . import agents, processes, records, spool, used
from .advice import Advice, Happened
from .agents.base import Agent, AgentSession, Captured, Payload
from .agents.told import turn as turn_name
from .agents.used import Used
from .bindings import Bindings, Sighting, now_ms
from .git import Git
from .limits import Limits
from .records import Binding, Piece
from .redaction import Redaction
from .spool import Entry, Spool
from .store import Store
from .transcript import Cursor, at_end, finish, read, used_beside
from .turns import Turns

LOG = log.get("daemon.intake")
RECENT = 20_000
# A transcript that grew by more than so many times 1 MiB is read further at the next event.
READINGS = 8
ENDS = ("reply", "turn.interrupted")
# The events that tell where the work stood in git, where they happened just now: later it stands elsewhere.
STANDS = ("prompt", "tool.call", "tool.result", "reply", "turn.interrupted")
STANDS_MS = 10_000


@dataclass(frozen=True)
class Header:
    """What the hook script says about a capture. ``at`` is in milliseconds since 1970."""

    capture_id: str
    agent: str
    pid: int | None
    at: int

    @classmethod
    def of(cls, capture_id: Any, agent: Any, pid: Any, at: Any) -> Header:
        """From header lines or the first line of a file; raises `BadRequest`."""
        if not isinstance(capture_id, str) or not 0 < len(capture_id) <= 100 or not capture_id.isascii():
            raise BadRequest("The capture has no id.", code="capture_not_valid")
        number = int(pid) if str(pid).isascii() and str(pid).isdecimal() and 0 < int(pid) < 2**31 else None
        return cls(capture_id, str(agent or ""), number, _moment(at))


@dataclass(frozen=True)
class Read:
    """What the new end of a transcript told."""

    events: list[Captured]
    happened: list[Happened]
    seen: dict[str, str | None]
    used: list[Used]
    cursor: Cursor


@dataclass(frozen=True)
class Answer:
    """What the hook prints, and the advice in it."""

    output: bytes = b""
    pieces: Sequence[Piece] = field(default_factory=tuple)


class Intake:
    """The way in. *wake* is called with a route that has something new to send, *revived* with one to be linked."""

    def __init__(
        self,
        store: Store,
        bindings: Bindings,
        queue: Spool,
        advice: Advice,
        redaction: Redaction,
        turns: Turns,
        limits: Limits,
        git: Git,
        wake: Callable[[int], None],
        holds: Callable[[int], bool],
    ) -> None:
        self._store, self._bindings, self._spool, self._advice = store, bindings, queue, advice
        self._redaction, self._turns, self._wake, self._holds = redaction, turns, wake, holds
        self._limits, self._git = limits, git
        self._locks: dict[str, asyncio.Lock] = {}
        self._recent: OrderedDict[str, None] = OrderedDict()
        # Agent sessions of which a turn or a sub-agent has ended since their sub-agents' usage was counted.
        self._beside: set[str] = set()
        self._ended = asyncio.Event()
        self.last_event_at: int | None = None
        # When a hook of each agent was heard last, connected or not: whether hooks fire at all.
        self.heard: dict[str, int] = {}

    async def take(self, header: Header, body: bytes) -> Answer:
        """One hook event, live. Raises `BadRequest` for what is no payload, `StoreFull` when there is no room."""
        agent = agents.find(header.agent)
        if agent is None:
            agents.unknown.note(header.agent)
            return Answer()
        self.heard[agent.NAME] = now_ms()
        payload = _payload(body)
        session = agent.session_of(payload)
        if session is None or await self._barred(agent, session, payload):
            return Answer()
        binding = await self._bindings.see(_sighting(header, session))
        if binding is None or not binding.captures:
            return Answer()
        stands = await self._git.stands(session.session_id, _folder(agent, header, session, payload))
        turn = await self._keep(agent, header, payload, session, binding, binding.epoch, now_ms(), stands)
        if binding.state != "active" or not agent.may_advise(payload) or not self._holds(binding.route_id):
            return Answer()
        pieces = await self._advice.hand(binding, turn, agent.fits)
        if not pieces:
            return Answer()
        self._turns.goes_on(binding.agent_session_id)
        return Answer(agent.hook_output(session.event, "\n\n".join(piece.text for piece in pieces)), pieces)

    async def pause_barred(self) -> None:
        """Pauses who must not be captured any more, as far as that can be told without a word of theirs."""
        for binding in self._bindings:
            agent = agents.find(binding.agent)
            if agent and self._limits.barred(binding.agent, binding.agent_session_id, binding.pid):
                await self._pause(agent, binding)

    async def _barred(self, agent: Agent, session: AgentSession, payload: dict[str, Any]) -> bool:
        if not self._limits.bars(agent.NAME, session, payload):
            return False
        if binding := self._bindings.of(session.session_id):
            await self._pause(agent, binding)
        return True

    async def _pause(self, agent: Agent, binding: Binding) -> None:
        if not binding.captures:
            return
        LOG.info("a session must not be captured any more; it is paused", extra={"route": binding.route_id})
        how, cursor = agent.transcript(), binding.cursor
        if how is not None and binding.transcript is not None:
            # What is written from here on is not read afterwards either.
            cursor = at_end(Path(binding.transcript), now_ms() / 1000, how).text()
        await self._bindings.change(binding.agent_session_id, paused=1, cursor=cursor)

    async def written(self, answer: Answer, whole: bool) -> None:
        if answer.pieces:
            await self._advice.written(answer.pieces, whole)

    async def take_later(self, header: Header, body: bytes) -> None:
        """A payload that the hook kept in a file: under the epoch of its own time, and never answered."""
        agent = agents.find(header.agent)
        payload = _payload(body)
        session = agent.session_of(payload) if agent else None
        if agent is None:
            agents.unknown.note(header.agent)
        if agent is None or session is None or await self._barred(agent, session, payload):
            return
        binding = await self._bindings.see(_sighting(header, session))
        if binding is None or not binding.captures:
            return
        route_id = binding.route_id
        epoch = await self._store.do(lambda db: records.epoch_at(db, route_id, header.at))
        await self._keep(agent, header, payload, session, binding, epoch or binding.epoch, header.at)

    async def look(self, route_ids: Iterable[int]) -> None:
        """Reads the new end of the transcripts behind these routes."""
        for route_id in route_ids:
            binding = self._bindings.driver(route_id)
            agent = agents.find(binding.agent) if binding else None
            if binding and agent and binding.captures:
                async with self._lock(binding):
                    binding = self._bindings.of(binding.agent_session_id) or binding
                    new = self._read(agent, binding)
                    await self._follow(binding, new.happened, new.seen)
                    stands = await self._git.stands(binding.agent_session_id, None) if new.events else {}
                    entries = await self._entries(new.events, binding, binding.epoch, stands)
                    await self._commit(binding, entries, new.cursor, new.used)

    async def count_beside(self) -> None:
        """Reads what sub-agents used, when a turn or one of them ended and its hook has its answer; for ever."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            while self._beside:
                binding = self._bindings.of(self._beside.pop())
                agent = agents.find(binding.agent) if binding else None
                if binding and agent and binding.captures:
                    async with self._lock(binding):
                        binding = self._bindings.of(binding.agent_session_id) or binding
                        # Whoever was paused or connected anew meanwhile has nothing left to be counted.
                        if (known := Cursor.of(binding.cursor)) and known.beside and binding.captures:
                            told, cursor = _counted_beside(agent, known)
                            await self._commit(binding, [], cursor, told)

    async def _keep(
        self,
        agent: Agent,
        header: Header,
        payload: dict[str, Any],
        session: AgentSession,
        binding: Binding,
        epoch: int,
        at: int,
        stands: Payload | None = None,
    ) -> str | None:
        """Commits what the payload tells of, and what the transcript has by now; answers the turn that it is in.

        *stands*: where the work is in git now; None for what is told late.
        """
        async with self._lock(binding):
            # Somebody else may have read the transcript further while we waited.
            binding = self._bindings.of(binding.agent_session_id) or binding
            captured = agent.capture(payload, capture_id=header.capture_id, at=header.at / 1000)
            new = self._read(agent, binding, over=session.ends is not None, beside=captured)
            captured, turn, cursor = _in_turn(agent, session, captured, new.cursor)
            told = new.used + agent.used(payload)
            if session.beside:
                cursor = cursor.with_beside(session.beside, session.session_id)
            if session.ends:
                # Nothing may come any more that carries it.
                more, cursor = _counted_beside(agent, cursor)
                told += more
            own = [one for one in captured if one.subagent is None and not one.repeat]
            happened = new.happened + [Happened(_kind(one), one.turn, at) for one in own]
            if session.ends and session.ends != "clear":
                happened.append(Happened("end", None, at))
            entries = await self._entries(new.events + captured, binding, epoch, stands or {})
            self._spool.room(entries)
            seen = new.seen | dict.fromkeys(agent.advice_seen(payload), turn)
            # First what was proved, then how far was read: a crash in between only reads again.
            await self._follow(binding, happened, seen)
            await self._commit(binding, entries, cursor, told)
            if cursor.beside and any(one.kind in ENDS or (one.subagent and one.kind == "message") for one in captured):
                self._beside.add(binding.agent_session_id)
                self._ended.set()
            return turn

    async def _follow(self, binding: Binding, happened: list[Happened], seen: dict[str, str | None]) -> None:
        changed = self._turns.follow(binding.agent_session_id, happened)
        await self._advice.happened(binding.route_id, happened, seen)
        if changed:
            self._advice.moved.set()

    def _read(self, agent: Agent, binding: Binding, over: bool = False, beside: Sequence[Captured] = ()) -> Read:
        """The new end of the session's transcript; *over*: nothing more of the session comes.

        *beside* is what the hook tells that the transcript is read for: what both tell is the hook's.
        """
        how, file = agent.transcript(), Path(binding.transcript or "")
        known = Cursor.of(binding.cursor)
        if how is None or binding.transcript is None:
            return Read([], [], {}, [], known or Cursor(since=now_ms() / 1000))
        cursor, session = known or at_end(file, now_ms() / 1000, how), binding.agent_session_id
        captured, seen, told_used = list[Captured](), dict[str, str | None](), list[Used]()
        more, times = True, 0
        while more and times < READINGS:
            reading = read(file, cursor, how, session_id=session)
            captured += reading.events
            seen |= {one.delivery: one.turn for one in reading.seen}
            told_used += reading.used
            cursor, more, times = reading.cursor, reading.more, times + 1
        if over:
            reading = finish(cursor, how, session_id=session)
            captured, cursor = captured + reading.events, reading.cursor
        if not agent.NAMES_TURNS:
            captured = [one if one.turn else replace(one, turn=cursor.turn) for one in captured]
        ids, told = {one.client_id for one in beside}, {*cursor.turns, *(one.turn for one in beside)}
        captured = [one for one in captured if one.client_id not in ids and not (one.fills and one.turn in told)]
        # A reply of the transcript ends no turn here: it may be older than the advice that its Stop brought.
        happened = [Happened(one.kind, one.turn, _ms(one)) for one in captured if one.kind == "turn.interrupted"]
        return Read(captured, happened, seen, told_used, cursor)

    async def _commit(self, binding: Binding, entries: list[Entry], cursor: Cursor, told: Sequence[Used]) -> None:
        text = cursor.text()
        moved = text if text != binding.cursor else None
        if not entries and moved is None and not told:
            return
        self._spool.room(entries)

        def job(db: sqlite3.Connection) -> list[Entry]:
            if moved is not None:
                records.set_cursor(db, binding.agent_session_id, moved)
            used.keep(db, binding.route_id, binding.agent, told)
            return spool.insert(db, entries)

        new = await self._store.do(job)
        if moved is not None:
            self._bindings.read(binding.agent_session_id, moved)
        for entry in new:
            self._recent[entry.client_id] = None
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        if new:
            self._spool.kept(new)
            self.last_event_at = now_ms()
            self._wake(binding.route_id)

    async def _entries(
        self, captured: Iterable[Captured], binding: Binding, epoch: int, stands: Payload
    ) -> list[Entry]:
        route = self._bindings.routes[binding.route_id]
        now, key = now_ms(), route.redaction_key
        stands = {name: told if name == "commit" else self._redaction.text(key, told) for name, told in stands.items()}
        entries = []
        for one in captured:
            # What the agent tells twice is taken once; after a restart the service knows the id.
            if one.client_id in self._recent and one.repeat:
                continue
            event = {
                "client_id": one.client_id,
                "kind": one.kind,
                "epoch": epoch,
                "turn": one.turn,
                "agent": binding.agent,
                **await self._redaction.clean(route.redaction_key, one.body, one.payload),
                "occurred_at": one.occurred_at.isoformat(),
            }
            facts = dict(one.facts or {})
            if one.kind in STANDS and abs(now - _ms(one)) < STANDS_MS:
                facts |= stands
            if facts:
                event["facts"] = facts
            entries.append(Entry(route.route_id, one.client_id, epoch, one.kind, _json(event), now_ms(), binding.agent))
        return entries

    def _lock(self, binding: Binding) -> asyncio.Lock:
        return self._locks.setdefault(binding.agent_session_id, asyncio.Lock())


def _in_turn(
    agent: Agent, session: AgentSession, captured: list[Captured], cursor: Cursor
) -> tuple[list[Captured], str | None, Cursor]:
    """What was captured, the turn it is in, and the cursor that knows of it.

    Where the agent names no turns, the last prompt's client id is the turn until the session begins or ends.
    """
    if agent.NAMES_TURNS:
        turn = session.turn
    else:
        prompts = [turn_name(one.client_id) for one in captured if one.kind == "prompt"]
        turn = None if session.starts or session.ends else (prompts[-1] if prompts else cursor.turn)
        captured = [replace(one, turn=turn) for one in captured]
    named = [one.turn for one in captured if one.turn and not one.fills]
    return captured, turn, cursor.told(named[-1]) if named else cursor


def _counted_beside(agent: Agent, cursor: Cursor) -> tuple[list[Used], Cursor]:
    """What sub-agents used since it was counted last, and the cursor that knows of it."""
    how, told, more, times = agent.transcript(), list[Used](), True, 0
    while how and cursor.beside and more and times < READINGS:
        new, cursor, more = used_beside(cursor, how)
        told, times = told + new, times + 1
    return told, cursor


def _folder(agent: Agent, header: Header, session: AgentSession, payload: Payload) -> str | None:
    """Where a session works: as its payload says, where the file lies that it names, where its process is."""
    if session.cwd:
        return session.cwd
    for name in ("tool_info", "tool_input"):
        given = payload.get(name)
        path = given.get("file_path") if isinstance(given, dict) else None
        if isinstance(path, str) and os.path.isabs(path):
            return os.path.dirname(path)
    return processes.folder(header.pid) if header.pid is not None and agent.PROCESS_IS_SESSION else None


def _kind(one: Captured) -> str:
    """A turn that ended without a text is told as a notice."""
    return "turn.ended" if one.kind == "notice" and one.client_id.endswith(":ended") else one.kind


def _ms(one: Captured) -> int:
    return int(one.occurred_at.timestamp() * 1000)


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body.decode("utf-8", "replace"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The payload is not JSON.", code="payload_not_json") from error
    if not isinstance(payload, dict):
        raise BadRequest("The payload is not a JSON object.", code="payload_not_json")
    return payload


def _sighting(header: Header, session: AgentSession) -> Sighting:
    return Sighting(
        agent=header.agent,
        agent_session_id=session.session_id,
        pid=header.pid or session.pid,
        calls_us=session.calls_us,
        transcript=session.transcript,
        starts=session.starts,
        ends=session.ends,
        mode=session.mode,
    )


def _json(event: dict[str, Any]) -> bytes:
    """The pushed form. What is still too large, whatever it is, loses its payload: the words stay."""
    text = _dumped(event)
    if len(text) > EVENT_BYTES - 1024:
        return _dumped(event | {"body": event["body"][:65_536], "payload": {"left_out": f"{len(text)} bytes"}})
    return text


def _dumped(event: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError:
        # Numbers of more than 64 bits, which JSON has and orjson has not.
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _moment(at: Any) -> int:
    """Milliseconds since 1970, from seconds with a fraction, milliseconds or RFC 3339; now, where nothing is told."""
    text = str(at or "").replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        try:
            return int(datetime.fromisoformat(text).timestamp() * 1000)
        except (ValueError, OverflowError):
            return now_ms()
    return int(number if number > 1e11 else number * 1000) if 0 < number < 1e15 else now_ms()

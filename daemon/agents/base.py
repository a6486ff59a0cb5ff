"""What every coding agent's module offers, and the small tools that they share.

An agent's module turns that agent's hook payloads into events (`Captured`), names its sessions (`AgentSession`), and
words the answer that carries advice back. All of it is pure: the same payload gives the same events with the same
client ids, so that a hook, its spooled copy and the agent's transcript never make two events of one thing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from .used import Used

Kind = Literal["prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice"]
Payload = dict[str, Any]

CLIENT_ID_CHARACTERS = 200
# Together below the service's 1 MiB an event, whatever the text is made of.
BODY_CHARACTERS = 65_536
PAYLOAD_BYTES = 640 * 1024

MARKER = re.compile(r"polaris:advice:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
SESSION_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNKNOWN_NAMES = 64


@dataclass(frozen=True, slots=True)
class Captured:
    """One event as the agent told it, before redaction.

    ``payload`` is the agent's own JSON; strings are cut only where it would be too large to send. ``subagent`` is the
    id of the sub-agent that did it; its ``turn`` is the parent's. ``repeat``: the agent normally tells this twice and
    this is the second telling, kept only where the first one never came. ``fills``: a transcript tells it, and it is
    kept only where no hook told anything of its turn. ``facts``: what is known
    beside the payload (`polaris.model.Facts`).
    """

    kind: Kind
    client_id: str
    turn: str | None
    body: str
    payload: Payload
    occurred_at: datetime
    subagent: str | None = None
    repeat: bool = False
    fills: bool = False
    facts: Payload | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece of advice that is in the agent's context, and the turn it came into (None before the first prompt)."""

    delivery: str
    turn: str | None
    at: float


class Lines(Protocol):
    """Takes the lines of a transcript one after the other; ``events``, ``seen``, ``used`` and ``ended`` are what they
    told.

    ``ended`` is a hint that the agent's process has left. Lines before the time of the binding move the state only:
    what happened before is nobody's business, wherever reading begins.
    """

    events: list[Captured]
    seen: list[Seen]
    used: list[Used]
    ended: bool

    def take(self, line: Payload) -> None: ...

    def finish(self) -> None:
        """Nothing more will come."""

    def kept(self) -> Payload:
        """What has to be known of these lines when the next ones come: small, and the same after a way as JSON."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """How an agent's own record of a session is read, one JSON object a line.

    ``useful``: only lines that it matches are parsed. ``lines(session_id, since, kept)``: since is seconds since 1970.
    ``begin``: what is to be kept for a session that is bound now, from the newest lines before, the newest first.
    """

    useful: re.Pattern[bytes]
    lines: Callable[[str, float, Payload], Lines]
    begin: Callable[[Iterable[Payload]], Payload]


@dataclass(frozen=True, slots=True)
class AgentSession:
    """Where a payload comes from. ``starts`` and ``ends`` are the agent's own words (``clear``, ``resume``, …)."""

    session_id: str
    event: str
    transcript: str | None = None
    cwd: str | None = None
    turn: str | None = None
    subagent: str | None = None
    starts: str | None = None
    ends: str | None = None
    # Only where a payload names it; Claude Code's process comes from the hook script's header.
    pid: int | None = None
    # A call of one of our own MCP tools: the process's MCP server is about to speak for this session.
    calls_us: bool = False
    # The agent's permission mode in its own words; None where the payload says nothing of it.
    mode: str | None = None
    # The sub-agent's own record, where it is another file than the session's: read for what its messages used.
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Sleeper:
    """An agent session that advice waits for, as far as the daemon knows it.

    ``busy``: a turn is under way, by the events of its hooks; None before the first one. ``mode`` is the last
    permission mode that was told, ``bypass`` whether the user lets advice into sessions that ask for no permissions.
    """

    agent_session_id: str
    pid: int | None = None
    started: str | None = None
    transcript: str | None = None
    busy: bool | None = None
    mode: str | None = None
    bypass: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a `Waker` answers. *reason* is shown to people.

    ``ready``: it can be woken now. ``handed``: perhaps shown from now on. ``later``: not now (in a turn, a dialog is
    open), ask again. ``unavailable``: there is no such way into this session. The last two mean: surely not shown.
    """

    state: Literal["ready", "handed", "later", "unavailable"]
    reason: str = ""


class Waker(Protocol):
    """How a text gets into a session whose agent waits for its user. ``PATH`` is how deliveries name it."""

    PATH: str

    def look(self, sleeper: Sleeper) -> Standing:
        """``ready``, ``later`` or ``unavailable``; cheap, asked up to four times a second, and changes nothing."""

    async def wake(self, sleeper: Sleeper, text: str, delivery_id: str) -> Standing:
        """Hands *text* over: ``handed``, ``later`` or ``unavailable``. An exception counts as perhaps handed."""

    def lost(self, sleeper: Sleeper, delivery_id: str, since: float) -> bool:
        """Whether what was handed at *since* (seconds since 1970) will surely never be shown.

        Asked when the session has stayed ready for a while, or is over, and there is no trace. False where nothing
        tells: then nobody hands it a second time.
        """


class Agent(Protocol):
    """A module of this package, seen from the daemon."""

    NAME: str
    # False where one process holds several sessions: then a pid names none of them.
    PROCESS_IS_SESSION: bool
    # False where payloads name no turn: then it is the client id of the last prompt.
    NAMES_TURNS: bool
    # How many payloads came that nobody here knows, by the name of their event.
    unknown_events: Unknown
    # None where nothing outside can wake an idle session.
    WAKER: Waker | None

    def capture(self, payload: Payload, *, capture_id: str, at: float) -> list[Captured]: ...

    def session_of(self, payload: Payload) -> AgentSession | None: ...

    def may_advise(self, payload: Payload) -> bool: ...

    def advice_seen(self, payload: Payload) -> tuple[str, ...]: ...

    def fits(self, text: str) -> bool: ...

    def hook_output(self, event: str, text: str) -> bytes: ...

    def transcript(self) -> Transcript | None:
        """None where the agent keeps no record that is read here: then the absence of a trace proves nothing."""

    def used(self, payload: Payload) -> list[Used]:
        """What a payload itself tells of usage; nothing where the transcript does, or nobody."""


class Unknown(Counter[str]):
    """Counts what an agent sent that nobody here knows; the number of names is bounded, their count is not."""

    def note(self, name: object) -> None:
        text = name[:64] if isinstance(name, str) and name else "(none)"
        self[text if text in self or len(self) < _UNKNOWN_NAMES else "(others)"] += 1


def client_id(agent: str, session_id: str, kind: str, *names: str) -> str:
    """``<agent>:<session>:<kind>:<names…>``, at most 200 characters; what is no plain name goes in as its digest."""
    plain = [name if _NAME.fullmatch(name) else digest(name) for name in names]
    text = ":".join((agent, session_id, kind, *plain))
    if len(text) <= CLIENT_ID_CHARACTERS:
        return text
    return f"{text[: CLIENT_ID_CHARACTERS - 41]}:{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def digest(text: str) -> str:
    """20 hex characters that stand for a text; the hook and the transcript may differ in blanks at line ends."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "replace")).hexdigest()[:20]


def moment(at: float) -> datetime:
    """Seconds since 1970 as a time; the epoch itself for what is no possible time."""
    try:
        return datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def markers(text: str) -> tuple[str, ...]:
    """The delivery ids of every piece of advice whose marker is in *text*, each once, in order."""
    return tuple(dict.fromkeys(MARKER.findall(text))) if "polaris:advice:" in text else ()


def string(value: object) -> str:
    return value if isinstance(value, str) else ""


def shortened(text: str, limit: int = BODY_CHARACTERS) -> str:
    """*text*, or its beginning and how much is missing."""
    return text if len(text) <= limit else f"{text[:limit]}\n… [{len(text) - limit} more characters]"


def compact(value: object) -> str:
    """JSON on one line; never fails."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return ""


def fitted(payload: Payload, limit: int = PAYLOAD_BYTES) -> Payload:
    """*payload* itself when its JSON has at most *limit* bytes, else a copy whose longest strings are cut."""
    if _fits(payload, limit):
        return payload
    for most in (65_536, 16_384, 4_096, 1_024, 256):
        smaller = _cut(payload, most, 0)
        if _fits(smaller, limit):
            return smaller  # type: ignore[no-any-return]
    return {name: shortened(value, 256) for name, value in payload.items() if isinstance(value, str)} | {"cut": True}


def _fits(value: object, limit: int) -> bool:
    text = compact(value)
    return bool(text) and (len(text) * 3 <= limit or len(text.encode("utf-8", "replace")) <= limit)


def _cut(value: Any, most: int, depth: int) -> Any:
    if isinstance(value, str):
        return shortened(value, most)
    if isinstance(value, dict):
        return {key: _cut(item, most, depth + 1) for key, item in value.items()} if depth < 100 else {}
    if isinstance(value, list):
        return [_cut(item, most, depth + 1) for item in value] if depth < 100 else []
    return value

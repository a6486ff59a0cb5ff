"""Events as people read them: who speaks, what is said, what a tool was asked and what it answered, turns folded.

Bodies and payloads come from anywhere. They reach a page only as escaped text; what would steer a terminal or turn the
direction of the text is written out, so that no text looks like another one. Templates get these shapes and decide
nothing: what is written once here is the same on a page and in a live fragment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from markupsafe import Markup, escape

from polaris import render
from polaris.db.rows import EntryRow, EventRow
from polaris.http.web import tools
from polaris.http.web.tools import Tool, shown

HEAD_CHARACTERS, HEAD_LINES = 1500, 20  # of a text that is open from the start
BODY_CHARACTERS = 8000  # of a text in a list; the rest is on the event's own page
PAYLOAD_BYTES = 64 << 10  # of a payload that a list reads

SAID = frozenset({"prompt", "message", "reply", "advice", "floor", "annotation"})
TOLD = frozenset({"delivery", "advice", "annotation", "seat.asked", "seat.settled", "driver.taken"})  # by their payload
ENDS = frozenset({"reply", "turn.interrupted"})  # of a turn
STEPS = frozenset({"message", "tool.call", "tool.result", "notice"})  # folded inside a turn

# What the filter of the floor offers, beside the kinds themselves.
GROUPS = {
    "said": ["prompt", "message", "reply", "advice", "floor", "annotation"],
    "turns": ["prompt", "reply", "turn.interrupted"],
    "tools": ["tool.call", "tool.result"],
    "advised": ["advice", "delivery"],
    "seats": [
        *("session.created", "session.archived", "seat.asked", "seat.settled"),
        *("driver.claimed", "driver.released", "driver.expired", "driver.taken"),
    ],
}
SEATS = frozenset(GROUPS["seats"]) - {"seat.asked", "seat.settled"}  # what ends a driver's turn
STATES = {
    "held": ("waits for the driver", "warn"),
    "queued": ("queued", ""),
    "sent": ("sent, not seen yet", ""),
    "seen": ("seen by the agent", "accent"),
    "answered": ("answered", "good"),
    "declined": ("declined", "warn"),
    "expired": ("expired", "warn"),
    "failed": ("failed", "bad"),
}
_TOLD = {
    "session.created": "made the session",
    "session.archived": "archived the session",
    "driver.claimed": "drives",
    "driver.released": "left the seat",
    "driver.expired": "lost the seat: the lease ran out",
    "driver.taken": "took the seat",
    "turn.interrupted": "interrupted the turn",
}
ERASED = "(erased)"
_TARGET = re.compile(r"(user|agent|slack):[a-z0-9-]{1,63}")


@dataclass(slots=True)
class Label:
    """Who speaks to whom, as one line: **strong** before session after."""

    strong: str
    before: str = ""
    session: str = ""
    after: str = ""


@dataclass(slots=True)
class State:
    """Where a piece of advice is on its way."""

    name: str
    reason: str = ""

    @property
    def words(self) -> str:
        words = STATES.get(self.name, (self.name, ""))[0]
        return f"{words}: {self.reason}" if self.reason else words

    @property
    def look(self) -> str:
        return STATES.get(self.name, ("", ""))[1]


@dataclass(slots=True)
class Entry:
    """One event on a page."""

    seq: int
    kind: str
    actor: str
    session: str
    turn: str
    at: datetime
    mark: str  # person, agent, polaris: who really wrote it
    look: str  # said, tool, told: how much room it takes
    label: Label
    late: bool = False
    epoch: int = 0
    text: str = ""
    rest: str = ""  # what "show all" opens
    left_out: int = 0  # characters that only the event's own page has
    characters: int = 0
    tool: Tool | None = None
    call: str = ""  # the agent's id of a tool call, the same on its result
    result: Entry | None = None
    advice_seq: int = 0
    state: State | None = None
    is_new: bool = False  # the first that the reader has not seen

    # The pieces of markup that every entry repeats are made here: in a template they were most of a page's time.

    @property
    def attributes(self) -> Markup:
        """What live.js goes by."""
        more = f' data-turn="{escape(self.turn)}"' if self.turn else ""
        if self.call:
            more += f' data-call="{escape(self.call)}"'
        if self.tool is not None and self.tool.failed:
            more += f' data-failed="{escape(self.tool.outcome or "failed")}"'
        if self.late:
            more += " data-late"
        return Markup(
            f'id="e{self.seq}" data-seq="{self.seq}" data-kind="{escape(self.kind)}" data-at="{_moment(self.at)}"'
            f'{more} tabindex="-1"'
        )

    def stamp(self, base: str) -> Markup:
        """When, and the way to the event's own page; *base* is the address of the project."""
        late = (
            f'<span class="badge warn" title="It happened under epoch {self.epoch} and came after that seat had ended">'
            f"late, epoch {self.epoch}</span> "
        )
        moment = _moment(self.at)
        return Markup(
            f'{late if self.late else ""}<time datetime="{moment}" data-time="clock" title="{moment}">{moment[11:19]}'
            f'</time> <a class="seq" href="{escape(base)}/e/{self.seq}" aria-label="Event {self.seq}">#{self.seq}</a>'
        )

    def who(self, base: str) -> Markup:
        """The label, its session a link."""
        strong, session = self.label.strong, escape(self.label.session)
        return Markup(
            f'<span class="who {escape(self.mark)}">{f"<b>{escape(strong)}</b>" if strong else ""}'
            f"{escape(self.label.before)}"
            f'{f"""<a href="{escape(base)}/s/{session}">{session}</a>""" if session else ""}'
            f"{escape(self.label.after)}</span>"
        )


@dataclass(slots=True)
class Steps:
    """A run of folded entries."""

    entries: list[Entry] = field(default_factory=list)

    @property
    def summary(self) -> str:
        return summarize(self.entries)


@dataclass(slots=True)
class Turn:
    """What happened from a prompt to its reply, in order."""

    name: str
    blocks: list[Entry | Steps] = field(default_factory=list)
    is_over: bool = False
    is_open: bool = False  # runs now

    @property
    def seq(self) -> int:
        first = self.blocks[0]
        return first.seq if isinstance(first, Entry) else first.entries[0].seq

    @property
    def is_headless(self) -> bool:
        """Its prompt is on the page before."""
        first = self.blocks[0]
        return isinstance(first, Steps) or first.kind in ENDS


def entry(row: EventRow | EntryRow, *, whole: bool = False) -> Entry:
    """The event of one row, whose body may have been cut already; *whole* for its own page, otherwise for a list."""
    kind, session, body = row.kind, row.session or "", row.body or ""
    payload = _payload(row)
    found = Entry(
        seq=row.seq,
        kind=kind,
        actor=row.actor,
        session=session,
        turn=row.turn or "",
        at=row.occurred_at,
        mark=row.speaker,
        look="said" if kind in SAID else "told",
        label=_label(row, payload),
        late=row.late,
        epoch=row.epoch or 0,
        characters=row.body_characters or 0 if isinstance(row, EntryRow) else len(body),
    )
    if row.erased_at is not None:
        found.look, found.text = "told", ERASED
    elif kind in ("tool.call", "tool.result"):
        found.look = "tool"
        if whole:
            found.tool = tools.read_anew(kind, row.payload or "", body, lines=1 << 30)
        else:
            given = row.payload or ""
            found.tool = tools.read(kind, given if len(given) <= PAYLOAD_BYTES else "", body[:BODY_CHARACTERS])
            found.left_out = max(0, found.characters - BODY_CHARACTERS) if kind == "tool.result" else 0
        found.call = tools.call_of(row.client_id or "") or found.tool.call
    elif kind == "delivery":
        found.advice_seq, found.state = _delivery(payload, body)
    elif kind in SAID or kind in ("notice", "turn.interrupted"):
        found.text, found.rest = cut(body[:BODY_CHARACTERS])
        found.left_out = max(0, found.characters - BODY_CHARACTERS)
        if kind == "advice":
            found.advice_seq, found.state = row.seq, State("held" if payload.get("state") == "held" else "queued")
    elif kind == "seat.asked":
        found.text, found.rest = cut(body[:BODY_CHARACTERS])
        if payload.get("delivery"):  # else the agent is not told
            found.advice_seq, found.state = row.seq, State("held" if payload.get("state") == "held" else "queued")
    elif kind in ("seat.settled", "driver.taken"):
        found.text = shown(str(payload.get("reason") or ""))
    return found


def states(entries: Iterable[Entry]) -> dict[int, State]:
    """Where each piece of advice among *entries* is: the last word of each."""
    return {e.advice_seq: e.state for e in entries if e.state is not None}


def fold(entries: Iterable[Entry]) -> list[Entry | Turn]:
    """Turns and what stands between them; a delivery is shown by its advice. live.js folds by the same rules."""
    found: list[Entry | Turn] = []
    turns: dict[str, Turn] = {}
    running: Turn | None = None
    for e in entries:
        if e.kind == "delivery":
            continue
        if e.kind in SEATS:
            running = None  # what comes next belongs to another driver
        turn = turns.get(e.turn) if e.turn else running
        if turn is None and e.turn:
            turn = turns[e.turn] = Turn(e.turn)
            found.append(turn)
        if turn is None:
            found.append(e)
            continue
        _into(turn, e)
        turn.is_over |= e.kind in ENDS
        if turn is running and turn.is_over:
            running = None
        elif not turn.is_over and not e.late:
            running = turn
    if running is not None:
        running.is_open = True
    return found


def summarize(entries: Iterable[Entry]) -> str:
    """What a run of steps is, in a few words: ``3 tool calls, 1 failed, 2 messages``."""
    calls = messages = failed = others = 0
    for e in entries:
        calls += e.kind == "tool.call"
        messages += e.kind == "message"
        others += e.kind not in ("tool.call", "message")
        failed += any(x is not None and x.tool is not None and x.tool.failed for x in (e, e.result))
    words = [_count(calls, "tool call"), f"{failed} failed" if failed else "", _count(messages, "message")]
    return ", ".join(filter(None, words)) or _count(others, "line")


def cut(body: str) -> tuple[str, str]:
    """The beginning of a text and the rest, cut at the end of a line where there is one."""
    text = shown(body.strip("\n"))
    if len(text) <= HEAD_CHARACTERS and text.count("\n") < HEAD_LINES:
        return text, ""
    end = min(HEAD_CHARACTERS, len(text))
    position = -1
    for _ in range(HEAD_LINES):
        following = text.find("\n", position + 1, end)
        if following < 0:
            break
        position = following
    else:
        return text[:position], text[position + 1 :]
    if len(text) <= end + end // 4:  # not worth a click
        return text, ""
    at = max(text.rfind("\n", end // 2, end), text.rfind(" ", end - 200, end))
    at = at if at > 0 else end
    return text[:at], text[at:].lstrip("\n")


def kinds(name: str) -> list[str] | None:
    """The kinds of a filter's word: a group, or a kind; None for all."""
    return GROUPS.get(name) or ([name] if name else None)


def _into(turn: Turn, e: Entry) -> None:
    if e.kind == "tool.result" and e.call:
        for block in turn.blocks:
            for other in block.entries if isinstance(block, Steps) else ():
                if other.kind == "tool.call" and other.call == e.call and other.result is None:
                    other.result = e
                    return
    if e.kind not in STEPS:
        turn.blocks.append(e)
        return
    last = turn.blocks[-1] if turn.blocks else None
    if not isinstance(last, Steps):
        last = Steps()
        turn.blocks.append(last)
    last.entries.append(e)


def _label(row: EventRow | EntryRow, payload: Mapping[str, Any]) -> Label:
    """The same words as `polaris.render.line`: nothing that an agent wrote appears as written by the person."""
    kind, actor, session = row.kind, row.actor, row.session or ""
    author = f"agent of {actor}" if row.speaker == "agent" and actor.startswith("user:") else actor
    slash = "/" if session else ""
    if kind == "prompt":
        return Label(actor, slash, session, " → agent")
    if kind in ("message", "reply"):
        return Label("agent", f" → {actor}{slash}", session)
    if kind in ("tool.call", "tool.result"):
        return Label("agent", f" of {actor}{slash}", session)
    if kind == "advice":
        return Label(author, " → ", session)
    if kind == "floor":
        return Label(author, f" → #{row.project}")
    if kind == "annotation":
        return Label(author, f" {render.noted(payload)}" + (" on " if session else ""), session)
    if kind == "delivery":
        target = row.target or ""
        sender = f" {target}" if _TARGET.fullmatch(target) else ""
        number = payload.get("advice_seq")
        return Label(f"advice {number}" if isinstance(number, int) else "advice", f"{sender} → ", session, ": ")
    if kind == "notice":
        return Label("notice", " on " if session else "", session)
    target = row.target if row.target and _TARGET.fullmatch(row.target) else ""
    if kind == "seat.asked":
        return Label(author, f" asks {target or 'the driver'} for the seat of ", session)
    if kind == "seat.settled":
        return Label(actor, slash, session, f" {_settled(payload, target)}")
    words = _TOLD.get(kind, kind)
    if kind == "driver.claimed":
        words = f"{words} (epoch {row.epoch})"
    elif kind == "driver.released" and row.target:
        words = f"{words} to {row.target}"
    elif kind == "driver.taken" and target:
        words = f"{words} from {target}"
    return Label(actor, slash, session, f" {words}")


def _settled(payload: Mapping[str, Any], target: str) -> str:
    """How a request for the seat ended."""
    how = payload.get("how")
    if how == "declined":
        return f"keeps the seat that {target} asked for"
    return "asked for the seat, and nobody answered" if how == "expired" else "does not ask for the seat any more"


def _delivery(payload: Mapping[str, Any], body: str) -> tuple[int, State]:
    number, reason = payload.get("advice_seq"), payload.get("reason")
    state = payload.get("state") or body.partition(":")[0]
    return (
        number if isinstance(number, int) else 0,
        State(shown(str(state)[:40]), shown(reason[:200]) if isinstance(reason, str) else ""),
    )


def _payload(row: EventRow | EntryRow) -> Mapping[str, Any]:
    if row.kind not in TOLD or not row.payload:
        return {}
    found = orjson.loads(row.payload)  # written by Polaris itself
    return found if isinstance(found, Mapping) else {}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""

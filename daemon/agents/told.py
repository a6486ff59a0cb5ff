"""One payload on its way to becoming events: what the modules of several agents share.

An agent's module has a table from event names to readers, and one from event names to the shape of the answer that
carries advice; `read` and `answer` follow them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .base import (
    SESSION_ID,
    AgentSession,
    Captured,
    Kind,
    Payload,
    Unknown,
    client_id,
    digest,
    fitted,
    markers,
    moment,
    shortened,
    string,
)

# As the service words it; who begins with a marker asks about it.
_ADVICE = re.compile(r"\s*Advice (?:from|for) ")


@dataclass(frozen=True, slots=True)
class Told:
    """A payload, its session, the id and the time of its capture. ``agent`` is how client ids begin."""

    agent: str
    payload: Payload
    session: AgentSession
    capture_id: str
    at: float

    def text(self, name: str) -> str:
        return string(self.payload.get(name))

    def event(self, kind: Kind, body: str, *names: str | None, repeat: bool = False) -> Captured:
        """Named by *names*; where the agent left one of them out, by the capture."""
        known = [name for name in names if name]
        if not known or len(known) < len(names):
            known = [self.capture_id]
        return Captured(
            kind=kind,
            client_id=client_id(self.agent, self.session.session_id, kind, *known),
            turn=self.session.turn,
            body=shortened(body),
            payload=fitted(self.payload),
            occurred_at=moment(self.at),
            subagent=self.session.subagent,
            repeat=repeat,
        )

    def prompt(self, text: str, *names: str | None) -> list[Captured]:
        """What a person typed; our own advice and what a sub-agent was given are notices."""
        if is_advice(text) or self.session.subagent:
            return [self.event("notice", text, *names)]
        return [self.event("prompt", text, *names)]

    def reply(self, text: str, *names: str | None) -> list[Captured]:
        """What ended a turn."""
        if not text.strip():
            return [self.event("notice", "The turn ended without a text.", *names, "ended")]
        return [self.event("reply", text, *names, digest(text))]

    def subagent_text(self, text: str, *names: str | None) -> list[Captured]:
        """A sub-agent's answer: not the reply of the turn, because the one who was asked has yet to answer."""
        return [self.event("message", text, *names, digest(text))] if text.strip() else []

    def session_start(self, *names: str | None) -> list[Captured]:
        return [self.event("notice", f"Agent session started ({self.session.starts}).", *names)]

    def session_end(self, *names: str | None) -> list[Captured]:
        return [self.event("notice", f"Agent session ended ({self.session.ends}).", *names)]


Reader = Callable[[Told], list[Captured]]
Shape = Callable[[str, str], Payload]


def read(
    events: Mapping[str, Reader | None],
    unknown: Unknown,
    agent: str,
    session: AgentSession | None,
    payload: Payload,
    capture_id: str,
    at: float,
) -> list[Captured]:
    """The events that a payload tells of; none for what *events* does not want, and *unknown* counts what it lacks."""
    if session is None:
        unknown.note("(no session)")
        return []
    if session.event not in events:
        unknown.note(session.event)
        return []
    reader = events[session.event]
    return [] if reader is None else reader(Told(agent, payload, session, capture_id, at))


def answer(shapes: Mapping[str, Shape], event: str, text: str, fits: Callable[[str], bool]) -> bytes:
    """The answer that carries *text*, cut in its middle where it does not fit; empty where *event* carries none."""
    shape = shapes.get(event)
    if shape is None or not text:
        return b""
    kept, half = text, len(text)
    while not fits(kept) and half > 1:
        half = half * 3 // 4 if kept is not text else half // 2
        left_out = len(text) - 2 * half
        kept = f"{text[:half]}\n… [{left_out} characters left out: ask polaris_context] …\n{text[-half:]}"
    return json.dumps(shape(event, kept), ensure_ascii=True).encode()


def context(event: str, text: str) -> Payload:
    """The shape that Claude Code began and others took over."""
    return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}


def is_advice(text: str) -> bool:
    """Whether a text is one of ours: the form in which advice is handed over, and its marker."""
    return bool(_ADVICE.match(text)) and bool(markers(text))


def named(value: object) -> str | None:
    """A session id that can be a file name."""
    return value if isinstance(value, str) and SESSION_ID.fullmatch(value) else None


def turn(value: object) -> str | None:
    text = string(value)
    return (text if len(text) <= 128 else digest(text)) or None


def utf16(text: str) -> int:
    """The length that JavaScript sees."""
    return len(text.encode("utf-16-le", "replace")) // 2

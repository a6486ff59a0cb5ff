"""Gemini CLI's own record of a chat (``session-….jsonl``, recorded with 0.61.0): its proofs, and what no hook tells.

A line is a message, or ``{"$set": …}`` with what changed. After a cancelled request the CLI writes the whole chat once
more, with new ids and times: its texts there are lists and have no count of tokens. Nothing of it is told again.

- ``<hook_context>`` behind a prompt or behind a tool's output is what our answers put in; the tool's own output stands
  before it in ``<untrusted_context>``. A message that is a piece of advice as a whole denied an answer.
- ``Request cancelled.`` interrupts the turn. The texts of such a turn stand in no hook: ``AfterAgent`` does not fire,
  or has no text. Those of all other turns stand in its answer.
- A call that was refused leaves its message with status ``cancelled`` and no ``AfterTool``.

No line names a turn: the reader gives none, and the one who reads knows the last prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .base import Captured, Kind, Payload, Seen, Transcript, client_id, fitted, markers, shortened, string
from .told import is_advice
from .used import Used, count

SHORT = "gemini"
CANCELLED = "Request cancelled."

_CONTEXT = re.compile(r"<hook_context>(.*?)</hook_context>", re.DOTALL)
_OWN = "</untrusted_context>"
_DENIED = "User denied execution."
_OURS = "mcp_polaris_"
_TEXTS = 16
_TEXT_CHARACTERS = 4_000


@dataclass
class Lines:
    """See `base.Lines`. ``texts``: what the agent said since the last prompt, as (id, text, time)."""

    session_id: str
    since: float
    texts: list[list[Any]] = field(default_factory=list)
    events: list[Captured] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    ended: bool = False

    def take(self, line: Payload) -> None:
        at, kind, name = _at(line), line.get("type"), string(line.get("id"))
        content = line.get("content")
        if kind == "user":
            self._user(content, at)
        elif kind == "gemini":
            self._use(line, at)
            if isinstance(content, str) and content.strip() and all(said[0] != name for said in self.texts):
                self.texts = [*self.texts, [name, content[:_TEXT_CHARACTERS], at]][-_TEXTS:]
            for call in _dicts(line.get("toolCalls")):
                self._call(call, at)
        elif kind == "info" and content == CANCELLED:
            for said, text, then in self.texts:
                self._tell("message", said, text, {"id": said}, then)
            self.texts = []
            self._tell("turn.interrupted", name, "Interrupted by the user.", line, at)

    def finish(self) -> None:
        """A turn that nobody closed leaves its texts to AfterAgent, which may still be under way."""

    def kept(self) -> Payload:
        return {"texts": self.texts}

    def _use(self, line: Payload, at: float) -> None:
        """Gemini counts what the cache had into the input, and tells thoughts and what tools gave beside the rest."""
        told = _dict(line.get("tokens"))
        read = count(told.get("cached"))
        given = max(0, count(told.get("input")) - read) + count(told.get("tool"))
        output = count(told.get("output")) + count(told.get("thoughts"))
        used = Used.of(line.get("id"), line.get("model"), input=given, output=output, cache_read=read)
        if used and at >= self.since:
            self.used.append(used)

    def _user(self, content: object, at: float) -> None:
        answers = False
        for part in _dicts(content):
            text = string(part.get("text"))
            if is_advice(text):
                self._see(text, at)
            for context in _CONTEXT.findall(text):
                self._see(context, at)
            response = part.get("functionResponse")
            if isinstance(response, dict):
                answers = True
                told = response.get("response")
                self._answered(string(response.get("name")), string(_dict(told).get("output")), at)
        if not answers:
            self.texts = []

    def _answered(self, tool: str, output: str, at: float) -> None:
        own, end, added = output.rpartition(_OWN)
        if not end:
            # Not every tool's output is wrapped: then only what stands at its very end was added.
            added = output[max(output.rfind("\n\n<hook_context>"), 0) :] if output.endswith("</hook_context>") else ""
        for context in _CONTEXT.findall(added):
            self._see(context, at)
        if tool.startswith(_OURS):
            self.seen += [Seen(delivery, None, at) for delivery in markers(own or output) if at >= self.since]

    def _call(self, call: Payload, at: float) -> None:
        """A call that was refused; hooks tell of no other way in which it ends, and of no id."""
        words = [
            string(_dict(_dict(part.get("functionResponse")).get("response")).get("error"))
            for part in _dicts(call.get("result"))
        ]
        if call.get("status") == "cancelled" and any(_DENIED in text for text in words):
            self._tell("tool.result", string(call.get("id")), f"Denied: {_DENIED}", call, _at(call, at))

    def _see(self, text: str, at: float) -> None:
        if at >= self.since and is_advice(text):
            self.seen += [Seen(delivery, None, at) for delivery in markers(text)]

    def _tell(self, kind: Kind, name: str, body: str, payload: Payload, at: float) -> None:
        if at >= self.since and name:
            self.events.append(
                Captured(
                    kind=kind,
                    client_id=client_id(SHORT, self.session_id, kind, name),
                    turn=None,
                    body=shortened(body),
                    payload=fitted(payload),
                    occurred_at=datetime.fromtimestamp(at, UTC),
                )
            )


def _lines(session_id: str, since: float, kept: Payload) -> Lines:
    texts = kept.get("texts")
    return Lines(session_id, since, texts if isinstance(texts, list) else [])


def _begin(newest_first: Iterable[Payload]) -> Payload:
    return {}


def _dict(value: object) -> Payload:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[Payload]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _at(line: Payload, default: float | None = None) -> float:
    """Seconds since 1970; a line without a time counts as new."""
    try:
        return datetime.fromisoformat(string(line.get("timestamp"))).timestamp()
    except (ValueError, OverflowError):
        return datetime.now(UTC).timestamp() if default is None else default


TRANSCRIPT = Transcript(useful=re.compile(rb'"type": ?"(?:user|gemini|info)"'), lines=_lines, begin=_begin)

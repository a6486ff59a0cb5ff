"""Claude Code's transcript: what its lines prove, and what no hook tells.

Lines say more than the hooks in four places: the texts between tool calls, turns that were interrupted, calls that the
user refused, and which advice really is in the context. A turn of which no hook told anything is here as a whole
(``fills``): what was typed, the calls with their results, the reply.

``hook_additional_context`` and ``queued_command`` are what the model was given; ``hook_success`` only repeats what a
hook printed and proves nothing. Unknown types come and go between versions and are passed over.

What the model used stands in its messages. Those of sub-agents are in a file of their own beside the session's, in
older versions between its lines; nothing else of them is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from . import claude_code
from .base import Captured, Kind, Payload, Seen, Transcript, compact, fitted, markers, shortened, string
from .bodies import call_body, output_body
from .used import Used

_INTERRUPTED = ("[Request interrupted by user]", "[Request interrupted by user for tool use]")
# The model goes on after these; the others end a turn. None (older versions) and max_tokens leave it open.
_GOES_ON = ("tool_use", "pause_turn")
_OPEN_CALLS = 16
# What a slash command wrote: its hook has the line as it was typed.
_COMMAND = re.compile(r"\s*<(?:command-|local-command)")


@dataclass(frozen=True, slots=True)
class Held:
    """A text of which the next lines have to tell whether it ended its turn."""

    name: str
    block: str
    text: str
    reply_id: str
    turn: str | None
    at: float


@dataclass(frozen=True, slots=True)
class State:
    """What has to be known from earlier lines. ``calls``: of our own tools, still without a result."""

    turn: str | None = None
    calls: tuple[str, ...] = ()
    held: Held | None = None

    @classmethod
    def of(cls, kept: Payload) -> State:
        try:
            held = kept.get("held")
            return cls(kept.get("turn"), tuple(kept.get("calls") or ()), Held(**held) if held else None)
        except TypeError:
            return cls()


@dataclass
class Lines:
    """See `base.Lines`."""

    session_id: str
    since: float
    state: State
    events: list[Captured] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    ended: bool = False

    def take(self, line: Payload) -> None:
        session_id = line.get("sessionId")
        if session_id and session_id != self.session_id:
            return
        if line.get("type") == "assistant":
            self._use(line)
        if line.get("isSidechain"):
            return
        self.ended = False
        match line.get("type"):
            case "user":
                self._user(line)
            case "assistant":
                self._assistant(line)
            case "attachment" if isinstance(line.get("attachment"), dict):
                self._attachment(line, line["attachment"])
            case "system" if line.get("subtype") in ("stop_hook_summary", "turn_duration"):
                self._resolve("reply")
            case "cost-state":
                # Written when the process leaves; a hint, because nobody documents it.
                self.ended = True

    def finish(self) -> None:
        """Nothing more will come: the last text was the answer."""
        self._resolve("reply")

    def kept(self) -> Payload:
        return asdict(self.state) | {"calls": list(self.state.calls)}

    def _user(self, line: Payload) -> None:
        prompt_id = line.get("promptId")
        if isinstance(prompt_id, str) and prompt_id and prompt_id != self.state.turn:
            self._resolve("reply")
            self.state = replace(self.state, turn=prompt_id)
        content = _message(line).get("content")
        typed = _typed(line)
        for block in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if not isinstance(block, dict):
                continue
            if block.get("type") == "tool_result":
                self._result(line, block)
            elif (text := string(block.get("text"))) in _INTERRUPTED and isinstance(content, list) and not typed:
                self._interrupted(line, text)
            elif not typed or claude_code.was_handed(text):
                self._see(line, text)
            elif text.strip() and self.state.turn and not line.get("isMeta") and not _COMMAND.match(text):
                name = claude_code.prompt_id(self.session_id, self.state.turn, text)
                self._tell("prompt", name, text, line, fills=True)

    def _result(self, line: Payload, block: Payload) -> None:
        self._resolve("message")
        name = string(block.get("tool_use_id"))
        if name in self.state.calls:
            self.state = replace(self.state, calls=tuple(call for call in self.state.calls if call != name))
            self._see(line, compact(block.get("content")))
        if name and line.get("toolDenialKind"):
            text = string(line.get("toolUseResult")) or output_body(block.get("content"))
            self._tell("tool.result", claude_code.result_id(self.session_id, name), text, line)
        elif name:
            text = output_body(block.get("content"))
            self._tell("tool.result", claude_code.result_id(self.session_id, name), text, line, fills=True)

    def _interrupted(self, line: Payload, text: str) -> None:
        self._resolve("message")
        if self.state.turn:
            client_id = claude_code.interrupted_id(self.session_id, self.state.turn)
            self._tell("turn.interrupted", client_id, text.strip("[]"), line)

    def _assistant(self, line: Payload) -> None:
        message = _message(line)
        content = message.get("content")
        if line.get("isApiErrorMessage") or message.get("model") == "<synthetic>" or not isinstance(content, list):
            return
        for number, block in enumerate(content):
            kind = block.get("type") if isinstance(block, dict) else None
            if kind == "tool_use":
                self._resolve("message")
                if claude_code.is_ours(string(block.get("name"))):
                    calls = (*self.state.calls, string(block.get("id")))[-_OPEN_CALLS:]
                    self.state = replace(self.state, calls=calls)
                self._call(line, block)
            elif kind == "text" and string(block.get("text")).strip():
                self._resolve("message")
                self._text(line, message, block["text"], line.get("apiBlockIndex", number))

    def _use(self, line: Payload) -> None:
        """A message has a line for each of its blocks; all of them tell its usage, the last one the whole of it."""
        message = _message(line)
        usage = message.get("usage")
        if line.get("isApiErrorMessage") or message.get("model") == "<synthetic>" or not isinstance(usage, dict):
            return
        used = Used.of(
            message.get("id"),
            message.get("model"),
            input=usage.get("input_tokens"),
            output=usage.get("output_tokens"),
            cache_read=usage.get("cache_read_input_tokens"),
            cache_write=usage.get("cache_creation_input_tokens"),
        )
        if used and _at(line) >= self.since:
            self.used.append(used)

    def _call(self, line: Payload, block: Payload) -> None:
        """As the hook tells it, so that readers of the record find the same fields."""
        call = {"tool_name": block.get("name"), "tool_input": block.get("input"), "tool_use_id": block.get("id")}
        if name := string(block.get("id")):
            body = call_body(call, string(line.get("cwd")) or None)
            self._tell("tool.call", claude_code.call_id(self.session_id, name), body, line, fills=True, payload=call)

    def _text(self, line: Payload, message: Payload, text: str, block: Any) -> None:
        stop, turn = message.get("stop_reason"), self.state.turn
        name = string(message.get("id")) or string(line.get("uuid"))
        reply_id = claude_code.reply_id(self.session_id, turn, text)
        if stop in (None, "max_tokens"):
            held = Held(name, str(block), shortened(text), reply_id, turn, _at(line))
            self.state = replace(self.state, held=held)
        elif stop in _GOES_ON:
            self._tell("message", claude_code.message_id(self.session_id, name, str(block)), text, line)
        elif turn:
            # Without its turn it would get another id than the hook's.
            self._tell("reply", reply_id, text, line, repeat=True)

    def _attachment(self, line: Payload, attachment: Payload) -> None:
        if attachment.get("type") == "hook_additional_context":
            content = attachment.get("content")
            self._see(line, "\n".join(map(str, content)) if isinstance(content, list) else str(content))
        elif attachment.get("type") == "queued_command":
            text = output_body(attachment.get("prompt"))
            if not _typed(attachment) or claude_code.was_handed(text):
                self._see(line, text)

    def _resolve(self, kind: Kind) -> None:
        held = self.state.held
        if held is None:
            return
        self.state = replace(self.state, held=None)
        if kind == "reply" and held.turn is None:
            kind = "message"
        client_id = held.reply_id if kind == "reply" else claude_code.message_id(self.session_id, held.name, held.block)
        if held.at >= self.since:
            payload = {"type": "assistant", "message": {"id": held.name}}
            self.events.append(
                Captured(kind, client_id, held.turn, held.text, payload, _time(held.at), repeat=kind == "reply")
            )

    def _see(self, line: Payload, text: str) -> None:
        at = _at(line)
        if at >= self.since:
            self.seen += [Seen(delivery, self.state.turn, at) for delivery in markers(text)]

    def _tell(
        self, kind: Kind, client_id: str, body: str, line: Payload, *, payload: Payload | None = None, **more: Any
    ) -> None:
        at = _at(line)
        if at >= self.since:
            told = fitted(line if payload is None else payload)
            self.events.append(Captured(kind, client_id, self.state.turn, shortened(body), told, _time(at), **more))


def _message(line: Payload) -> Payload:
    message = line.get("message")
    return message if isinstance(message, dict) else {}


def _typed(told: Payload) -> bool:
    origin = told.get("origin")
    kind = origin.get("kind") if isinstance(origin, dict) else None
    return kind == "human" or (kind is None and told.get("promptSource") in ("typed", "sdk"))


def _at(line: Payload) -> float:
    """Seconds since 1970; a line without a time counts as new."""
    try:
        return datetime.fromisoformat(string(line.get("timestamp"))).timestamp()
    except (ValueError, OverflowError):
        return datetime.now(UTC).timestamp()


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _lines(session_id: str, since: float, kept: Payload) -> Lines:
    return Lines(session_id, since, State.of(kept))


def _begin(newest_first: Iterable[Payload]) -> Payload:
    """The turn that is under way."""
    for line in newest_first:
        turn = line.get("promptId")
        if line.get("type") == "user" and isinstance(turn, str) and not line.get("isSidechain"):
            return {"turn": turn}
    return {}


TRANSCRIPT = Transcript(
    useful=re.compile(rb'"type": ?"(?:user|assistant|attachment|system|cost-state)"'), lines=_lines, begin=_begin
)

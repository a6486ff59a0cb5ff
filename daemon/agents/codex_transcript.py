"""Codex's own record of a thread (``rollout-….jsonl``, recorded with 0.169.0): its proofs, and what no hook tells.

A line is ``{"timestamp", "type", "payload"}``. What the model was given and said are ``response_item``, the bounds of a
turn ``event_msg``; everything else (world state, settings) is passed over, and so is what comes with a later version.

- Advice in a hook's answer is a ``developer`` message of its own, advice that blocked the end of a turn a ``user``
  message in ``<hook_prompt>``. Both say in their metadata that a hook gave them (``hooks.additional_context``, or
  provenance ``harness`` with ``hook``): a person who types the same words has neither.
- A text that is followed by a call or by another text is a ``message``; the last one of a turn is its reply, which
  ``Stop`` tells under the same id. A block of ``Stop`` comes after a reply too.
- Calls that were interrupted, refused or failed leave a ``function_call_output`` and no hook.
- What a response used is its ``token_usage_record``. Versions without such lines have only ``token_count``: the sum of
  the thread, which names the response, and the last one's share of it; it is told again where nothing was used since.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from .base import Captured, Kind, Payload, Seen, Transcript, client_id, digest, fitted, markers, shortened, string
from .bodies import call_body, output_body
from .told import is_advice
from .told import turn as turn_name
from .used import Used, count

SHORT = "codex"

_CALLS = ("function_call", "custom_tool_call", "local_shell_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_HOOK_PROMPT = re.compile(r"\s*<hook_prompt\b[^>]*>(.*)</hook_prompt>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Held:
    """A text of which the next lines have to tell whether it ended its turn."""

    name: str
    text: str
    turn: str | None
    at: float


@dataclass
class Lines:
    """See `base.Lines`. ``turn``, ``held``, ``model`` and ``records`` (that there are such lines) are what it keeps."""

    session_id: str
    since: float
    turn: str | None = None
    held: Held | None = None
    model: str = ""
    records: bool = False
    events: list[Captured] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    ended: bool = False

    def take(self, line: Payload) -> None:
        told = line.get("payload")
        if not isinstance(told, dict):
            return
        kind, at = string(told.get("type")), _at(line)
        match line.get("type"):
            case "event_msg" if kind == "task_started":
                self._resolve("reply")
                self.turn = turn_name(told.get("turn_id"))
            case "event_msg" if kind == "task_complete":
                self._resolve("reply")
            case "event_msg" if kind == "turn_aborted":
                self._resolve("message")
                turn = turn_name(told.get("turn_id")) or self.turn
                if turn:
                    words = "Interrupted by the user."
                    if string(told.get("reason")) not in ("", "interrupted"):
                        words = f"The turn was aborted: {string(told.get('reason'))}"
                    self._tell("turn.interrupted", (turn,), words, told, at, turn=turn)
            case "turn_context":
                self.model = string(told.get("model")) or self.model
            case "token_usage_record":
                self.records = True
                self._use(told.get("response_id"), told.get("usage"), at)
            case "event_msg" if kind == "token_count" and not self.records:
                info = _dict(told.get("info"))
                total = count(_dict(info.get("total_token_usage")).get("total_tokens"))
                self._use(f"{self.session_id}:{total}" if total else None, info.get("last_token_usage"), at)
            case "response_item" if kind == "message":
                self._message(told, at)
            case "response_item" if kind in _CALLS:
                self._resolve("message")
                self._call(told, at)
            case "response_item" if kind in _OUTPUTS:
                self._output(told, _dict(line.get("metadata")), at)

    def finish(self) -> None:
        self._resolve("reply")

    def kept(self) -> Payload:
        held = asdict(self.held) if self.held else None
        return {"turn": self.turn, "held": held, "model": self.model, "records": self.records}

    def _message(self, told: Payload, at: float) -> None:
        text, role, turn = output_body(told.get("content")), told.get("role"), _turn_of(told) or self.turn
        if role == "assistant":
            self._resolve("message")
            if text.strip():
                name = string(told.get("id")) or f"{turn}-{digest(text)}"
                self.held = Held(name, shortened(text), turn, at)
        elif _of_hook(told):
            blocked = _HOOK_PROMPT.fullmatch(text)
            if blocked:
                # Stop had told of the text before it.
                self._resolve("reply")
            self._see(blocked.group(1) if blocked else text, turn, at)
        elif role == "user" and "user.text" in _kinds(told):
            self._resolve("message")
            if is_advice(text):
                self._see(text, turn, at)
                self._tell("notice", (turn, digest(text)), text, told, at, turn=turn, fills=True)
            else:
                self._tell("prompt", (turn, digest(text)), text, told, at, turn=turn, fills=True)

    def _call(self, told: Payload, at: float) -> None:
        name = string(told.get("call_id"))
        server, tool = string(told.get("namespace")), string(told.get("name")) or string(told.get("type"))
        given = _arguments(told.get("arguments") or told.get("input") or told.get("action"))
        call = {"tool_name": f"{server}__{tool}" if server else tool, "tool_input": given, "tool_use_id": name}
        if name:
            # exec_command says cmd where the hook says command.
            shown = (
                call | {"tool_input": {"command": given["cmd"]}} if isinstance(given, dict) and "cmd" in given else call
            )
            body = call_body(shown, None)
            self._tell("tool.call", (name,), body, call, at, turn=_turn_of(told) or self.turn, fills=True)

    def _output(self, told: Payload, beside: Payload, at: float) -> None:
        name, turn = string(told.get("call_id")), _turn_of(told) or self.turn
        output = told.get("output")
        if isinstance(output, dict):
            output = output.get("content")
        if name:
            self._tell("tool.result", (name,), output_body(output), told, at, turn=turn, repeat=True)
        sources = _list(_dict(beside.get("mcp_attribution")).get("sources"))
        if at >= self.since and any(_dict(source).get("server_name") == "polaris" for source in sources):
            self.seen += [Seen(delivery, turn, at) for delivery in markers(output_body(output))]

    def _use(self, name: object, usage: object, at: float) -> None:
        """Codex counts what the cache had, and what went into it, into the input."""
        told = _dict(usage)
        read, written = count(told.get("cached_input_tokens")), count(told.get("cache_write_input_tokens"))
        given = max(0, count(told.get("input_tokens")) - read - written)
        output = told.get("output_tokens")
        used = Used.of(name, self.model, input=given, output=output, cache_read=read, cache_write=written)
        if used and at >= self.since:
            self.used.append(used)

    def _resolve(self, kind: Kind) -> None:
        held, self.held = self.held, None
        if held is None:
            return
        if kind == "reply" and held.turn:
            names: tuple[str | None, ...] = (held.turn, digest(held.text))
            self._tell("reply", names, held.text, {"id": held.name}, held.at, turn=held.turn, repeat=True)
        else:
            self._tell("message", (held.name,), held.text, {"id": held.name}, held.at, turn=held.turn)

    def _see(self, text: str, turn: str | None, at: float) -> None:
        if at >= self.since and is_advice(text):
            self.seen += [Seen(delivery, turn, at) for delivery in markers(text)]

    def _tell(
        self, kind: Kind, names: tuple[str | None, ...], body: str, payload: Payload, at: float, **more: Any
    ) -> None:
        known = [name for name in names if name]
        if at < self.since or len(known) < len(names):
            return  # without its turn it would get another id than the hook's
        name = client_id(SHORT, self.session_id, kind, *known)
        moment = datetime.fromtimestamp(at, UTC)
        self.events.append(
            Captured(
                kind=kind, client_id=name, body=shortened(body), payload=fitted(payload), occurred_at=moment, **more
            )
        )


def _lines(session_id: str, since: float, kept: Payload) -> Lines:
    lines, held = Lines(session_id, since), kept.get("held")
    turn = kept.get("turn")
    try:
        lines.held = Held(**held) if isinstance(held, dict) else None
    except TypeError:
        lines.held = None
    records, model = kept.get("records") is True, string(kept.get("model"))
    return replace(lines, turn=turn if isinstance(turn, str) else None, model=model, records=records)


def _begin(newest_first: Iterable[Payload]) -> Payload:
    """The turn that is under way and, because the new one's is told later, the last model."""
    begun: Payload = {}
    for line in newest_first:
        told = _dict(line.get("payload"))
        if line.get("type") == "turn_context":
            begun.setdefault("model", string(told.get("model")))
        elif line.get("type") == "event_msg" and told.get("type") == "task_started":
            begun.setdefault("turn", turn_name(told.get("turn_id")))
        if len(begun) == 2:
            break
    return begun


def _dict(value: object) -> Payload:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _beside(told: Payload) -> Payload:
    return _dict(told.get("internal_chat_message_metadata_passthrough"))


def _turn_of(told: Payload) -> str | None:
    return turn_name(_beside(told).get("turn_id"))


def _kinds(told: Payload) -> list[Any]:
    return _list(_beside(told).get("content_item_kinds"))


def _of_hook(told: Payload) -> bool:
    """Whether a hook of the user's gave the message, not a person and not Codex itself."""
    if "hooks.additional_context" in _kinds(told):
        return True
    origins = [_dict(_dict(item).get("provenance")) for item in _list(_beside(told).get("content_item_metadata"))]
    return any(origin.get("type") == "harness" and origin.get("hook") is True for origin in origins)


def _arguments(given: object) -> object:
    """JSON in a string, or the patch as it is."""
    try:
        return json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        return {"text": given}


def _at(line: Payload) -> float:
    """Seconds since 1970; a line without a time counts as new."""
    try:
        return datetime.fromisoformat(string(line.get("timestamp"))).timestamp()
    except (ValueError, OverflowError):
        return datetime.now(UTC).timestamp()


TRANSCRIPT = Transcript(
    useful=re.compile(
        rb'"type": ?"(?:message|task_started|task_complete|turn_aborted|turn_context|token_usage_record|token_count'
        rb'|[a-z_]*call(?:_output)?)"'
    ),
    lines=_lines,
    begin=_begin,
)

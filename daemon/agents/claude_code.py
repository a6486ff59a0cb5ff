"""Claude Code: what its hook payloads mean (recorded with 2.1.330, the older shapes included).

Decisions that are not plain from the table `EVENTS`:

- The text between tool calls (kind ``message``) comes from the transcript, never from ``MessageDisplay``: that event
  holds the screen while its hook runs, and its message ids exist nowhere else, so that nothing could match them.
- A prompt that nobody typed (channel, another session's message, a finished task, a hook that woke the session) is a
  ``notice``. One that carries the marker of our own advice is nothing: the record has it as ``advice`` already. A
  bare message of the inbox socket looks exactly like typing; ours are therefore always wrapped.
- ``PostToolBatch`` is the only one that tells of calls which were refused before they ran, and it lists all the
  others again; all get the ids of `PreToolUse` and `PostToolUse` and are marked ``repeat``.
- A failed turn (``StopFailure``) is ``turn.interrupted``, because a reader that waits for the end of a turn waits for
  ``reply`` or that.
- ``/compact`` runs inner forks that end with ``SubagentStop`` and an empty ``agent_type``: not events of anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from .base import (
    SESSION_ID,
    AgentSession,
    Captured,
    Kind,
    Payload,
    Unknown,
    client_id,
    compact,
    digest,
    fitted,
    markers,
    moment,
    shortened,
    string,
)
from .bodies import call_body, output_body

NAME = "claude-code"
SHORT = "cc"

# Claude Code writes a longer text to a file and shows the model a preview: 10,000 was cut, 9,900 passed.
CONTEXT_CHARACTERS = 9_500
ADVICE_EVENTS = frozenset(
    {"SessionStart", "UserPromptSubmit", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "Stop"}
)
# Not for advice: the answer to PreToolUse can decide about a permission, and the result comes soon after; a sub-agent
# is not the one who was addressed.
CONTEXT_EVENTS = ADVICE_EVENTS | {"PreToolUse", "SubagentStart"}

unknown_events = Unknown()

_NOT_TYPED = re.compile(
    r"\s*(?:<(?:channel|cross-session-message|task-notification|system-reminder)[\s>]"
    r"|Another Claude session sent a message:)"
)
_ADVICE = re.compile(r"\s*(?:\[?polaris:advice:|Advice (?:from|for) )")
_OURS = re.compile(r"mcp__(?:plugin_)?polaris")


def session_of(payload: Payload) -> AgentSession | None:
    """Who sent it; None without a session id that can be a file name."""
    session_id = payload.get("session_id")
    if not isinstance(session_id, str) or not SESSION_ID.fullmatch(session_id):
        return None
    event = string(payload.get("hook_event_name"))
    return AgentSession(
        session_id=session_id,
        event=event,
        transcript=string(payload.get("transcript_path")) or None,
        cwd=string(payload.get("cwd")) or None,
        turn=_turn(payload),
        subagent=string(payload.get("agent_id")) or None,
        starts=(string(payload.get("source")) or "startup") if event == "SessionStart" else None,
        ends=(string(payload.get("reason")) or "other") if event == "SessionEnd" else None,
    )


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    """The events that one payload tells of; none for what the table does not want. *at* is in seconds since 1970."""
    session = session_of(payload)
    if session is None:
        unknown_events.note("(no session)")
        return []
    if session.event not in EVENTS:
        unknown_events.note(session.event)
        return []
    read = EVENTS[session.event]
    return [] if read is None else read(_Told(payload, session, capture_id, at))


def may_advise(payload: Payload) -> bool:
    """Whether the answer to this payload may carry advice: an event that honours it, and not in a sub-agent."""
    return payload.get("hook_event_name") in ADVICE_EVENTS and not payload.get("agent_id")


def advice_seen(payload: Payload) -> tuple[str, ...]:
    """The deliveries whose marker this payload proves to be in the context of the session's main agent.

    Proof is a prompt that nobody typed, an answer of our own MCP tools, and what the agent itself wrote. A person who
    quotes a marker proves nothing, nor does the output of other tools: a log has markers without the advice.
    """
    if payload.get("agent_id"):
        return ()
    prompt = string(payload.get("prompt"))
    texts = [string(payload.get("last_assistant_message"))]
    if was_handed(prompt):
        texts.append(prompt)
    calls = payload.get("tool_calls")
    for call in [payload, *(calls if isinstance(calls, list) else [])]:
        if isinstance(call, dict):
            texts.append(compact(call.get("tool_input")))
            if is_ours(string(call.get("tool_name"))):
                texts.append(compact(call.get("tool_response")))
    return markers("\n".join(texts))


def was_handed(prompt: str) -> bool:
    """Whether a prompt's form says that a program gave it to the agent, not a person."""
    return bool(_NOT_TYPED.match(prompt) or _ADVICE.match(prompt))


def is_ours(tool: str) -> bool:
    """Whether a tool is one of Polaris's own MCP server."""
    return bool(_OURS.match(tool))


def hook_output(event: str, text: str) -> bytes:
    """The answer that puts *text* into the agent's context; empty where the event cannot carry it.

    A longer text loses its middle, so that a marker at either end stays. Give it one piece, or pieces that `fits`.
    """
    if event not in CONTEXT_EVENTS or not text:
        return b""
    if not fits(text):
        half = (CONTEXT_CHARACTERS - 100) // 4
        text = f"{text[:half]}\n… [{len(text) - 2 * half} characters left out: ask polaris_context] …\n{text[-half:]}"
    answer = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}
    return json.dumps(answer, ensure_ascii=True).encode()


def fits(text: str) -> bool:
    """Whether Claude Code passes *text* on whole; it counts UTF-16 units."""
    return len(text) <= CONTEXT_CHARACTERS // 2 or len(text.encode("utf-16-le", "replace")) // 2 <= CONTEXT_CHARACTERS


def reply_id(session_id: str, turn: str | None, text: str) -> str:
    """The client id of a turn's answer, for the hook and the transcript alike; the agent gives it no id of its own."""
    return client_id(SHORT, session_id, "reply", turn or "none", digest(text))


def message_id(session_id: str, name: str, block: str) -> str:
    """The client id of a text between tool calls: the model's message id and the block's number in it."""
    return client_id(SHORT, session_id, "message", name, block)


def interrupted_id(session_id: str, turn: str) -> str:
    """The client id of a turn that ended without an answer; a turn ends once."""
    return client_id(SHORT, session_id, "turn.interrupted", turn)


def result_id(session_id: str, tool_use_id: str) -> str:
    return client_id(SHORT, session_id, "tool.result", tool_use_id)


class _Told:
    """One payload, its session and the id of its capture."""

    def __init__(self, payload: Payload, session: AgentSession, capture_id: str, at: float) -> None:
        self.payload = payload
        self.session = session
        self.capture_id = capture_id
        self.at = moment(at)

    def text(self, name: str) -> str:
        return string(self.payload.get(name))

    def event(
        self, kind: Kind, body: str, *names: str, id: str = "", payload: Payload | None = None, repeat: bool = False
    ) -> Captured:
        return Captured(
            kind=kind,
            client_id=id or client_id(SHORT, self.session.session_id, kind, *(names or (self.capture_id,))),
            turn=self.session.turn,
            body=shortened(body),
            payload=fitted(self.payload if payload is None else payload),
            occurred_at=self.at,
            subagent=self.session.subagent,
            repeat=repeat,
        )

    def notice(self, body: str, *names: str) -> list[Captured]:
        """Named after the turn where there is one, else after the capture."""
        turn = self.session.turn
        return [self.event("notice", body, turn, *names) if turn and names else self.event("notice", body)]


def _turn(payload: Payload) -> str | None:
    prompt_id = string(payload.get("prompt_id"))
    return (prompt_id if len(prompt_id) <= 128 else digest(prompt_id)) or None


def _prompt(told: _Told) -> list[Captured]:
    prompt, turn = told.text("prompt"), told.session.turn
    ours = bool(markers(prompt))
    if _NOT_TYPED.match(prompt):
        return [] if ours else told.notice(prompt, digest(prompt))
    if ours and _ADVICE.match(prompt):
        return told.notice(prompt, digest(prompt))
    # One turn takes several prompts (typed while it runs) under one prompt_id: the text tells them apart.
    return [told.event("prompt", prompt, turn, digest(prompt)) if turn else told.event("prompt", prompt)]


def _call(told: _Told) -> list[Captured]:
    name = told.text("tool_use_id") or told.capture_id
    return [told.event("tool.call", call_body(told.payload, told.session.cwd), name)]


def _result(told: _Told) -> list[Captured]:
    name = told.text("tool_use_id") or told.capture_id
    return [told.event("tool.result", output_body(told.payload.get("tool_response"), told.session.cwd), name)]


def _failure(told: _Told) -> list[Captured]:
    return [told.event("tool.result", told.text("error"), told.text("tool_use_id") or told.capture_id)]


def _denied(told: _Told) -> list[Captured]:
    name = told.text("tool_use_id") or told.capture_id
    return [told.event("tool.result", f"Denied: {told.text('reason')}", name)]


def _batch(told: _Told) -> list[Captured]:
    calls = told.payload.get("tool_calls")
    events = []
    for call in calls if isinstance(calls, list) else []:
        name = string(call.get("tool_use_id")) if isinstance(call, dict) else ""
        if not name:
            continue
        payload = told.payload | {"tool_calls": [call]}
        body = call_body(call, told.session.cwd)
        output = output_body(call.get("tool_response"), told.session.cwd)
        events.append(told.event("tool.call", body, name, payload=payload, repeat=True))
        events.append(told.event("tool.result", output, name, payload=payload, repeat=True))
    return events


def _stop(told: _Told) -> list[Captured]:
    text, turn = told.text("last_assistant_message"), told.session.turn
    if not text.strip():
        return told.notice("The turn ended without a text.", "ended")
    return [told.event("reply", text, id=reply_id(told.session.session_id, turn, text) if turn else "")]


def _stop_failure(told: _Told) -> list[Captured]:
    body = told.text("last_assistant_message") or told.text("error") or "The model could not be reached."
    turn = told.session.turn
    return [told.event("turn.interrupted", body, id=interrupted_id(told.session.session_id, turn) if turn else "")]


def _subagent_stop(told: _Told) -> list[Captured]:
    text = told.text("last_assistant_message")
    if not told.text("agent_type") or not text.strip():
        return []
    # Not the reply of the turn: the one who was asked has yet to answer.
    return [told.event("message", text, told.text("agent_id") or "agent", digest(text))]


def _permission(told: _Told) -> list[Captured]:
    body = call_body(told.payload, told.session.cwd)
    return told.notice(f"Asks for permission: {body}", "permission", digest(body))


def _notification(told: _Told) -> list[Captured]:
    # permission_prompt repeats PermissionRequest, elicitation_response and idle_prompt say nothing to a teammate.
    if told.text("notification_type") != "agent_needs_input":
        return []
    return told.notice(told.text("message"), "notification", digest(told.text("message")))


def _elicitation(told: _Told) -> list[Captured]:
    asked = f"{told.text('mcp_server_name')} asks: {told.text('message')}"
    return told.notice(asked, "elicitation", digest(asked))


def _session_start(told: _Told) -> list[Captured]:
    # PostCompact tells of the compaction, with its summary.
    source = told.session.starts
    return [] if source == "compact" else told.notice(f"Agent session started ({source}).")


def _session_end(told: _Told) -> list[Captured]:
    return told.notice(f"Agent session ended ({told.session.ends}).", "session-end")


def _compacted(told: _Told) -> list[Captured]:
    return told.notice(f"Context compacted ({told.text('trigger') or 'auto'}).", "compacted", told.capture_id)


def _model(told: _Told) -> list[Captured]:
    return told.notice(f"Model changed: {told.text('from_model')} → {told.text('to_model')}", "model", told.capture_id)


# Every event name that Claude Code 2.1.330 knows. None: known, and nothing for the record.
EVENTS: dict[str, Callable[[_Told], list[Captured]] | None] = {
    "UserPromptSubmit": _prompt,
    "PreToolUse": _call,
    "PostToolUse": _result,
    "PostToolUseFailure": _failure,
    "PostToolBatch": _batch,
    "PermissionRequest": _permission,
    "PermissionDenied": _denied,
    "Stop": _stop,
    "StopFailure": _stop_failure,
    "SubagentStop": _subagent_stop,
    "SessionStart": _session_start,
    "SessionEnd": _session_end,
    "PostCompact": _compacted,
    "PostModelSwitch": _model,
    "Notification": _notification,
    "Elicitation": _elicitation,
    "MessageDisplay": None,  # the transcript has the whole text under an id
    "UserPromptExpansion": None,  # its UserPromptSubmit came before
    "SubagentStart": None,  # the call of Agent came before
    "PreCompact": None,
    "PreModelSwitch": None,
    "TaskCreated": None,  # so do TaskCreate and TaskUpdate
    "TaskCompleted": None,
    "TeammateIdle": None,
    "ElicitationResult": None,
    "Setup": None,
    "InstructionsLoaded": None,
    "ConfigChange": None,
    "CwdChanged": None,
    "DirectoryAdded": None,
    "FileChanged": None,
    "WorktreeCreate": None,
    "WorktreeRemove": None,
}

"""Codex CLI: what its hook payloads mean (recorded with 0.169.0; the events that are not recorded, from its schema).

Decisions that are not plain from the table `EVENTS`:

- Esc fires ``Interrupt`` and then neither ``PostToolUse`` nor ``Stop``. A failing command is an ordinary
  ``PostToolUse`` without an exit code; an MCP call that fails leaves nothing but its ``PreToolUse``.
- ``codex queue`` hands a message over that looks like typing; ours are known by their form and their marker.
- A hook that blocks ``Stop`` makes a second ``Stop`` of the same turn: two replies, told apart by their texts.
- Advice in a hook's answer becomes a developer message that no payload repeats: Codex's own record of the thread proves
  it (`codex_transcript`). A sub-agent has a record of its own; its payloads do not name the session's.
"""

from __future__ import annotations

import os

from polaris.install.machine import program
from polaris.install.shapes import Copied, Hooks, Install, Table, Trust

from .base import AgentSession, Captured, Payload, Transcript, Unknown, Waker, compact, digest, markers, string
from .bodies import call_body, output_body
from .codex_queue import Queue
from .codex_transcript import SHORT, TRANSCRIPT
from .told import Reader, Shape, Told, answer, context, is_advice, named, read, turn
from .used import Used

NAME = "codex"
# The interactive CLI's hooks are children of one background server for all sessions.
PROCESS_IS_SESSION = False
NAMES_TURNS = True

# Codex cuts the middle out of what is longer than about 2,500 tokens, which it counts as four bytes each.
CONTEXT_BYTES = 9_000

unknown_events = Unknown()

_OURS = "mcp__polaris__"


def session_of(payload: Payload) -> AgentSession | None:
    """Who sent it: ``session_id`` is the thread's id, which also stands in the calls of MCP tools."""
    session_id = named(payload.get("session_id"))
    if session_id is None:
        return None
    event = string(payload.get("hook_event_name"))
    return AgentSession(
        session_id=session_id,
        event=event,
        transcript=None if payload.get("agent_id") else string(payload.get("transcript_path")) or None,
        cwd=string(payload.get("cwd")) or None,
        turn=turn(payload.get("turn_id")),
        subagent=string(payload.get("agent_id")) or None,
        starts=(string(payload.get("source")) or "startup") if event == "SessionStart" else None,
        ends=(string(payload.get("reason")) or "other") if event == "SessionEnd" else None,
    )


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    return read(EVENTS, unknown_events, SHORT, session_of(payload), payload, capture_id, at)


def may_advise(payload: Payload) -> bool:
    return payload.get("hook_event_name") in ADVICE and not payload.get("agent_id")


def advice_seen(payload: Payload) -> tuple[str, ...]:
    """Proof is a queued message, an answer of our own MCP tools, and what the agent itself wrote."""
    if payload.get("agent_id"):
        return ()
    prompt = string(payload.get("prompt"))
    texts = [string(payload.get("last_assistant_message")), compact(payload.get("tool_input"))]
    if is_advice(prompt):
        texts.append(prompt)
    if string(payload.get("tool_name")).startswith(_OURS):
        texts.append(compact(payload.get("tool_response")))
    return markers("\n".join(texts))


def fits(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) <= CONTEXT_BYTES


def hook_output(event: str, text: str) -> bytes:
    """The answer that puts *text* into the context. A key that Codex does not know would make all of it invalid."""
    return answer(ADVICE, event, text, fits)


def transcript() -> Transcript | None:
    return TRANSCRIPT


def used(payload: Payload) -> list[Used]:
    return []  # the transcript tells it


def _block(_event: str, text: str) -> Payload:
    return {"decision": "block", "reason": text}


def _prompt(told: Told) -> list[Captured]:
    return told.prompt(told.text("prompt"), told.session.turn, digest(told.text("prompt")))


def _call(told: Told) -> list[Captured]:
    return [told.event("tool.call", call_body(told.payload, told.session.cwd), told.text("tool_use_id"))]


def _result(told: Told) -> list[Captured]:
    body = output_body(told.payload.get("tool_response"), told.session.cwd)
    return [told.event("tool.result", body.rstrip("\n"), told.text("tool_use_id"))]


def _permission(told: Told) -> list[Captured]:
    body = call_body(told.payload, told.session.cwd)
    return [told.event("notice", f"Asks for permission: {body}", told.session.turn, "permission", digest(body))]


def _stop(told: Told) -> list[Captured]:
    if told.session.subagent:
        return []  # SubagentStop tells it
    return told.reply(told.text("last_assistant_message"), told.session.turn)


def _subagent_stop(told: Told) -> list[Captured]:
    return told.subagent_text(told.text("last_assistant_message"), told.session.subagent)


def _interrupt(told: Told) -> list[Captured]:
    if told.session.subagent:
        return []
    return [told.event("turn.interrupted", "Interrupted by the user.", told.session.turn)]


def _compacted(told: Told) -> list[Captured]:
    return [told.event("notice", f"Context compacted ({told.text('trigger') or 'auto'}).")]


# Every event name that Codex 0.169.0 takes. None: known, and nothing for the record.
EVENTS: dict[str, Reader | None] = {
    "SessionStart": Told.session_start,
    "UserPromptSubmit": _prompt,
    "PreToolUse": _call,
    "PermissionRequest": _permission,
    "PostToolUse": _result,
    "Stop": _stop,
    "SubagentStop": _subagent_stop,
    "Interrupt": _interrupt,
    "PostCompact": _compacted,
    "SessionEnd": Told.session_end,
    "PreCompact": None,
    "SubagentStart": None,
}

# The events whose answer carries advice, and how. Not PreToolUse: its answer can decide about a permission.
ADVICE: dict[str, Shape] = {
    "SessionStart": context,
    "UserPromptSubmit": context,
    "PostToolUse": context,
    "Stop": _block,
}


INSTALL = Install(
    title="Codex CLI",
    config="~/.codex",
    variable="CODEX_HOME",
    programs=("codex",),
    parts=(
        # First, so that a removal knows from hooks.json which trust was ours.
        Trust("{config}/config.toml", hooks="{config}/hooks.json"),
        Table(
            "{config}/config.toml",
            ("mcp_servers", "polaris"),
            {"command": "{polaris}", "args": ["mcp"], "tool_timeout_sec": 120},
            why="the tools with which it connects, advises and hands over",
        ),
        Hooks(
            "{config}/hooks.json",
            events={event: "" for event, reader in EVENTS.items() if reader is not None},
            handler={"type": "command", "command": "", "timeout": 5},
        ),
        Copied("{config}/skills/polaris/SKILL.md", ("skills", "codex/SKILL.md"), why="the skill $polaris"),
    ),
    notes=("Codex asks once whether you trust the new hooks: choose to trust them. Until then nothing is captured.",),
)

WAKER: Waker | None = Queue(lambda: program(INSTALL, os.environ))

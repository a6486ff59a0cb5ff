"""Cursor (editor and ``agent`` command): what its hook payloads mean, by its documentation; there is no recording.

Decisions that are not plain from the table `EVENTS`:

- ``preToolUse`` and its two ends tell of every tool. The hooks of single kinds of tools (``beforeShellExecution``,
  ``afterFileEdit``, …) tell of the same calls without their ids, and give nothing.
- Cursor also runs the hooks of Claude Code's settings, with payloads of its own shape. What both tell of has the same
  ids, so that it is one event: nothing here is named by the capture where the payload has all that is needed.
- ``beforeSubmitPrompt`` does not fire for a ``followup_message``, and no payload repeats what hooks put in: that
  advice arrived is proved only by what the agent itself writes or by our own MCP tools. ``transcript`` stays empty
  until that format has a reader, because a transcript without a marker counts as proof that nothing arrived.
- Context longer than 10,000 characters is dropped whole, without a word.
"""

from __future__ import annotations

import json

from polaris.install.shapes import Entry, Hooks, Install

from .base import AgentSession, Captured, Payload, Transcript, Unknown, Waker, compact, digest, markers, string
from .bodies import call_body, output_body
from .told import Reader, Shape, Told, answer, is_advice, named, read, turn, utf16
from .used import Used

NAME = "cursor"
SHORT = "cursor"
# The editor is one process for all of its conversations.
PROCESS_IS_SESSION = False
NAMES_TURNS = True
WAKER: Waker | None = None

CONTEXT_CHARACTERS = 9_500
# So many times in a row Cursor follows up; with the next one it would take the advice and do nothing.
FOLLOW_UPS = 5

unknown_events = Unknown()


def session_of(payload: Payload) -> AgentSession | None:
    session_id = named(payload.get("conversation_id")) or named(payload.get("session_id"))
    if session_id is None:
        return None
    event = string(payload.get("hook_event_name"))
    return AgentSession(
        session_id=session_id,
        event=event,
        cwd=string(payload.get("cwd")) or _workspace(payload),
        turn=turn(payload.get("generation_id")),
        subagent=string(payload.get("subagent_id")) or None,
        starts="startup" if event == "sessionStart" else None,
        ends=(string(payload.get("reason")) or "other") if event == "sessionEnd" else None,
    )


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    return read(EVENTS, unknown_events, SHORT, session_of(payload), payload, capture_id, at)


def may_advise(payload: Payload) -> bool:
    """Whether the answer may carry advice; a turn that was stopped is not followed up."""
    event, loops = payload.get("hook_event_name"), payload.get("loop_count")
    if payload.get("subagent_id"):
        return False
    if event == "stop":
        return payload.get("status") == "completed" and (not isinstance(loops, int) or loops < FOLLOW_UPS)
    return event in ADVICE


def advice_seen(payload: Payload) -> tuple[str, ...]:
    if payload.get("subagent_id"):
        return ()
    prompt = string(payload.get("prompt"))
    texts = [compact(payload.get("tool_input"))]
    if payload.get("hook_event_name") == "afterAgentResponse":
        texts.append(string(payload.get("text")))
    if is_advice(prompt):
        texts.append(prompt)
    if _is_ours(string(payload.get("tool_name"))):
        texts.append(string(payload.get("tool_output")))
    return markers("\n".join(texts))


def fits(text: str) -> bool:
    return utf16(text) <= CONTEXT_CHARACTERS


def hook_output(event: str, text: str) -> bytes:
    return answer(ADVICE, event, text, fits)


def transcript() -> Transcript | None:
    return None


def used(payload: Payload) -> list[Used]:
    return []


def _workspace(payload: Payload) -> str | None:
    roots = payload.get("workspace_roots")
    return string(roots[0]) or None if isinstance(roots, list) and roots else None


def _is_ours(tool: str) -> bool:
    """``MCP:<tool>``, with the server's name in between in some versions."""
    return tool.startswith(("MCP:polaris:", "MCP:polaris_"))


def _prompt(told: Told) -> list[Captured]:
    return told.prompt(told.text("prompt"), told.session.turn, digest(told.text("prompt")))


def _response(told: Told) -> list[Captured]:
    if told.session.subagent:
        return told.subagent_text(told.text("text"), told.session.subagent)
    return told.reply(told.text("text"), told.session.turn)


def _call(told: Told) -> list[Captured]:
    return [told.event("tool.call", call_body(told.payload, told.session.cwd), told.text("tool_use_id"))]


def _result(told: Told) -> list[Captured]:
    return [
        told.event("tool.result", _output(told.payload.get("tool_output"), told.session.cwd), told.text("tool_use_id"))
    ]


def _output(told: object, cwd: str | None) -> str:
    """A tool's answer is JSON in a string."""
    try:
        response = json.loads(told) if isinstance(told, str) else told
    except (ValueError, RecursionError):
        return string(told)
    if isinstance(response, dict) and isinstance(response.get("output"), str):
        return str(response["output"])
    return output_body(response, cwd)


def _failure(told: Told) -> list[Captured]:
    words = told.text("error_message") or told.text("failure_type")
    if told.text("failure_type") == "permission_denied":
        words = f"Denied: {words}"
    elif told.payload.get("is_interrupt") is True:
        words = f"{words}\n[interrupted]".lstrip()
    return [told.event("tool.result", words, told.text("tool_use_id"))]


def _stop(told: Told) -> list[Captured]:
    # afterAgentResponse told how a completed turn ended.
    words = {"aborted": "Interrupted by the user.", "error": "The turn ended with an error."}.get(told.text("status"))
    return [told.event("turn.interrupted", words, told.session.turn)] if words and not told.session.subagent else []


def _subagent_stop(told: Told) -> list[Captured]:
    name = told.session.subagent
    if text := told.text("summary") or told.text("result"):
        return told.subagent_text(text, name)
    kind, status = told.text("subagent_type") or "Sub-agent", told.text("status") or "completed"
    return [told.event("notice", f"{kind}: {status}", name, "subagent-stop")]


def _compacted(told: Told) -> list[Captured]:
    words = f"Context compacted ({told.text('trigger') or 'auto'})."
    return [told.event("notice", words, told.session.turn, "compacted")]


# Every event name of the documentation. None: known, and nothing for the record.
EVENTS: dict[str, Reader | None] = {
    "sessionStart": lambda told: told.session_start("session-start"),
    "beforeSubmitPrompt": _prompt,
    "preToolUse": _call,
    "postToolUse": _result,
    "postToolUseFailure": _failure,
    "afterAgentResponse": _response,
    "subagentStop": _subagent_stop,
    "preCompact": _compacted,
    "stop": _stop,
    "sessionEnd": lambda told: told.session_end("session-end", compact(told.payload.get("duration_ms"))),
    "afterAgentThought": None,
    "subagentStart": None,  # the call of Task came before
    "beforeShellExecution": None,  # these tell of calls that preToolUse told with their ids
    "afterShellExecution": None,
    "beforeMCPExecution": None,
    "afterMCPExecution": None,
    "beforeReadFile": None,
    "afterFileEdit": None,
    "workspaceOpen": None,
}

# The events whose answer carries advice, and how. Not sessionStart: its context is reported as unreliable.
ADVICE: dict[str, Shape] = {
    "postToolUse": lambda _, text: {"additional_context": text},
    "stop": lambda _, text: {"followup_message": text},
}


INSTALL = Install(
    title="Cursor",
    config="~/.cursor",
    programs=("cursor", "cursor-agent"),
    places=("/Applications/Cursor.app/Contents/Resources/app/bin",),
    version=(),
    parts=(
        Hooks(
            "{config}/hooks.json",
            events={event: "" for event, reader in EVENTS.items() if reader is not None},
            handler={"command": "", "timeout": 5},
            form="handlers",
            top={"version": 1},
        ),
        Entry(
            "{config}/mcp.json",
            ("mcpServers", "polaris"),
            {"command": "{polaris}", "args": ["mcp"]},
            why="the tools with which it connects, advises and hands over",
        ),
    ),
    notes=("Restart Cursor's command line where it runs, and allow the MCP server polaris in Cursor's settings.",),
)

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

import re
from dataclasses import replace

from polaris.install.shapes import Copied, Entry, Hooks, Install, StatusLine, Warn

from .base import AgentSession, Captured, Payload, Transcript, Unknown, client_id, compact, digest, markers, string
from .bodies import call_body, output_body
from .claude_inbox import Inbox
from .told import Reader, Told, answer, context, named, read, turn, utf16
from .used import Used

NAME = "claude-code"
SHORT = "cc"
PROCESS_IS_SESSION = True
WAKER = Inbox()
NAMES_TURNS = True

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
# Where a company's settings are; they count more than the user's.
_MANAGED = (
    "/etc/claude-code/managed-settings.json",
    "/Library/Application Support/ClaudeCode/managed-settings.json",
)


def session_of(payload: Payload) -> AgentSession | None:
    """Who sent it; None without a session id that can be a file name."""
    session_id = named(payload.get("session_id"))
    if session_id is None:
        return None
    event = string(payload.get("hook_event_name"))
    return AgentSession(
        session_id=session_id,
        event=event,
        transcript=string(payload.get("transcript_path")) or None,
        cwd=string(payload.get("cwd")) or None,
        turn=turn(payload.get("prompt_id")),
        subagent=string(payload.get("agent_id")) or None,
        starts=(string(payload.get("source")) or "startup") if event == "SessionStart" else None,
        ends=(string(payload.get("reason")) or "other") if event == "SessionEnd" else None,
        mode=string(payload.get("permission_mode")) or None,
        beside=_beside(payload),
    )


def _beside(payload: Payload) -> str | None:
    """The record of the sub-agent that a payload comes from: it lies in a folder beside the session's."""
    session, name = string(payload.get("transcript_path")), named(payload.get("agent_id"))
    if not name or not session.endswith(".jsonl"):
        return None
    return string(payload.get("agent_transcript_path")) or f"{session[:-6]}/subagents/agent-{name}.jsonl"


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    """The events that one payload tells of; none for what the table does not want. *at* is in seconds since 1970."""
    return read(EVENTS, unknown_events, SHORT, session_of(payload), payload, capture_id, at)


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
    return answer(dict.fromkeys(CONTEXT_EVENTS, context), event, text, fits)


def fits(text: str) -> bool:
    """Whether Claude Code passes *text* on whole; it counts UTF-16 units."""
    return len(text) <= CONTEXT_CHARACTERS // 2 or utf16(text) <= CONTEXT_CHARACTERS


def transcript() -> Transcript | None:
    from .claude_transcript import TRANSCRIPT  # which gives what it reads the ids of this module

    return TRANSCRIPT


def used(payload: Payload) -> list[Used]:
    return []  # the transcript tells it


def prompt_id(session_id: str, turn: str, text: str) -> str:
    """The client id of a prompt: one turn takes several (typed while it runs), and the text tells them apart."""
    return client_id(SHORT, session_id, "prompt", turn, digest(text))


def reply_id(session_id: str, turn: str | None, text: str) -> str:
    """The client id of a turn's answer, for the hook and the transcript alike; the agent gives it no id of its own."""
    return client_id(SHORT, session_id, "reply", turn or "none", digest(text))


def message_id(session_id: str, name: str, block: str) -> str:
    """The client id of a text between tool calls: the model's message id and the block's number in it."""
    return client_id(SHORT, session_id, "message", name, block)


def interrupted_id(session_id: str, turn: str) -> str:
    """The client id of a turn that ended without an answer; a turn ends once."""
    return client_id(SHORT, session_id, "turn.interrupted", turn)


def call_id(session_id: str, tool_use_id: str) -> str:
    return client_id(SHORT, session_id, "tool.call", tool_use_id)


def result_id(session_id: str, tool_use_id: str) -> str:
    return client_id(SHORT, session_id, "tool.result", tool_use_id)


def _prompt(told: Told) -> list[Captured]:
    prompt = told.text("prompt")
    ours = bool(markers(prompt))
    if _NOT_TYPED.match(prompt):
        return [] if ours else _notice(told, prompt, digest(prompt))
    if ours and _ADVICE.match(prompt):
        return _notice(told, prompt, digest(prompt))
    return [told.event("prompt", prompt, told.session.turn, digest(prompt))]


def _notice(told: Told, body: str, *names: str) -> list[Captured]:
    return [told.event("notice", body, told.session.turn, *names)]


def _call(told: Told) -> list[Captured]:
    return [told.event("tool.call", call_body(told.payload, told.session.cwd), told.text("tool_use_id"))]


def _result(told: Told) -> list[Captured]:
    body = output_body(told.payload.get("tool_response"), told.session.cwd)
    return [told.event("tool.result", body, told.text("tool_use_id"))]


def _failure(told: Told) -> list[Captured]:
    return [told.event("tool.result", told.text("error"), told.text("tool_use_id"))]


def _denied(told: Told) -> list[Captured]:
    return [told.event("tool.result", f"Denied: {told.text('reason')}", told.text("tool_use_id"))]


def _batch(told: Told) -> list[Captured]:
    calls = told.payload.get("tool_calls")
    events = []
    for call in calls if isinstance(calls, list) else []:
        name = string(call.get("tool_use_id")) if isinstance(call, dict) else ""
        if not name:
            continue
        alone = replace(told, payload=told.payload | {"tool_calls": [call]})
        output = output_body(call.get("tool_response"), told.session.cwd)
        events.append(alone.event("tool.call", call_body(call, told.session.cwd), name, repeat=True))
        events.append(alone.event("tool.result", output, name, repeat=True))
    return events


def _stop(told: Told) -> list[Captured]:
    return told.reply(told.text("last_assistant_message"), told.session.turn)


def _stop_failure(told: Told) -> list[Captured]:
    body = told.text("last_assistant_message") or told.text("error") or "The model could not be reached."
    return [told.event("turn.interrupted", body, told.session.turn)]


def _subagent_stop(told: Told) -> list[Captured]:
    if not told.text("agent_type"):
        return []
    return told.subagent_text(told.text("last_assistant_message"), told.text("agent_id") or "agent")


def _permission(told: Told) -> list[Captured]:
    body = call_body(told.payload, told.session.cwd)
    return _notice(told, f"Asks for permission: {body}", "permission", digest(body))


def _notification(told: Told) -> list[Captured]:
    # permission_prompt repeats PermissionRequest, elicitation_response and idle_prompt say nothing to a teammate.
    if told.text("notification_type") != "agent_needs_input":
        return []
    return _notice(told, told.text("message"), "notification", digest(told.text("message")))


def _elicitation(told: Told) -> list[Captured]:
    asked = f"{told.text('mcp_server_name')} asks: {told.text('message')}"
    return _notice(told, asked, "elicitation", digest(asked))


def _session_start(told: Told) -> list[Captured]:
    # PostCompact tells of the compaction, with its summary.
    return [] if told.session.starts == "compact" else told.session_start()


def _session_end(told: Told) -> list[Captured]:
    return told.session_end(told.session.turn, "session-end")


def _compacted(told: Told) -> list[Captured]:
    return _notice(told, f"Context compacted ({told.text('trigger') or 'auto'}).", "compacted", told.capture_id)


def _model(told: Told) -> list[Captured]:
    changed = f"Model changed: {told.text('from_model')} → {told.text('to_model')}"
    return _notice(told, changed, "model", told.capture_id)


# Every event name that Claude Code 2.1.330 knows. None: known, and nothing for the record.
EVENTS: dict[str, Reader | None] = {
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


INSTALL = Install(
    title="Claude Code",
    config="~/.claude",
    variable="CLAUDE_CONFIG_DIR",
    programs=("claude",),
    places=("~/.claude/local",),
    # Its own commands would send telemetry and look for updates.
    environment={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
    parts=(
        Hooks(
            "{config}/settings.json",
            # A name that the installed version does not know opens a dialog at every start. PostModelSwitch is not
            # documented, and fires nothing that is missed.
            events={
                "SessionStart": "",
                "UserPromptSubmit": "",
                "PreToolUse": "",
                "PostToolUse": "",
                "PostToolUseFailure": "2.1.197",
                "PostToolBatch": "2.1.197",
                "PermissionRequest": "2.1.197",
                "PermissionDenied": "2.1.197",
                "Elicitation": "2.1.197",
                "SubagentStop": "",
                "Stop": "",
                "StopFailure": "2.1.197",
                "PostCompact": "2.1.197",
                "Notification": "",
                "SessionEnd": "",
            },
            handler={"type": "command", "command": "", "timeout": 5},
        ),
        StatusLine(
            "{config}/settings.json",
            {"type": "command", "command": "{statusline}", "refreshInterval": 1},
            since={"refreshInterval": "2.1.97"},
        ),
        Entry(
            "~/.claude.json",
            ("mcpServers", "polaris"),
            {"type": "stdio", "command": "{polaris}", "args": ["mcp"], "env": {}},
            why="the tools with which it connects, advises and hands over",
            add=("mcp", "add", "--scope", "user", "--transport", "stdio", "polaris", "--", "{polaris}", "mcp"),
            remove=("mcp", "remove", "--scope", "user", "polaris"),
            moved="{config}/.claude.json",
        ),
        Copied("{config}/skills/polaris/SKILL.md", ("skills", "polaris/SKILL.md"), why="the command /polaris"),
    ),
    notes=("Claude Code asks once in each folder whether you trust it; hooks and tools run from then on.",),
    warnings=tuple(
        Warn(("{config}/settings.json", *_MANAGED), (key,), value, says)
        for key, value, says in (
            ("disableAllHooks", True, "disableAllHooks is on: nothing is captured, and there is no status line."),
            ("allowManagedHooksOnly", True, "allowManagedHooksOnly is on: the hooks of a user do not run."),
            ("allowedHttpHookUrls", None, "allowedHttpHookUrls limits hooks that call a URL; those of Polaris do not."),
        )
    ),
)

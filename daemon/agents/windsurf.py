"""Windsurf (Cascade): what its hook payloads mean, by its documentation; there is no recording.

Decisions that are not plain from the table `EVENTS`:

- No hook's answer reaches the model: advice has no way in but an MCP tool that the model itself calls.
- An action has no id. The turn, the time that the payload tells and a digest of the action name it; a call and its
  result are two times, and stand beside each other by their order.
- ``post_cascade_response`` is all text since the prompt: the reply. The same with the transcript repeats it.
- Nothing tells of a command's output, of a failed, denied or interrupted action, nor of a session's start and end.
"""

from __future__ import annotations

from polaris.install.shapes import Entry, Hooks, Install

from .base import AgentSession, Captured, Payload, Transcript, Unknown, Waker, compact, digest, markers, string
from .bodies import call_body, output_body
from .told import Reader, Told, named, read, turn
from .used import Used

NAME = "windsurf"
SHORT = "windsurf"
# The editor is one process for all of its conversations.
PROCESS_IS_SESSION = False
NAMES_TURNS = True
WAKER: Waker | None = None

unknown_events = Unknown()

_OURS = "polaris"
_UNTOLD = "(Windsurf does not tell the output.)"


def session_of(payload: Payload) -> AgentSession | None:
    session_id = named(payload.get("trajectory_id"))
    if session_id is None:
        return None
    return AgentSession(
        session_id=session_id,
        event=string(payload.get("agent_action_name")),
        cwd=string(_info(payload).get("cwd")) or None,
        turn=turn(payload.get("execution_id")),
    )


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    return read(EVENTS, unknown_events, SHORT, session_of(payload), payload, capture_id, at)


def may_advise(payload: Payload) -> bool:
    return False


def advice_seen(payload: Payload) -> tuple[str, ...]:
    """Proof is an answer of our own MCP tools, and what the agent itself wrote."""
    info = _info(payload)
    texts = [compact(info.get("mcp_tool_arguments"))]
    if payload.get("agent_action_name") == "post_cascade_response":
        texts.append(string(info.get("response")))
    if info.get("mcp_server_name") == _OURS:
        texts.append(compact(info.get("mcp_result")))
    return markers("\n".join(texts))


def fits(text: str) -> bool:
    return False


def hook_output(event: str, text: str) -> bytes:
    return b""


def transcript() -> Transcript | None:
    return None


def used(payload: Payload) -> list[Used]:
    return []


def _info(payload: Payload) -> Payload:
    info = payload.get("tool_info")
    return info if isinstance(info, dict) else {}


def _names(told: Told, text: str) -> tuple[str | None, ...]:
    return told.session.turn, told.text("timestamp"), digest(text)


def _prompt(told: Told) -> list[Captured]:
    text = string(_info(told.payload).get("user_prompt"))
    return told.prompt(text, told.session.turn, digest(text))


def _response(told: Told) -> list[Captured]:
    return told.reply(string(_info(told.payload).get("response")), told.session.turn)


def _call(told: Told) -> list[Captured]:
    info = _info(told.payload)
    call: Payload = {"tool_name": _tool(told), "tool_input": info}
    if "mcp_tool_name" in info:
        call["tool_input"] = info.get("mcp_tool_arguments")
    elif "command_line" in info:
        call["tool_input"] = {"command": info["command_line"]}
    return [told.event("tool.call", call_body(call, told.session.cwd), *_names(told, compact(info)))]


def _result(told: Told) -> list[Captured]:
    info, edits = _info(told.payload), _info(told.payload).get("edits")
    body = _UNTOLD
    if "mcp_result" in info:
        body = output_body(info["mcp_result"])
    elif isinstance(edits, list):
        body = "\n".join(_edit(edit) for edit in edits if isinstance(edit, dict)) or _UNTOLD
    return [told.event("tool.result", body, *_names(told, compact(info)))]


def _tool(told: Told) -> str:
    """``run_command``, ``mcp:github/create_issue``"""
    info = _info(told.payload)
    if "mcp_tool_name" in info:
        return f"mcp:{string(info.get('mcp_server_name'))}/{string(info.get('mcp_tool_name'))}"
    return told.session.event.removeprefix("pre_")


def _edit(edit: Payload) -> str:
    old, new = string(edit.get("old_string")).splitlines(), string(edit.get("new_string")).splitlines()
    return "\n".join([*(f"-{line}" for line in old), *(f"+{line}" for line in new)])


# Every event name of the documentation. None: known, and nothing for the record.
EVENTS: dict[str, Reader | None] = {
    "pre_user_prompt": _prompt,
    "pre_run_command": _call,
    "post_run_command": _result,
    "pre_write_code": _call,
    "post_write_code": _result,
    "pre_read_code": _call,
    "post_read_code": _result,
    "pre_mcp_tool_use": _call,
    "post_mcp_tool_use": _result,
    "post_cascade_response": _response,
    "post_cascade_response_with_transcript": None,
    "post_setup_worktree": None,
}

_EVENTS = {event: "" for event, reader in EVENTS.items() if reader is not None}
_HANDLER = {"command": "", "show_output": False}
_SERVER = {"command": "{polaris}", "args": ["mcp"]}
_WHY = "the tools with which it connects, advises and hands over"

INSTALL = Install(
    title="Windsurf",
    config="~/.codeium/windsurf",
    programs=("windsurf",),
    places=("/Applications/Windsurf.app/Contents/Resources/app/bin",),
    version=(),
    parts=(
        Hooks("{config}/hooks.json", events=_EVENTS, handler=_HANDLER, form="handlers"),
        Entry("{config}/mcp_config.json", ("mcpServers", "polaris"), _SERVER, why=_WHY),
        # Its plugin for JetBrains.
        Hooks("~/.codeium/hooks.json", events=_EVENTS, handler=_HANDLER, form="handlers", only_there=True),
        Entry("~/.codeium/mcp_config.json", ("mcpServers", "polaris"), _SERVER, why=_WHY, only_there=True),
    ),
    notes=("Refresh the list of MCP servers in Windsurf. Its hooks carry no advice: it arrives with Polaris's tools.",),
)

"""OpenCode: what its plugin hands over means (hooks and events recorded with 1.18.33).

OpenCode has no hook commands: a plugin inside its server (``hooks/opencode.js``) does what the hook script does
elsewhere. It hands over what belongs to a connected session; of others only prompts, and the calls of our own tools:
by these alone the daemon knows for which session the MCP server of the process speaks (`AgentSession.calls_us`). A
payload is one call of the plugin, with what only the plugin can know beside it::

    {"hook": "tool.execute.after", "input": {…}, "output": {…},      the two arguments as OpenCode gave them
     "session_id": "ses_…", "turn": "msg_…", "parent": "ses_…", "directory": "…", "pid": 7}

``turn`` is the user message that the session works on (``parentID`` of the newest assistant message), ``parent`` the
session that started this one as a sub-agent, if any; ``session_id`` is for the spool. ``hook`` is ``event`` for events,
and ``message`` when an assistant message is complete: then ``input`` is ``{"info", "parts"}``, the message as the
server has it, because no event has both a text and whether it ended the turn.

Decisions that are not plain from the tables:

- A text of a message that goes on with tool calls is a ``message``; else the texts are the ``reply``.
- ``message.part.updated`` repeats every call, and alone tells of one that failed or was refused.
- A sub-agent's session is its parent's, marked. What it was asked is no prompt, what it answers no reply.
- ``synthetic`` parts were typed by nobody. A text of ``promptAsync`` looks like typing: ours are known by their form.
"""

from __future__ import annotations

from collections.abc import Iterator

from polaris.install.shapes import Copied, Entry, Install

from .base import AgentSession, Captured, Payload, Transcript, Unknown, Waker, compact, markers, string
from .bodies import call_body, output_body
from .told import Reader, Shape, Told, answer, is_advice, named, read, turn
from .used import Used, count

NAME = "opencode"
SHORT = "oc"
# One server process has any number of sessions.
PROCESS_IS_SESSION = False
NAMES_TURNS = True
WAKER: Waker | None = None

# No limit is known; it stands in the conversation for good.
CONTEXT_CHARACTERS = 20_000

unknown_events = Unknown()

_OURS = "polaris_"
_TAG, _END = "<polaris>", "</polaris>"


def session_of(payload: Payload) -> AgentSession | None:
    own = _session_id(payload)
    if own is None:
        return None
    parent = named(payload.get("parent"))
    event, info = _event(payload), _properties(payload).get("info")
    starts = event == "session.created" and not (isinstance(info, dict) and info.get("parentID"))
    return AgentSession(
        session_id=parent or own,
        event=event,
        cwd=string(payload.get("directory")) or None,
        turn=turn(_turn(payload)),
        subagent=own if parent else None,
        starts="startup" if starts and not parent else None,
        pid=_pid(payload),
        calls_us=event == "tool.execute.before" and string(_input(payload).get("tool")).startswith(_OURS),
    )


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    return read(EVENTS, unknown_events, SHORT, session_of(payload), payload, capture_id, at)


def may_advise(payload: Payload) -> bool:
    return _event(payload) in ADVICE and not payload.get("parent")


def advice_seen(payload: Payload) -> tuple[str, ...]:
    """Proof is a user message of ours or with a part of ours, what stands at the end of a tool's output in our tag and
    was not put out by the tool itself, an answer of our own MCP tools, and what the agent itself wrote.
    """
    if payload.get("parent"):
        return ()
    texts = []
    part = _part(payload)
    if part.get("type") == "tool":
        state = _dict(part.get("state"))
        texts += [compact(state.get("input")), _appended(state)]
        if string(part.get("tool")).startswith(_OURS):
            texts.append(string(state.get("output")))
    elif part and is_advice(string(part.get("text"))):
        texts.append(string(part.get("text")))
    for one in _parts(_dict(payload.get("output"))):
        if is_advice(string(one.get("text"))):
            texts.append(string(one.get("text")))
    if payload.get("hook") == "message":
        texts += [text for _, text in _texts(_dict(payload.get("input")))]
    return markers("\n".join(texts))


def fits(text: str) -> bool:
    return len(text) <= CONTEXT_CHARACTERS


def hook_output(event: str, text: str) -> bytes:
    """What the plugin is to do with *text*; see `ADVICE`."""
    return answer(ADVICE, event, text, fits)


def transcript() -> Transcript | None:
    return None


def used(payload: Payload) -> list[Used]:
    """What a complete message used, a sub-agent's too: tokens, and what OpenCode reckons that they cost."""
    info = _dict(_input(payload).get("info")) if payload.get("hook") == "message" else {}
    tokens = _dict(info.get("tokens"))
    cache = _dict(tokens.get("cache"))
    one = Used.of(
        info.get("id"),
        info.get("modelID"),
        info.get("cost"),
        input=tokens.get("input"),
        output=count(tokens.get("output")) + count(tokens.get("reasoning")),
        cache_read=cache.get("read"),
        cache_write=cache.get("write"),
    )
    return [one] if one else []


def _dict(value: object) -> Payload:
    return value if isinstance(value, dict) else {}


def _input(payload: Payload) -> Payload:
    return _dict(payload.get("input"))


def _told_event(payload: Payload) -> Payload:
    return _dict(_input(payload).get("event")) if payload.get("hook") == "event" else {}


def _event(payload: Payload) -> str:
    hook = string(payload.get("hook"))
    return string(_told_event(payload).get("type")) if hook == "event" else hook


def _properties(payload: Payload) -> Payload:
    return _dict(_told_event(payload).get("properties"))


def _part(payload: Payload) -> Payload:
    return _dict(_properties(payload).get("part"))


def _parts(message: Payload) -> Iterator[Payload]:
    parts = message.get("parts")
    return (part for part in (parts if isinstance(parts, list) else []) if isinstance(part, dict))


def _texts(message: Payload) -> list[tuple[str, str]]:
    """Id and text of every part that the author of the message wrote."""
    return [
        (string(part.get("id")), string(part.get("text")))
        for part in _parts(message)
        if part.get("type") == "text" and not part.get("synthetic") and string(part.get("text")).strip()
    ]


def _session_id(payload: Payload) -> str | None:
    given = _input(payload)
    return (
        named(_properties(payload).get("sessionID"))
        or named(given.get("sessionID"))
        or named(_dict(given.get("info")).get("sessionID"))
    )


def _turn(payload: Payload) -> object:
    if payload.get("parent"):
        return None  # the parent's turn is not told
    if payload.get("hook") == "chat.message":
        return _dict(_dict(payload.get("output")).get("message")).get("id")
    if payload.get("hook") == "message":
        return _dict(_input(payload).get("info")).get("parentID")
    return payload.get("turn")


def _pid(payload: Payload) -> int | None:
    pid = payload.get("pid")
    return pid if isinstance(pid, int) and not isinstance(pid, bool) and 0 < pid < 2**31 else None


def _appended(state: Payload) -> str:
    """What was put behind a tool's own output in our tag."""
    output = string(state.get("output")).rstrip()
    own = string(_dict(state.get("metadata")).get("output"))
    begin = output.rfind(_TAG)
    if begin < 0 or not output.endswith(_END):
        return ""
    text = output[begin + len(_TAG) : -len(_END)]
    return text if is_advice(text) and text not in own else ""


def _prompt(told: Told) -> list[Captured]:
    message = _dict(told.payload.get("output"))
    files = [string(part.get("filename")) for part in _parts(message) if part.get("type") == "file"]
    text = "\n".join([*(text for _, text in _texts(message)), *(f"[file: {name}]" for name in files if name)])
    return told.prompt(text, string(_dict(message.get("message")).get("id"))) if text else []


def _call(told: Told) -> list[Captured]:
    given = _input(told.payload)
    call = {"tool_name": given.get("tool"), "tool_input": _dict(told.payload.get("output")).get("args")}
    return [told.event("tool.call", call_body(_as_others(call), told.session.cwd), string(given.get("callID")))]


def _result(told: Told) -> list[Captured]:
    response = _dict(told.payload.get("output"))
    # The tools of MCP servers answer with content, all others with output.
    body = string(response["output"]) if "output" in response else output_body(response.get("content"))
    return [told.event("tool.result", body.rstrip("\n"), string(_input(told.payload).get("callID")))]


def _tool_part(told: Told) -> list[Captured]:
    part = _part(told.payload)
    state, name = _dict(part.get("state")), string(part.get("callID"))
    if part.get("type") != "tool" or not name:
        return []
    if state.get("status") == "running":
        call = {"tool_name": part.get("tool"), "tool_input": state.get("input")}
        return [told.event("tool.call", call_body(_as_others(call), told.session.cwd), name, repeat=True)]
    if state.get("status") == "completed":
        return [told.event("tool.result", string(state.get("output")), name, repeat=True)]
    if state.get("status") == "error":
        return [told.event("tool.result", string(state.get("error")) or "The tool failed.", name)]
    return []


def _as_others(call: Payload) -> Payload:
    """OpenCode writes ``filePath`` where `call_body` knows ``file_path``."""
    given = call["tool_input"]
    if isinstance(given, dict) and isinstance(given.get("filePath"), str):
        return call | {"tool_input": {"file_path": given["filePath"]} | given}
    return call


def _message(told: Told) -> list[Captured]:
    message = _input(told.payload)
    info = _dict(message.get("info"))
    if info.get("role") != "assistant":
        return []
    if info.get("summary") is True:
        return [told.event("notice", "Context compacted.", string(info.get("id")), "compacted")]
    texts, error = _texts(message), _dict(info.get("error"))
    if told.session.subagent or error or info.get("finish") == "tool-calls":
        events = [told.event("message", text, name) for name, text in texts]
        return [*events, *_error(told, error)] if error else events
    return [told.event("reply", "\n".join(text for _, text in texts), string(info.get("id")))] if texts else []


def _error(told: Told, error: Payload) -> list[Captured]:
    """A turn ends once: `session.error` and the message that was cut off tell of the same end."""
    if told.session.subagent:
        return []
    aborted = error.get("name") == "MessageAbortedError"
    words = string(_dict(error.get("data")).get("message")) or string(error.get("name")) or "The turn failed."
    return [told.event("turn.interrupted", "Interrupted by the user." if aborted else words, told.session.turn)]


def _session_error(told: Told) -> list[Captured]:
    return _error(told, _dict(_properties(told.payload).get("error")))


def _session_created(told: Told) -> list[Captured]:
    return told.session_start("session-created") if told.session.starts else []


# The hooks and events that the plugin hands over. None: known, and nothing for the record.
EVENTS: dict[str, Reader | None] = {
    "chat.message": _prompt,
    "tool.execute.before": _call,
    "tool.execute.after": _result,
    "message": _message,
    "message.part.updated": _tool_part,
    "session.created": _session_created,
    "session.error": _session_error,
    "session.idle": None,  # the last message came before
    "session.status": None,
    "session.updated": None,
    "session.diff": None,
    "message.updated": None,  # has no text
    "message.part.delta": None,
    "chat.params": None,
    "shell.env": None,
}

# What the plugin does with advice: push the parts (with ids of their own), append to ``output`` (or to the
# ``content`` that MCP servers' tools have instead), call ``session.promptAsync``.
ADVICE: dict[str, Shape] = {
    "chat.message": lambda _, text: {"parts": [{"type": "text", "text": text, "synthetic": True}]},
    "tool.execute.after": lambda _, text: {"append": f"\n\n{_TAG}{text}{_END}"},
    "session.idle": lambda _, text: {"prompt": text},
}


INSTALL = Install(
    title="OpenCode",
    config="~/.config/opencode",
    variable="XDG_CONFIG_HOME",
    below="opencode",
    programs=("opencode",),
    places=("~/.opencode/bin",),
    version=(),
    parts=(
        Copied("{config}/plugins/polaris.js", ("hooks", "opencode.js"), why="the plugin that tells what happens"),
        Entry(
            "{config}/opencode.json",
            ("mcp", "polaris"),
            {"type": "local", "command": ["{polaris}", "mcp"], "enabled": True},
            why="the tools with which it connects, advises and hands over",
            instead="{config}/opencode.jsonc",
        ),
        Copied("{config}/commands/polaris.md", ("skills", "opencode/polaris.md"), why="the command /polaris"),
    ),
    notes=("Restart OpenCode where it runs.",),
)

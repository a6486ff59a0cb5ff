"""Gemini CLI: what its hook payloads mean (recorded with 0.61.0; ``Notification`` from its documentation).

Decisions that are not plain from the table `EVENTS`:

- Payloads name neither a turn nor a call. The time that the CLI writes into each is the name of what it tells, with a
  digest of the text, so that two hooks for one event, and a spooled copy, give one id. The turn is the last prompt's.
- ``AfterAgent.prompt_response`` is all text of the turn: the texts between the calls stand in the reply, and are no
  messages of their own. (``AfterModel`` fires for every chunk and carries the whole conversation each time.)
- An answer to ``SessionStart`` comes back in front of the first prompt as ``<hook_context>``; it is cut off. A denied
  ``AfterAgent`` comes back as the next prompt, and is ours.
- A failed command is an ordinary ``AfterTool``. No hook tells of a denied call, an interrupted turn or a sub-agent.
- ``PreCompress`` fires before every model call, whether anything is compressed or not.
- The CLI's own record of the chat (`gemini_transcript`) proves what was put in, and tells of interrupted turns.
  ``BeforeModel`` proves context at the prompt, not at a tool's result.
"""

from __future__ import annotations

import re

from polaris.install.shapes import Copied, Entry, Hooks, Install

from .base import AgentSession, Captured, Payload, Transcript, Unknown, Waker, compact, digest, markers, string
from .bodies import call_body, output_body
from .gemini_transcript import SHORT, TRANSCRIPT
from .told import Reader, Shape, Told, answer, context, is_advice, named, read, utf16
from .used import Used

NAME = "gemini-cli"
# The hooks' parent is the CLI, and so is the MCP server's.
PROCESS_IS_SESSION = True
NAMES_TURNS = False
WAKER: Waker | None = None

# No limit is known; as much as others take.
CONTEXT_CHARACTERS = 9_500

unknown_events = Unknown()

_CONTEXT = re.compile(r"<hook_context>(.*?)</hook_context>", re.DOTALL)
_LEADING = re.compile(r"\s*(?:<hook_context>.*?</hook_context>\s*)+", re.DOTALL)
_WRAPPED = re.compile(r"\s*<untrusted_context>\n?(.*?)\n?</untrusted_context>\s*", re.DOTALL)
_OURS = "mcp_polaris_"
# What AfterAgent has of a turn that was cancelled before its first text.
_NO_TEXT = "[no response text]"


def session_of(payload: Payload) -> AgentSession | None:
    session_id = named(payload.get("session_id"))
    if session_id is None:
        return None
    event = string(payload.get("hook_event_name"))
    return AgentSession(
        session_id=session_id,
        event=event,
        transcript=string(payload.get("transcript_path")) or None,
        cwd=string(payload.get("cwd")) or None,
        starts=(string(payload.get("source")) or "startup") if event == "SessionStart" else None,
        ends=(string(payload.get("reason")) or "other") if event == "SessionEnd" else None,
    )


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    return read(EVENTS, unknown_events, SHORT, session_of(payload), payload, capture_id, at)


def may_advise(payload: Payload) -> bool:
    return payload.get("hook_event_name") in ADVICE


def advice_seen(payload: Payload) -> tuple[str, ...]:
    """Proof is context in front of a prompt or in a model request, a prompt of ours, and what the agent itself wrote.

    The answer of a turn repeats its prompt and counts only from its own text; another tool's output proves nothing.
    """
    texts = [string(payload.get("prompt_response")), compact(payload.get("tool_input"))]
    if payload.get("hook_event_name") == "BeforeAgent":
        texts.append(_handed(string(payload.get("prompt"))))
    request = payload.get("llm_request")
    messages = request.get("messages") if isinstance(request, dict) else None
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and message.get("role") == "user":
            content = string(message.get("content"))
            texts += [content] if is_advice(content) else _CONTEXT.findall(content)
    if string(payload.get("tool_name")).startswith(_OURS):
        texts.append(compact(payload.get("tool_response")))
    return markers("\n".join(texts))


def fits(text: str) -> bool:
    return utf16(text) <= CONTEXT_CHARACTERS


def hook_output(event: str, text: str) -> bytes:
    """The answer that puts *text* into the context. Without text nothing at all: what is no JSON is an error here."""
    return answer(ADVICE, event, text, fits)


def transcript() -> Transcript | None:
    return TRANSCRIPT


def used(payload: Payload) -> list[Used]:
    return []  # the transcript tells it


def _handed(prompt: str) -> str:
    """What of a prompt a program gave: the context in front of it, or all of it."""
    if is_advice(prompt):
        return prompt
    leading = _LEADING.match(prompt)
    return leading.group() if leading else ""


def _deny(_event: str, text: str) -> Payload:
    return {"decision": "deny", "reason": text}


def _prompt(told: Told) -> list[Captured]:
    text = _LEADING.sub("", told.text("prompt"), count=1)
    return told.prompt(text, told.text("timestamp"), digest(text))


def _call(told: Told) -> list[Captured]:
    body = call_body(told.payload, told.session.cwd)
    return [told.event("tool.call", body, told.text("timestamp"), digest(compact(told.payload.get("tool_input"))))]


def _result(told: Told) -> list[Captured]:
    body = _output(told.payload.get("tool_response"), told.session.cwd)
    return [told.event("tool.result", body, told.text("timestamp"), digest(compact(told.payload.get("tool_input"))))]


def _output(response: object, cwd: str | None) -> str:
    """What the person sees of a result, else what the model got of it."""
    if not isinstance(response, dict):
        return output_body(response, cwd)
    error = response.get("error")
    shown = response.get("returnDisplay")
    if error:
        return string(error.get("message")) if isinstance(error, dict) else string(error)
    if isinstance(shown, dict) and shown.get("fileDiff"):
        return string(shown["fileDiff"])
    if isinstance(shown, str) and shown:
        return shown
    text = output_body(response.get("llmContent"), cwd)
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped.group(1) if wrapped else text


def _answer(told: Told) -> list[Captured]:
    text = told.text("prompt_response")
    return told.reply("" if text == _NO_TEXT else text, told.text("timestamp"))


def _notification(told: Told) -> list[Captured]:
    if told.text("notification_type") != "ToolPermission":
        return []
    return [told.event("notice", f"Asks for permission: {told.text('message')}", told.text("timestamp"))]


# Every event name that Gemini CLI 0.61.0 knows. None: known, and nothing for the record.
EVENTS: dict[str, Reader | None] = {
    "SessionStart": lambda told: told.session_start(told.text("timestamp"), "session-start"),
    "BeforeAgent": _prompt,
    "BeforeTool": _call,
    "AfterTool": _result,
    "AfterAgent": _answer,
    "Notification": _notification,
    "SessionEnd": lambda told: told.session_end(told.text("timestamp"), "session-end"),
    "BeforeModel": None,
    "BeforeToolSelection": None,
    "AfterModel": None,
    "PreCompress": None,
}

# The events whose answer carries advice, and how.
ADVICE: dict[str, Shape] = {
    "SessionStart": context,
    "BeforeAgent": context,
    "AfterTool": context,
    "AfterAgent": _deny,
}


INSTALL = Install(
    title="Gemini CLI",
    config="~/.gemini",
    variable="GEMINI_CLI_HOME",
    below=".gemini",
    programs=("gemini",),
    version=(),
    parts=(
        Hooks(
            "{config}/settings.json",
            # BeforeModel gives no event, but it proves what was put in. The others run at every call of the model.
            events={event: "" for event, reader in EVENTS.items() if reader is not None or event == "BeforeModel"},
            handler={"type": "command", "name": "polaris", "command": "", "timeout": 5000},  # in milliseconds here
        ),
        Entry(
            "{config}/settings.json",
            ("mcpServers", "polaris"),
            {"command": "{polaris}", "args": ["mcp"]},
            why="the tools with which it connects, advises and hands over",
        ),
        Copied("{config}/commands/polaris.toml", ("skills", "gemini-cli/polaris.toml"), why="the command /polaris"),
    ),
)

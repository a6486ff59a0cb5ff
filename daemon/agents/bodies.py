"""The readable text of a tool call and of its result; the full JSON goes along as the event's payload."""

from __future__ import annotations

import os.path

from .base import Payload, compact, string

# The argument that says what a call is about, the first that is there.
_ARGUMENTS = (
    "command",
    "file_path",
    "notebook_path",
    "pattern",
    "url",
    "query",
    "subject",
    "description",
    "skill",
    "text",
)


def call_body(call: Payload, cwd: str | None) -> str:
    """``Bash: npm test``, ``Edit: src/a.py``; paths below the working directory are shown relative to it."""
    name, given = string(call.get("tool_name")) or "tool", call.get("tool_input")
    if not isinstance(given, dict):
        return f"{name}: {compact(given)}" if given else name
    for argument in _ARGUMENTS:
        value = given.get(argument)
        if isinstance(value, str) and value:
            return f"{name}: {_relative(value, cwd) if argument.endswith('_path') else value}"
    return f"{name}: {compact(given)}" if given else name


def output_body(response: object, cwd: str | None = None) -> str:
    """The readable part of a tool's answer, whatever the tool; the path of a created file as `call_body` shows it."""
    if isinstance(response, str):
        return response
    if isinstance(response, list):
        texts = (item.get("text") if isinstance(item, dict) else item for item in response)
        return "\n".join(string(text) for text in texts).strip()
    if not isinstance(response, dict):
        return compact(response) if response is not None else ""
    if "stdout" in response or "stderr" in response:
        return _shell_body(response)
    file, patch, content = response.get("file"), response.get("structuredPatch"), response.get("content")
    if isinstance(file, dict):
        return string(file.get("content")) or f"[{string(response.get('type')) or 'file'}]"
    if isinstance(patch, list) and patch:
        lines = [line for hunk in patch if isinstance(hunk, dict) for line in hunk.get("lines") or []]
        return "\n".join(string(line) for line in lines)
    if response.get("type") == "create":
        return f"created {_relative(string(response.get('filePath')), cwd)}"
    if isinstance(content, (str, list)):
        return output_body(content, cwd)
    if isinstance(response.get("filenames"), list):
        return "\n".join(string(name) for name in response["filenames"])
    return compact(response)


def _shell_body(response: Payload) -> str:
    if response.get("isImage"):
        return "[image]"
    parts = [string(response.get("stdout")).rstrip("\n"), string(response.get("stderr")).rstrip("\n")]
    if response.get("interrupted"):
        parts.append("[interrupted]")
    if task := string(response.get("backgroundTaskId")):
        parts.append(f"[runs in the background as {task}]")
    return "\n".join(part for part in parts if part)


def _relative(path: str, cwd: str | None) -> str:
    return os.path.relpath(path, cwd) if cwd and path.startswith(cwd.rstrip("/") + "/") else path

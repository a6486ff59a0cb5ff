"""A stand-in for Claude Code: around its hooks it does what the real one was recorded doing.

Payloads and transcript lines are the recordings of ``polaris.recordings``; only ids, paths, times and what is said
differ. The hooks are run as Claude Code runs them (a shell, the payload on stdin, ``CLAUDE_PID`` in the environment),
and what a hook answers goes where Claude Code puts it: into the transcript, as the context that the model was given.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import shlex
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

Json = dict[str, Any]
HOOK_SECONDS = 10.0  # Claude Code's own limit is 60; ours never needs one


def recorded(name: str) -> Json:
    """The recorded hook payload *name*, such as ``Stop``. Raises FileNotFoundError."""
    text = files("polaris.recordings").joinpath("claude-code", f"{name}.json").read_text(encoding="utf-8")
    payload: Json = json.loads(text)
    return payload


class Agent:
    """One running coding agent: a process of its own, a transcript, hooks.

    *folder* is where it works and keeps its transcript; *environment* is what its hooks see beside the usual
    (``POLARIS_HOME``, ``POLARIS_PORT``). Use it as an async context manager.
    """

    def __init__(self, folder: Path, capture: Path, environment: Mapping[str, str]) -> None:
        self.session_id = str(uuid.uuid4())
        self.cwd = folder / "project"
        self.transcript = folder / f"{self.session_id}.jsonl"
        self._capture = shlex.quote(str(capture))
        self._environment = {**os.environ, **environment}
        self._process: asyncio.subprocess.Process | None = None
        self._turn = ""
        self._parent: str | None = None
        self._stopped = False
        self._calls = 0

    @property
    def pid(self) -> int:
        """The agent's process; a real one, so that its life can be watched."""
        if self._process is None:
            raise RuntimeError("the agent has not started")
        return self._process.pid

    async def __aenter__(self) -> Agent:
        self.cwd.mkdir(parents=True, exist_ok=True)
        # It does nothing but live until its stdin closes: also when we are killed.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()", stdin=asyncio.subprocess.PIPE
        )
        self.transcript.touch()
        await self.hook(recorded("SessionStart.startup"))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            await self.hook(recorded("SessionEnd.other"))
            self._process.stdin.close()
            await self._process.wait()

    async def prompt(self, text: str) -> str:
        """The person types *text*: a new turn begins. Answers what the hook put into the agent's context."""
        self._turn, self._stopped = str(uuid.uuid4()), False
        answer = await self.hook(recorded("UserPromptSubmit.human") | {"prompt": text})
        self._write(
            {"type": "user", "promptId": self._turn, "message": {"role": "user", "content": text}}
            | {"origin": {"kind": "human"}, "promptSource": "sdk"}
        )
        return _context(answer)

    async def tool(self, name: str, tool_input: Json, response: Json, *, saying: str = "") -> str:
        """The agent says *saying*, calls a tool and gets its answer; advice may come back with the answer."""
        await self.call(name, tool_input, saying=saying)
        return await self.result(name, tool_input, response)

    async def call(self, name: str, tool_input: Json, *, saying: str = "") -> None:
        """The first half of `tool`: the tool runs from here."""
        self._calls += 1
        message = {"id": f"msg_{uuid.uuid4().hex}", "type": "message", "role": "assistant", "stop_reason": "tool_use"}
        if saying:
            self._write({"type": "assistant", "message": message | {"content": [{"type": "text", "text": saying}]}})
        use = {"type": "tool_use", "id": self._tool_use_id, "name": name, "input": tool_input}
        self._write({"type": "assistant", "message": message | {"content": [use]}})
        called = {"tool_name": name, "tool_input": tool_input, "tool_use_id": self._tool_use_id}
        await self.hook(recorded("PreToolUse.Edit") | called)

    async def result(self, name: str, tool_input: Json, response: Json) -> str:
        """The second half of `tool`: the tool has answered. Answers what the hook put into the agent's context."""
        called = {"tool_name": name, "tool_input": tool_input, "tool_use_id": self._tool_use_id}
        answer = await self.hook(recorded("PostToolUse.Write") | called | {"tool_response": response})
        block = {"type": "tool_result", "tool_use_id": self._tool_use_id, "content": json.dumps(response)}
        self._write({"type": "user", "promptId": self._turn, "message": {"role": "user", "content": [block]}})
        return _context(answer)

    async def answer(self, text: str) -> str:
        """The agent's final answer: the turn ends, unless the hook puts something into the context, which is answered.

        Claude Code goes on then, and its next end says so (``stop_hook_active``).
        """
        again = {"last_assistant_message": text, "stop_hook_active": self._stopped}
        answer = await self.hook(recorded("Stop") | again)
        self._stopped = True
        message = {"id": f"msg_{uuid.uuid4().hex}", "role": "assistant", "stop_reason": "end_turn"}
        self._write({"type": "assistant", "message": message | {"content": [{"type": "text", "text": text}]}})
        return _context(answer)

    async def hook(self, payload: Json) -> Json:
        """Runs the capture hook on *payload*, as ours; answers its output, which the transcript has by then."""
        payload = copy.deepcopy(payload)
        payload |= {"session_id": self.session_id, "transcript_path": str(self.transcript), "cwd": str(self.cwd)}
        if "prompt_id" in payload:
            payload["prompt_id"] = self._turn
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            self._capture,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._environment, "CLAUDECODE": "1", "CLAUDE_PID": str(self.pid)},
            start_new_session=True,
        )
        text = json.dumps(payload, ensure_ascii=False).encode()
        # Not wait_for: on Python 3.11 it loses a cancellation that comes together with the result.
        async with asyncio.timeout(HOOK_SECONDS):
            stdout, stderr = await process.communicate(text)
        if process.returncode != 0 or stderr:
            raise RuntimeError(f"the hook ended with {process.returncode} and said {stderr.decode(errors='replace')!r}")
        answer: Json = json.loads(stdout) if stdout.strip() else {}
        self._take(str(payload["hook_event_name"]), payload, answer, stdout.decode())
        return answer

    @property
    def _tool_use_id(self) -> str:
        return f"toolu_{self.session_id[:8]}{self._calls:06d}"

    def _take(self, event: str, payload: Json, answer: Json, stdout: str) -> None:
        """Writes what Claude Code writes of a hook: that it ran, and the context that the model was given for it."""
        tool = payload.get("tool_name")
        name = f"{event}:{tool}" if tool else event
        about = {"hookName": name, "toolUseID": payload.get("tool_use_id", event), "hookEvent": event}
        if stdout:
            self._write({"type": "attachment", "attachment": {"type": "hook_success", **about, "stdout": stdout}})
        if context := _context(answer):
            attachment = {"type": "hook_additional_context", "content": [context], **about}
            rendered = [
                {"content": f"<system-reminder>\n{name} hook additional context: {context}\n</system-reminder>"}
            ]
            self._write(
                {"type": "attachment", "attachment": attachment, "rendered": rendered, "renderedRole": "system"}
            )

    def _write(self, line: Json) -> None:
        """Appends a line to the transcript, linked to the one before it."""
        own = str(uuid.uuid4())
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = {
            "uuid": own,
            "timestamp": now,
            "sessionId": self.session_id,
            "cwd": str(self.cwd),
            "version": "2.1.330",
        }
        whole = {"parentUuid": self._parent, "isSidechain": False, **line, **about}
        with self.transcript.open("a", encoding="utf-8") as file:
            file.write(json.dumps(whole, ensure_ascii=False) + "\n")
        self._parent = own


def _context(answer: Json) -> str:
    """What a hook's answer puts into the agent's context."""
    return str(answer.get("hookSpecificOutput", {}).get("additionalContext") or "")

"""The outside of an interactive Claude Code session: its process, session file, inbox socket, transcript and hooks.

What it does was seen with 2.1.330. ``dropping``: crossSessionInbound keeps messages out and nobody told the daemon.
``deaf``: messages lie in the socket unread.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from daemon_tools import DaemonProcess, prompt, stop

from polaris.daemon import processes

Json = dict[str, Any]
WRAPPED = re.compile(r'<cross-session-message from-name="polaris">\n(.*)\n</cross-session-message>', re.S)


class FakeClaude:
    """One session; use it as an async context manager."""

    def __init__(self, daemon: DaemonProcess, *arguments: str) -> None:
        self.daemon, self.arguments = daemon, arguments
        self.session_id = str(uuid.uuid4())
        self.mode = "default"
        self.dropping = self.deaf = False
        self.frames: list[Json] = []
        # What the hooks put into the context, besides what came over the inbox.
        self.contexts: list[str] = []
        self.prompts: list[str] = []
        self.turn = ""
        # A Unix socket's path is short.
        self.folder = Path(tempfile.mkdtemp(prefix="polaris-"))
        self.config = self.folder / "claude"
        self.socket = self.folder / "inbox.sock"
        self.heard = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def transcript(self) -> Path:
        return self.config / "projects" / "-x" / f"{self.session_id}.jsonl"

    async def __aenter__(self) -> FakeClaude:
        self.transcript.parent.mkdir(parents=True)
        (self.config / "sessions").mkdir()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import sys; sys.stdin.read()",
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
        )
        await self.listen()
        self.status("idle")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        assert self._process and self._process.stdin
        self._process.stdin.close()
        await self._process.wait()
        shutil.rmtree(self.folder)

    async def listen(self) -> None:
        self._server = await asyncio.start_unix_server(self._take, self.socket, limit=2**16 if self.deaf else 2**22)

    async def hang_up(self) -> None:
        """The socket is gone from the disk, as when its process has ended."""
        if self._server:
            self._server.close()
            self.socket.unlink(missing_ok=True)
            self._server = None

    def status(self, status: str, **more: Any) -> None:
        """What the session file says."""
        told = {"pid": self.pid, "sessionId": self.session_id, "cwd": str(self.folder), "status": status}
        told |= {"procStart": processes.started(self.pid), "messagingSocketPath": str(self.socket)} | more
        file = self.config / "sessions" / f"{self.pid}.json"
        file.with_suffix(".new").write_text(json.dumps(told))
        os.replace(file.with_suffix(".new"), file)

    def setting(self, name: str, value: Any) -> None:
        (self.config / "settings.json").write_text(json.dumps({name: value}))

    async def join(self) -> FakeClaude:
        await self.daemon.connect(self.session_id, pid=self.pid, transcript_path=str(self.transcript))
        await self.daemon.until(f"/status/{self.session_id}", lambda status: status["connected"])
        # A hook tells the permission mode.
        await self.hook({"hook_event_name": "Notification", "notification_type": "idle_prompt", "message": "idle"})
        return self

    async def hook(self, payload: Json) -> str:
        """Answers what the hook put into the context; it is in the transcript then."""
        told = {"session_id": self.session_id, "permission_mode": self.mode, "transcript_path": str(self.transcript)}
        answer = await self.daemon.hook(payload | told, pid=self.pid)
        context = str(answer["hookSpecificOutput"]["additionalContext"]) if answer else ""
        if context:
            self.contexts.append(context)
            self.write({"type": "attachment", "attachment": {"type": "hook_additional_context", "content": [context]}})
        return context

    async def begin(self, text: str, **line: Any) -> str:
        """A turn begins with a prompt, a person's or another."""
        self.status("busy")
        self.turn = str(uuid.uuid4())
        self.prompts.append(text)
        told = {"type": "user", "promptId": self.turn, "message": {"role": "user", "content": text}}
        self.write(told | {"origin": {"kind": "human"}, "promptSource": "typed"} | line)
        return await self.hook(prompt(self.session_id, text, self.turn))

    async def end(self, text: str = "done") -> str:
        context = await self.hook(stop(self.session_id, text, self.turn))
        self.status("idle")
        return context

    async def tool(self, name: str, response: Any) -> str:
        called = {
            "tool_name": name,
            "tool_input": {},
            "tool_use_id": f"toolu_{uuid.uuid4().hex}",
            "prompt_id": self.turn,
        }
        await self.hook({"hook_event_name": "PreToolUse"} | called)
        return await self.hook({"hook_event_name": "PostToolUse", "tool_response": response} | called)

    async def show(self, frame: Json) -> None:
        """The session takes a message: as a prompt that begins a turn."""
        peer = {"kind": "peer", "from": frame["from"], "msg_id": frame["msg_id"]}
        await self.begin(frame["message"]["content"], origin=peer, promptSource="system")

    def shown(self, delivery: str) -> int:
        """How often the agent was given the piece, over all ways."""
        return sum(delivery in text for text in (*self.contexts, *self.prompts))

    def write(self, line: Json) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = {"uuid": str(uuid.uuid4()), "timestamp": now, "sessionId": self.session_id}
        with self.transcript.open("a") as file:
            file.write(json.dumps(line | about) + "\n")

    def queued(self, frame: Json) -> None:
        """The session notes that it has the message, and does nothing with it."""
        self.write({"type": "queue-operation", "operation": "enqueue", "content": frame["message"]["content"]})

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.deaf:
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                await asyncio.Event().wait()
            while line := await reader.readline():
                if not line.endswith(b"\n"):
                    break
                frame = json.loads(line)
                if frame["session_id"] == self.session_id:
                    self.frames.append(frame)
                    self.heard.set()
        finally:
            writer.close()

"""Which agent session calls: asked anew for every call, because a ``/clear`` changes it under a living server.

| host | by |
|---|---|
| Claude Code | its process, and the session id in the file that it keeps about itself |
| Codex | ``_meta.threadId`` of the call: one process serves many threads |
| Gemini CLI | its process, which the daemon knows from its hooks |
| OpenCode | ``OPENCODE_PID``; its plugin tells the daemon which session called |
| any other | this very connection: an agent session of its own, of the agent ``mcp`` |
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polaris.errors import NotFound, PolarisError

from .daemon import Daemon, Json

# What may stand between the agent and this process without being the agent; an agent may be called node itself.
WRAPPERS = {"sh", "bash", "dash", "zsh", "ksh", "env", "timeout", "uv", "uvx", "pipx", "polaris"}
PERHAPS = {"node", "npx", "bun", "deno", "python", "python3"}
MOST_PARENTS = 6


@dataclass(frozen=True)
class Caller:
    """The agent session that calls; what the daemon is told of it."""

    agent: str
    agent_session_id: str | None = None
    pid: int | None = None

    def told(self) -> Json:
        found: Json = {"agent": self.agent}
        if self.agent_session_id is not None:
            found["agent_session_id"] = self.agent_session_id
        if self.pid is not None:
            found["pid"] = self.pid
        return found


class Identity:
    """The agent behind one connection."""

    def __init__(self, daemon: Daemon, environ: Mapping[str, str]) -> None:
        self._daemon, self._environ = daemon, environ
        self._client = ""
        # As the process was started: when the agent dies, another parent takes its place.
        self._parents = _candidates(os.getppid())

    def greet(self, name: str) -> None:
        """Who the client of the handshake says it is."""
        self._client = name.lower()

    @property
    def agent(self) -> str:
        """The client's own word counts more than the environment, which a nested agent inherits."""
        if self._client.startswith("claude-code"):
            return "claude-code"
        if self._client.startswith("codex"):
            return "codex"
        if self._client.startswith("gemini-cli"):
            return "gemini-cli"
        if self._client.startswith("opencode") and self._environ.get("OPENCODE_PID", "").isdecimal():
            return "opencode"
        return "mcp"

    async def caller(self, meta: Mapping[str, Any] | None) -> Caller:
        """The agent session of this call. Raises 404 ``agent_session_unknown`` where the host tells too little."""
        if self.agent == "claude-code":
            return await self._claude_code()
        if self.agent == "codex":
            thread = (meta or {}).get("threadId") or (meta or {}).get("sessionId")
            if not isinstance(thread, str) or not thread:
                raise NotFound(
                    "Codex did not say which thread calls.",
                    code="agent_session_unknown",
                    hint="Polaris needs Codex 0.169 or newer.",
                )
            return Caller("codex", thread)
        if self.agent == "opencode":
            return await self._by_process("opencode", int(self._environ["OPENCODE_PID"]))
        if self.agent == "gemini-cli":
            for pid in self._parents:
                if (known := await self._known(pid, "gemini-cli", None)) is not None:
                    return Caller("gemini-cli", known, pid)
        return Caller("mcp", own_session(), os.getpid())

    def claude_pid(self) -> int | None:
        """Claude Code's process: the nearest parent with a session file, else the nearest that is no wrapper."""
        if self.agent != "claude-code":
            return None
        with_file = next((pid for pid in self._parents if self._session_file(pid)), None)
        return with_file or next((pid for pid in self._parents if _program(pid) not in WRAPPERS), None)

    async def _claude_code(self) -> Caller:
        pid = self.claude_pid()
        if pid is None:
            raise _unknown()
        if (named := self._session_file(pid)) is not None:
            return Caller("claude-code", named, pid)
        # Without the file only hooks know what a /clear made of the id in the environment.
        known = await self._known(pid, "claude-code", self._environ.get("CLAUDE_CODE_SESSION_ID"))
        if known is None:
            raise _unknown()
        return Caller("claude-code", known, pid)

    async def _by_process(self, agent: str, pid: int) -> Caller:
        known = await self._known(pid, agent, None)
        if known is None:
            raise _unknown()
        return Caller(agent, known, pid)

    async def _known(self, pid: int, agent: str, named: str | None) -> str | None:
        """The session that the daemon knows of a process."""
        asked = {"pid": pid, "agent": agent} | ({"agent_session_id": named} if named else {})
        answer = await self._daemon.call("POST", "/register", asked, repeat=True)
        found = answer.get("agent_session_id")
        # Above a nested agent there is another one: its session is not this one's.
        return found if isinstance(found, str) and answer.get("agent") in (agent, None) else None

    def _session_file(self, pid: int) -> str | None:
        """The session id that Claude Code wrote down for its process, if the file is of this very process."""
        folder = self._environ.get("CLAUDE_CONFIG_DIR") or os.path.join(self._environ.get("HOME", ""), ".claude")
        try:
            told = json.loads(Path(folder, "sessions", f"{pid}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(told, dict) or told.get("pid") != pid:
            return None
        began, start = told.get("procStart"), started(pid)
        if began is not None and start is not None and sys.platform.startswith("linux") and str(began) != start:
            return None
        named = told.get("sessionId")
        return named if isinstance(named, str) and named else None


def own_session() -> str:
    """``mcp-<pid>-<start>``: this process, and no later one with the same number."""
    start = "".join(one for one in started(os.getpid()) or "" if one.isalnum())
    return f"mcp-{os.getpid()}-{start or '0'}"


def started(pid: int) -> str | None:
    """When a process began, in the system's own notation."""
    if (fields := _stat(pid)) is not None:
        return fields[20]
    return _ps(pid, "lstart")


def _unknown() -> PolarisError:
    return NotFound(
        "Polaris does not know this agent session yet.",
        code="agent_session_unknown",
        hint="Are the hooks installed? `polaris install` does it; they tell who it is with the next prompt.",
    )


def _candidates(pid: int) -> list[int]:
    """The processes that may be the agent, nearest first: past wrappers, up to the first that surely is none."""
    found: list[int] = []
    while pid > 1 and len(found) < MOST_PARENTS:
        found.append(pid)
        if _program(pid) not in WRAPPERS | PERHAPS:
            break
        pid = _parent(pid)
    return found


def _parent(pid: int) -> int:
    if (fields := _stat(pid)) is not None:
        return int(fields[2])
    text = _ps(pid, "ppid")
    return int(text) if text and text.isdecimal() else 0


def _program(pid: int) -> str:
    if (fields := _stat(pid)) is not None:
        return fields[0]
    return os.path.basename(_ps(pid, "comm") or "")


def _stat(pid: int) -> list[str] | None:
    """Name, state, parent, … of a process; the name may hold blanks and brackets. Linux only."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    head, _, rest = text.rpartition(")")
    return [head.partition("(")[2], *rest.split()]


def _ps(pid: int, what: str) -> str | None:
    if os.name != "posix" or sys.platform.startswith("linux"):
        return None
    try:
        asked = subprocess.run(
            ["ps", "-o", f"{what}=", "-p", str(pid)], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip() or None

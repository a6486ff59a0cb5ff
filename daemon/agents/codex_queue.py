"""Codex's way into an idle session: ``codex queue --thread ID --message TEXT``, its own command for that.

Idle, the message starts a turn at once; it comes back as a ``UserPromptSubmit``, which proves it. In a turn it would
wait for the end of it, and a hook's answer is sooner. Exit status 0 says that it was taken, anything else that it was
not.

The text stands on the command line, where other users of the machine can see it for as long as the command runs: Codex
has no other way in. It is advice, redacted by the service like everything that it keeps, and there is never a secret
of ours in it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from .base import Sleeper, Standing

# It asks its background server for so long at most; what it took so far is not known when it is ended before.
QUEUE_SECONDS = 15.0
_LOOKED_UP_SECONDS = 60.0


class Queue:
    """The waker of Codex. *installed* finds the program where no running one tells."""

    PATH = "queue"

    def __init__(self, installed: Callable[[], str | None], processes: Path = Path("/proc")) -> None:
        self._installed, self._processes = installed, processes
        self._found: str | None = None
        self._looked_up = 0.0

    def look(self, sleeper: Sleeper) -> Standing:
        if sleeper.busy:
            return Standing("later", "in a turn")
        if self._program() is None:
            return Standing("unavailable", "the program codex is not found")
        return Standing("ready")

    async def wake(self, sleeper: Sleeper, text: str, delivery_id: str) -> Standing:
        program = self._program()
        if program is None:
            return Standing("unavailable", "the program codex is not found")
        try:
            queue = await asyncio.create_subprocess_exec(
                program,
                *("queue", "--thread", sleeper.agent_session_id, "--message", text),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment(sleeper.transcript, os.environ),
                cwd="/",
            )
        except OSError as error:
            self._looked_up = 0.0
            return Standing("unavailable", f"codex cannot be started ({type(error).__name__})")
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                _, said = await queue.communicate()
        finally:
            with suppress(ProcessLookupError):
                if queue.returncode is None:
                    queue.kill()
        if queue.returncode == 0:
            return Standing("handed")
        return Standing("unavailable", f"codex queue: {_last_line(said) or f'exit status {queue.returncode}'}")

    def lost(self, sleeper: Sleeper, delivery_id: str, since: float) -> bool:
        """What Codex took waits in its queue: nothing says that it never comes."""
        return False

    def _program(self) -> str | None:
        """That of a running Codex, which is the version that holds the session; else the installed one."""
        now = time.monotonic()
        if not self._looked_up or now - self._looked_up > _LOOKED_UP_SECONDS:
            self._looked_up, self._found = now, _running(self._processes) or self._installed()
        return self._found


def environment(transcript: str | None, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of ``codex queue``: nothing of ours, and the folder of the Codex whose session it is."""
    found = {name: value for name, value in own.items() if not name.startswith("POLARIS_")}
    parents = Path(transcript).parents if transcript else ()
    # CODEX_HOME/sessions/2026/11/22/rollout-….jsonl
    if len(parents) > 4 and parents[3].name == "sessions":
        found["CODEX_HOME"] = str(parents[4])
    return found


def _running(processes: Path) -> str | None:
    """The file of a running Codex of this user; Linux only."""
    with suppress(OSError):
        for folder in processes.iterdir():
            with suppress(OSError):
                if folder.name.isdecimal() and folder.stat().st_uid == os.getuid():
                    program = os.readlink(folder / "exe")
                    if os.path.basename(program) == "codex" and os.access(program, os.X_OK):
                        return program
    return None


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""

"""Claude Code's inbox: the socket on which a running session takes a message and begins a turn (2.1.224 and later).

The session's own file, ``<config>/sessions/<pid>.json``, names the socket and says whether the agent is ``idle``,
``busy`` or ``waiting`` (a dialog is open). Neither the file nor the message is documented, so everything is looked at
before it is believed, and what is missing only means that this way does not exist. No answer ever comes: proof is the
prompt that comes back. What was not shown is told from the transcript, where every message that was taken is written
down at once (``queue-operation``), and so is one that is held back until its user lets it in.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from .base import Sleeper, Standing, string

PATH = "inbox"
BYPASS = "bypassPermissions"
WRITE_SECONDS = 5.0
# The newest lines of a transcript: enough for what was written since a message was handed over.
_TAIL_BYTES = 512 * 1024
_MANAGED = {
    "linux": "/etc/claude-code/managed-settings.json",
    "darwin": "/Library/Application Support/ClaudeCode/managed-settings.json",
}
_READY = Standing("ready")


class Inbox:
    """The waker of Claude Code."""

    PATH = PATH

    def look(self, sleeper: Sleeper) -> Standing:
        file = session_file(sleeper)
        if file is None or not string(file.get("messagingSocketPath")):
            return Standing("unavailable", "this agent session has no inbox")
        standing = rest(sleeper)
        if standing.state != "ready":
            return standing
        if not _is_ours(string(file["messagingSocketPath"])):
            return Standing("unavailable", "the inbox is not this user's")
        if _setting(sleeper, file, "crossSessionInbound") in ("refuse", "hold"):
            return Standing("unavailable", "crossSessionInbound keeps messages out")
        return _READY

    async def wake(self, sleeper: Sleeper, text: str, delivery_id: str) -> Standing:
        file = session_file(sleeper)
        if file is None:
            return Standing("unavailable", "the agent session is gone")
        with socket.socket(socket.AF_UNIX) as inbox:
            inbox.setblocking(False)
            try:
                # Unix sockets connect at once or not at all; BlockingIOError: too many wait there already.
                inbox.connect(string(file.get("messagingSocketPath")))
            except BlockingIOError:
                return Standing("later", "the inbox is busy")
            except OSError as error:
                return Standing("unavailable", f"the inbox cannot be reached ({type(error).__name__})")
            async with asyncio.timeout(WRITE_SECONDS):
                message = frame(sleeper.agent_session_id, text, delivery_id)
                await asyncio.get_running_loop().sock_sendall(inbox, message)
        return Standing("handed")

    def lost(self, sleeper: Sleeper, delivery_id: str, since: float) -> bool:
        """True when the transcript tells of no message of ours that was taken or is held back for the user."""
        if sleeper.transcript is None:
            return False
        for line in _tail(Path(sleeper.transcript)):
            if b"queue-operation" in line and delivery_id.encode() in line:
                return False
            if b"Held peer message" in line and b"polaris" in line and _at(line) >= since - 1:
                return False
        return True


def rest(sleeper: Sleeper) -> Standing:
    """Whether the session waits for its user, and whether a program may speak to it; for every way to wake it."""
    file = session_file(sleeper)
    if file is None:
        return Standing("later", "in a turn") if sleeper.busy else _unattended(sleeper, {})
    if file.get("sessionId") != sleeper.agent_session_id:
        return Standing("unavailable", "its process has another session now")
    status = string(file.get("status"))
    if status == "waiting":
        return Standing("later", "a dialog is open")
    if status == "busy" or (not status and sleeper.busy):
        return Standing("later", "in a turn")
    if _stopped(sleeper.pid):
        return Standing("later", "its process is stopped")
    return _unattended(sleeper, file)


def frame(session_id: str, text: str, delivery_id: str) -> bytes:
    """One message. ``session_id`` guards it: after a ``/clear`` it vanishes instead of landing in the next session."""
    content = f'<cross-session-message from-name="polaris">\n{text}\n</cross-session-message>'
    told = {
        "type": "user",
        "message": {"role": "user", "content": content},
        "session_id": session_id,
        "from": "polaris",
        "msg_id": delivery_id,
    }
    return json.dumps(told, ensure_ascii=True).encode() + b"\n"


def session_file(sleeper: Sleeper) -> dict[str, Any] | None:
    """What Claude Code itself says about the process; None without one, and when another process has the number now."""
    if sleeper.pid is None:
        return None
    path = config_folder(sleeper) / "sessions" / f"{sleeper.pid}.json"
    try:
        with path.open("rb") as opened:
            if os.fstat(opened.fileno()).st_uid != os.geteuid():
                return None
            told = json.load(opened)
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict):
        return None
    began = told.get("procStart")
    if sys.platform.startswith("linux") and began and sleeper.started and str(began) != sleeper.started:
        return None
    return told


def config_folder(sleeper: Sleeper) -> Path:
    """``~/.claude``, or what ``CLAUDE_CONFIG_DIR`` names: the transcript lies in it."""
    if sleeper.transcript:
        for parent in Path(sleeper.transcript).parents:
            if parent.name == "projects":
                return parent.parent
    return Path.home() / ".claude"


def _unattended(sleeper: Sleeper, file: dict[str, Any]) -> Standing:
    """A message into a session that asks nobody for permissions could do anything: its user has to want that."""
    if sleeper.bypass or (sleeper.mode or _mode(sleeper, file)) != BYPASS:
        return _READY
    return Standing("unavailable", "it bypasses permissions: advice waits for its next event")


def _mode(sleeper: Sleeper, file: dict[str, Any]) -> str:
    """The permission mode of a session that has told none since it was connected."""
    if sleeper.transcript:
        for line in reversed(_tail(Path(sleeper.transcript))):
            if b'"permissionMode"' in line and (told := _parsed(line)):
                return string(told.get("permissionMode"))
    permissions = _setting(sleeper, file, "permissions")
    return string(permissions.get("defaultMode")) if isinstance(permissions, dict) else ""


def _setting(sleeper: Sleeper, file: dict[str, Any], name: str) -> Any:
    """A setting as Claude Code would find it: the administrator's, the project's, the user's."""
    project = Path(string(file.get("cwd")) or "/") / ".claude"
    managed = _MANAGED.get(sys.platform)
    places = [Path(managed)] if managed else []
    places += [project / "settings.local.json", project / "settings.json", config_folder(sleeper) / "settings.json"]
    for place in places:
        try:
            told = json.loads(place.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(told, dict) and name in told:
            return told[name]
    return None


def _is_ours(path: str) -> bool:
    """Whether it is a socket of this user in a folder that only this user can write to."""
    try:
        if not os.path.isabs(path):
            return False
        inbox, folder = os.lstat(path), os.lstat(os.path.dirname(path))
    except (OSError, ValueError):
        return False
    ours = inbox.st_uid == folder.st_uid == os.geteuid()
    return ours and stat.S_ISSOCK(inbox.st_mode) and stat.S_ISDIR(folder.st_mode) and not folder.st_mode & 0o022


def _stopped(pid: int | None) -> bool:
    """Whether the process is halted (Ctrl-Z): it would take the message whenever it goes on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("T", "t")
    except (OSError, IndexError):
        return False


def _tail(file: Path) -> list[bytes]:
    try:
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            opened.seek(max(0, size - _TAIL_BYTES))
            return opened.read(_TAIL_BYTES).splitlines()
    except OSError:
        return []


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        told = orjson.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _at(line: bytes) -> float:
    told = _parsed(line)
    try:
        return datetime.fromisoformat(string(told.get("timestamp") if told else None)).timestamp()
    except ValueError:
        return float("inf")

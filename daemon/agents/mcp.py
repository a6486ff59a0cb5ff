"""Any MCP client without hooks: Claude Desktop, an editor, a program of one's own.

Its agent session is the connection of its MCP server, ``mcp-<pid>-<start>``. Nothing tells what is said there, so
nothing is captured but what its tools say; advice arrives with the tools' answers alone.
"""

from __future__ import annotations

from .base import AgentSession, Captured, Payload, Transcript, Unknown, Waker
from .used import Used

NAME = "mcp"
PROCESS_IS_SESSION = True
NAMES_TURNS = False
WAKER: Waker | None = None

unknown_events = Unknown()


def session_of(payload: Payload) -> AgentSession | None:
    return None


def capture(payload: Payload, *, capture_id: str, at: float) -> list[Captured]:
    return []


def may_advise(payload: Payload) -> bool:
    return False


def advice_seen(payload: Payload) -> tuple[str, ...]:
    return ()


def fits(text: str) -> bool:
    return False


def hook_output(event: str, text: str) -> bytes:
    return b""


def transcript() -> Transcript | None:
    return None


def used(payload: Payload) -> list[Used]:
    return []

"""One module a coding agent: what its payloads mean."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from .base import Agent, Unknown

NAMES = {
    "claude-code": "claude_code",
    "codex": "codex",
    "gemini-cli": "gemini_cli",
    "opencode": "opencode",
    "cursor": "cursor",
    "windsurf": "windsurf",
    "mcp": "mcp",
}

# Names that no module has: their payloads are counted here, and go nowhere.
unknown = Unknown()


def find(name: str) -> Agent | None:
    """The module of an agent by the name that the hook script sends; None for one that is not known."""
    module = NAMES.get(name)
    return None if module is None else cast(Agent, import_module(f"{__name__}.{module}"))


def not_understood() -> dict[str, dict[str, int]]:
    """What came and gave nothing because nobody here knows it: ``{"agents": {name: n}, "events": {"codex: X": n}}``."""
    events = {
        f"{name}: {event}": count
        for name in NAMES
        if (agent := find(name)) is not None
        for event, count in agent.unknown_events.items()
    }
    return {"agents": dict(unknown), "events": events}

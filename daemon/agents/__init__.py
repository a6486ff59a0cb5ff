"""One module a coding agent: what its payloads mean."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from .base import Agent

NAMES = {
    "claude-code": "claude_code",
    "codex": "codex",
    "gemini-cli": "gemini_cli",
    "opencode": "opencode",
    "cursor": "cursor",
    "windsurf": "windsurf",
    "mcp": "mcp",
}


def find(name: str) -> Agent | None:
    """The module of an agent by the name that the hook script sends; None for one that is not known."""
    module = NAMES.get(name)
    return None if module is None else cast(Agent, import_module(f"{__name__}.{module}"))

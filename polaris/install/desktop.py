"""Claude Desktop: no coding agent, nothing to capture, but its chats may use the tools."""

from __future__ import annotations

import sys

from polaris.install.shapes import Entry, Install

CLAUDE_DESKTOP = Install(
    title="Claude Desktop",
    config={
        "darwin": "~/Library/Application Support/Claude",
        "win32": "$APPDATA/Claude",
    }.get(sys.platform, "~/.config/Claude"),
    version=(),
    parts=(
        Entry(
            "{config}/claude_desktop_config.json",
            ("mcpServers", "polaris"),
            {"command": "{polaris}", "args": ["mcp"]},
            why="its chats can read the floor and advise",
        ),
    ),
    notes=("Restart Claude Desktop.",),
)

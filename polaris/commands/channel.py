"""The MCP server, as a command among the others; `polaris.cli` starts it without them."""

from __future__ import annotations

from polaris.command import Group, command


class Channel(Group):
    """What a coding agent starts."""

    @command
    async def mcp(self) -> None:
        """Serves the tools of Polaris to the coding agent that started it, over stdin and stdout (MCP).

        `polaris install` makes agents start it; docs/mcp.md says how to add it to any other client.
        """
        from polaris.channel.door import Door

        door = Door()
        door.open()

        from polaris.channel.server import serve

        await serve(door)

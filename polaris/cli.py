"""The ``polaris`` command: where a process begins. The commands are in `polaris.commands.together`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; answers the exit code (`polaris.errors.Exit`)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["mcp"]:
        # A coding agent waits for this one, so it starts without the rest of the command line.
        from polaris.channel.__main__ import main as serve

        serve()
    from polaris.commands.together import run_command

    return run_command(words)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m polaris.channel``: the same as ``polaris mcp``, without the rest of the command line."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import NoReturn

from .door import Door


def main() -> NoReturn:
    """Serves one client on stdin and stdout; the process ends when it has gone."""
    # An agent ends its servers with SIGINT: nothing is open here that would have to be closed.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    door = Door()
    door.open()

    # From here on the client is answered; what follows takes a second or two.
    import asyncio

    from polaris import log

    from .server import serve

    log.setup(os.environ.get("POLARIS_LOG_LEVEL", "").strip().lower() or "warning")
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(serve(door))
    # Taking the SDK's models apart would take longer than the agent waits for its servers to end.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

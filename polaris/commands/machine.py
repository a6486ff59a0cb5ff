"""The daemon of this machine as its user's service: start, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import PolarisError

if TYPE_CHECKING:
    from polaris.service import State

Json = dict[str, Any]


class Machine(Group):
    """Commands about the daemon of this machine."""

    @command
    async def start(self) -> Result:
        """Starts the daemon in the background, unless one runs; as a service of yours where this machine has them."""
        from polaris import service

        settings = base.settings()
        ran = await base.in_thread(service.state, settings)
        way = await base.in_thread(service.choose, settings)
        found: State = ran if ran.running else await base.in_thread(service.start, settings, way)
        told = {"running": True, "started": not ran.running, "port": found.port, "pid": found.pid, "way": way.name}
        word = "runs already" if ran.running else f"runs now, as a {way.name}"
        return Result(told, [f"The daemon {word}: port {found.port}, pid {found.pid}."])

    @command
    async def stop(self) -> Result:
        """Stops the daemon and waits until its port is free; what waits for the service is kept and sent later."""
        from polaris import service

        settings = base.settings()
        queue = await waiting()
        way = service.installed(settings) or await base.in_thread(service.choose, settings)
        ran = await base.in_thread(service.stop, settings, way)
        told = {"stopped": ran.running, "port": ran.port, "waiting": queue}
        if not ran.running:
            return Result(told, ["No daemon runs."])
        return Result(told, [f"The daemon has stopped; port {ran.port} is free.", *queue_lines(queue)])


async def waiting() -> Json:
    """What is not with the service yet: ``{"events", "files"}``; zeros where no daemon can be asked."""
    try:
        spool = (await base.daemon("GET", "/status"))["spool"]
    except (PolarisError, KeyError, TypeError):
        spool = {}
    return {"events": int(spool.get("events") or 0), "files": int(spool.get("files") or 0)}


def queue_lines(queue: Json) -> list[str]:
    """A sentence about what is kept; none when nothing is."""
    events, files = queue["events"], queue["files"]
    if not events and not files:
        return []
    words = [base.counted(events, "event")] * bool(events) + [base.counted(files, "file") + " of hooks"] * bool(files)
    return [f"For the service wait {' and '.join(words)}: kept, and sent after the next start."]

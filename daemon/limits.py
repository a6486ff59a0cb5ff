"""What is never captured: sessions in excluded directories and of agents that are switched off (`polaris.machine`).

Such a session cannot be connected. One that is connected already, and comes to be such a session, is paused at its next
event or within seconds of the change: then the hook leaves no file either, because ``bound/`` does not name it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from polaris.errors import Forbidden
from polaris.machine import Machine, Watched

from . import processes
from .agents.base import AgentSession
from .bindings import Sighting

REMEMBERED = 1000
# What agents call the directories that they work on, besides the one they are in.
_FOLDERS = ("cwd", "directory", "worktree", "project_dir", "workspace_roots")


class Limits:
    """The user's word on what may be captured, held against what sessions tell of themselves."""

    def __init__(self, machine: Watched) -> None:
        self._machine = machine
        self._applied: Machine | None = None
        self._folders: OrderedDict[str, list[str]] = OrderedDict()

    def bypass(self) -> bool:
        return self._machine.now().bypass

    def bars(self, agent: str, session: AgentSession, payload: dict[str, Any]) -> bool:
        """Whether a payload is not to be taken; remembers where its session is."""
        folders = _folders(session, payload)
        if folders:
            self._folders[session.session_id] = folders
            self._folders.move_to_end(session.session_id)
            if len(self._folders) > REMEMBERED:
                self._folders.popitem(last=False)
        now = self._machine.now()
        return agent in now.agents_off or now.excludes(folders)

    def excludes(self, folders: list[str]) -> bool:
        return self._machine.now().excludes(folders)

    def barred(self, agent: str, agent_session_id: str, pid: int | None) -> bool:
        """The same of a session that says nothing at the moment."""
        now = self._machine.now()
        return agent in now.agents_off or now.excludes(self._known(agent_session_id, pid))

    def check(self, seen: Sighting, folder: str | None = None) -> None:
        """Raises 403 ``agent_switched_off`` or ``directory_excluded``; *folder* is what the request says."""
        now = self._machine.now()
        if seen.agent in now.agents_off:
            raise Forbidden(
                f"{seen.agent} is switched off on this machine.",
                code="agent_switched_off",
                hint=f"`polaris capture on {seen.agent}` switches it on again.",
            )
        if now.excludes([*self._known(seen.agent_session_id, seen.pid), *([folder] if folder else [])]):
            raise Forbidden(
                "This agent works in a directory that is never captured.",
                code="directory_excluded",
                hint="`polaris capture list` shows which, `polaris capture include DIR` takes one off the list.",
            )

    def changed(self) -> bool:
        """Whether the settings are others than when this was asked last."""
        before, self._applied = self._applied, self._machine.now()
        return self._applied != before

    def _known(self, agent_session_id: str, pid: int | None) -> list[str]:
        folder = processes.folder(pid) if pid is not None else None
        return [*self._folders.get(agent_session_id, ()), *([folder] if folder else [])]


def _folders(session: AgentSession, payload: dict[str, Any]) -> list[str]:
    told: list[Any] = [session.cwd]
    for name in _FOLDERS:
        value = payload.get(name)
        told += value if isinstance(value, list) else [value]
    return list(dict.fromkeys(one for one in told if isinstance(one, str) and one))

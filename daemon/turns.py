"""Which agent sessions are in a turn, by what their hooks tell; in memory."""

from __future__ import annotations

from collections.abc import Iterable

from .advice import Happened

OPENS = ("prompt", "message", "tool.call", "tool.result")
ENDS = ("reply", "turn.interrupted", "turn.ended", "end")


class Turns:
    """The last word of every agent session about its turn; forgotten when the daemon ends."""

    def __init__(self) -> None:
        self._busy: dict[str, bool] = {}
        self._turn: dict[str, str | None] = {}

    def follow(self, agent_session_id: str, events: Iterable[Happened]) -> bool:
        """Takes the events of one payload, in order; answers whether a turn began or ended."""
        before = self._busy.get(agent_session_id)
        for event in events:
            if event.kind in OPENS:
                self._busy[agent_session_id] = True
                self._turn[agent_session_id] = event.turn
            elif event.kind in ENDS:
                self._busy[agent_session_id] = False
        return self._busy.get(agent_session_id) != before

    def goes_on(self, agent_session_id: str) -> None:
        """The answer to an event, perhaps the turn's last, gave the agent something more to read."""
        self._busy[agent_session_id] = True

    def busy(self, agent_session_id: str) -> bool | None:
        """None before the first event."""
        return self._busy.get(agent_session_id)

    def turn(self, agent_session_id: str) -> str | None:
        """The turn that is under way, where the agent names its turns."""
        return self._turn.get(agent_session_id) if self._busy.get(agent_session_id) else None

"""Recordings of one coding agent, read with its module: what the tests of all agents share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polaris.daemon import transcript
from polaris.daemon.agents.base import Agent, Captured
from polaris.daemon.transcript import Cursor, Reading

Payload = dict[str, Any]

FIXTURES = Path(__file__).parents[1] / "fixtures"
DELIVERY = "0f36803d-6a8e-4059-8989-171f0196413d"
MARKER = f"polaris:advice:{DELIVERY}"
ADVICE = f"Advice from user:priya (human, same organization) for session pj/fxm:\nUse 3.\n({MARKER})"
# Inside of JSON that is text.
ADVICE_IN_JSON = json.dumps(ADVICE)[1:-1]


@dataclass(frozen=True)
class Recordings:
    """The folder of an agent's recordings, its module, and the time at which they are captured here."""

    agent: Agent
    at: float

    @property
    def folder(self) -> Path:
        return FIXTURES / self.agent.NAME

    @property
    def payloads(self) -> list[Path]:
        return sorted(self.folder.glob("[A-Z]*.json"))

    def payload(self, name: str, **changed: Any) -> Payload:
        told: Payload = json.loads((self.folder / f"{name}.json").read_text())
        return told | changed

    def sequence(self, name: str) -> list[Payload]:
        """The payloads of a run in order."""
        lines = (self.folder / f"_sequence.{name}.jsonl").read_text().splitlines()
        return [json.loads(line)["payload"] for line in lines]

    def captured(self, told: Payload, capture_id: str = "1795360851-17-1") -> list[Captured]:
        return self.agent.capture(told, capture_id=capture_id, at=self.at)

    def only(self, told: Payload) -> Captured:
        (event,) = self.captured(told)
        return event

    def kept(self, payloads: Iterable[Payload], prefix: str = "c") -> dict[str, Captured]:
        """What a spool keeps: the first event of every client id."""
        events: dict[str, Captured] = {}
        for number, told in enumerate(payloads):
            for event in self.captured(told, f"{prefix}-{number}"):
                events.setdefault(event.client_id, event)
        return events

    def transcript(self, name: str) -> str:
        return (self.folder / f"_transcript.{name}.jsonl").read_text()

    def read(self, file: Path, session_id: str, cursor: Cursor | None = None, **more: Any) -> Reading:
        """The new end of a transcript; what is kept of it survives as text."""
        how = self.agent.transcript()
        assert how
        reading = transcript.read(file, cursor or Cursor(), how, session_id=session_id, **more)
        assert Cursor.of(reading.cursor.text()) == reading.cursor
        return reading

"""What people read: the text beside a tool's structured answer, and the lines of a floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polaris import render
from polaris.errors import PolarisError

FLOOR_CHARACTERS = 12_000
BODY_CHARACTERS = 600


def failure(error: PolarisError) -> str:
    return f"{error.message} {error.hint}" if error.hint else error.message


def floor(events: Sequence[Mapping[str, Any]], *, newest: bool) -> tuple[list[dict[str, Any]], bool]:
    """The events as ``{"seq", "at", "line"}``, as `polaris tail` prints them, and whether all of them fitted.

    *newest*: where they do not fit, the oldest are left out; else the newest.
    """
    kept: list[dict[str, Any]] = []
    room = FLOOR_CHARACTERS
    for event in reversed(events) if newest else events:
        line = render.line(event, body_characters=BODY_CHARACTERS)
        room -= len(line) + 12
        if room < 0 and kept:
            return (kept[::-1] if newest else kept), False
        kept.append({"seq": int(event["seq"]), "at": str(event.get("occurred_at") or ""), "line": line})
    return (kept[::-1] if newest else kept), True


def numbered(events: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"#{event['seq']} {event['line']}" for event in events)

"""Which of those who ask for the seat of a session is meant."""

from __future__ import annotations

from typing import Any

from polaris.errors import Conflict, NotFound

Json = dict[str, Any]


def chosen(requests: list[Json], who: str | None, place: str) -> Json:
    """The request that is meant, out of those that wait. Raises 404 ``nobody_asks``, 409 ``several_ask``."""
    who = who if who is None or ":" in who else f"user:{who}"
    fits = [one for one in requests if one["ended_at"] is None and who in (None, one["actor"])]
    if not fits:
        text = f"{who} does not ask" if who else "Nobody asks"
        raise NotFound(f"{text} for the seat of {place}.", code="nobody_asks")
    if len(fits) > 1:
        names = ", ".join(str(one["actor"]) for one in fits)
        raise Conflict(f"Several ask for the seat of {place}: {names}.", code="several_ask", hint="Say whom you mean.")
    return fits[0]

"""The advice that waits for a seat's holder, each attempt told once a connection: for both links.

An advice frame goes down before the attempt is counted; one that came back is of the next attempt and goes down again.
"""

from __future__ import annotations

from uuid import UUID

import psycopg

from polaris import model
from polaris.db import calls
from polaris.db.pool import Connection
from polaris.errors import from_database

# What can change which advice waits for whom.
STIRRING = (
    *("advice", "seat.asked", "delivery"),
    *("driver.claimed", "driver.released", "driver.expired", "driver.taken"),
)


class Waiting:
    """What one connection of *actor* to a session was told of; a direct client leaves *org* and *actor* None."""

    def __init__(self, org: int | None, actor: str | None, project: str, session: str) -> None:
        self._place = (org, actor, project, session)
        self._told: dict[UUID, int] = {}  # advice that went down, and for which attempt

    async def news(self, conn: Connection, me: str) -> list[model.Advice]:
        """What was not told yet, if *me* holds the seat; to be marked with `told` when it went down."""
        seat = await calls.get_session(conn, *self._place)
        if seat.driver != me:
            return []
        try:
            found = await calls.read_advice(conn, *self._place, seat.epoch)
        except psycopg.Error as error:
            if from_database(error).code == "not_driver":  # it changed hands in between: another event says so
                return []
            raise
        return [advice for advice in found if self._told.get(advice.delivery_id) != _attempt(advice)]

    def told(self, advice: model.Advice) -> None:
        self._told[advice.delivery_id] = _attempt(advice)


def _attempt(advice: model.Advice) -> int:
    return advice.attempts - (advice.state == "sent")

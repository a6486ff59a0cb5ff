"""A page of search: the place where it goes on is a text that callers hand back as they got it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from polaris import model
from polaris.db.rows import FoundRow
from polaris.errors import NotFound

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Place(NamedTuple):
    """Where a page ended: the arguments ``before_…`` of `calls.search_events`."""

    before_at: datetime | None = None
    before_project: int | None = None
    before_seq: int | None = None

    def __str__(self) -> str:
        assert self.before_at is not None
        numbers = ((self.before_at - EPOCH) // MICROSECOND, self.before_project, self.before_seq)
        return base64.urlsafe_b64encode("-".join(map(str, numbers)).encode()).decode().rstrip("=")


def place(text: str | None) -> Place:
    """The place that `page` named ``next``. Raises 404 ``no_such_place``."""
    if text is None:
        return Place()
    try:
        padded = text + "=" * (-len(text) % 4)
        at, project, seq = (int(number) for number in base64.urlsafe_b64decode(padded).decode("ascii").split("-"))
        if max(project, seq) >= 2**63:
            raise ValueError
        return Place(EPOCH + at * MICROSECOND, project, seq)
    except (ValueError, OverflowError) as error:
        raise NotFound("There is no such place in what was found.", code="no_such_place") from error


def page(found: Sequence[FoundRow], limit: int) -> model.FoundPage:
    """The page as callers get it; a full one says where it goes on."""
    last = found[-1] if len(found) >= limit else None
    return model.FoundPage(
        items=[model.Found.model_validate(row._asdict()) for row in found],
        next=str(Place(last.recorded_at, last.project_id, last.seq)) if last else None,
    )

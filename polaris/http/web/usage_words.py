"""What models used, in a few words for the pages: "1.2 M tokens", and a cost where agents told one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from polaris.model import UsageSum

# What the first page looks back on.
DAYS = 7


@dataclass(frozen=True, slots=True)
class Figures:
    """One line. ``cost`` is empty where no agent told one, and says so with a plus where not all of them did."""

    name: str
    tokens: str
    given: str
    cached: str
    written: str
    messages: str
    cost: str

    @classmethod
    def of(cls, name: str, rows: Iterable[UsageSum]) -> Figures:
        """The sum of some rows of `polaris.db.calls.get_usage`."""
        found = list(rows)
        cached = sum(row.cache_read_tokens for row in found)
        given = cached + sum(row.input_tokens + row.cache_write_tokens for row in found)
        written = sum(row.output_tokens for row in found)
        messages, priced = sum(row.messages for row in found), sum(row.priced for row in found)
        cost = sum(row.cost_usd or 0.0 for row in found)
        return cls(
            name,
            short(given + written),
            short(given),
            short(cached),
            short(written),
            f"{messages:,}",
            f"${cost:,.2f}{'+' if priced < messages else ''}" if priced else "",
        )


def lately() -> datetime:
    """Since when the first page counts."""
    return datetime.now(UTC) - timedelta(days=DAYS)


def short(number: int) -> str:
    """``950``, ``9.5 k``, ``12 k``, ``3.4 M``, ``1.2 G``."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size * 0.9995:
            value = number / size
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"
    return str(number)

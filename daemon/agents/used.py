"""What one message of a model used, as an agent tells it: tokens, and the cost where the agent itself reports one.

The four counts of `Used` lie beside each other, whatever the agent counts into what: ``input`` was neither read from
the cache nor written to it, and ``output`` holds what the model thought. Nobody here knows a price.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# As the service takes them (`polaris.model.Usage`).
MOST_TOKENS = 10**12
MOST_USD = 1_000_000
CHARACTERS = 200
# Ids in which no rule of redaction sees a secret; any other one goes by its digest.
_PLAIN = re.compile(
    r"(?:msg|resp)_[A-Za-z0-9]{1,26}|resp_[0-9a-f]{1,64}|[A-Za-z0-9]{1,12}|[0-9a-f]{1,64}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::\d{1,18})?"
)


@dataclass(frozen=True, slots=True)
class Used:
    """One message by the id that the agent gave it, or by that id's digest. Told again, the larger counts are right."""

    message: str
    model: str | None = None
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_usd: float | None = None

    @classmethod
    def of(cls, message: object, model: object, cost_usd: object = None, **tokens: object) -> Used | None:
        """From what an agent's JSON holds, whatever that is; None without an id, or when nothing was used."""
        counts, cost = {kind: count(value) for kind, value in tokens.items()}, _cost(cost_usd)
        if not isinstance(message, str) or not message or not (cost or any(counts.values())):
            return None
        if not _PLAIN.fullmatch(message):
            message = hashlib.sha256(message.encode("utf-8", "replace")).hexdigest()[:40]
        name = model[:CHARACTERS] if isinstance(model, str) else ""
        return cls(message, name or None, cost_usd=cost, **counts)

    @classmethod
    def told(cls, row: object) -> Used | None:
        """From what `row` wrote."""
        if not isinstance(row, dict):
            return None
        tokens = {kind: row.get(kind) for kind in ("input", "output", "cache_read", "cache_write")}
        return cls.of(row.get("message"), row.get("model"), row.get("cost_usd"), **tokens)

    def row(self) -> dict[str, Any]:
        """As the service takes it; what is zero or not known is left out."""
        told: dict[str, Any] = {
            "message": self.message,
            "model": self.model,
            "input": self.input,
            "output": self.output,
        }
        told |= {"cache_read": self.cache_read, "cache_write": self.cache_write, "cost_usd": self.cost_usd}
        return {name: value for name, value in told.items() if value}

    def merged(self, other: Used) -> Used:
        """The same message, told twice."""
        return Used(
            self.message,
            self.model or other.model,
            max(self.input, other.input),
            max(self.output, other.output),
            max(self.cache_read, other.cache_read),
            max(self.cache_write, other.cache_write),
            max(self.cost_usd or 0.0, other.cost_usd or 0.0) or None,
        )


def together(told: Iterable[Used]) -> list[Used]:
    """Each message once, in the order in which they were told first."""
    by_message: dict[str, Used] = {}
    for one in told:
        known = by_message.get(one.message)
        by_message[one.message] = known.merged(one) if known else one
    return list(by_message.values())


def count(value: object) -> int:
    """A number of tokens; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_TOKENS:
        return 0
    return int(value)


def _cost(value: object) -> float | None:
    """US dollars. An agent that does not know the price of a model says 0: that is no cost that it reports."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(float(value), 6) or None if 0 < value <= MOST_USD else None

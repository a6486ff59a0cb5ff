"""How much one token may ask for: a bucket of tokens that fills again, one for each credential.

Generous: it is there so that one runaway script cannot starve the others of its process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable
from dataclasses import dataclass

from polaris.errors import TooMany

IDLE_SECONDS = 60.0


@dataclass(frozen=True)
class Limits:
    """What a process grants. ``rate`` and ``burst`` count requests and frames of one token."""

    rate_per_second: float = 5000
    rate_burst: int = 10000
    queue_events: int = 5000  # what may wait for one slow reader
    queue_bytes: int = 32 << 20
    slow_seconds: float = 10  # how long a reader may take for what is in the pipe already
    poll_seconds: float = 12  # the net under the notifications
    revalidate_seconds: float = 3
    maintain_seconds: float = 2
    keep_seconds: float = 60  # between two looks at what is to be deleted
    ping_seconds: float = 25


class RateLimited(TooMany):
    """Too many requests with this token."""

    code = "rate_limited"
    retry_after: int

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.retry_after = max(1, math.ceil(seconds))


class Buckets:
    """The buckets of all credentials that asked lately."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, float(burst)
        self._found: dict[Hashable, tuple[float, float]] = {}  # credential → what is left, when

    def take(self, credential: Hashable) -> None:
        """Counts one request. Raises `RateLimited` with the time until the next is free."""
        now = time.monotonic()
        left, when = self._found.get(credential, (self.burst, now))
        left = min(self.burst, left + (now - when) * self.rate)
        if left < 1:
            self._found[credential] = (left, now)
            raise RateLimited((1 - left) / self.rate)
        self._found[credential] = (left - 1, now)

    def forget(self) -> None:
        """Drops the buckets that nobody used for a while; they are full again anyway."""
        old = time.monotonic() - max(IDLE_SECONDS, self.burst / self.rate)
        for credential in [c for c, (_, when) in self._found.items() if when < old]:
            del self._found[credential]

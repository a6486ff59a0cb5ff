"""What Prometheus is told; counts and times only, never a name or a text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from polaris.db.rows import UnindexedRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.pushed = Counter("polaris_events_pushed", "Events kept, by outcome.", ["outcome"], registry=registry)
        self.batch = Histogram(
            "polaris_batch_events",
            "Events of one write.",
            buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500),
            registry=registry,
        )
        self.commit = Histogram("polaris_commit_seconds", "Time of one write.", buckets=SECONDS, registry=registry)
        self.relayed = Counter("polaris_events_relayed", "Events read for live readers.", registry=registry)
        self.waiting = Gauge("polaris_writer_waiting_events", "Events that wait to be written.", registry=registry)
        self.lanes = Gauge("polaris_writer_lanes", "Projects whose counter is held.", registry=registry)
        self.subscribers = Gauge("polaris_live_streams", "Sockets and streams.", registry=registry)
        self.topics = Gauge("polaris_topics", "Projects that are watched.", registry=registry)
        self.lag = Gauge("polaris_relay_lag_events", "Events that the relay has not read yet.", registry=registry)
        self.slow = Counter("polaris_slow_readers", "Readers that were told to resume.", registry=registry)
        self.hints = Gauge("polaris_notifications", "Notifications heard.", ["use"], registry=registry)
        self.reconnects = Gauge("polaris_listener_connects", "Connections of the listener.", registry=registry)
        self.notify_queue = Gauge(
            "polaris_notification_queue_usage", "How full Postgres' notification queue is, 0 to 1.", registry=registry
        )
        self.lapses = Counter("polaris_lapses", "What maintenance ended.", ["what"], registry=registry)
        self.indexed = Counter("polaris_indexed_events", "Events that search knows since.", registry=registry)
        self.index_lag = Gauge("polaris_index_lag_events", "Events that search does not know yet.", registry=registry)
        self.index_lag_seconds = Gauge(
            "polaris_index_lag_seconds", "Since when the first of them waits.", registry=registry
        )
        self.kept = Counter("polaris_keeping_events", "Events that went, and tombstones.", ["what"], registry=registry)
        self.keeping = Histogram(
            "polaris_keeping_batch_seconds",
            "Time of one batch that prunes or erases.",
            ["what"],
            buckets=SECONDS,
            registry=registry,
        )
        self.keeps = Gauge("polaris_keeping_leads", "1: this process prunes and erases.", registry=registry)
        self.requests = Counter("polaris_requests", "Requests, by status.", ["status"], registry=registry)
        self._statuses: dict[int, Counter] = {}
        self._kept = self.pushed.labels("kept")
        self._repeated = self.pushed.labels("repeated")
        self._refused = self.pushed.labels("refused")

    def count(self, status: int) -> None:
        """One request was answered."""
        if status not in self._statuses:
            self._statuses[status] = self.requests.labels(str(status))
        self._statuses[status].inc()

    def on_batch(self, events: int, seconds: float) -> None:
        self.batch.observe(events)
        self.commit.observe(seconds)

    def on_keeping(self, what: str, events: int, seconds: float) -> None:
        self.kept.labels(what).inc(events)
        self.keeping.labels(what).observe(seconds)

    def on_results(self, kept: int, repeated: int, refused: int) -> None:
        if kept:
            self._kept.inc(kept)
        if repeated:
            self._repeated.inc(repeated)
        if refused:
            self._refused.inc(refused)

    def on_unindexed(self, behind: Sequence[UnindexedRow]) -> None:
        self.index_lag.set(sum(row.behind for row in behind))
        since = min((row.waits_since for row in behind if row.waits_since), default=None)
        self.index_lag_seconds.set((datetime.now(UTC) - since).total_seconds() if since else 0)

    def text(self) -> bytes:
        return generate_latest(self.registry)

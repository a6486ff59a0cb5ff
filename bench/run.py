"""``make bench``: the measurable promises, each as a ratio against the bare limit taken in the same run.

Prints a table and writes bench/results.json. ``python bench/run.py NAME …`` runs only some: ingest, latency, hook,
fanout, pages, redact, slack, keeping, memory (a million events; ``make bench-large``: ten million).
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import fanout
import hook
import ingest
import keeping
import latency
import memory
import pages
import redact
import slack
from service import service

HERE = Path(__file__).parent
PARTS = {"hook", "redact", "ingest", "latency", "fanout", "pages", "slack", "keeping", "memory"}
HOOK_BAR = f"≤ {hook.BAR_MS:g} ms"


class Bar(NamedTuple):
    """One promise: what it is, where its figure stands in the results, the bar in words and as a test."""

    what: str
    part: str
    figure: str  # a dot leads one level down
    words: str
    reached: Callable[[float], bool]


BARS = (
    Bar("batched ingest / bare inserts", "ingest", "ratio_to_bare", "≥ 0.4 ×", lambda x: x >= 0.4),
    Bar(
        "batched ingest / one event, one NOTIFY",
        "ingest",
        "ratio_to_one_event_one_notify",
        "≥ 6 ×",
        lambda x: x >= 6,
    ),
    Bar("single pushes, 64 at a time", "ingest", "single_pushes_per_second", "≥ 2,800/s", lambda x: x >= 2800),
    Bar("… p99", "ingest", "single_push_p99_ms", "≤ 40 ms", lambda ms: ms <= 40),
    Bar("commit → subscriber at 1,000/s, p50", "commit", "p50_ms", "≤ 5 ms", lambda ms: ms <= 5),
    Bar("… p99", "commit", "p99_ms", "≤ 25 ms", lambda ms: ms <= 25),
    Bar("hook → subscriber, p50", "hook_way", "p50_ms", "≤ 15 ms", lambda ms: ms <= 15),
    Bar("hook over bare bash, 4 KB", "hook", "4_kb.over_ms", HOOK_BAR, lambda ms: ms <= hook.BAR_MS),
    Bar("hook over bare bash, 50 KB", "hook", "50_kb.over_ms", HOOK_BAR, lambda ms: ms <= hook.BAR_MS),
    *(
        bar
        for size in redact.SIZES
        for bar in (
            Bar(
                f"redaction of {size.replace('_', ' ').upper()}, µs",
                "redact",
                f"{size}.worst_us",
                f"≤ {redact.BARS_US[size]} µs",
                lambda us, size=size: us <= redact.BARS_US[size],  # type: ignore[misc]
            ),
            Bar(
                "… / JSON written and read",
                "redact",
                f"{size}.worst_ratio",
                f"≤ {redact.BARS_RATIO[size]} ×",
                lambda x, size=size: x <= redact.BARS_RATIO[size],  # type: ignore[misc]
            ),
        )
    ),
    Bar("fan-out to 1,000 sockets, lost", "fanout", "lost", "0", lambda lost: lost == 0),
    Bar(
        "slowest page at 100,000 events, p50",
        "pages",
        "worst_median_ms",
        f"< {pages.BAR_MS} ms",
        lambda ms: ms < pages.BAR_MS,
    ),
    Bar("ingest while retention prunes / without", "keeping", "ratio", "≥ 0.9 ×", lambda x: x >= 0.9),
    Bar(
        f"page of 100 out of {memory.EVENTS:,} events, p95",
        "memory",
        "history_page.p95_ms",
        "≤ 20 ms",
        lambda ms: ms <= 20,
    ),
    Bar("search, mixed questions, p95", "memory", "search_p95_ms", "≤ 200 ms", lambda ms: ms <= 200),
    Bar(
        "brief of a 50,000-event session, p95",
        "memory",
        "brief_of_a_long_session.p95_ms",
        "≤ 100 ms",
        lambda ms: ms <= 100,
    ),
    Bar("ingest while the index fills / without", "memory", "ingest.ratio", "≥ 0.8 ×", lambda x: x >= 0.8),
    Bar(
        "index behind at 1,000 events/s, s",
        "memory",
        "ingest.lag_at_1000_per_second.seconds",
        "≤ 1 s",
        lambda s: s <= 1,
    ),
    Bar("event → quiet Slack channel, p50", "slack", "quiet_p50_ms", "≤ 1,000 ms", lambda ms: ms <= 1000),
    Bar("a day of faults in Slack, lost", "slack", "lost", "0", lambda lost: lost == 0),
    Bar("… second copies left", "slack", "copies_left", "0", lambda copies: copies == 0),
    Bar("… limits of Slack not kept", "slack", "limited", "0", lambda limited: limited == 0),
)


async def measure(wanted: set[str]) -> dict[str, Any]:
    results: dict[str, Any] = {}

    def done(name: str, result: dict[str, Any]) -> None:
        results[name] = result
        print(f"{name}: {json.dumps(result)}", file=sys.stderr, flush=True)

    if "hook" in wanted:
        done("hook", await asyncio.to_thread(hook.measure))
    if "redact" in wanted:
        done("redact", await asyncio.to_thread(redact.measure))
    if wanted & {"ingest", "latency", "fanout", "pages", "slack", "keeping"}:
        async with service() as running:
            if "latency" in wanted:
                done("commit", await latency.commit_to_subscriber(running))
                done("hook_way", await latency.hook_to_subscriber(running))
            if "fanout" in wanted:
                done("fanout", await fanout.measure(running))
            if "pages" in wanted:
                done("pages", await pages.measure(running))
            if "slack" in wanted:
                done("slack", await slack.measure(running))
            if "ingest" in wanted:
                done("ingest", await ingest.measure(running))
            if "keeping" in wanted:
                done("keeping", await keeping.measure(running))
    if "memory" in wanted:
        async with service() as running:  # a service of its own: the others are not to be measured on a large record
            done("memory", await memory.measure(running))
    return results


def main() -> int:
    results = asyncio.run(measure(set(sys.argv[1:]) or PARTS))
    rows = [(bar, _figure(results[bar.part], bar.figure)) for bar in BARS if bar.part in results]
    width = max(len(bar.what) for bar, _ in rows)
    print(f"\n{'what':<{width}}  {'measured':>10}  {'bar':>10}")
    for bar, value in rows:
        verdict = "reached" if bar.reached(value) else "NOT REACHED"
        print(f"{bar.what:<{width}}  {value:>10,}  {bar.words:>10}  {verdict}")
    if len(sys.argv) == 1:
        about = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        }
        (HERE / "results.json").write_text(json.dumps(about | results, indent=2) + "\n")
    return 0


def _figure(result: dict[str, Any], name: str) -> float:
    found: Any = result
    for key in name.split("."):
        found = found[key]
    value: float = found
    return value


if __name__ == "__main__":
    sys.exit(main())

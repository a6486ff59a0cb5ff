"""``make bench``: the measurable promises, each as a ratio against the bare limit taken in the same run.

Prints a table and writes bench/results.json. ``python bench/run.py NAME …`` runs only ingest, latency, hook or fanout.
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
from typing import Any

import fanout

import ingest
import latency
from service import service

HERE = Path(__file__).parent
Check = Callable[[dict[str, Any]], bool]

# What it is, where its figure stands, how it reads, the bar in words, the bar as a test.
BARS: list[tuple[str, str, str, str, Check]] = [
    ("batched ingest / bare inserts", "ingest", "ratio_to_bare", "≥ 0.4 ×", lambda r: r["ratio_to_bare"] >= 0.4),
    ("batched ingest / one event, one NOTIFY", "ingest", "ratio_to_one_event_one_notify", "≥ 6 ×", lambda r: r["ratio_to_one_event_one_notify"] >= 6),
    ("single pushes, 64 at a time", "ingest", "single_pushes_per_second", "≥ 2,800/s", lambda r: r["single_pushes_per_second"] >= 2800),
    ("… p99", "ingest", "single_push_p99_ms", "≤ 40 ms", lambda r: r["single_push_p99_ms"] <= 40),
    ("commit → subscriber at 1,000/s, p50", "commit", "p50_ms", "≤ 5 ms", lambda r: r["p50_ms"] <= 5),
    ("… p99", "commit", "p99_ms", "≤ 25 ms", lambda r: r["p99_ms"] <= 25),
    ("hook → subscriber, p50", "hook_way", "p50_ms", "≤ 15 ms", lambda r: r["p50_ms"] <= 15),
    ("hook over bare bash, 4 KB", "hook", "over_bare_4k_ms", "≤ 3 ms", lambda r: r["over_bare_4k_ms"] <= 3),
    ("hook over bare bash, 50 KB", "hook", "over_bare_50k_ms", "≤ 3 ms", lambda r: r["over_bare_50k_ms"] <= 3),
    ("fan-out to 1,000 sockets, lost", "fanout", "lost", "0", lambda r: r["lost"] == 0),
]


async def measure(wanted: set[str]) -> dict[str, Any]:
    results: dict[str, Any] = {}

    def done(name: str, result: dict[str, Any]) -> None:
        results[name] = result
        print(f"{name}: {json.dumps(result)}", file=sys.stderr, flush=True)

    if "hook" in wanted:
        import hook

        done("hook", await asyncio.to_thread(hook.measure))
    if wanted & {"ingest", "latency", "fanout"}:
        async with service() as running:
            if "latency" in wanted:
                done("commit", await latency.commit_to_subscriber(running))
                done("hook_way", await latency.hook_to_subscriber(running))
            if "fanout" in wanted:
                done("fanout", await fanout.measure(running))
            if "ingest" in wanted:
                done("ingest", await ingest.measure(running))
    return results


def main() -> int:
    results = asyncio.run(measure(set(sys.argv[1:]) or {"hook", "ingest", "latency", "fanout"}))
    rows = [(what, results[part][key], bar, passed(results[part])) for what, part, key, bar, passed in BARS if part in results]
    width = max(len(row[0]) for row in rows)
    print(f"\n{'what':<{width}}  {'measured':>10}  {'bar':>10}")
    for what, value, bar, passed in rows:
        print(f"{what:<{width}}  {value:>10,}  {bar:>10}  {'reached' if passed else 'NOT REACHED'}")
    if len(sys.argv) == 1:
        about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cores": os.cpu_count(), "python": platform.python_version()}
        (HERE / "results.json").write_text(json.dumps(about | results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

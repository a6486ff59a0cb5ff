"""What redaction costs: clean events of 2 KB and 50 KB, dirty ones, and the worst texts that we know.

Run: ``python bench/redact.py``. Medians, each also as a ratio to one bare ``re.search`` over the same text in turns
with it, because machines differ and are busy. The bars hold for clean text; the worst texts must stay linear.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from polaris.redact import Redactor

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "claude-code"
BARE = re.compile(r"gh[pousr]_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16}")
BARS_US = {"clean_2_kb": 40, "clean_50_kb": 500}
# Put together from parts: no file of ours holds what looks like somebody's token.
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6" * 3
HOSTILE = (
    *("cookie: a=1", "-----BEGIN CERTIFICATE-----\na1B2c3D4e5F6g7H8i9kL0\n", "MTa1B2c3D4e5F6g7H8i9j0k.", "api_key: "),
    *(
        "PASSWORD=hunter2x ",
        "sig=a1",
        'password="',
        "xoxb-",
        "ops_eyJ",
        "identified by '",
        "a1B2c3D4e5F6g7H8i9 ",
        "://a:",
    ),
    *(
        "mysql ",
        "curl ",
        "machine a login ",
        "[REDACTED:github:00000000] PASSWORD=hunter2x ",
        "name: token\n",
        "<password>",
    ),
)


def measure(rounds: int = 300) -> dict[str, Any]:
    """``{"clean_2_kb": {"us", "bare_us", "ratio", "bar_us"}, …, "worst": {…}}``."""
    redactor = Redactor(b"the key of an org")
    texts = {"clean_2_kb": clean(2_000), "clean_50_kb": clean(50_000)}
    texts |= {
        "one_secret_2_kb": dirty(texts["clean_2_kb"], 1),
        "one_secret_50_kb": dirty(texts["clean_50_kb"], 1),
        "ten_secrets_50_kb": dirty(texts["clean_50_kb"], 10),
    }
    found: dict[str, Any] = {}
    for name, text in texts.items():
        assert (redactor.text(text) is text) == name.startswith("clean"), name
        own, bare = _turns([lambda text=text: redactor.text(text), lambda text=text: BARE.search(text)], rounds)
        found[name] = {"us": round(own, 1), "bare_us": round(bare, 1), "ratio": round(own / bare, 2)}
        if name in BARS_US:
            found[name]["bar_us"] = BARS_US[name]
    event = json.loads(clean(2_000).split("\n")[0])
    (took,) = _turns([lambda: redactor.value(event)], rounds)
    found["clean_payload"] = {"bytes": len(json.dumps(event)), "us": round(took, 1)}
    return found | {"worst": worst(redactor)}


def worst(redactor: Redactor, size: int = 50_000) -> dict[str, Any]:
    """The slowest of the hostile texts: seconds a megabyte, and how much longer four times the text takes."""
    slowest: dict[str, Any] = {"seconds_a_megabyte": 0.0}
    growth = 0.0
    for part in HOSTILE:
        once, more = (_processor(redactor, part * (n // len(part))) for n in (size, 4 * size))
        growth = max(growth, more / once)
        if more / (4 * size) * 1e6 > slowest["seconds_a_megabyte"]:
            slowest = {"seconds_a_megabyte": round(more / (4 * size) * 1e6, 2), "made_of": part}
    return slowest | {"four_times_the_text_takes": round(growth, 1)}


def clean(size: int) -> str:
    """Payloads that Claude Code sent, one a line."""
    lines = [line for file in sorted(FIXTURES.glob("_sequence.*")) for line in file.read_text().splitlines()]
    payloads = [json.dumps(json.loads(line)["payload"]) for line in lines]
    text = ""
    while len(text) < size:
        text += "\n".join(payloads) + "\n"
    return text[:size]


def dirty(text: str, secrets: int) -> str:
    step = len(text) // (secrets + 1)
    return (
        "".join(f"{text[at * step : (at + 1) * step]} export GITHUB={TOKEN}\n" for at in range(secrets))
        + text[secrets * step :]
    )


def _turns(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """Medians in microseconds; the works take turns."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, took, strict=True):
            begun = time.perf_counter()
            work()
            times.append((time.perf_counter() - begun) * 1e6)
    return [statistics.median(times) for times in took]


def _processor(redactor: Redactor, text: str) -> float:
    begun = time.process_time()
    redactor.text(text)
    return time.process_time() - begun


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

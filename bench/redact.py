"""What redaction costs: events of 2 KB and 50 KB, what is dense with tokens, and the worst texts that we know.

Run: ``python bench/redact.py``. Medians, in turns with `orjson.dumps` and `orjson.loads` of the same event, because
machines differ and are busy. ``recorded`` is what Claude Code sent; ``varied`` are pieces of Python's own library, in
which names such as ``password`` stand again and again. The bars hold for both; the worst texts must stay linear.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http
import json
import random
import statistics
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from polaris import secret_hints
from polaris.redact import Redactor

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "claude-code"
SIZES = {"2_kb": 2_000, "50_kb": 50_000}
BARS_US = {"2_kb": 40, "50_kb": 500}
BARS_RATIO = {"2_kb": 5, "50_kb": 5}
PIECES = 40
# Put together from parts: no file of ours holds what looks like somebody's token.
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6" * 3
HOSTILE = (
    *("cookie: a=1", "-----BEGIN CERTIFICATE-----\na1B2c3D4e5F6g7H8i9kL0\n", "MTa1B2c3D4e5F6g7H8i9j0k.", "api_key: "),
    *("PASSWORD=hunter2x ", "sig=a1", 'password="', "xoxb-", "ops_eyJ", "identified by '", "a1B2c3D4e5F6g7H8i9 "),
    *("://a:", "mysql -p", "curl -b a=", "curl -u a ", "login -p ", "ENV token", "machine a login b password "),
    *("[REDACTED:github:00000000] PASSWORD=hunter2x ", "name: token\nvalue: ", "<token>a1", "token: str = 'a"),
)


def measure(rounds: int = 5) -> dict[str, Any]:
    """``{"2_kb": {"recorded": {"us", "json_us", "ratio"}, "varied": …, "worst_us", "worst_ratio", "bar_us"}, …}``."""
    redactor = Redactor(b"the key of an org")
    secret_hints.warm()
    found: dict[str, Any] = {}
    for name, size in SIZES.items():
        kinds = {"recorded": recorded(size), "varied": varied(size)}
        part: dict[str, Any] = {kind: _cost(redactor, pieces, rounds) for kind, pieces in kinds.items()}
        for figure in ("us", "ratio"):
            part[f"worst_{figure}"] = max(part[kind][figure] for kind in kinds)
        part["bar_us"] = BARS_US[name]
        for kind, text in dense(size).items():
            part[kind] = _cost(redactor, [text], rounds * 5)
        found[name] = part
    return found | {"worst": worst(redactor)}


def worst(redactor: Redactor, size: int = 25_000) -> dict[str, Any]:
    """The slowest of the hostile texts: seconds a megabyte, and how much longer four times the text takes."""
    slowest: dict[str, Any] = {"seconds_a_megabyte": 0.0}
    growth = 0.0
    for part in HOSTILE:
        once, more = (_processor(redactor, part * (n // len(part))) for n in (size, 4 * size))
        # What is over at once tells nothing.
        growth = max(growth, more / max(once, 0.002))
        if more / (4 * size) * 1e6 > slowest["seconds_a_megabyte"]:
            slowest = {"seconds_a_megabyte": round(more / (4 * size) * 1e6, 2), "made_of": part}
    return slowest | {"four_times_the_text_takes": round(growth, 1)}


def recorded(size: int) -> list[str]:
    """Pieces of the payloads that Claude Code sent, one a line."""
    lines = [line for file in sorted(FIXTURES.glob("_sequence.*")) for line in file.read_text().splitlines()]
    return _pieces("\n".join(json.dumps(json.loads(line)["payload"]) for line in lines) + "\n", size)


def varied(size: int) -> list[str]:
    """Pieces of source code, of which no two are alike."""
    folders = [Path(module.__file__ or "").parent for module in (asyncio, http, json)]
    return _pieces("".join(file.read_text() for folder in folders for file in sorted(folder.glob("*.py"))), size)


def dense(size: int) -> dict[str, str]:
    """What is full of long tokens, as a lock file, a picture and a log are; and recorded payloads with secrets."""
    chance = random.Random(1)
    digests = (base64.b64encode(hashlib.sha512(b"%d" % n).digest()).decode() for n in range(size // 50))
    lock = "\n".join(f'"p{n}": {{"version": "1.{n}.0", "integrity": "sha512-{one}"}},' for n, one in enumerate(digests))
    ids = (uuid.UUID(int=chance.getrandbits(128)) for _ in range(size // 50))
    log = "\n".join(f"2026-11-22T14:53:{n % 60:02}.389Z info event kept seq={n} id={one}" for n, one in enumerate(ids))
    text = recorded(size)[0]
    return {
        "lock_file": lock[:size],
        "picture": "data:image/png;base64," + base64.b64encode(chance.randbytes(size)).decode()[: size - 22],
        "log": log[:size],
        "one_secret": f"{text[: size // 2]} export GITHUB={TOKEN}\n{text[size // 2 :]}",
    }


def _pieces(text: str, size: int) -> list[str]:
    text *= size // len(text) + 2
    step = max(1, (len(text) - size) // PIECES)
    return [text[at * step : at * step + size] for at in range(PIECES)]


def _cost(redactor: Redactor, texts: list[str], rounds: int) -> dict[str, float]:
    """Of whole events: a text of this size in the payload, as a tool's answer."""
    own: list[float] = []
    bare: list[float] = []
    for text in texts:
        event = {"session_id": str(uuid.UUID(int=7)), "tool_name": "Bash", "tool_response": {"stdout": text}}
        for _ in range(rounds):
            own.append(_timed(lambda event=event: redactor.value(event)))  # type: ignore[misc]
            bare.append(_timed(lambda event=event: orjson.loads(orjson.dumps(event))))  # type: ignore[misc]
    took, json_took = statistics.median(own), statistics.median(bare)
    return {"us": round(took, 1), "json_us": round(json_took, 1), "ratio": round(took / json_took, 2)}


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e6


def _processor(redactor: Redactor, text: str) -> float:
    begun = time.process_time()
    redactor.text(text)
    return time.process_time() - begun


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

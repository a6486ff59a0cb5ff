"""The planted corpus, put together from its parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class Planted(NamedTuple):
    kind: str
    half: str
    secret: str
    text: str


class Harmless(NamedTuple):
    kind: str
    half: str
    text: str


def planted() -> list[Planted]:
    return [
        Planted(one["kind"], one["half"], secret := "".join(one["parts"]), secret.join(one["around"]))
        for one in _lines("secrets.jsonl")
    ]


def harmless() -> list[Harmless]:
    return [Harmless(**one) for one in _lines("harmless.jsonl")]


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]

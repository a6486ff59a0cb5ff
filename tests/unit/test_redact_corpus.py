"""Recall and false positives over the planted corpus, `tests/redaction`; figures are printed for each half."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from polaris import secret_hints, secret_rules
from polaris.redact import Redactor
from polaris.secret_hints import WINDOW

FIXTURES = Path(__file__).parents[1] / "redaction"
REDACTOR = Redactor(b"the key of an org")
PLACEHOLDER = re.compile(r"\[REDACTED:[a-z0-9]+:[0-9a-f]{8}\]")


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("redaction_corpus", FIXTURES / "corpus.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


corpus = loaded()
PLANTED, HARMLESS = corpus.planted(), corpus.harmless()


def survives(secret: str, text: str) -> bool:
    """Whether eight characters in a row of it are left."""
    left = PLACEHOLDER.sub("\0", text)
    return any(secret[at : at + 8] in left for at in range(0, max(1, len(secret) - 7), 4))


def test_the_corpus_is_as_large_as_it_says() -> None:
    kinds = Counter(one.kind for one in PLANTED)

    assert len(PLANTED) >= 300
    assert len(kinds) >= 25
    assert len({one.text for one in HARMLESS}) == len(HARMLESS) >= 3000
    assert all(one.secret in one.text for one in PLANTED)


def test_no_file_of_the_corpus_holds_a_whole_secret() -> None:
    for file in FIXTURES.glob("*.*"):
        text = file.read_text(encoding="utf-8")

        assert not any(one.secret in text for one in PLANTED if len(one.secret) > 12), file.name
        if file.name != "harmless.jsonl":
            assert not secret_rules.PROVIDERS.search(text), file.name


def test_the_scripts_write_the_same_corpus_again(tmp_path: Path) -> None:
    for name in ("secrets", "harmless"):
        script = tmp_path / f"make_{name}.py"
        script.write_bytes((FIXTURES / script.name).read_bytes())
        subprocess.run([sys.executable, str(script)], check=True, timeout=60)

        assert (tmp_path / f"{name}.jsonl").read_bytes() == (FIXTURES / f"{name}.jsonl").read_bytes()


@pytest.mark.parametrize("half", ["tuned", "held", "fresh"])
def test_recall_and_false_positives_over_the_planted_corpus(half: str) -> None:
    planted = [one for one in PLANTED if one.half == half]
    harmless = [one for one in HARMLESS if one.half == half]
    missed = [one for one in planted if survives(one.secret, REDACTOR.text(one.text))]
    wrong = [one for one in harmless if REDACTOR.text(one.text) != one.text]
    recall, false = 1 - len(missed) / len(planted), len(wrong) / max(1, len(harmless))
    print(
        f"{half}: recall {recall:.4f} ({len(missed)} of {len(planted)}: {sorted({one.kind for one in missed})}), "
        f"false positives {false:.4%} ({len(wrong)} of {len(harmless)}: {sorted({one.kind for one in wrong})})"
    )

    assert recall >= 0.98
    assert false <= 0.002


class Everywhere:
    """Hints that see every rule's secret everywhere: what the rules find without any hint."""

    KINDS = range(secret_hints.FIRST_PLACE + len(secret_rules.PLACES))

    @staticmethod
    def anywhere(raw: bytes) -> bool:
        return True

    @classmethod
    def windows(cls, raw: bytes) -> list[tuple[int, dict[int, int]]]:
        return [(len(raw), dict.fromkeys(cls.KINDS, 0))]


def test_hints_say_too_much_and_never_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [one.text for one in (*PLANTED, *HARMLESS)]
    values: list[Any] = [{"stdout": text, "n": [1, text[:40]]} for text in texts]
    values += [{name: 'x"yz\\1\n234'} for name in ("password", "API-KEY", "client secret", "db_pass (old)", "ghp")]

    def taken_out() -> list[str]:
        """What is left, under whatever rule's name."""
        left = [*map(REDACTOR.text, texts), *(json.dumps(REDACTOR.value(value)) for value in values)]
        return [PLACEHOLDER.sub("…", one) for one in left]

    hinted = taken_out()
    monkeypatch.setattr(secret_hints, "anywhere", Everywhere.anywhere)
    monkeypatch.setattr(secret_hints, "windows", Everywhere.windows)
    differ = sum(one != other for one, other in zip(hinted, taken_out(), strict=True))
    print(f"{differ} of {len(hinted)} differ without hints")

    # Ids of traces, which are nameless tokens in all but the hint.
    assert differ <= 0.002 * len(hinted)


def test_a_secret_is_found_wherever_a_window_begins() -> None:
    """Long texts are looked at in parts; what lies over the edge of two is found all the same."""
    for secret, text in (
        ("hunter2x", "PASSWORD={}"),
        ("a1B2" * 9, "gh" + "p_{}"),
        ("b4r-x9", '{{"name":"DB_PASSWORD","value":"{}"}}'),
        ("kJ8sQ2xV9bN4mZ7wL3fR6tY1pD5hG0cA", "it is {} "),
        ("p4ssw0rd-x", "curl -s --data @file -u manu:{} https://ci.example.com"),
    ):
        whole = text.format(secret)
        for begin in range(WINDOW - len(whole) - 2, WINDOW + 2):
            redacted = REDACTOR.text(" " * begin + whole + " " * 6000)

            assert not survives(secret, redacted), (begin, text)


HOSTILE = [
    *(
        "cookie: a=1",
        "cookie:a=",
        "[REDACTED:github:00000000] PASSWORD=hunter2x ",
        "api_key: ",
        "token=",
        "eyJ",
        "sk-proj-",
    ),
    *("a1B", "A1b/cD2+", "A1_", '\\"', 'key=\\"', "password: '", "://a:", "-----BEGIN PRIVATE KEY-----_", "curl -b a="),
    *(
        "-----BEGIN CERTIFICATE-----\na1B2c3D4e5F6g7H8i9kL0\n",
        "MTa1B2c3D4e5F6g7H8i9j0k.",
        "machine a login b password ",
    ),
    *(
        "ENV token",
        "token: str = 'a",
        "name: token\nvalue: ",
        "GIT binary patch\nliteral 1\nA a",
        "begin-base64 644 a b",
    ),
]


@pytest.mark.parametrize("part", HOSTILE)
def test_four_times_the_text_takes_no_more_than_a_few_times_as_long(part: str) -> None:
    def took(size: int) -> float:
        begun = time.process_time()
        REDACTOR.text(part * (size // len(part)))
        return time.process_time() - begun

    took(1000)
    # Quadratic would be sixteen times; what is below a twentieth of a second tells nothing.
    assert took(160_000) < 10 * max(took(40_000), 0.05)


def test_threads_do_not_disturb_each_other() -> None:
    texts = [one.text for one in PLANTED]
    alone = [REDACTOR.text(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: [REDACTOR.text(text) for text in texts], range(4)))

    assert together == [alone] * 4

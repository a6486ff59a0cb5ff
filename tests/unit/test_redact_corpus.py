"""Recall and false positives over the planted corpus, `tests/redaction`; figures are printed for each half."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from polaris import secret_rules
from polaris.redact import Redactor

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


def test_a_secret_is_found_wherever_a_window_begins() -> None:
    """Long texts are looked at in parts; what lies over the edge of two is found all the same."""
    for secret, text in (
        ("hunter2x", "PASSWORD={}"),
        ("a1B2" * 9, "gh" + "p_{}"),
        ("b4r-x9", '{{"name":"DB_PASSWORD","value":"{}"}}'),
    ):
        whole = text.format(secret)
        for begin in range(2048 - len(whole) - 2, 2048 + 2):
            redacted = REDACTOR.text(" " * begin + whole + " " * 3000)

            assert not survives(secret, redacted), (begin, text)


@pytest.mark.parametrize(
    "part", ["cookie: a=1", "cookie:a=", "[REDACTED:github:00000000] PASSWORD=hunter2x ", "api_key: "]
)
def test_four_times_the_text_takes_no_more_than_a_few_times_as_long(part: str) -> None:
    def took(size: int) -> float:
        begun = time.process_time()
        REDACTOR.text(part * (size // len(part)))
        return time.process_time() - begun

    # Quadratic would be sixteen times; what is below a tenth of a second tells nothing.
    assert took(200_000) < 10 * max(took(50_000), 0.1)

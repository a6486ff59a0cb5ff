"""Logging: one line a record, never a secret, files that only the owner can read."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from polaris import log, tokens


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Gives pytest its own handlers back."""
    root, ours = logging.getLogger(), logging.getLogger("polaris")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    for handler in handlers:
        root.removeHandler(handler)
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    ours.setLevel(our_level)
    logging.captureWarnings(False)


def said(style: str, message: str, **extra: object) -> str:
    out = io.StringIO()
    log.setup("debug", stream=out, style=style)  # type: ignore[arg-type]
    log.get("test").info(message, extra=extra)
    return out.getvalue()


def test_a_plain_line_has_time_level_name_message_and_extras() -> None:
    line = said("plain", "event kept", project="pj", seq=12, note="two words")

    assert line.endswith('Z info polaris.test: event kept project=pj seq=12 note="two words"\n')


def test_a_json_line_has_the_same() -> None:
    record = json.loads(said("json", "event kept", project="pj", seq=12))

    assert record | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "polaris.test",
        "message": "event kept",
        "project": "pj",
        "seq": 12,
    }


@pytest.mark.parametrize("style", ["plain", "json"])
def test_a_line_break_cannot_begin_a_second_line(style: str) -> None:
    line = said(style, "one\n2026 error forged: \u202etext", body="a\r\nb")

    assert line.count("\n") == 1
    assert "\r" not in line
    assert "\u202e" not in line


@pytest.mark.parametrize("style", ["plain", "json"])
@pytest.mark.parametrize(
    "text",
    [
        "postgresql://polaris_api:hush@127.0.0.1:5432/polaris",
        "connection failed: password=hush host=x",
        'header "Authorization: Bearer hush-hush-hush"',
        '{"token": "hush"}',
        "api_key='hush'",
    ],
)
def test_no_secret_reaches_a_line(style: str, text: str) -> None:
    assert "hush" not in said(style, f"failed: {text}", context=text)


@pytest.mark.parametrize("style", ["plain", "json"])
def test_a_token_is_never_written(style: str) -> None:
    token = tokens.new("u")

    assert token[6:] not in said(style, f"bad token {token}", url=f"http://x/?t={token}", token=token)


@pytest.mark.parametrize("style", ["plain", "json"])
def test_a_traceback_stays_on_its_line_and_is_masked(style: str) -> None:
    out = io.StringIO()
    log.setup(stream=out, style=style)  # type: ignore[arg-type]
    try:
        raise ValueError("postgresql://u:hush@h/d")
    except ValueError:
        log.get("test").exception("it broke")

    assert out.getvalue().count("\n") == 1
    assert "ValueError" in out.getvalue()
    assert "hush" not in out.getvalue()


def test_a_file_is_private_and_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FILE_BYTES", 2000)
    file = tmp_path / "logs" / "api.log"
    log.setup(file=file)
    for number in range(200):
        log.get("test").info("a line", extra={"number": number})

    files = sorted(tmp_path.glob("logs/*"))
    assert len(files) == log.FILES_KEPT + 1
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert "number=199" in file.read_text()


def test_the_level_is_ours_and_libraries_speak_up_from_warnings_on() -> None:
    out = io.StringIO()
    log.setup("warning", stream=out)
    log.get("test").info("quiet")
    logging.getLogger("aiohttp").info("quiet")
    logging.getLogger("aiohttp").warning("loud")

    assert out.getvalue().count("\n") == 1
    assert "loud" in out.getvalue()

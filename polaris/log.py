"""Logging on the standard library: one line a record, plain or JSON, and never a secret.

``log.get(__name__).info("event kept", extra={"project": "pj", "seq": 12})`` becomes either
``2026-11-22T17:00:00.123Z info polaris.http.api: event kept project=pj seq=12`` or the same as one JSON object.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any, Literal

FILE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5

# What a record has by itself; everything else came in through ``extra``.
_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_SECRETS = [
    (re.compile(r"\bplr_([a-z])_[0-9A-Za-z]+"), r"plr_\1_***"),
    (re.compile(r"(://[^\s/:@]*):[^\s@]+@"), r"\1:***@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 ***"),
    (
        re.compile(
            r"(?i)([\"']?\b\w*(?:password|passwd|secret|token|api_?key|authorization)[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;}\"']+)"
        ),
        r"\1***",
    ),
]
_SECRET_NAMES = re.compile(r"(?i)password|passwd|secret|token$|api_?key|authorization|credential")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def get(name: str) -> logging.Logger:
    """The logger of a module; ``polaris.`` is put in front where it lacks."""
    return logging.getLogger(name if name == "polaris" or name.startswith("polaris.") else f"polaris.{name}")


def setup(
    level: str = "info",
    *,
    file: Path | None = None,
    stream: IO[str] | None = None,
    style: Literal["plain", "json"] = "plain",
) -> None:
    """Sends everything of Polaris, and warnings of its libraries, to *file* (rotated, 0600) or *stream* (stderr).

    Can be called again: the last call wins.
    """
    handler: logging.Handler
    if file is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = PrivateFile(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    else:
        handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLine() if style == "json" else PlainLine())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("polaris").setLevel(level.upper())
    logging.captureWarnings(True)


def masked(text: str) -> str:
    """*text* without tokens and passwords; the shapes that could reach a log by way of an error or an URL."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class PrivateFile(RotatingFileHandler):
    """A rotated file that only its owner can read."""

    def _open(self) -> Any:
        def opener(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(self.baseFilename, self.mode, encoding=self.encoding, errors="backslashreplace", opener=opener)


class PlainLine(logging.Formatter):
    """``TIME LEVEL LOGGER: MESSAGE key=value …``; a line break inside a value cannot begin a second line."""

    def format(self, record: logging.LogRecord) -> str:
        extras = "".join(f" {name}={_plain(value)}" for name, value in _extras(record).items())
        line = f"{_moment(record)} {record.levelname.lower()} {record.name}: {record.getMessage()}{extras}"
        trace = _trace(self, record)
        return _CONTROL.sub(_escaped, masked(f"{line} | {trace}" if trace else line))


class JsonLine(logging.Formatter):
    """One JSON object a line: ``time``, ``level``, ``logger``, ``message``, the extras, ``trace``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        for name, value in _extras(record).items():
            line.setdefault(name, value if isinstance(value, (int, float, bool, type(None))) else masked(str(value)))
        if trace := _trace(self, record):
            line["trace"] = masked(trace)
        return json.dumps(line)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    given = {name: value for name, value in vars(record).items() if name not in _OWN}
    return {name: "***" if _SECRET_NAMES.search(name) else value for name, value in given.items()}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


def _moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


def _plain(value: Any) -> str:
    text = masked(str(value))  # before quoting, which would hide a secret from the patterns
    return json.dumps(text, ensure_ascii=False) if not text or re.search(r"[\s\"=]", text) else text


def _escaped(match: re.Match[str]) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(match[0], f"\\u{ord(match[0]):04x}")

"""The way in and out of the process: stdin and stdout, claimed before anything else is loaded.

From here on file descriptor 0 is empty and 1 leads to stderr, so that nothing that prints can hurt the protocol. A
thread reads the lines. It answers the handshake by itself, because agents wait for it and the SDK takes its time to
load; everything else waits in order for `attach`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

from . import greeting

LINE_BYTES = 16 * 1024 * 1024

Line = bytes | None


class Door:
    """Lines in, lines out. ``None`` instead of a line is the end: the client has gone."""

    def __init__(self) -> None:
        self._in = _moved(0, os.open(os.devnull, os.O_RDONLY))
        self._out = _moved(1, _stderr())
        self._writing = threading.Lock()
        self._handing = threading.Lock()
        self._waiting: list[Line] = []
        self._taker: Callable[[Line], None] | None = None
        self._greeting = True
        # The id of the request that was answered here: the SDK sees it too, and its answer is not sent.
        self.answered: str | int | None = None

    def open(self) -> None:
        threading.Thread(target=self._read, daemon=True, name="stdin").start()

    def attach(self, taker: Callable[[Line], None]) -> None:
        """From now on *taker* gets every line, from the thread; first those that came before."""
        with self._handing:
            for line in self._waiting:
                taker(line)
            self._waiting.clear()
            self._taker = taker

    def write(self, line: bytes) -> None:
        """Writes the whole line, at once for all threads. Raises `OSError` when nobody reads any more."""
        with self._writing:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._out, rest) :]

    def _read(self) -> None:
        with os.fdopen(self._in, "rb", closefd=False) as source:
            while line := source.readline(LINE_BYTES):
                if self._greeting and self._greeted(line):
                    continue
                self._hand(line)
        self._hand(None)

    def _hand(self, line: Line) -> None:
        with self._handing:
            if self._taker is not None:
                self._taker(line)
            elif line is None:
                os._exit(0)  # gone before the SDK was there: nothing is open yet
            else:
                self._waiting.append(line)

    def _greeted(self, line: bytes) -> bool:
        """Answers what belongs to the handshake; the first other request ends that. True: nobody else needs it."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(message, dict) or "method" not in message:
            return False
        method, params, named = message["method"], message.get("params"), message.get("id")
        if method == "server/discover" and _is_id(named):
            error = greeting.refused(method, _version(params))
            self.write(_line({"jsonrpc": "2.0", "id": named, "error": error}))
            return True
        self._greeting = False
        if method != "initialize" or not _is_id(named) or message.get("jsonrpc") != "2.0":
            return False
        if (result := greeting.initialized(params)) is not None:
            self.answered = named
            self.write(_line({"jsonrpc": "2.0", "id": named, "result": result}))
        return False


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _version(params: Any) -> Any:
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta.get(greeting.ENVELOPE) if isinstance(meta, dict) else None


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _stderr() -> int:
    try:
        return os.dup(2)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _moved(descriptor: int, instead: int) -> int:
    """A private copy of *descriptor*, above the standard ones; the number itself leads to *instead* from now on."""
    import fcntl

    private = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.dup2(instead, descriptor, inheritable=True)
    os.close(instead)
    return private

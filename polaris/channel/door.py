"""The way in and out of the process: stdin and stdout, claimed before anything else is loaded.

From here on file descriptor 0 is empty and 1 leads to stderr, so that nothing that prints can hurt the protocol. A
thread reads the lines. Until the SDK is loaded it answers by itself what agents wait for: the handshake, and the list
of tools, without which some (Codex) begin their turn and have none. Everything else waits in order for `attach`.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import greeting

LINE_BYTES = 16 * 1024 * 1024
# Written by `polaris.channel.server.listing`; a test holds it equal to the models.
TOOLS_FILE = Path(__file__).with_name("tools.json")

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
        self._first = True
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
                if self._taker is None and self._answer(line):
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

    def _answer(self, line: bytes) -> bool:
        """Answers what can be answered here. True: nobody else needs the line."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(message, dict) or "method" not in message:
            return False
        method, params, named = message["method"], message.get("params"), message.get("id")
        if not isinstance(named, (str, int)) or isinstance(named, bool) or message.get("jsonrpc") != "2.0":
            return False
        if method == "server/discover":
            self._say(named, error=greeting.refused(method, _version(params)))
            return True
        if method == "tools/list" and self.answered is not None and not _asks_for_more(params):
            return self._list(named)
        first, self._first = self._first, False
        if method == "initialize" and first and (result := greeting.initialized(params)) is not None:
            self.answered = named
            self._say(named, result=result)
        return False

    def _list(self, named: str | int) -> bool:
        try:
            tools = json.loads(TOOLS_FILE.read_bytes())
        except (OSError, ValueError):
            return False
        self._say(named, result={"tools": tools})
        return True

    def _say(self, named: str | int, **said: Any) -> None:
        line = json.dumps({"jsonrpc": "2.0", "id": named, **said}, ensure_ascii=False, separators=(",", ":"))
        self.write(line.encode("utf-8", "replace") + b"\n")


def _version(params: Any) -> Any:
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta.get(greeting.ENVELOPE) if isinstance(meta, dict) else None


def _asks_for_more(params: Any) -> bool:
    """A further page, or a client of the protocol without a handshake."""
    return params is not None and (
        not isinstance(params, dict) or params.get("cursor") is not None or _version(params) is not None
    )


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

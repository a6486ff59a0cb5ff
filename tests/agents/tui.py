"""A program in a pseudo terminal, and its screen as a person would see it.

A full-screen program repaints with movements of the cursor: its raw output does not hold the words in their order.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pexpect
import pyte

ROWS, COLUMNS = 50, 160
ANSWERS = {
    b"\x1b[c": "\x1b[?62;c",
    b"\x1b]10;?\x07": "\x1b]10;rgb:ffff/ffff/ffff\x07",
    b"\x1b]11;?\x07": "\x1b]11;rgb:0000/0000/0000\x07",
}
ESCAPE, ENTER, CONTROL_C = "\x1b", "\r", "\x03"


class Screen(pyte.Screen):  # type: ignore[misc]
    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:  # `CSI > 4 ; 1 m` sets a mode of the keyboard, not a colour
            super().select_graphic_rendition(*attributes)


class Terminal:
    """``with Terminal([program, …], environment, folder) as terminal``; ends the program when it is left."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        rows: int = ROWS,
        columns: int = COLUMNS,
    ) -> None:
        self.screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._program: Any = pexpect.spawn(
            words[0], list(words[1:]), env=dict(environment), cwd=str(folder), dimensions=(rows, columns), timeout=10
        )
        self.alive = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(f"The terminal showed:\n{self.text}")
        with contextlib.suppress(Exception):
            self._program.close(force=True)

    @property
    def pid(self) -> int:
        return int(self._program.pid)

    @property
    def text(self) -> str:
        """What the screen shows, without empty lines."""
        return "\n".join(line.rstrip() for line in self.screen.display if line.strip())

    def look(self, seconds: float = 0.1) -> None:
        """Takes in what the program writes for so long."""
        end = time.monotonic() + seconds
        while self.alive and (left := end - time.monotonic()) > 0:
            try:
                data = self._program.read_nonblocking(65536, timeout=left)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF:
                self.alive = False
                return
            self._stream.feed(data)
            self._answer(data)

    def _answer(self, data: bytes) -> None:
        """Some programs ask the terminal where its cursor is, what it can and which colours it has, and wait."""
        for _ in range(data.count(b"\x1b[6n")):
            self.type(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
        for question, answer in ANSWERS.items():
            if question in data:
                self.type(answer)

    def until(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        """Looks on until *condition* is true; it may look anywhere. Raises `AssertionError`."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"did not become true in {seconds:g} s\n{self.text}"
            self.look(0.1 if self.alive else 0)
            if not self.alive:
                time.sleep(0.05)

    def shows(self, text: str, seconds: float = 60) -> None:
        self.until(lambda: text in self.text, seconds)

    def quiet(self, seconds: float = 0.5, limit: float = 15) -> None:
        """Looks on until the screen has stayed as it is for so long: the program has come up."""
        end, since, seen = time.monotonic() + limit, time.monotonic(), self.text
        while time.monotonic() < end and time.monotonic() - since < seconds:
            self.look(0.05)
            if (now := self.text) != seen:
                seen, since = now, time.monotonic()

    def type(self, keys: str) -> None:
        self._program.send(keys)

    def say(self, text: str) -> None:
        """Types *text* and, once it stands on the screen, Enter."""
        self.type(text)
        self.shows(text[:20], 10)
        self.quiet(0.4, 3)  # an Enter that comes too soon counts as part of a paste
        self.type(ENTER)

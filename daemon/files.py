"""The files that hooks wrote because the daemon did not answer: taken up in capture order, then removed.

A file is a line of JSON about the capture (``capture, agent, pid, at``) and then the payload as it came. One that
cannot be read goes to ``bad/``; one that fits no bound session is removed unread by anybody else.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from polaris import log
from polaris.errors import BadRequest

from .intake import Header, Intake
from .store import StoreFull

LOG = log.get("daemon.files")

HEADER_BYTES = 4096
# A hook moves its file into place within a second; what is still unfinished later was cut off.
UNFINISHED_SECONDS = 60.0


class Files:
    """The spool folder of the hooks."""

    def __init__(self, folder: Path, intake: Intake) -> None:
        self._folder, self._intake = folder, intake
        self._lock = asyncio.Lock()

    def waiting(self) -> int:
        return len(self._files())

    async def take_up(self) -> int:
        """Takes everything that lies there; answers how many. A full queue leaves the rest for later."""
        async with self._lock:
            taken = 0
            headers = [(self._header(file), file) for file in self._files()]
            found = [(header, file) for header, file in headers if header is not None]
            for header, file in sorted(found, key=lambda pair: (pair[0].at, pair[1].name)):
                try:
                    await self._intake.take_later(header, file.read_bytes().partition(b"\n")[2])
                    file.unlink(missing_ok=True)
                    taken += 1
                except FileNotFoundError:
                    continue
                except BadRequest:
                    self._bad(file)
                except StoreFull:
                    break
                except Exception:
                    # A fault of ours must not keep the files behind it waiting for ever.
                    LOG.exception("a file of a hook could not be taken", extra={"file": file.name})
                    self._bad(file)
            return taken

    def _files(self) -> list[Path]:
        try:
            found = list(self._folder.iterdir())
        except FileNotFoundError:
            return []
        for file in found:
            if file.name.startswith(".") and _age(file) > UNFINISHED_SECONDS:
                file.unlink(missing_ok=True)
        return [file for file in found if not file.name.startswith(".") and file.is_file()]

    def _header(self, file: Path) -> Header | None:
        """The first line; a file without one is put aside."""
        try:
            with file.open("rb") as opened:
                told = json.loads(opened.readline(HEADER_BYTES))
            return Header.of(told.get("capture"), told.get("agent"), told.get("pid"), told.get("at"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AttributeError, BadRequest):
            self._bad(file)
            return None

    def _bad(self, file: Path) -> None:
        LOG.warning("a file of a hook cannot be read; it is put aside", extra={"file": file.name})
        bad = self._folder / "bad"
        bad.mkdir(mode=0o700, exist_ok=True)
        try:
            file.rename(bad / file.name)
        except OSError:
            LOG.exception("the file cannot be moved", extra={"file": file.name})


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0

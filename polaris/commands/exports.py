"""A project in files: out of the service, and into it again."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polaris import __version__
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Misused, Unavailable

if TYPE_CHECKING:
    from polaris.export_files import Reader

PROGRESS_SECONDS = 2.0


class Exports(Group):
    """Takes projects out and brings them in."""

    @command
    async def export(
        self,
        project: str,
        folder: str,
        *,
        format: str = "jsonl",
        after: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Result:
        """Writes PROJECT with its whole record into the new FOLDER; the audit log notes it.

        For whoever made the project and for administrators. docs/running.md tells what is in the files.

        --format  jsonl, or parquet (needs pyarrow)
        --after   only the events after this number
        --since   only what was recorded at this time or later: 2026-11-23 or 2026-11-23T08:00:00Z
        --until   only what was recorded before this time
        """
        from polaris import export_files

        if format not in export_files.FORMATS:
            raise Misused(f"--format is {' or '.join(export_files.FORMATS)}.")
        bounds = {"since": _moment("--since", since), "until": _moment("--until", until)}
        writer = export_files.Writer(Path(folder), format)
        head: Any = None
        end: Any = None
        progress = Progress()
        try:
            async with (
                base.service() as client,
                aclosing(client.export_project(project, after=after, **bounds)) as rows,
            ):
                async for part, row in rows:
                    if part == "export":
                        head = json.loads(row)
                    elif part == "end":
                        end = json.loads(row)
                    else:
                        writer.add(part, row)
                        progress.tell(writer.rows["event"], head["last_seq"] - head["first_seq"] + 1)
            if end != writer.rows:
                raise Unavailable("The export that came is not the one that was sent.", code="export_was_cut")
            digest = await base.in_thread(writer.finish, head, f"polaris {__version__}")
        except BaseException:
            with suppress(OSError):
                writer.abandon()
            raise
        finally:
            progress.end()
        found = {"folder": folder, "digest": digest, "rows": writer.rows}
        what = base.counted(writer.rows["event"], "event")
        numbers = f" (#{head['first_seq']} to #{head['last_seq']})" if writer.rows["event"] else ""
        return Result(found, [f"{what}{numbers} of {project} are in {folder}.", f"Digest: {digest}"])

    async def _import(self, folder: str, *, project: str) -> Result:
        """Makes the new PROJECT from an export in FOLDER; run again after a break, it goes on where it stopped.

        Numbers, people and times stay as they were. Every file is held against its checksum first. You have to be an
        administrator. docs/running.md tells what becomes different.

        --project  the name of the new project
        """
        from polaris import export_files

        reader = await base.in_thread(export_files.Reader, Path(folder))
        head = reader.manifest.of
        progress = Progress()
        try:
            async with base.service() as client:
                begin = b'{"export":' + head.model_dump_json().encode() + b"}\n"
                state = await client.import_project(project, reader.digest, begin)
                if state["done"]:
                    return Result(state, [f"Project {project} was made from this export before; nothing was to do."])
                for piece in _pieces(reader, int(state["last_seq"])):
                    state = await client.import_project(project, reader.digest, piece)
                    progress.tell(int(state["last_seq"]) - head.first_seq + 1, head.last_seq - head.first_seq + 1)
                state = await client.import_project(project, reader.digest, b'{"end":{}}\n')
        finally:
            progress.end()
        numbers = f"#{head.first_seq} to #{head.last_seq} of {head.org}/{head.project}"
        return Result(state, [f"Project {project} is there, with {numbers}."])


# A method cannot be called `import`, a command can.
setattr(Exports, "import", command(Exports._import))


class Progress:
    """One line on stderr that tells how far it is; silent where nobody watches."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = time.monotonic() + PROGRESS_SECONDS
        self._told = False

    def tell(self, done: int, of: int) -> None:
        if self._shown and time.monotonic() >= self._next:
            print(f"\r{done} of {of} events", end="", file=sys.stderr, flush=True)
            self._next = time.monotonic() + PROGRESS_SECONDS
            self._told = True

    def end(self) -> None:
        if self._told:
            print(file=sys.stderr)


def _pieces(reader: Reader, last: int) -> Iterator[bytes]:
    """What is sent, in its order; events up to *last* are there already."""
    from polaris import exports

    return _joined(
        (part, row) for part in exports.PARTS for row in reader.rows(part) if part != "event" or _number(row) > last
    )


def _joined(rows: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    from polaris import exports

    lines: list[bytes] = []
    size = 0
    for part, row in rows:
        line = b'{"%s":%s}\n' % (part.encode(), row)
        if lines and (size + len(line) > exports.PIECE_BYTES or len(lines) >= exports.PIECE_ROWS):
            yield b"".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(lines)


def _number(row: bytes) -> int:
    found = re.match(rb'\{"seq":(\d+),', row)
    return int(found[1]) if found else 2**62


def _moment(flag: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(f"{flag} takes a time such as 2026-11-23 or 2026-11-23T08:00:00Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()

"""An export as a folder: one file a part, as lines of JSON or as Parquet, and a manifest with what they hold.

A row passes through as the bytes that the service sent. In Parquet each column has its own type, and ``payload`` and
``facts`` are JSON text, untouched: a number keeps all its digits. Neither writing nor reading holds more than a few
thousand rows in memory. Parquet needs the package pyarrow: ``pip install 'polaris-bridge[parquet]'``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pydantic import ValidationError

from polaris import exports
from polaris.errors import Misconfigured
from polaris.settings import write_private

MANIFEST = "manifest.json"
FORMATS = ("jsonl", "parquet")
GROUP_ROWS, GROUP_BYTES = 5000, 32 << 20
JSON_COLUMNS = ("payload", "facts")
TIMES = ("_at", "at")
WHOLE = ("seq", "epoch", "advice_seq", "attempts", "about", "closed_seq")
_decoder = json.JSONDecoder()


class _Sink(Protocol):
    """Where the rows of one part go."""

    def add(self, row: bytes) -> None: ...

    def close(self) -> None: ...


class Writer:
    """Writes an export into a folder that is new or empty; the manifest comes last, with `finish`."""

    def __init__(self, folder: Path, format: str) -> None:
        """Raises `Misconfigured` for a folder with something in it, and for Parquet without pyarrow."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Misconfigured(f"There is something in {folder} already.", code="folder_not_empty")
        make: Callable[[Path, str], _Sink] = _Parquet if format == "parquet" else _Lines
        if format == "parquet":
            _pyarrow()
        try:
            self._ours = not folder.exists()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder, self.format = folder, format
            self.rows = dict.fromkeys(exports.PARTS, 0)
            self._sinks = {part: make(self._file(part), part) for part in exports.PARTS}
        except OSError as error:
            raise Misconfigured(f"{folder} cannot be written: {error.strerror}.", code="folder_not_writable") from error

    def add(self, part: str, row: bytes) -> None:
        self._sinks[part].add(row)
        self.rows[part] += 1

    def finish(self, head: Any, made_by: str) -> str:
        """Closes the files and writes the manifest; answers its digest, which names this very export."""
        files = []
        for part, sink in self._sinks.items():
            sink.close()
            place = self._file(part)
            with open(place, "rb") as file:
                os.fsync(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = {"part": part, "name": place.name, "rows": self.rows[part]}
            files.append(found | {"bytes": place.stat().st_size, "sha256": digest})
        manifest = {"polaris_export": exports.VERSION, "format": self.format, "made_by": made_by}
        text = json.dumps(manifest | {"of": head, "files": files}, indent=2, ensure_ascii=False) + "\n"
        write_private(self.folder / MANIFEST, text)
        return hashlib.sha256(text.encode()).hexdigest()

    def abandon(self) -> None:
        """Takes away what was written: half an export is none."""
        for part, sink in self._sinks.items():
            sink.close()
            self._file(part).unlink(missing_ok=True)
        if self._ours:
            self.folder.rmdir()

    def _file(self, part: str) -> Path:
        return self.folder / f"{_plural(part)}.{self.format}"


class Reader:
    """An export in a folder, checked: every file is there and is what the manifest says."""

    def __init__(self, folder: Path) -> None:
        """Raises `Misconfigured` (not_an_export, export_was_changed), before anything of it is used."""
        self.folder = folder
        try:
            text = (folder / MANIFEST).read_bytes()
            self.manifest = exports.Manifest.model_validate_json(text)
        except (OSError, ValidationError) as error:
            raise Misconfigured(
                f"{folder / MANIFEST} is no manifest of an export that this version reads.",
                code="not_an_export",
                hint="A folder that `polaris export` wrote to its end has one.",
            ) from error
        self.digest = hashlib.sha256(text).hexdigest()
        self._check()

    def rows(self, part: str) -> Iterator[bytes]:
        """The rows of a part, in their order."""
        for file in self.manifest.files:
            if file.part == part:
                read = _read_parquet if self.manifest.format == "parquet" else _read_lines
                yield from read(self.folder / file.name)

    def _check(self) -> None:
        if sorted(file.part for file in self.manifest.files) != sorted(exports.PARTS):
            raise self._changed("its manifest does not name each part once")
        if self.manifest.format == "parquet":
            _pyarrow()
        for file in self.manifest.files:
            try:
                with open(self.folder / file.name, "rb") as data:
                    digest = hashlib.file_digest(data, "sha256").hexdigest()
            except OSError as error:
                raise self._changed(f"{file.name} cannot be read") from error
            if digest != file.sha256:
                raise self._changed(f"{file.name} is not what was written")

    def _changed(self, what: str) -> Misconfigured:
        return Misconfigured(
            f"The export in {self.folder} was changed: {what}.",
            code="export_was_changed",
            hint="Nothing was imported. Take another copy of it.",
        )


class _Lines:
    """A file of lines of JSON."""

    def __init__(self, place: Path, part: str) -> None:
        self._file: BinaryIO = open(place, "xb", opener=_private)  # noqa: SIM115 - closed by close()

    def add(self, row: bytes) -> None:
        self._file.write(row + b"\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """A Parquet file, written a group of rows at a time."""

    def __init__(self, place: Path, part: str) -> None:
        self._file: BinaryIO = open(place, "xb", opener=_private)  # noqa: SIM115 - closed by close()
        self._schema = _schema(part)
        self._writer = _pyarrow().parquet.ParquetWriter(self._file, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def add(self, row: bytes) -> None:
        self._rows.append({name: _typed(name, raw) for name, raw in _fields(row.decode()) if name in self._names})
        self._bytes += len(row)
        if len(self._rows) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        if self._file.closed:
            return
        self._flush()
        self._writer.close()
        self._file.close()

    @property
    def _names(self) -> list[str]:
        names: list[str] = self._schema.names
        return names

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(_pyarrow().Table.from_pylist(self._rows, schema=self._schema))
            self._rows, self._bytes = [], 0


def _read_lines(place: Path) -> Iterator[bytes]:
    with open(place, "rb") as file:
        for line in file:
            yield line.rstrip(b"\n")


def _read_parquet(place: Path) -> Iterator[bytes]:
    with _pyarrow().parquet.ParquetFile(place) as file:
        for batch in file.iter_batches(batch_size=500):
            for row in batch.to_pylist():
                yield ("{" + ",".join(f'"{name}":{_raw(name, value)}' for name, value in row.items()) + "}").encode()


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a JSON object with their values as they are written there."""
    at = _next(text, 1)
    while text[at] != "}":
        name, at = _decoder.raw_decode(text, at)
        at = _next(text, _next(text, at) + 1)  # the colon
        _, end = _decoder.raw_decode(text, at)
        yield name, text[at:end]
        at = _next(text, end)
        at = _next(text, at + 1) if text[at] == "," else at


def _next(text: str, at: int) -> int:
    """Where the blanks end that begin here."""
    while text[at] in " \t\r\n":
        at += 1
    return at


def _typed(name: str, raw: str) -> Any:
    if raw == "null":
        return None
    if name in JSON_COLUMNS:
        return raw
    value = json.loads(raw)
    return datetime.fromisoformat(value) if name.endswith(TIMES) else value


def _raw(name: str, value: Any) -> str:
    if value is None:
        return "null"
    if name in JSON_COLUMNS:
        return str(value)
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    return json.dumps(value, ensure_ascii=False)


@cache
def _schema(part: str) -> Any:
    pa = _pyarrow()
    times = pa.timestamp("us", tz="UTC")
    kinds = {name: pa.int64() for name in WHOLE} | {"late": pa.bool_()}
    fields = exports.PARTS[part].model_fields
    return pa.schema(
        [(name, times if name.endswith(TIMES) else kinds.get(name, pa.string())) for name in fields],
        metadata={"polaris_export": str(exports.VERSION), "part": part},
    )


@cache
def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise Misconfigured(
            "Parquet needs the package pyarrow.",
            code="no_pyarrow",
            hint="pip install 'polaris-bridge[parquet]', or --format jsonl",
        ) from error
    return pyarrow


def _plural(part: str) -> str:
    return f"{part[:-1]}ies" if part.endswith("y") else f"{part}s"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

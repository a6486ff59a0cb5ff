"""A project leaves as lines of JSON, and comes back as such. `polaris.exports` says what the lines are."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import psycopg
from aiohttp import web
from pydantic import ValidationError

from polaris import exports
from polaris.db import calls, judge, wire
from polaris.db.arrays import Texts
from polaris.db.rows import ExportRow
from polaris.errors import Conflict, PolarisError, Unprocessable, UnsupportedMedia
from polaris.http import problems
from polaris.http.auth import CALLER, Caller
from polaris.http.operations import read_bytes
from polaris.http.paths import InProject
from polaris.http.service import SERVICE, Service
from polaris.model import BATCH_BYTES, ExportQuery, Imported, ImportQuery
from polaris.redact import Redactor

PAGE = 500
# What people and agents wrote, by part; names are looked at only where a provider's prefix stands in them.
WRITTEN = {"event": ("body", "payload", "facts"), "delivery": ("body", "reason", "path")}
NAMES = ("client_id", "turn", "agent", "target")


async def export_project(request: web.Request, params: InProject, query: ExportQuery) -> web.StreamResponse:
    """Page by page, so that neither a long export nor a slow reader holds a connection."""
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    async with service.database.connection() as conn:
        begun = await calls.begin_export(
            conn, caller.org_id, caller.actor, params.p, query.after, query.since, query.until
        )
    answer = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{params.p}.jsonl"'})
    answer.content_type = exports.MEDIA
    answer.charset = "utf-8"
    await answer.prepare(request)
    await answer.write(b'{"export":' + begun.head.encode() + b"}\n")
    counts: dict[str, int] = {}
    try:
        for part in exports.PARTS:
            counts[part] = 0
            async for rows in _pages(service, caller, params.p, part, begun.first_seq, begun.last_seq):
                counts[part] += len(rows)
                await answer.write("".join(f'{{"{part}":{row.line}}}\n' for row in rows).encode())
        await answer.write(b'{"end":' + orjson.dumps(counts) + b"}\n")
    except (PolarisError, psycopg.Error) as error:  # the status is sent already: the last line says it instead
        await answer.write(b'{"error":' + orjson.dumps(problems.known(error).problem(), default=str) + b"}\n")
    await answer.write_eof()
    return answer


async def _pages(
    service: Service, caller: Caller, project: str, part: str, first: int, last: int
) -> AsyncIterator[list[ExportRow]]:
    """The rows of a part. Raises `Conflict` where events of it are gone: retention took them meanwhile."""
    numbered = part not in ("session", "seat")
    after = [first - 1] if numbered else []
    while not numbered or after[0] < last:
        async with service.database.connection() as conn:
            rows = await calls.read_export(conn, caller.org_id, caller.actor, project, part, after, last, PAGE)
        if part == "event" and (not rows or rows[0].key[0] != after[0] + 1):
            raise Conflict("Events were deleted while they were exported.", code="history_is_gone")
        if not rows:
            return
        yield rows
        after = rows[-1].key


async def import_project(request: web.Request, params: InProject, query: ImportQuery) -> Imported:
    """Takes the next lines of an export; what is there already is passed over."""
    service, caller = request.app[SERVICE], request[CALLER]
    await service.admit(caller, params.p)
    if request.content_type != exports.MEDIA:
        raise UnsupportedMedia(f"Send {exports.MEDIA}.")
    data = await read_bytes(request, BATCH_BYTES)
    if not data.strip():
        raise Unprocessable("There is no line in it.", code="import_not_valid")
    digest = bytes.fromhex(query.digest)
    redactor = service.redactor(caller)
    last, done = 0, False
    for part, lines in itertools.groupby(_lines(data), key=lambda found: found[0]):
        given = [line for _, line in lines]
        async with service.database.connection() as conn:
            if part == "export":
                head = _head(given[-1])
                begun = await calls.begin_import(conn, caller.org_id, caller.actor, params.p, digest, head)
                last, done = begun.last_seq, begun.done
            elif part == "end":
                row = await calls.finish_import(conn, caller.org_id, caller.actor, params.p, digest)
                last, done = row.last_seq, True
            else:
                rows = await asyncio.to_thread(_judged, part, given, redactor)
                last = await _write(conn, caller, params.p, digest, part, rows)
    return Imported(project=params.p, last_seq=last, done=done)


async def _write(conn: Any, caller: Caller, project: str, digest: bytes, part: str, rows: list[bytes]) -> int:
    try:
        return await calls.import_rows(conn, caller.org_id, caller.actor, project, digest, part, Texts(rows))
    except psycopg.DataError as error:  # a number or a time that Postgres has no room for
        raise Unprocessable(f"The database takes no such {part}.", code="import_not_valid") from error


def _lines(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The lines of a piece: which part, and the row as it stands there. Raises `Unprocessable` for anything else."""
    for number, line in enumerate(data.splitlines(), 1):
        name, _, rest = line.partition(b":")
        part = name.strip()[2:-1].decode("ascii", "replace")
        row = rest.strip()
        if part not in (*exports.PARTS, "export", "end") or name.strip() != f'{{"{part}"'.encode() or row[-1:] != b"}":
            raise Unprocessable(f"Line {number} is not a line of an export.", code="import_not_valid")
        yield part, row[:-1]


def _head(line: bytes) -> str:
    try:
        return exports.Head.model_validate(wire.loads(line)).model_dump_json()
    except ValidationError as error:
        raise _invalid("export", 1, error) from error


def _judged(part: str, lines: list[bytes], redactor: Redactor) -> list[bytes]:
    """The rows, checked and redacted. One in which nothing is found stays byte for byte what it was."""
    answer = []
    for number, line in enumerate(lines, 1):
        try:
            value, plain = orjson.loads(line), b"\\u0000" not in line
        except orjson.JSONDecodeError:
            value, plain = None, False
        if not plain:
            value = wire.loads(line)
        try:
            exports.PARTS[part].model_validate(value)
        except ValidationError as error:
            raise _invalid(part, number, error) from error
        changed = {name: clean for name, clean in _redacted(part, value, redactor) if clean is not value[name]}
        answer.append(wire.dumps(value | changed) if changed or not plain else line)
    return answer


def _redacted(part: str, row: dict[str, Any], redactor: Redactor) -> Iterator[tuple[str, Any]]:
    for name in WRITTEN.get(part, ()):
        if row[name] is not None:
            yield name, redactor.value(row[name])
    if part == "event":
        for name in NAMES:
            if row[name] and any(prefix in row[name] for prefix in judge.PREFIXES):
                yield name, redactor.text(row[name])


def _invalid(part: str, number: int, error: ValidationError) -> Unprocessable:
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, found["loc"])) or "it"
    return Unprocessable(
        f"The {part} number {number} of this piece is not one: {where}: {found['msg']}.", code="import_not_valid"
    )

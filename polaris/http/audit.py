"""The audit log over HTTP. For administrators; polaris/audit.py checks what comes out."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from polaris.audit import exported
from polaris.db import calls
from polaris.http.auth import CALLER, Caller
from polaris.http.service import SERVICE, Service
from polaris.model import AuditHead, AuditPage, AuditQuery

EXPORT = "application/x-ndjson"
PAGE = 500


async def list_audit(request: web.Request, query: AuditQuery) -> AuditPage:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        found = await calls.list_audit(conn, caller.org_id, caller.actor, query.after, query.limit)
    return AuditPage(org_id=caller.org_id, items=found)


async def show_head(request: web.Request) -> AuditHead:
    caller = request[CALLER]
    caller.everywhere()
    async with request.app[SERVICE].database.connection() as conn:
        return await calls.get_audit_head(conn, caller.org_id, caller.actor)


async def export_audit(request: web.Request) -> web.StreamResponse:
    caller = request[CALLER]
    caller.everywhere()
    return await send_export(request, caller)


async def send_export(request: web.Request, caller: Caller) -> web.StreamResponse:
    """The whole log, one row a line, its last one being the note that it was taken out."""
    service = request.app[SERVICE]
    async with service.database.connection() as conn:
        await calls.get_audit_head(conn, caller.org_id, caller.actor)  # refuses who may not read it, before the note
        last = await calls.note_export(conn, caller.org_id, caller.actor, "audit")
    answer = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="audit-{caller.org}.jsonl"'})
    answer.content_type = EXPORT
    answer.charset = "utf-8"
    await answer.prepare(request)
    async for piece in _pieces(service, caller, last):
        await answer.write(piece)
    await answer.write_eof()
    return answer


async def _pieces(service: Service, caller: Caller, last: int) -> AsyncIterator[bytes]:
    """Page by page, so that a slow reader holds no connection."""
    after = 0
    while after < last:
        async with service.database.connection() as conn:
            rows = await calls.list_audit(conn, caller.org_id, caller.actor, after, min(PAGE, last - after))
        if not rows:
            return
        lines = (exported(row.model_dump() | {"org_id": caller.org_id}) for row in rows)
        yield "".join(f"{line}\n" for line in lines).encode()
        after = rows[-1].audit_id

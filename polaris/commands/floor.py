"""Following and speaking: tail, inject, release, status."""

from __future__ import annotations

import asyncio
import json as json_text
import sys
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from polaris import render
from polaris.command import Group, Result, command
from polaris.commands import base
from polaris.errors import Exit, PolarisError

if TYPE_CHECKING:
    from polaris.client import Client

Json = dict[str, Any]
ENDED = ("answered", "declined", "expired", "failed")


class Floor(Group):
    """Commands about projects and sessions."""

    @command
    async def tail(
        self,
        project: str,
        *,
        session: str | None = None,
        after: int | None = None,
        lines: int = 20,
        follow: bool = True,
        json: bool = False,
    ) -> None:
        """Shows what happens in PROJECT, line by line, as it happens.

        --session    only this session
        --after      begins with the event after this number; else with the newest --lines
        --no-follow  ends where the record ends
        --json       one JSON object a line, with the whole text
        """
        colour = render.colour_wanted(sys.stdout)
        async with base.service() as client:
            async for event in _events(client, project, session, after, lines, follow):
                text = json_text.dumps(event, ensure_ascii=False) if json else render.line(event, colour=colour)
                print(text, flush=True)

    @command
    async def inject(
        self, project: str, session: str, text: str, *, timeout: float = 60.0, wait: bool = True
    ) -> Result:
        """Gives TEXT as advice to SESSION of PROJECT, and shows what becomes of it until it is answered.

        TEXT - is read from stdin. Exit code 0: answered; 1: declined, expired or failed; 69: not answered in time (it
        stays on its way; `polaris tail` shows it).

        --timeout  seconds to wait
        --no-wait  ends as soon as the service has it
        """
        async with base.service() as client:
            delivery = await client.inject(project, session, base.text_of(text), client_id=f"cli:{uuid.uuid4()}")
            _tell(delivery["state"], delivery.get("reason"))
            if wait and delivery["state"] not in ENDED:
                delivery = await _until_ended(client, project, session, delivery, timeout)
        state = delivery["state"]
        if not wait or state == "answered":
            return Result(delivery, [state])
        return Result(delivery, [state], exit_code=Exit.FAILURE if state in ENDED else Exit.UNREACHABLE)

    @command
    async def release(self, project: str, session: str) -> Result:
        """Gives the seat of SESSION back, for the next driver."""
        async with base.service() as client:
            row = await client.release(project, session)
        return Result(row, [f"The seat of {project}/{session} is open."])

    @command
    async def status(self, *, session: str | None = None) -> Result:
        """Shows whom this machine acts as, whether service and daemon answer, and what is connected.

        --session  only the line of this agent session, by its id
        """
        if session:
            status = await base.daemon("GET", f"/status/{quote(session, safe='')}")
            return Result(status, [render.clean(str(status.get("line")))])
        found: Json = {"service": None, "daemon": None}
        lines, code = [], Exit.OK
        try:
            async with base.service() as client:
                me = await client.me()
                found["service"] = {"url": client.url, "org": me["org"], "actor": me["actor"], "role": me["role"]}
                lines.append(f"service  {client.url}: {me['actor']} of {me['org']} ({me['role']})")
        except PolarisError as error:
            found["service"] = {"error": error.code, "message": error.message}
            lines.append(f"service  {error.message}" + (f" {error.hint}" if error.hint else ""))
            code = Exit(error.exit_code)
        try:
            status = await base.daemon("GET", "/status")
            found["daemon"] = status
            lines += _daemon_lines(status)
        except PolarisError as error:
            found["daemon"] = {"error": error.code, "message": error.message}
            lines.append(f"daemon   {error.message}" + (f" {error.hint}" if error.hint else ""))
            code = code or Exit.UNREACHABLE
        return Result(found, lines, exit_code=code)


async def _events(
    client: Client, project: str, session: str | None, after: int | None, lines: int, follow: bool
) -> AsyncIterator[Json]:
    if after is None:
        page = await client.messages(project, session, limit=min(max(lines, 1), 1000))
        for event in page["items"] if lines > 0 else ():
            yield event
        after = int(page["last_seq"])
        if not follow:
            return
    elif (first := int((await client.messages(project, session, limit=1))["first_seq"])) > after + 1:
        print(f"history before #{first} is gone", file=sys.stderr, flush=True)
    if not follow:
        async for event in client.history(project, session, after=after):
            yield event
        return
    async for event in client.follow(project, session, after=after):
        yield event


async def _until_ended(client: Client, project: str, session: str, delivery: Json, seconds: float) -> Json:
    """Follows the session until the advice came to an end or the time is over; answers the delivery's last state."""
    colour = render.colour_wanted(sys.stderr)
    state = delivery["state"]
    try:
        async with asyncio.timeout(seconds):
            async for event in client.follow(project, session, after=int(delivery["advice_seq"])):
                told = event.get("payload") or {}
                if event["kind"] == "delivery" and told.get("delivery") == delivery["delivery_id"]:
                    state = told["state"]
                    _tell(state, told.get("reason"))
                    if state in ENDED:
                        break
                elif event["kind"] in ("reply", "message"):
                    print(render.line(event, colour=colour), file=sys.stderr, flush=True)
    except TimeoutError:
        print(f"not answered within {seconds:g} s", file=sys.stderr)
    return await client.delivery(project, delivery["delivery_id"])


def _tell(state: str, reason: str | None) -> None:
    print(f"… {state}" + (f": {render.clean(reason)}" if reason else ""), file=sys.stderr, flush=True)


def _daemon_lines(status: Json) -> list[str]:
    spool = status.get("spool") or {}
    lines = [
        f"daemon   port {status['daemon']['port']}, pid {status['daemon']['pid']}; "
        f"{spool.get('events', 0)} events and {spool.get('files', 0)} files wait; "
        f"{len(status.get('refused') or [])} refused"
    ]
    if spool.get("full"):
        lines.append("trouble  the queue is full: hooks keep their events in files until there is room")
    for session in status.get("sessions") or []:
        lines.append(f"session  {render.clean(str(session.get('line') or session.get('agent_session_id')))}")
    for name, failure in (status.get("failures") or {}).items():
        lines.append(f"trouble  {name}: {render.clean(str(failure))}")
    return lines

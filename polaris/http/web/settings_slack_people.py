"""Who the people of the workspace are here, and an administrator's word on it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from polaris.db import calls, slack_calls
from polaris.db.slack_rows import PersonRow
from polaris.errors import PolarisError
from polaris.http.service import SERVICE
from polaris.http.web import site, slack_words
from polaris.http.web.form_page import address, again, page

PAGE = 50
KINDS = (("members", "With a member"), ("others", "Without a member"), ("unheard", "Not heard"), ("set", "Set by hand"))


async def show(request: web.Request, problem: PolarisError | None = None) -> web.Response:
    """``?find=`` looks into names and addresses, ``?of=`` shows some of them, ``?page=`` turns the pages."""
    who, asked = site.caller(request), dict(request.query)
    if problem:  # the form that failed says where it stood
        asked = dict(parse_qsl((await site.form(request)).get("at", "")))
    find, of = asked.get("find", "").strip(), asked.get("of", "").strip()
    async with request.app[SERVICE].database.connection() as conn:
        workspace = next(iter(await slack_calls.get_slack(conn, who.org_id, who.actor)), None)
        everybody = await slack_calls.list_slack_people(conn, who.org_id, who.actor)
        members = await calls.list_members(conn, who.org_id, who.actor)
    found = [person for person in everybody if _fits(person, find.casefold(), of)]
    number = asked.get("page", "1")
    at = min(int(number), len(found) // PAGE + 1) if number.isascii() and number.isdecimal() and len(number) < 9 else 1
    first = (max(at, 1) - 1) * PAGE
    chosen = {"find": find, "of": of}

    def turn(by: int) -> str:
        asked = {name: value for name, value in (chosen | {"page": max(at, 1) + by}).items() if value}
        return f"{address(request, 'slack/people')}?{urlencode(asked)}"

    return await page(
        request,
        "slack_people.html",
        problem,
        workspace=workspace,
        people=[(person, slack_words.speaks(person)) for person in found[first : first + PAGE]],
        members=sorted(m.handle for m in members if m.removed_at is None),
        kinds=KINDS,
        find=find,
        of=of,
        first=first + 1,
        count=len(found),
        everybody=len(everybody),
        previous=turn(-1) if first else "",
        following=turn(1) if first + PAGE < len(found) else "",
        at=urlencode({name: value for name, value in (chosen | {"page": max(at, 1)}).items() if value}),
    )


@again(show)
async def set_person(request: web.Request) -> web.StreamResponse:
    """Empty is nobody; ``by`` = address leaves it to the e-mail address again."""
    who, fields, user = site.caller(request), await site.form(request), request.match_info["user"]
    member = None if fields.get("by") == "address" else fields.get("member", "").removeprefix("user:")
    async with request.app[SERVICE].database.connection() as conn:
        (row,) = await slack_calls.map_slack_person(conn, who.org_id, who.actor, user, member)
    said = f"{row.name} speaks as {row.actor}." if row.actor else f"{row.name} is not heard."
    at = urlencode(parse_qsl(fields.get("at", "")))
    return site.see(request, address(request, "slack/people") + (f"?{at}" if at else ""), flash=said)


def _fits(person: PersonRow, find: str, of: str) -> bool:
    said = " ".join(filter(None, (person.name, person.username, person.email, person.member, person.user_id)))
    if find and find not in said.casefold():
        return False
    if of == "members":
        return person.member is not None
    if of == "others":
        return person.member is None and person.standing == "full"
    if of == "unheard":
        return person.actor is None
    return of != "set" or person.member_by == "admin"

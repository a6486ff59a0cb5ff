"""Search over everything that the reader may see: a form, what was found with its words marked, older pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup, escape
from multidict import MultiMapping

from polaris.db import calls, finding, wire
from polaris.http.service import SERVICE
from polaris.http.web import floor, site, timeline
from polaris.http.web.tools import shown
from polaris.model import SEARCHED_CHARACTERS, Found

PAGE = 30
BEGIN, END = "\ue000", "\ue001"  # around what was looked for


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader looks for; empty fields do not narrow."""

    q: str = ""
    project: str = ""
    session: str = ""
    kind: str = ""
    actor: str = ""
    file: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: MultiMapping[str]) -> Asked:
        fields = {name: wire.clean(query.get(name, "").strip())[:SEARCHED_CHARACTERS] for name in cls.__slots__}
        if fields["actor"] and ":" not in fields["actor"]:
            fields["actor"] = f"user:{fields['actor']}"
        return cls(**fields)

    @property
    def anything(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def address(self, base: str, **more: str) -> str:
        fields = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}
        return f"{base}?{urlencode(fields | more)}"


async def show(request: web.Request) -> web.Response:
    """``?q= &project= &session= &kind= &actor= &file= &since= &until=`` (days, in UTC); ``?before=`` turns the page."""
    service, who = request.app[SERVICE], site.caller(request)
    asked, place = Asked.of(request.query), finding.place(request.query.get("before"))
    async with service.database.connection() as conn:
        projects = await calls.list_projects(conn, who.org_id, who.actor)
        rows = []
        if asked.anything:
            rows = await calls.search_events(
                conn,
                who.org_id,
                who.actor,
                asked.q,
                project=asked.project or None,
                session=asked.session if asked.session and asked.project else None,
                kind=timeline.kinds(asked.kind),
                by=[asked.actor] if asked.actor else None,
                since=_day(asked.since),
                until=_day(asked.until, 1),
                file=asked.file or None,
                limit=PAGE,
                **place._asdict(),
            )
    page = finding.page(rows, PAGE)
    base = f"/o/{who.org}/search"
    return site.render(
        request,
        "search.html",
        asked=asked,
        projects=[project.name for project in projects],
        kinds=floor.KINDS if not asked.kind or asked.kind in dict(floor.KINDS) else (*floor.KINDS, (asked.kind,) * 2),
        items=[(item, _who(item), _marked(item.snippet)) for item in page.items],
        older=asked.address(base, before=page.next) if page.next else "",
        newest=asked.address(base) if request.query.get("before") else "",
    )


def _day(text: str, more: int = 0) -> datetime | None:
    """The beginning of a day; what is none does not narrow."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)) + timedelta(days=more)
    except (ValueError, OverflowError):
        return None


def _who(item: Found) -> str:
    """An agent's words are never shown as the person's."""
    return f"agent of {item.actor}" if item.speaker == "agent" and item.actor.startswith("user:") else item.actor


def _marked(snippet: str) -> Any:
    """The snippet as text of a page, with ``<mark>`` around what was looked for."""
    first, *parts = snippet.split(BEGIN)
    text = escape(shown(first))
    for part in parts:
        hit, _, rest = part.partition(END)
        text += Markup("<mark>{}</mark>{}").format(shown(hit), shown(rest))
    return text

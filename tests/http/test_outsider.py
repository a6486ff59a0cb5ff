"""A private project does not exist for a member who is not on its list, whichever way they come.

One walk over all ways to read it: every operation and every page of the tables, streams and sockets, direct SQL, an
agent's token. What comes back to an outsider is what comes back for a project that is not there.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from api_place import Client, Place, closed, event, running, settle
from psycopg import sql
from two_orgs import Answer, ask, ask_socket
from web_place import Browser

from polaris.db import calls, keeping_calls, logins, pool, slack_calls
from polaris.errors import from_database
from polaris.http.api import OPERATIONS
from polaris.http.live import NO_ACCESS
from polaris.http.web.pages import PAGES

HIDDEN, ABSENT = "hidden-project", "absent-project"  # equally long, so that answers can be equal to the byte
WORDS = ("xylophone", HIDDEN, "inner-session", "the-mole")
SOON = 5.0
NUMBERS = itertools.count(1)


@pytest.fixture
async def place(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    async with running(database, tmp_path, lease_seconds=3600) as found:
        await settle(found)
        yield found


@contextmanager
def login(database: Any, org: int, actor: str) -> Iterator[str]:
    """The URL of a Postgres login of this participant; roles belong to the cluster, so it goes again."""
    name = f"outsider_{next(NUMBERS)}"
    try:
        yield logins.create_client(database.owner, org, actor, name).url
    finally:
        with psycopg.connect(database.owner, autocommit=True) as owner:
            role = sql.Identifier(name)
            owner.execute(sql.SQL("drop owned by {}; drop role {}").format(role, role))


MODULES = (calls, slack_calls, keeping_calls)
# No login may call these, whoever it is: tests/sql/test_identity.py.
NOT_FOR_LOGINS = {"read_export", "read_for_scrub", "read_texts_for_scrub"}


class Reader:
    """One participant and all its ways in; ``walk`` answers what came back on each."""

    def __init__(self, place: Place, client: Client, browser: Browser | None, direct: pool.Connection | None) -> None:
        self.place, self.client, self.browser, self.direct = place, client, browser, direct

    async def walk(self, names: dict[str, str]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        for operation in OPERATIONS:
            if operation.method == "GET":
                path = self._path(operation.path, names)
                if operation.path.endswith("/ws"):
                    answer = await ask_socket(self.place, f"{path}?after=0", headers=self.client.headers)
                else:
                    query = "?after=0" if operation.stream else ""
                    answer = await ask(self.place, "GET", path + query, headers=self.client.headers)
                found[f"API {operation.path}"] = answer
        for page in PAGES if self.browser else ():
            if page.method == "GET" and page.access == "member":
                found[f"page {page.path}"] = await self._look(self._path(page.path, names))
        for name in calls.CALLS.keys() - NOT_FOR_LOGINS if self.direct else ():
            if re.match(r"(get|list|read)_", name) and {"org", "actor"} <= calls.CALLS[name].parameters.keys():
                found[f"SQL {name}"] = await self._call(name, names)
        return found

    @staticmethod
    def _path(path: str, names: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: names[m[1]], path)

    async def _look(self, path: str) -> Answer:
        assert self.browser is not None
        cookie = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        if path.endswith("/live"):
            path += "?after=0"
        return await ask(self.place, "GET", path, headers={"Cookie": cookie, "Accept": "text/html"})

    async def _call(self, name: str, names: dict[str, str]) -> Answer:
        """A function as this login calls it; the login says who and of which organization."""
        assert self.direct is not None
        given = {"project": names["p"], "session": names["s"], "delivery": names["id"], "epoch": 1, "path": "a.py"}
        wanted = calls.CALLS[name].parameters
        arguments = {k: v for k, v in given.items() if k in wanted}
        try:
            stub = next(getattr(module, name) for module in MODULES if hasattr(module, name))
            rows = await stub(self.direct, None, None, **arguments)
        except psycopg.Error as error:
            known = from_database(error)
            return Answer(known.status, f"{known.code} {known.message} {known.hint}")
        return Answer(200, str(rows))


def concerns(way: str) -> bool:
    """Whether a way to read names the project."""
    kind, _, place = way.partition(" ")
    return "project" in calls.CALLS[place].parameters if kind == "SQL" else "{p}" in place


def plain(answer: Answer) -> tuple[int, str]:
    """An answer without its time and without the project's name."""
    text = re.sub(r"'Date': '[^']*'", "", answer.text)
    return answer.status, text.replace(HIDDEN, "P").replace(ABSENT, "P")


@asynccontextmanager
async def direct(url: str) -> AsyncIterator[pool.Connection]:
    conn = await pool.connect(url, name="outsider", service=False)
    try:
        yield conn
    finally:
        await conn.close()


async def agent_of(place: Place, client: Client, name: str) -> Client:
    made = await client.post("/tokens", {"name": "box", "actor": name})
    return Client(place.url, name, made["token"], made["token_id"], place.http)


async def hide(place: Place) -> str:
    """The private project, with words in everything that it has; answers the id of a delivery."""
    manu, mole = place.admin, await place.client("agent:the-mole")
    await manu.post("/projects", {"name": HIDDEN, "visibility": "private"})
    assert (await manu.call("PUT", f"/projects/{HIDDEN}/members/agent:the-mole"))[0] == 200
    joined = await manu.post(f"/projects/{HIDDEN}/sessions/inner-session/join")
    await manu.push(HIDDEN, "inner-session", event(epoch=joined["epoch"], turn="T", body="xylophone asks"))
    await manu.post(f"/projects/{HIDDEN}/messages", {"body": "xylophone to all"})
    made = await mole.post(f"/projects/{HIDDEN}/sessions/inner-session/inject", {"body": "xylophone advises"})
    return str(made["delivery_id"])


@pytest.mark.timeout(400)
async def test_on_no_way_does_an_outsider_see_a_private_project_and_on_each_a_member_does(
    place: Place, database: Any
) -> None:
    manu, krishna, priya = place.admin, await place.client("user:krishna"), await place.client("user:priya")
    names = {"org": "acme", "p": HIDDEN, "s": "inner-session", "id": await hide(place), "seq": "2", "sha": "a" * 40}
    async with AsyncExitStack() as stack:

        async def connect(actor: str) -> pool.Connection:
            return await stack.enter_async_context(direct(stack.enter_context(login(database, place.org_id, actor))))

        async def readers(client: Client, handle: str) -> list[Reader]:
            browser, name = await Browser(place).sign_in(handle), f"agent:{handle}-bot"
            agent = await agent_of(place, client, name)
            return [
                Reader(place, client, browser, await connect(f"user:{handle}")),
                Reader(place, agent, None, await connect(name)),
            ]

        outsiders, insiders = await readers(krishna, "krishna"), await readers(priya, "priya")
        for reader in insiders:
            status, _ = await manu.call("PUT", f"/projects/{HIDDEN}/members/{reader.client.actor}")
            assert status == 200

        for reader in outsiders:
            hidden, absent = await reader.walk(names), await reader.walk(names | {"p": ABSENT})
            shown = {
                way: [word for word in WORDS if word in got.text.replace(HIDDEN, "" if concerns(way) else HIDDEN)]
                for way, got in hidden.items()
            }
            assert {way: words for way, words in shown.items() if words} == {}
            assert {way: got.status for way, got in hidden.items() if concerns(way) and got.status != 404} == {}
            told_apart = {w: got.text for w, got in hidden.items() if concerns(w) and plain(got) != plain(absent[w])}
            assert told_apart == {}
            kinds = {way.split()[0] for way in hidden if concerns(way)}
            assert kinds == ({"API", "SQL", "page"} if reader.browser else {"API", "SQL"})
        for reader in insiders:
            seen = await reader.walk(names)
            other = {way: got.status for way, got in seen.items() if concerns(way) and got.status not in (101, 200)}
            # For the one who drives, and for the one who made it.
            assert other == {"SQL read_advice": 403, "API /projects/{p}/export": 403}
            for way in ("API /projects", "SQL list_projects", "SQL list_dashboard", "SQL list_all_policies"):
                assert HIDDEN in seen[way].text, way
            told = re.compile(r"messages|events|/ws|live|read_e")
            silent = [way for way, got in seen.items() if told.search(way) and "xylophone" not in got.text]
            assert silent == []

        # Access that is taken away is gone on all ways, and what was connected ends.
        await _lose_access(place, insiders[0], insiders[1])
        for reader in insiders:
            gone = await reader.walk(names)
            assert {way: got.status for way, got in gone.items() if concerns(way) and got.status != 404} == {}


async def _lose_access(place: Place, person: Reader, agent: Reader) -> None:
    assert person.browser is not None
    cookie = "; ".join(f"{name}={value}" for name, value in person.browser.cookies.items())
    pages = (f"/o/acme/p/{HIDDEN}/live", f"/o/acme/p/{HIDDEN}/s/inner-session/live")
    async with AsyncExitStack() as stack:

        async def open_all(client: Client) -> tuple[list[Any], list[Any]]:
            base = f"/projects/{HIDDEN}"
            sockets = [
                await stack.enter_async_context(client.socket(f"{base}{path}"))
                for path in ("/ws", "/sessions/inner-session/ws")
            ]
            streams = [
                (await stack.enter_async_context(client.stream(f"{base}{path}"))).answer
                for path in ("/events", "/sessions/inner-session/events")
            ]
            return sockets, streams

        sockets, streams = await open_all(person.client)
        for path in pages:
            live = await stack.enter_async_context(place.http.get(place.url + path, headers={"Cookie": cookie}))
            assert live.status == 200
            streams.append(live)
        others, other_streams = await open_all(agent.client)
        for ws in sockets + others:
            assert (await ws.receive_json(timeout=SOON))["type"] == "hello"

        began = time.monotonic()
        assert (await place.admin.call("DELETE", f"/projects/{HIDDEN}/members/user:priya"))[0] == 200
        assert await asyncio.wait_for(asyncio.gather(*map(closed, sockets)), SOON) == [NO_ACCESS, NO_ACCESS]
        await asyncio.wait_for(asyncio.gather(*(stream.read() for stream in streams)), SOON)
        took = time.monotonic() - began

        assert took < SOON
        assert not any(ws.closed for ws in others)
        assert not any(stream.content.at_eof() for stream in other_streams)
        assert (await place.admin.call("DELETE", f"/projects/{HIDDEN}/members/agent:priya-bot"))[0] == 200
        assert await asyncio.wait_for(asyncio.gather(*map(closed, others)), SOON) == [NO_ACCESS, NO_ACCESS]
        await asyncio.wait_for(asyncio.gather(*(stream.read() for stream in other_streams)), SOON)

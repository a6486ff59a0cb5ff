"""Who is no member any more has nothing any more, within seconds: requests, streams, sockets, pages, agents, SQL.

tests/http/test_api_orgs.py has the same for the API alone, with lost notifications too.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import psycopg
import pytest
from api_place import Client, Place, closed
from web_place import Browser

from polaris.db import logins
from polaris.http.live import TOKEN_DIED

SOON = 5.0
LOGIN = "removal_priya"
PAGES = ("/o/acme", "/o/acme/p/pj", "/o/acme/p/pj/s/fxm", "/o/acme/settings/members", "/o/acme/settings/tokens")
LIVE = ("/o/acme/p/pj/live", "/o/acme/p/pj/s/fxm/live")


@pytest.mark.parametrize("how", ["removed on the page", "left on the page", "removed over the API"])
async def test_all_that_a_member_had_ends(manu: Client, place: Place, how: str) -> None:
    priya = await place.client("user:priya")
    made = await priya.post("/tokens", {"name": "box", "actor": "agent:bot"})
    bot = Client(place.url, "agent:bot", made["token"], made["token_id"], place.http)
    admin, browser = await Browser(place).sign_in("manu"), await Browser(place).sign_in("priya")
    sql = await asyncio.to_thread(logins.create_client, place.owner, place.org_id, "user:priya", LOGIN)
    question = "select name from polaris.list_projects(p_org => null, p_actor => null)"
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    async with AsyncExitStack() as stack:
        stack.callback(_drop, place.owner)
        conn = await stack.enter_async_context(await psycopg.AsyncConnection.connect(sql.url, autocommit=True))
        sockets = [await stack.enter_async_context(c.socket("/projects/pj/ws")) for c in (priya, bot)]
        stays = await stack.enter_async_context(manu.socket("/projects/pj/ws"))
        streams = [(await stack.enter_async_context(c.stream("/projects/pj/events"))).answer for c in (priya, bot)]
        for path in LIVE:
            live = await stack.enter_async_context(place.http.get(place.url + path, headers=cookies))
            assert live.status == 200
            streams.append(live)
        for ws in (*sockets, stays):
            assert (await ws.receive_json(timeout=SOON))["type"] == "hello"
        for path in PAGES:
            await browser.get(path)
        assert await (await conn.execute(question)).fetchall() == [("pj",)]

        began = time.monotonic()
        if how == "removed on the page":
            await admin.post("/o/acme/settings/members/priya/remove")
        elif how == "left on the page":
            await browser.post("/o/acme/settings/members/priya/remove")
        else:
            assert (await manu.call("DELETE", "/members/priya"))[0] == 200
        assert await asyncio.gather(*map(closed, sockets)) == [TOKEN_DIED, TOKEN_DIED]
        await asyncio.gather(*(stream.read() for stream in streams))
        for client in (priya, bot):
            assert (await client.call("GET", "/me"))[0] == 401
        took = time.monotonic() - began
        for path in (*PAGES, *LIVE):
            await browser.get(path, 404)
        await browser.post("/o/acme/p/pj/say", 404, body="still here")
        with pytest.raises(psycopg.Error) as refused:
            await conn.execute(question)

        assert took < SOON
        assert refused.value.sqlstate == "PL401"
        assert not stays.closed
        await admin.get("/o/acme")


async def test_a_browser_that_is_signed_out_ends_alone(manu: Client, place: Place) -> None:
    one, two = await Browser(place).sign_in("manu"), await Browser(place).sign_in("manu")
    async with AsyncExitStack() as stack:
        ws = await stack.enter_async_context(manu.socket("/projects/pj/ws"))
        first, second = [
            await stack.enter_async_context(
                place.http.get(
                    place.url + LIVE[0],
                    headers={"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())},
                )
            )
            for browser in (one, two)
        ]
        assert first.status == second.status == 200
        before = dict(one.cookies)
        await one.post("/sign-out")
        one.cookies = before
        await asyncio.wait_for(first.read(), SOON)

        assert (await one.get("/o/acme", 303)).path == "/sign-in?next=/o/acme"
        await two.get("/o/acme")
        assert not second.content.at_eof()
        assert not ws.closed


def _drop(owner: str) -> None:
    """Roles belong to the cluster."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"drop owned by {LOGIN}; drop role {LOGIN}")

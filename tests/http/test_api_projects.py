"""Projects, sessions, seats, accounts: every row of the table that is a plain request."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from api_place import Client, Place, event, until

from polaris import tokens


async def test_a_project_is_created_once_listed_and_shown(place: Place) -> None:
    created = await place.admin.post("/projects", {"name": "pj"})
    again = await place.admin.call("POST", "/projects", json={"name": "pj"})
    shown = await place.admin.get("/projects/pj")

    assert (created["name"], created["created_by"], created["sessions"]) == ("pj", "user:manu", 0)
    assert (again[0], again[1]["code"]) == (409, "project_exists")
    assert shown == created
    assert (await place.admin.get("/projects"))["items"] == [created]
    assert "org_id" not in created and "project_id" not in created


async def test_an_archived_project_stays_readable_and_takes_nothing_new(manu: Client) -> None:
    archived = await manu.post("/projects/pj/archive")
    refused = await manu.call("POST", "/projects/pj/sessions", json={"name": "new"})

    assert archived["archived_at"] is not None
    assert refused[0] == 409
    assert (await manu.get("/projects/pj/messages"))["items"]


async def test_a_session_is_created_once_listed_and_shown(place: Place) -> None:
    await place.admin.post("/projects", {"name": "pj"})
    created = await place.admin.post("/projects/pj/sessions", {"name": "fxm"})
    again = await place.admin.call("POST", "/projects/pj/sessions", json={"name": "fxm"})

    assert (created["epoch"], created["seat"], created["driver"], created["presence"]) == (0, "open", None, "none")
    assert (again[0], again[1]["code"]) == (409, "session_exists")
    assert await place.admin.get("/projects/pj/sessions/fxm") == created
    assert (await place.admin.get("/projects/pj/sessions"))["items"] == [created]


async def test_joining_makes_what_is_missing_and_never_fails_because_somebody_drives(place: Place) -> None:
    priya = await place.client("user:priya")
    first = await place.admin.post("/projects/pj/sessions/fxm/join")
    second = await priya.post("/projects/pj/sessions/fxm/join")

    assert (first["created"], first["claimed"], first["driver"], first["epoch"]) == (True, True, "user:manu", 1)
    assert (second["created"], second["claimed"], second["driver"]) == (False, False, "user:manu")


async def test_of_two_claims_at_once_one_wins_and_the_other_is_told_who(place: Place) -> None:
    priya = await place.client("user:priya")
    await place.admin.post("/projects", {"name": "pj"})
    await place.admin.post("/projects/pj/sessions", {"name": "fxm"})
    path = "/projects/pj/sessions/fxm/driver"
    answers = await asyncio.gather(place.admin.call("POST", path), priya.call("POST", path))
    won = next(body for status, body in answers if status == 200)
    lost = next(body for status, body in answers if status == 409)

    assert (lost["code"], lost["details"]["driver"]) == ("seat_is_held", won["driver"])
    assert won["epoch"] == 1


async def test_the_seat_is_handed_over_under_a_new_epoch(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    refused = await priya.call("POST", "/projects/pj/sessions/fxm/handoff")
    released = await manu.post("/projects/pj/sessions/fxm/handoff", {"epoch": 1})
    claimed = await priya.post("/projects/pj/sessions/fxm/driver")
    (late,) = await manu.push("pj", "fxm", event(epoch=1))
    (foreign,) = await manu.push("pj", "fxm", event(epoch=2))

    assert (refused[0], refused[1]["code"]) == (409, "not_driver")
    assert (released["seat"], released["epoch"], released["presence"]) == ("open", 1, "none")
    assert (claimed["driver"], claimed["epoch"]) == ("user:priya", 2)
    assert late["late"] is True
    assert foreign["code"] == "not_driver"


async def test_a_seat_is_released_to_somebody_who_gets_a_brief(manu: Client, place: Place) -> None:
    priya, bot = await place.client("user:priya"), await place.client("agent:bot")
    await manu.push("pj", "fxm", event(epoch=1, body="Build the login"))
    released = await manu.post("/projects/pj/sessions/fxm/handoff", {"to": "user:priya"})
    refused = await bot.call("POST", "/projects/pj/sessions/fxm/driver")
    claimed = await priya.post("/projects/pj/sessions/fxm/driver")
    brief = await priya.get("/projects/pj/sessions/fxm/brief")
    short = await priya.call("GET", "/projects/pj/sessions/fxm/brief?characters=10")

    assert released["reserved_for"] == "user:priya"
    assert (refused[0], refused[1]["code"]) == (409, "seat_is_reserved")
    assert (claimed["driver"], claimed["reserved_for"]) == ("user:priya", None)
    assert "Build the login" in brief["text"]
    assert short[0] == 422


async def test_a_lease_that_runs_out_frees_the_seat_by_maintenance(manu: Client, place: Place) -> None:
    await place.sql("update polaris_data.sessions set lease_until = clock_timestamp() - interval '1 s'")

    async def seat_is_open() -> bool:
        return bool((await manu.get("/projects/pj/sessions/fxm"))["seat"] == "open")

    await until(seat_is_open)
    kinds = [item["kind"] for item in (await manu.get("/projects/pj/messages"))["items"]]

    assert kinds[-1] == "driver.expired"


async def test_an_archived_session_is_closed(manu: Client) -> None:
    archived = await manu.post("/projects/pj/sessions/fxm/archive")
    refused = await manu.call("POST", "/projects/pj/sessions/fxm/driver")

    assert (archived["archived_at"] is not None, archived["seat"]) == (True, "open")
    assert (refused[0], refused[1]["code"]) == (409, "session_is_archived")


async def test_history_comes_in_pages_in_both_directions_and_filtered(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await manu.push("pj", "fxm", *[event(body=str(i)) for i in range(20)])
    await priya.post("/projects/pj/messages", {"body": "look at this"})
    last = (await manu.get("/projects/pj"))["last_seq"]

    async def numbers(query: str, path: str = "/projects/pj/messages") -> list[int]:
        return [item["seq"] for item in (await manu.get(f"{path}?{query}"))["items"]]

    floor = (await manu.get("/projects/pj/messages?kind=floor"))["items"]

    assert await numbers("limit=3") == [last - 2, last - 1, last]
    assert await numbers("after=2&limit=3") == [3, 4, 5]
    assert await numbers("before=6&limit=3") == [3, 4, 5]
    assert [(f["actor"], f["body"], f["session"]) for f in floor] == [("user:priya", "look at this", None)]
    assert await numbers("kind=floor&kind=driver.claimed") == [2, last]
    assert await numbers("actor=user:priya") == [last]
    assert last not in await numbers("session=fxm&limit=1000")
    assert await numbers("limit=1000", "/projects/pj/sessions/fxm/messages") == list(range(1, last))


async def test_saying_the_same_twice_is_one_event(manu: Client) -> None:
    first = await manu.post("/projects/pj/messages", {"body": "hello", "client_id": "a"})
    again = await manu.post("/projects/pj/messages", {"body": "hello", "client_id": "a"})

    assert (first["created"], again["created"]) == (True, False)
    assert first["seq"] == again["seq"]


async def test_who_one_is_comes_from_the_token(place: Place) -> None:
    me = await place.admin.get("/me")

    assert (me["org"], me["actor"], me["role"]) == ("acme", "user:manu", "admin")
    assert me["redaction_key"]


async def test_tokens_are_issued_listed_and_revoked(place: Place) -> None:
    issued = await place.admin.post("/tokens", {"name": "ci", "actor": "agent:test-writer", "expires_in": 3600})
    agent = Client(place.url, "agent:test-writer", issued["token"], issued["token_id"], place.http)
    me = await agent.get("/me")
    listed = (await place.admin.get("/tokens"))["items"]
    status, revoked = await place.admin.call("DELETE", f"/tokens/{issued['token_id']}")
    after = await agent.call("GET", "/me")

    assert (me["actor"], me["role"]) == ("agent:test-writer", "agent")
    assert issued["token_id"] in [t["token_id"] for t in listed]
    assert issued["token"] not in str(listed)
    assert (status, revoked["revoked_at"] is not None) == (200, True)
    assert (after[0], after[1]["code"]) == (401, "token_revoked")


async def test_members_are_added_and_removed_and_their_tokens_end(place: Place) -> None:
    added = await place.admin.post("/members", {"handle": "krishna", "email": "krishna@example.org"})
    krishna = await place.client("user:krishna")
    before = await krishna.call("GET", "/me")
    refused = await krishna.call("POST", "/members", json={"handle": "mallory"})
    removed = await place.admin.call("DELETE", "/members/krishna")
    after = await krishna.call("GET", "/me")

    assert (added["actor"], added["role"]) == ("user:krishna", "member")
    assert (before[0], refused[0], removed[0], after[0]) == (200, 403, 200, 401)
    assert [m["actor"] for m in (await place.admin.get("/members"))["items"] if not m["removed_at"]] == ["user:manu"]


async def test_a_token_for_one_project_opens_nothing_else(manu: Client, place: Place) -> None:
    await manu.post("/projects", {"name": "other"})
    await manu.post("/projects/other/sessions", {"name": "s"})
    limited = await place.client("agent:helper", by="user:manu", project="pj")
    listed = [p["name"] for p in (await limited.get("/projects"))["items"]]
    inside = await limited.call("GET", "/projects/pj/sessions/fxm")
    for method, path, body in [
        ("GET", "/projects/other", None),
        ("GET", "/projects/other/messages", None),
        ("GET", "/projects/other/events", None),
        ("GET", "/projects/other/sessions/s", None),
        ("POST", "/projects/other/sessions/s/join", None),
        ("POST", "/projects/other/sessions/s/events", {"events": [event()]}),
        ("POST", "/projects/other/sessions/s/inject", {"body": "hello"}),
    ]:
        status, answer = await limited.call(method, path, json=body)
        assert (status, answer["code"]) == (404, "no_such_project"), path

    assert listed == ["pj"]
    assert inside[0] == 200
    assert (await limited.call("POST", "/projects", json={"name": "mine"}))[0] == 403
    assert (await limited.call("POST", "/projects/mine/sessions/s/join"))[0] == 404
    assert (await limited.call("GET", "/tokens"))[0] == 403


async def test_a_foreign_organization_gets_404_everywhere(manu: Client, place: Place) -> None:
    delivery = (await manu.post("/projects/pj/sessions/fxm/inject", {"body": "hello"}))["delivery_id"]
    stranger = await place.org("other")
    routes: list[tuple[str, str, Any]] = [
        ("GET", "/projects/pj", None),
        ("POST", "/projects/pj/archive", None),
        ("GET", "/projects/pj/messages", None),
        ("POST", "/projects/pj/messages", {"body": "hello"}),
        ("GET", "/projects/pj/events", None),
        ("GET", "/projects/pj/sessions", None),
        ("POST", "/projects/pj/sessions", {"name": "new"}),
        ("GET", "/projects/pj/sessions/fxm", None),
        ("POST", "/projects/pj/sessions/fxm/archive", None),
        ("POST", "/projects/pj/sessions/fxm/driver", None),
        ("POST", "/projects/pj/sessions/fxm/handoff", None),
        ("GET", "/projects/pj/sessions/fxm/messages", None),
        ("GET", "/projects/pj/sessions/fxm/events", None),
        ("POST", "/projects/pj/sessions/fxm/events", {"events": [event()]}),
        ("POST", "/projects/pj/sessions/fxm/inject", {"body": "hello"}),
        ("GET", "/projects/pj/sessions/fxm/deliveries", None),
        ("GET", f"/projects/pj/deliveries/{delivery}", None),
        ("POST", f"/projects/pj/deliveries/{delivery}", {"state": "seen", "epoch": 1}),
        ("DELETE", f"/tokens/{manu.token_id}", None),
    ]
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answers = [(path, (await stranger.call(method, path, json=body))[0]) for method, path, body in routes]
    sockets = [
        (await stranger.call("GET", path, headers=upgrade))[0]
        for path in ("/projects/pj/ws", "/projects/pj/sessions/fxm/ws")
    ]

    assert [answer for answer in answers if answer[1] != 404] == []
    assert sockets == [404, 404]
    assert (await manu.get("/me"))["actor"] == "user:manu"


async def test_without_a_good_token_there_is_only_401(place: Place) -> None:
    cases = [
        ("", "token_missing"),
        ("Basic abc", "token_missing"),
        ("Bearer nonsense", "token_malformed"),
        ("Bearer plr_u_" + "0" * 49, "token_malformed"),
        (f"Bearer {tokens.new('u')}", "token_unknown"),
    ]
    for header, code in cases:
        async with place.http.get(place.url + "/projects", headers={"Authorization": header}) as answer:
            problem = await answer.json()

        assert (answer.status, problem["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert set(problem) == {"code", "message", "hint", "details"}


async def test_a_token_in_the_url_counts_for_nothing(place: Place) -> None:
    async with place.http.get(f"{place.url}/projects?token={place.admin.token}") as answer:
        assert answer.status == 401


async def test_every_refusal_is_a_problem(manu: Client) -> None:
    cases: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("POST", "/projects", {"json": {"name": "A B"}}, 422, "not_valid"),
        ("POST", "/projects", {"json": {"name": "a", "x": 1}}, 422, "not_valid"),
        ("POST", "/projects", {"json": [1]}, 422, "not_valid"),
        ("POST", "/projects", {"data": b"{}"}, 415, "not_json"),
        ("POST", "/projects", {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, "not_json"),
        ("POST", "/projects", {"data": io.BytesIO(b"x" * (2 << 20))}, 413, "too_large"),
        ("GET", "/projects?x=1", {}, 422, "not_valid"),
        ("GET", "/projects/pj/messages?limit=0", {}, 422, "not_valid"),
        ("GET", "/projects/pj/messages?limit=1001", {}, 422, "not_valid"),
        ("GET", "/projects/pj/messages?kind=nonsense", {}, 422, "not_valid"),
        ("GET", "/projects/A%20B", {}, 404, "not_found"),
        ("GET", "/projects/none", {}, 404, "no_such_project"),
        ("GET", "/projects/pj/sessions/none", {}, 404, "no_such_session"),
        ("GET", "/projects/pj/deliveries/none", {}, 404, "not_found"),
        ("GET", "/projects/pj/deliveries/7d7b9b6e-5f0d-4a9e-9b3f-0a3c2f6f0000", {}, 404, "no_such_delivery"),
        ("DELETE", "/tokens/999999", {}, 404, "no_such_token"),
        ("GET", "/nothing", {}, 404, "not_found"),
        ("DELETE", "/projects", {}, 405, "method_not_allowed"),
        ("GET", "/projects/pj/ws", {}, 422, "not_a_websocket"),
        ("GET", "/projects/pj/events", {"headers": {"Last-Event-ID": "x"}}, 422, "not_valid"),
    ]
    for method, path, options, status, code in cases:
        headers = manu.headers | options.pop("headers", {})
        async with manu.http.request(method, manu.url + path, headers=headers, **options) as answer:
            problem = await answer.json()

        assert (answer.status, problem["code"]) == (status, code), (method, path)
        assert set(problem) == {"code", "message", "hint", "details"}
        assert ("Allow" in answer.headers) == (status == 405)


async def test_the_process_says_how_it_is(place: Place) -> None:
    async with place.http.get(place.url + "/healthz") as answer:
        alive = (answer.status, await answer.json())
    await until(lambda: place.service.listener.is_connected)
    async with place.http.get(place.url + "/readyz") as answer:
        ready = (answer.status, await answer.json())
    async with place.http.get(place.url + "/metrics") as answer:
        metrics = await answer.text()

    assert alive == (200, {"status": "ok"})
    assert ready == (200, {"database": True, "migrations": True, "listener": True})
    assert "polaris_live_streams 0.0" in metrics
    assert "polaris_notification_queue_usage" in metrics

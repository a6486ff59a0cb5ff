"""The session's socket: events and advice down, pushes, receipts and heartbeats up; and how connections end."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from api_place import Client, Place, closed, event, receive, until

from polaris import tokens

PJ = "/projects/pj"
FXM = "/projects/pj/sessions/fxm"


async def ask(ws: aiohttp.ClientWebSocketResponse, answer: str, **message: Any) -> dict[str, Any]:
    await ws.send_json(message)
    return await receive(ws, answer)


async def test_the_hello_tells_seat_and_heads(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    async with priya.socket(f"{FXM}/ws") as ws:
        hello = await receive(ws, "hello")
    last = (await manu.get(PJ))["last_seq"]

    assert hello.pop("redaction_key") == (await priya.get("/me"))["redaction_key"]
    assert hello == {
        "type": "hello",
        "project": "pj",
        "session": "fxm",
        "actor": "user:priya",
        "driver": "user:manu",
        "epoch": 1,
        "last_seq": last,
        "first_seq": 1,
        "lease_seconds": 60,
    }


async def test_pushes_on_a_socket_are_answered_each_and_keep_their_order(manu: Client) -> None:
    async with manu.socket(f"{FXM}/ws") as ws:
        await receive(ws, "hello")
        for i in range(100):
            await ws.send_json({"type": "push", "id": i, "events": [event(client_id=f"s{i}")]})
        answers = {}
        while len(answers) < 100:
            answer = await receive(ws, "pushed")
            answers[answer["id"]] = answer["results"][0]["seq"]

    assert [answers[i] for i in range(100)] == sorted(answers.values())


async def test_a_message_that_means_nothing_is_a_problem_and_the_socket_lives(manu: Client) -> None:
    cases = [
        ("not json", "not_json", 400),
        ("[]", "not_valid", 422),
        ('{"type":"nonsense","id":7}', "unknown_message", 422),
        ('{"type":"push","id":7}', "not_valid", 422),
        ('{"type":"push","id":7,"events":[]}', "batch_size", 422),
        ('{"type":"heartbeat","id":7}', "not_valid", 422),
        ('{"type":"heartbeat","id":7,"epoch":"1"}', "not_valid", 422),
        ('{"type":"settle","id":7,"delivery":"x","state":"sent"}', "not_valid", 422),
        (
            '{"type":"settle","id":7,"delivery":"7d7b9b6e-5f0d-4a9e-9b3f-0a3c2f6f0000","state":"seen","epoch":1}',
            "no_such_delivery",
            404,
        ),
    ]
    async with manu.socket(f"{FXM}/ws") as ws:
        for message, code, status in cases:
            await ws.send_str(message)
            problem = await receive(ws, "problem")

            assert (problem["code"], problem["status"]) == (code, status)
            assert problem["id"] == (7 if '"id":7' in message else None)
        lease = await ask(ws, "lease", type="heartbeat", id=8, epoch=1)

    assert lease["held"] is True


async def test_a_project_s_socket_only_listens(manu: Client) -> None:
    async with manu.socket(f"{PJ}/ws") as ws:
        problem = await ask(ws, "problem", type="push", id=1, events=[event()])

    assert (problem["code"], problem["status"]) == ("not_valid", 422)


async def test_a_heartbeat_renews_the_lease_and_says_who_drives(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    before = (await manu.get(FXM))["lease_until"]
    async with manu.socket(f"{FXM}/ws") as mine, priya.socket(f"{FXM}/ws") as hers:
        held = await ask(mine, "lease", type="heartbeat", id=1, epoch=1)
        past = await ask(mine, "lease", type="heartbeat", id=2, epoch=0)
        not_held = await ask(hers, "lease", type="heartbeat", id=3, epoch=1)

    assert (held["held"], held["driver"], held["epoch"], held["lease_until"] > before) == (True, "user:manu", 1, True)
    assert past["held"] is False
    assert (not_held["held"], not_held["driver"]) == (False, "user:manu")


async def test_advice_goes_down_to_the_driver_alone_and_its_receipts_go_up(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    waiting = await priya.post(f"{FXM}/inject", {"body": "first", "client_id": "a1"})
    async with manu.socket(f"{FXM}/ws") as mine, priya.socket(f"{FXM}/ws") as hers:
        at_hello = (await receive(mine, "advice"))["delivery"]
        live = await priya.post(f"{FXM}/inject", {"body": "second"})
        arrived = (await receive(mine, "advice"))["delivery"]
        repeated = await priya.post(f"{FXM}/inject", {"body": "first", "client_id": "a1"})
        for number, state in enumerate(("sent", "seen", "answered")):
            settled = await ask(
                mine,
                "settled",
                type="settle",
                id=number,
                delivery=live["delivery_id"],
                state=state,
                path="hook",
                epoch=1,
            )
            assert (settled["id"], settled["delivery"]["state"]) == (number, state)
        wrong = await ask(mine, "problem", type="settle", id=9, delivery=live["delivery_id"], state="sent", epoch=1)
        states = [(await receive(hers, "event"))["event"] for _ in range(4)]
        foreign = await ask(hers, "problem", type="settle", id=9, delivery=live["delivery_id"], state="seen", epoch=1)
        again = await ask(hers, "lease", type="heartbeat", id=1, epoch=1)
    shown = await priya.get(f"{PJ}/deliveries/{live['delivery_id']}")
    listed = [d["delivery_id"] for d in (await priya.get(f"{FXM}/deliveries"))["items"]]

    assert (at_hello["delivery_id"], at_hello["state"]) == (waiting["delivery_id"], "queued")
    assert (arrived["delivery_id"], arrived["sender"]) == (live["delivery_id"], "user:priya")
    assert arrived["marker"] == f"polaris:advice:{live['delivery_id']}"
    assert arrived["marker"] in arrived["text"] and "second" in arrived["text"]
    assert (repeated["created"], repeated["delivery_id"]) == (False, waiting["delivery_id"])
    assert (wrong["code"], foreign["code"]) == ("delivery_cannot_become", "not_driver")
    assert [e["kind"] for e in states] == ["advice", "delivery", "delivery", "delivery"]
    assert again["held"] is False  # and no advice came to her in between: receive() would have passed it over
    assert (shown["state"], shown["path"], shown["attempts"]) == ("answered", "hook", 1)
    assert set(listed) == {waiting["delivery_id"], live["delivery_id"]}


async def test_advice_that_came_back_is_given_again_and_what_is_on_its_way_is_not(manu: Client, place: Place) -> None:
    async with manu.socket(f"{FXM}/ws") as ws:
        delivery = (await manu.post(f"{FXM}/inject", {"body": "hello"}))["delivery_id"]
        first = await receive(ws, "advice")
        await ask(ws, "settled", type="settle", id=1, delivery=delivery, state="sent", path="hook", epoch=1)
        # Something stirs while it is on its way: it is looked at and not told again.
        other = (await manu.post(f"{FXM}/inject", {"body": "other"}))["delivery_id"]
        between = await receive(ws, "advice")
        await ws.send_json(
            {"type": "settle", "id": 2, "delivery": delivery, "state": "queued", "reason": "lost", "epoch": 1}
        )
        second = await receive(ws, "advice")
        await ask(ws, "settled", type="settle", id=3, delivery=delivery, state="sent", path="hook", epoch=1)
    async with manu.socket(f"{FXM}/ws") as ws:
        at_hello = [(await receive(ws, "advice"))["delivery"] for _ in range(2)]

    assert [f["delivery"]["delivery_id"] for f in (first, between, second)] == [delivery, other, delivery]
    assert [f["delivery"]["attempts"] for f in (first, between, second)] == [0, 0, 1]
    assert [(d["delivery_id"], d["state"]) for d in at_hello] == [(delivery, "sent"), (other, "queued")]


async def suggest(manu: Client) -> None:
    """From now on what other agents say to fxm waits for its driver's yes."""
    status, _ = await manu.call("PUT", f"{FXM}/policies", json={"sender_class": "agent", "policy": "suggest"})
    assert status == 200


@pytest.mark.parametrize("way", ["by the API", "by SQL"])
async def test_held_advice_goes_down_the_moment_that_it_is_released(manu: Client, place: Place, way: str) -> None:
    reviewer = await place.client("agent:reviewer")
    await suggest(manu)
    async with manu.socket(f"{FXM}/ws") as ws:
        await receive(ws, "hello")
        dismissed, held = [await reviewer.post(f"{FXM}/inject", {"body": body}) for body in ("no", "rewrite it all")]
        heard = [(await receive(ws, "event"))["event"]["kind"] for _ in range(2)]
        decisions = [(dismissed, "dismiss", None), (held, "send", "look at the tests first")]
        for delivery, decision, words in decisions:
            name = delivery["delivery_id"]
            if way == "by the API":
                await manu.post(f"{PJ}/deliveries/{name}/decision", {"decision": decision, "body": words})
            else:  # as another process would: without a word to this one but the notification
                values = (place.org_id, name, decision, words)
                await place.sql("select polaris.decide_delivery(%s, 'user:manu', 'pj', %s, %s, %s)", *values)
        # Nothing else stirs now. What came down before would not come again.
        arrived = (await receive(ws, "advice"))["delivery"]
        settled = await ask(ws, "settled", type="settle", id=1, delivery=arrived["delivery_id"], state="sent", epoch=1)

    assert heard == ["advice", "advice"]
    assert [d["state"] for d in (dismissed, held)] == ["held", "held"]
    assert (arrived["delivery_id"], arrived["state"], arrived["edited_by"]) == (
        held["delivery_id"],
        "queued",
        "user:manu",
    )
    assert arrived["body"] == "look at the tests first"
    assert "look at the tests first" in arrived["text"] and "rewrite it all" not in arrived["text"]
    assert settled["delivery"]["state"] == "sent"


async def test_what_the_maker_released_while_an_agent_drives_goes_down_to_the_agent(manu: Client, place: Place) -> None:
    bot, reviewer = [await place.client(f"agent:{name}") for name in ("bot", "reviewer")]
    await suggest(manu)
    await manu.post(f"{FXM}/handoff")
    async with bot.socket(f"{FXM}/ws") as ws, manu.socket(f"{FXM}/ws") as watching:
        await bot.post(f"{FXM}/driver")
        held = await reviewer.post(f"{FXM}/inject", {"body": "use RS256"})
        await manu.post(f"{PJ}/deliveries/{held['delivery_id']}/decision", {"decision": "send"})
        arrived = (await receive(ws, "advice"))["delivery"]
        told = [(await receive(watching, "event"))["event"]["kind"] for _ in range(3)]

    assert arrived["delivery_id"] == held["delivery_id"]
    assert told == ["driver.claimed", "advice", "delivery"]


async def test_who_claims_the_seat_later_gets_what_waits(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await manu.post(f"{FXM}/handoff")
    await manu.post(f"{FXM}/inject", {"body": "hello"})
    async with priya.socket(f"{FXM}/ws") as ws:
        await receive(ws, "hello")
        await priya.post(f"{FXM}/driver")
        advice = await receive(ws, "advice")

    assert advice["delivery"]["body"] == "hello"


async def test_a_revoked_token_ends_its_socket_and_its_stream_and_no_other(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    loop = asyncio.get_running_loop()
    async with (
        priya.socket(f"{PJ}/ws") as ws,
        priya.stream(f"{PJ}/events") as stream,
        manu.socket(f"{PJ}/ws") as other,
    ):
        await receive(ws, "hello")
        await until(lambda: len(place.service.registry.all) == 3)
        # As another process would: without a word to this one but the notification.
        began = loop.time()
        await place.sql(
            "update polaris_data.tokens set revoked_at = clock_timestamp() where token_id = %s", priya.token_id
        )
        code = await closed(ws)
        ended = await stream.next()
        seconds = loop.time() - began
        await receive(other, "hello")
        await manu.push("pj", "fxm", event())
        alive = await receive(other, "event")

    assert code == 4401
    assert ended is None
    assert seconds < 5
    assert alive["event"]["kind"] == "prompt"


async def test_a_revocation_is_heard_before_the_next_look(manu: Client, place: Place) -> None:
    place.service.registry._seconds = 60
    priya = await place.client("user:priya")
    await until(lambda: place.service.listener.is_connected)
    async with priya.socket(f"{PJ}/ws") as ws:
        await receive(ws, "hello")
        await manu.call("DELETE", f"/tokens/{priya.token_id}")
        assert await closed(ws) == 4401
    assert (await priya.call("GET", "/me"))[1]["code"] == "token_revoked"


async def test_an_expired_token_ends_what_hangs_on_it(manu: Client, place: Place) -> None:
    issued = await manu.post("/tokens", {"name": "short", "expires_in": 1})
    short = Client(place.url, "user:manu", issued["token"], issued["token_id"], place.http)
    async with short.socket(f"{PJ}/ws") as ws:
        assert await closed(ws) == 4401
    status, problem = await short.call("GET", "/me")

    assert (status, problem["code"]) == (401, "token_expired")


async def test_a_graceful_stop_closes_sockets_ends_streams_and_finishes_pushes(manu: Client, place: Place) -> None:
    """The push is held up in the database by a lock while the process is told to stop."""
    async with manu.socket(f"{FXM}/ws") as ws, manu.stream(f"{PJ}/events") as stream:
        await receive(ws, "hello")
        blocker = await aiopg(place)
        await blocker.execute(b"begin; lock table polaris_data.events in exclusive mode")
        push = asyncio.create_task(manu.push("pj", "fxm", event(client_id="last")))
        await until(lambda: place.service.writer.waiting_events == 1)
        stopping = asyncio.create_task(place.runner.cleanup())
        codes = await closed(ws)
        ended = await stream.next()
        await blocker.execute(b"commit")
        await blocker.close()
        (result,) = await push
        await stopping
    kept = await place.sql("select count(*) from polaris_data.events where client_id = 'last'")

    assert codes == 1001
    assert ended is None
    assert result["created"] is True
    assert kept == [(1,)]


async def aiopg(place: Place) -> Any:
    import psycopg

    return await psycopg.AsyncConnection.connect(place.owner, autocommit=True)


async def test_a_token_that_asks_too_often_is_told_when_to_come_back(manu: Client, place: Place) -> None:
    place.service.buckets.rate, place.service.buckets.burst = 0.5, 3.0
    place.service.buckets._found.clear()
    answers = []
    for _ in range(5):
        async with manu.http.get(f"{manu.url}/me", headers=manu.headers) as answer:
            answers.append((answer.status, answer.headers.get("Retry-After"), (await answer.json()).get("code")))
    other = await place.client("user:priya")

    assert [status for status, _, _ in answers] == [200, 200, 200, 429, 429]
    assert answers[-1][1:] == ("2", "rate_limited")
    assert (await other.call("GET", "/me"))[0] == 200


async def test_a_forged_control_message_ends_nothing(manu: Client, place: Place) -> None:
    async with manu.socket(f"{PJ}/ws") as ws:
        await receive(ws, "hello")
        hints = place.service.listener.hints
        for payload in (
            f'{{"org":1,"kind":"token","id":{manu.token_id}}}',
            "{",
            "[1]",
            '{"org":"x","kind":1,"id":null}',
        ):
            await place.sql("select pg_notify('polaris_control', %s)", payload)
        await until(lambda: place.service.listener.hints >= hints + 4)
        await place.service.registry.revalidate([place.org_id])
        await manu.push("pj", "fxm", event())
        assert (await receive(ws, "event"))["event"]["kind"] == "prompt"


async def test_an_unknown_token_opens_no_socket(place: Place) -> None:
    stranger = Client(place.url, "user:x", tokens.new("u"), 0, place.http)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with stranger.socket(f"{PJ}/ws"):
            pass

    assert refusal.value.status == 401

"""Pushing captured events: kept or refused one by one, whatever comes."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
from api_place import Client, Place, event

PATH = "/projects/pj/sessions/fxm/events"
JSON = {"Content-Type": "application/json"}


async def raw(client: Client, data: bytes, path: str = PATH) -> tuple[int, Any]:
    return await client.call("POST", path, data=io.BytesIO(data), headers=JSON)


async def newest(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/projects/pj/messages?limit=1"))["items"][0]
    return found


async def test_a_repeat_answers_the_first_number_and_uses_up_none(manu: Client) -> None:
    (first,) = await manu.push("pj", "fxm", event(client_id="same"))
    (again,) = await manu.push("pj", "fxm", event(client_id="same"))
    twice = await manu.push("pj", "fxm", event(client_id="two"), event(client_id="two"))

    assert (first["created"], again["created"]) == (True, False)
    assert again["seq"] == first["seq"]
    assert [r["seq"] for r in twice] == [first["seq"] + 1] * 2
    assert [r["created"] for r in twice] == [True, False]


async def test_one_bad_event_is_refused_by_itself_and_the_rest_are_kept(manu: Client) -> None:
    bad: list[tuple[Any, str]] = [
        ("text", "not_valid"),
        (event(kind="nonsense"), "unknown_kind"),
        (event(kind="driver.claimed"), "unknown_kind"),
        (event(kind=7), "unknown_kind"),
        (event(client_id=""), "client_id_not_valid"),
        (event(client_id="x" * 201), "client_id_not_valid"),
        (event(epoch=7), "not_driver"),
        (event(epoch=-1), "not_valid"),
        (event(epoch=True), "not_valid"),
        (event(epoch="1"), "not_valid"),
        (event(turn=7), "not_valid"),
        (event(body={"a": 1}), "not_valid"),
        (event(actor="user:priya"), "not_valid"),
        (event(occurred_at="yesterday"), "not_valid"),
        (event(occurred_at="2026-11-22T10:00:00"), "not_valid"),
        (event(body="x" * (1 << 20) + "x"), "event_too_large"),
        (event(payload={"a": "x" * (1 << 20)}), "event_too_large"),
    ]
    good = [event(body=f"good {i}") for i in range(len(bad) + 1)]
    mixed = [good[0]]
    for (item, _), after in zip(bad, good[1:], strict=True):
        mixed += [item, after]
    results = await manu.push("pj", "fxm", *mixed)

    assert [r.get("code") for r in results[1::2]] == [code for _, code in bad]
    assert all(r["message"] for r in results[1::2])
    assert [r["created"] for r in results[0::2]] == [True] * len(good)
    numbers = [r["seq"] for r in results[0::2]]
    assert numbers == list(range(numbers[0], numbers[0] + len(good)))


async def test_the_same_id_of_another_participant_is_refused(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await manu.push("pj", "fxm", event(client_id="mine"))
    await manu.post("/projects/pj/sessions/fxm/handoff")
    await priya.post("/projects/pj/sessions/fxm/driver")
    (result,) = await priya.push("pj", "fxm", event(client_id="mine", epoch=2))

    assert result["code"] == "client_id_taken"


async def test_the_actor_is_the_credential_s_and_the_kind_says_who_spoke(manu: Client) -> None:
    await manu.push("pj", "fxm", event(kind="prompt"), event(kind="reply", agent="claude-code", turn="t1"))
    prompt, reply = (await manu.get("/projects/pj/messages?limit=2"))["items"]

    assert [(e["actor"], e["speaker"]) for e in (prompt, reply)] == [("user:manu", "person"), ("user:manu", "agent")]
    assert (reply["agent"], reply["turn"], reply["epoch"]) == ("claude-code", "t1", 1)


async def test_who_does_not_hold_the_seat_pushes_nothing(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    before = (await manu.get("/projects/pj"))["last_seq"]
    (result,) = await priya.push("pj", "fxm", event())

    assert result["code"] == "not_driver"
    assert (await manu.get("/projects/pj"))["last_seq"] == before


async def test_whatever_json_an_agent_writes_is_kept(manu: Client) -> None:
    cases: list[tuple[bytes, Any]] = [
        (rb'{"a":"x\u0000y"}', {"a": "x\ufffdy"}),
        (rb'{"a\u0000b":1}', {"a\ufffdb": 1}),
        (rb'{"a":"\ud800"}', {"a": "\ufffd"}),
        (rb'{"a":"\udc00\ud800 z"}', {"a": "\ufffd\ufffd z"}),
        (rb'{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
        (rb'{"a":"\\u0000 is text"}', {"a": "\\u0000 is text"}),
        (b'{"a":"\xed\xa0\x80"}', {"a": "\ufffd"}),
        (b'{"a":1e999,"b":1}', {"a": "1e999", "b": 1}),
        (rb'{"n":12345678901234567890123,"x":"\ud800"}', {"n": "12345678901234567890123", "x": "\ufffd"}),
        (b"[1,2.5,null,true]", [1, 2.5, None, True]),
        (b"null", None),
    ]
    for number, (payload, kept) in enumerate(cases):
        one = b'{"client_id":"j%d","kind":"tool.result","epoch":1,"body":"n\\u0000b","payload":%s}' % (number, payload)
        status, answer = await raw(manu, b'{"events":[%s]}' % one)
        found = await newest(manu)

        assert (status, answer["results"][0].get("created")) == (200, True), answer
        assert (found["payload"], found["body"]) == (kept, "n\ufffdb")


async def test_deep_nesting_is_kept_as_far_as_it_can_be_read(manu: Client) -> None:
    deep = b"[" * 400 + b"]" * 400
    status, answer = await raw(manu, b'{"events":[{"client_id":"d","kind":"notice","epoch":1,"payload":%s}]}' % deep)
    too_deep = await raw(manu, b"[" * 100_000 + b"]" * 100_000)

    assert (status, answer["results"][0].get("created")) == (200, True)
    assert json.dumps((await newest(manu))["payload"]) == deep.decode()
    assert (too_deep[0], too_deep[1]["code"]) == (400, "not_json")


async def test_a_batch_that_is_none_is_refused_as_a_whole(manu: Client) -> None:
    for data, status, code in [
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b"\xff\xfe", 400, "not_json"),
        (b'{"events":[NaN]}', 400, "not_json"),
        (b"[]", 422, "not_valid"),
        (b"{}", 422, "not_valid"),
        (b'{"events":{}}', 422, "not_valid"),
        (b'{"events":[]}', 422, "batch_size"),
        (b'{"events":[' + b",".join([b"{}"] * 501) + b"]}", 422, "batch_size"),
        (b'{"events":[],"more":1}', 422, "not_valid"),
    ]:
        found = await raw(manu, data)

        assert (found[0], found[1]["code"]) == (status, code), data[:40]


async def test_a_batch_beyond_16_mib_is_refused_and_one_below_is_kept(manu: Client) -> None:
    def batch(count: int) -> bytes:
        return orjson.dumps({"events": [event(body="x" * (1 << 20)) for _ in range(count)]})

    large = await raw(manu, batch(15))
    too_large = await raw(manu, batch(17))

    assert (large[0], [r.get("created") for r in large[1]["results"]]) == (200, [True] * 15)
    assert (too_large[0], too_large[1]["code"]) == (413, "too_large")


async def test_another_content_type_is_415(manu: Client) -> None:
    status, problem = await manu.call("POST", PATH, data=b"{}")

    assert (status, problem["code"]) == (415, "not_json")


async def test_a_place_that_is_not_there_is_404(manu: Client) -> None:
    for path, code in [
        ("/projects/none/sessions/fxm/events", "no_such_project"),
        ("/projects/pj/sessions/none/events", "no_such_session"),
        ("/projects/A%20B/sessions/fxm/events", "not_found"),
    ]:
        status, problem = await manu.call("POST", path, json={"events": [event()]})

        assert (status, problem["code"]) == (404, code), path


async def test_times_keep_their_moment(manu: Client) -> None:
    await manu.push("pj", "fxm", event(occurred_at="2026-11-22T12:00:00+02:00"))
    found = await newest(manu)

    assert found["occurred_at"] == "2026-11-22T10:00:00Z"
    assert found["recorded_at"].endswith("Z")


async def test_secrets_are_taken_out_again_in_the_service(manu: Client, place: Place) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    await manu.push("pj", "fxm", event(body=f"token {secret}", payload={"env": f"GITHUB={secret}", "n": 1}))
    await manu.post("/projects/pj/messages", {"body": f"look: {secret}"})
    await manu.post("/projects/pj/sessions/fxm/inject", {"body": f"use {secret}"})
    rows = await place.sql("select coalesce(body, '') || coalesce(payload::text, '') from polaris_data.events")
    deliveries = await place.sql("select body from polaris_data.deliveries")
    stored = "\n".join(text for (text,) in [*rows, *deliveries])

    assert secret not in stored
    assert stored.count("[REDACTED:") >= 5

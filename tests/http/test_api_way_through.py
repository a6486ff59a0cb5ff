"""The thin way: create, join, push, read, follow."""

from __future__ import annotations

from api_place import Client, Place, event, receive


async def test_an_event_goes_from_a_push_to_every_kind_of_reader(manu: Client, place: Place) -> None:
    async with manu.socket("/projects/pj/ws") as ws, manu.stream("/projects/pj/events?after=0") as stream:
        hello = await receive(ws, "hello")
        (result,) = await manu.push("pj", "fxm", event(client_id="p1", payload={"a": [1, "ü"]}))
        seen = (await receive(ws, "event"))["event"]
        numbers = await stream.take(result["seq"])

    page = await manu.get("/projects/pj/messages")
    mine = page["items"][-1]

    assert (hello["project"], hello["session"], hello["actor"]) == ("pj", None, "user:manu")
    assert result == {"client_id": "p1", "seq": hello["last_seq"] + 1, "created": True, "late": False}
    assert mine == seen
    assert numbers == list(range(1, result["seq"] + 1))
    assert (page["first_seq"], page["last_seq"]) == (1, result["seq"])
    assert (mine["actor"], mine["speaker"], mine["session"], mine["payload"]) == (
        "user:manu",
        "person",
        "fxm",
        {"a": [1, "ü"]},
    )

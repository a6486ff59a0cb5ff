"""The tools, against a real daemon and the real service."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

import pytest
from daemon_tools import DaemonProcess, prompt, stop
from raw import Raw
from real_service import RealService

Start = Callable[..., Awaitable[Raw]]
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


async def test_any_client_connects_speaks_reads_and_leaves(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    server = await raw("some-editor")

    before = await server.done("polaris_status")
    unbound = await server.refused("polaris_reply", text="hello")
    connected = await server.done("polaris_connect", project="pj", session="fxm")
    said = await server.done("polaris_reply", text=f"done with {SECRET}")
    shown = await server.call("polaris_context")
    during = await server.done("polaris_status")
    left = await server.done("polaris_disconnect")
    again = await server.done("polaris_disconnect")

    assert (before["connected"], before["state"]) == (False, "polaris: not connected")
    assert re.fullmatch(rf"mcp-{server.pid}-\d+", before["agent_session"])
    assert "not connected" in unbound
    assert (connected["participant"], connected["role"]) == ("user:manu", "driver")
    assert connected["state"] == "polaris: pj/fxm (user:manu) ● connected"
    assert during["connected"] is True
    assert (left["disconnected"], again["disconnected"]) == (True, False)
    (row,) = service.rows("select seq, actor, body, agent from polaris_data.events where kind = 'floor'")
    assert (said["project"], said["seq"], row["actor"], row["agent"]) == ("pj", row["seq"], "user:manu", "mcp")
    assert SECRET not in row["body"]
    text = shown["content"][0]["text"]
    assert f'#{row["seq"]} [agent of user:manu → #pj] "done with [REDACTED:' in text
    assert shown["structuredContent"]["last_seq"] == row["seq"]


async def test_an_agent_with_a_token_of_its_own_drives_as_itself(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    token = service.tokens["agent:test-writer"]
    server = await raw(POLARIS_TOKEN=token)

    connected = await server.done("polaris_connect", project="pj", session="tests")
    await server.done("polaris_reply", text="the tests are written")

    assert connected["participant"] == "agent:test-writer"
    (row,) = service.rows("select actor from polaris_data.events where kind = 'floor'")
    assert row["actor"] == "agent:test-writer"
    await server.kill()
    assert token not in manu.said()
    assert token.encode() not in server.errors


async def test_an_advisor_without_a_session_watches_the_project(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    advisor = await raw(POLARIS_TOKEN=service.tokens["agent:test-writer"])
    connected = await advisor.done("polaris_connect", project="pj", role="advisor")
    seen = await advisor.done("polaris_context")
    waiting = asyncio.create_task(advisor.done("polaris_context", after=seen["last_seq"], wait=20))
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await manu.hook(prompt("a1", "use RS256 please"))
    news = await waiting
    took = time.monotonic() - began
    advice = await advisor.done("polaris_inject", session="fxm", text=f"mind {SECRET}")

    assert (connected["session"], connected["role"]) == (None, "advisor")
    assert connected["state"] == "polaris: pj (agent:test-writer) ● advising"
    assert [event["line"] for event in news["events"]] == ['[user:manu/fxm → agent] "use RS256 please"']
    assert took < 5
    (row,) = service.rows("select body, sender from polaris_data.deliveries")
    assert (row["sender"], advice["project"], advice["session"]) == ("agent:test-writer", "pj", "fxm")
    assert SECRET not in row["body"]
    assert advice["state"] == "queued"


async def test_waiting_ends_with_nothing_new_and_holds_nothing_up(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    server = await raw()
    await server.done("polaris_connect", project="pj", session="fxm")
    waiting = asyncio.create_task(server.call("polaris_context", wait=2))
    began = time.monotonic()
    await asyncio.gather(*(server.done("polaris_status") for _ in range(10)))
    meanwhile = time.monotonic() - began
    result = await waiting

    assert meanwhile < 2
    assert 1.9 < time.monotonic() - began < 10
    assert result["structuredContent"]["events"] == []
    assert result["content"][0]["text"] == "Nothing new in pj."


async def test_a_session_that_is_not_connected_may_name_a_project(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    await manu.hook(prompt("a1", "what is in the cache"))
    await manu.drained()
    server = await raw(POLARIS_TOKEN=service.tokens["agent:test-writer"])

    shown = await server.done("polaris_context", project="pj", session="fxm", query="CACHE what")
    advised = await server.done("polaris_inject", project="pj", session="fxm", text="clear it")
    nowhere = await server.refused("polaris_context")
    unknown = await server.refused("polaris_context", project="nope")

    assert [event["line"] for event in shown["events"]] == ['[user:manu/fxm → agent] "what is in the cache"']
    assert advised["state"] in ("queued", "sent")
    assert "not connected" in nowhere
    assert "nope" in unknown


async def test_what_somebody_did_is_told_in_short_with_the_numbers_of_events(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1", session="fxk")
    await manu.hook(prompt("a1", "Speed up the export"))
    await manu.drained()
    server = await raw(POLARIS_TOKEN=service.tokens["agent:test-writer"])

    result = await server.call("polaris_context", project="pj", session="fxk", by="manu")
    shown, text = result["structuredContent"], result["content"][0]["text"]
    since = await server.done("polaris_context", project="pj", since=str(shown["last_seq"]))
    whole = await server.done("polaris_context", project="pj", summary=True)

    assert text == shown["summary"]
    assert text.startswith("user:manu in pj/fxk\n")
    assert re.search(r"^#\d+ user:manu asked: Speed up the export$", text, re.MULTILINE)
    assert shown["events"] == []
    assert "Speed up" not in since["summary"]
    assert "Speed up" in whole["summary"]


async def test_an_agent_decides_asks_and_answers(raw: Start, manu: DaemonProcess, service: RealService) -> None:
    server = await raw("some-editor")
    await server.done("polaris_connect", project="pj", session="fxm")

    decided = await server.done("polaris_reply", text=f"we use {SECRET}", annotation="decision")
    asked = await server.done("polaris_reply", text="which key?", annotation="question", about=decided["seq"])
    answered = await server.done("polaris_reply", text="RS256", answers=asked["seq"])
    wrong = await server.refused("polaris_reply", text="RS256", answers=decided["seq"] - 1)
    told = await server.done("polaris_context", summary=True)

    rows = service.rows(
        "select seq, body, agent, actor from polaris_data.events where kind = 'annotation' order by seq"
    )
    assert [row["seq"] for row in rows] == [decided["seq"], asked["seq"], answered["seq"]]
    assert {(row["actor"], row["agent"]) for row in rows} == {("user:manu", "mcp")}
    assert SECRET not in str(rows)
    assert "no decision, question or star" in wrong
    assert f"#{answered['seq']} user:manu answered #{asked['seq']} (which key?): RS256" in told["summary"]


async def test_a_page_goes_on_where_the_last_one_ended_and_is_never_long(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    await manu.connect("a1")
    for number in range(40):
        await manu.hook(prompt("a1", f"number {number} " + "x" * 3000))
    await manu.drained()
    server = await raw()

    seen, after, pages = [], 0, 0
    while True:
        result = await server.call("polaris_context", project="pj", after=after, limit=200)
        page, text = result["structuredContent"], result["content"][0]["text"]
        assert len(text) < 14_000
        seen += [event["seq"] for event in page["events"]]
        after, pages = page["last_seq"], pages + 1
        if not page["more"]:
            break
        assert f"after={after}" in text
    newest = await server.done("polaris_context", project="pj", limit=3)

    assert seen == list(range(1, after + 1))
    assert pages > 1
    assert [event["seq"] for event in newest["events"]] == [after - 2, after - 1, after]
    assert newest["more"] is True


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("polaris_connect", {"session": "fxm"}, "project: Field required"),
        ("polaris_connect", {"project": "pj"}, "A driver names a project and a session."),
        ("polaris_connect", {"project": "pj", "session": "fxm", "role": "king"}, "role: Input should be"),
        ("polaris_connect", {"project": "Not A Name", "session": "fxm"}, "project: String should match pattern"),
        ("polaris_reply", {"text": "hello", "loud": True}, "loud: Extra inputs are not permitted"),
        ("polaris_reply", {"text": ""}, "text: String should have at least 1 character"),
        ("polaris_reply", {"text": "x" * 20_000}, "text: String should have at most 16000 characters"),
        ("polaris_context", {"limit": 0}, "limit: Input should be greater than or equal to 1"),
        ("polaris_context", {"wait": 56}, "wait: Input should be less than or equal to 55"),
        ("polaris_inject", {"session": "fxm", "text": "hello", "project": "pj"}, "There is no project pj"),
        ("polaris_handoff", {}, "not connected"),
    ],
)
async def test_a_mistake_is_told_in_words(
    raw: Start, manu: DaemonProcess, service: RealService, tool: str, arguments: dict[str, object], told: str
) -> None:
    server = await raw()

    assert told in await server.refused(tool, **arguments)


async def test_who_drives_is_told_to_the_one_who_would_like_to(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    first, second = await raw(), await raw(POLARIS_TOKEN=service.tokens["agent:test-writer"])
    await first.done("polaris_connect", project="pj", session="fxm")

    told = await second.refused("polaris_connect", project="pj", session="fxm")
    own = await first.refused("polaris_inject", session="fxm", text="to myself")

    assert "user:manu drives" in told
    assert "polaris_reply" in own


async def test_a_handoff_gives_the_seat_to_a_colleague_and_the_brief_to_its_agent(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    first, second = await raw(), await raw(POLARIS_TOKEN=service.tokens["agent:test-writer"])
    await first.done("polaris_connect", project="pj", session="fxm")
    await manu.connect("a1", session="fxk")
    await manu.hook(prompt("a1", "build the cache", turn="t1"))
    await manu.hook(stop("a1", "The cache is built.", "t1"))
    await manu.drained()

    handed = await first.done("polaris_handoff", to="agent:test-writer")
    gone = await first.done("polaris_status")
    taken = await second.call("polaris_connect", project="pj", session="fxm")

    assert (handed["project"], handed["session"], handed["to"]) == ("pj", "fxm", "agent:test-writer")
    assert gone["connected"] is False
    assert taken["structuredContent"]["participant"] == "agent:test-writer"
    brief = taken["structuredContent"]["brief"]
    assert brief
    assert brief in taken["content"][0]["text"]


async def test_waiting_advice_comes_with_the_next_answer_and_once(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    server = await raw()
    await server.done("polaris_connect", project="pj", session="fxm")
    async with service.client("user:krishna") as krishna:
        delivery = await krishna.inject("pj", "fxm", "Use RS256")
    await manu.until("/status", lambda status: status["advice"])

    result = await server.call("polaris_status")
    after = await server.call("polaris_status")
    await server.done("polaris_reply", text=f"RS256 it is (polaris:advice:{delivery['delivery_id']})")
    state = ""
    async with service.client("user:krishna") as krishna, asyncio.timeout(20):
        while state != "seen":
            state = (await krishna.delivery("pj", delivery["delivery_id"]))["state"]
            await asyncio.sleep(0.05)

    (text,) = result["structuredContent"]["advice"]
    assert [block["text"] for block in result["content"]][1:] == [text]
    assert text.startswith("Advice from user:krishna (human, same organization) for session pj/fxm")
    assert f"polaris:advice:{delivery['delivery_id']}" in text
    assert (after["structuredContent"]["advice"], len(after["content"])) == ([], 1)


async def test_a_daemon_that_is_started_again_is_found_again(
    raw: Start, manu: DaemonProcess, service: RealService
) -> None:
    server = await raw()
    await server.done("polaris_connect", project="pj", session="fxm")
    await manu.kill()
    told = await server.refused("polaris_status")
    manu.port = 0
    waiting = asyncio.create_task(manu.start())
    await waiting
    status = await server.done("polaris_status")
    said = await server.done("polaris_reply", text="still here")

    assert "polaris start" in told
    assert (status["project"], status["session"]) == ("pj", "fxm")
    assert said["seq"] > 0


async def test_a_thousand_quick_calls_are_all_answered(raw: Start, manu: DaemonProcess, service: RealService) -> None:
    server = await raw()

    answers = await asyncio.gather(
        *(server.ask("tools/call", {"name": "polaris_status", "arguments": {}}) for _ in range(1000))
    )

    assert {bool(answer["result"].get("isError")) for answer in answers} == {False}
    assert server.strange == []

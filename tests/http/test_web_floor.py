"""The floor of a project: newest and older events, what is chosen, what is new; live without a hole or a double."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from api_place import QUICK, Client, Place, Stream, event, running, settle, until
from web_place import Browser

from polaris.db import calls
from polaris.http.web import timeline

PJ = "/o/acme/p/pj"


@pytest.fixture
async def browser(place: Place, manu: Client) -> Browser:
    return await Browser(place).sign_in("manu")


def seqs(html: str) -> list[int]:
    """The numbers of the entries, in the order of the page."""
    return [int(seq) for seq in re.findall(r'<article [^>]*data-seq="(\d+)"', html)]


@asynccontextmanager
async def follow(browser: Browser, path: str, **headers: str) -> AsyncIterator[Stream]:
    cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.get(browser.origin + path, headers={"Cookie": cookies} | headers, allow_redirects=False) as answer,
    ):
        assert answer.status == 200, (answer.status, await answer.text())
        yield Stream(answer)


async def message(stream: Stream) -> tuple[int, str, str]:
    """The next message: number, event name and text, its lines put together as a browser does."""
    found: dict[str, Any] = {"data": []}
    while line := (await asyncio.wait_for(stream.answer.content.readline(), 15)).decode():
        name, _, value = line.rstrip("\r\n").partition(": ")
        if name == "data":
            found["data"].append(value)
        elif name in ("id", "event"):
            found[name] = value
        elif not line.strip() and "id" in found:
            return int(found["id"]), found.get("event", "message"), "\n".join(found["data"])
    raise AssertionError("the stream ended")


# The page


async def test_it_shows_the_newest_hundred_and_leads_to_older_and_back(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", *[event() for _ in range(250)])
    newest = await browser.get(PJ)
    (older,) = re.findall(r'rel="prev" href="([^"]+)"', newest.text)
    page = await browser.get(older)
    (newer,) = re.findall(r'rel="next" href="([^"]+)"', page.text)

    assert seqs(newest.text) == list(range(153, 253))
    assert 'data-live="/o/acme/p/pj/live" data-after="252"' in newest.text
    assert seqs(page.text) == list(range(53, 153))
    assert "data-live" not in page.text
    assert seqs((await browser.get(newer)).text) == list(range(153, 253))


async def test_the_first_page_of_all_leads_nowhere_older(manu: Client, browser: Browser) -> None:
    page = await browser.get(f"{PJ}?before=3")

    assert seqs(page.text) == [1, 2]
    assert 'rel="prev"' not in page.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("session=fxk", {"fxk said"}),
        ("kind=floor", {"to all"}),
        ("kind=tools", {"Bash: ls"}),
        ("actor=user:priya", {"to all", "fxk said"}),
        ("actor=priya&kind=said", {"to all", "fxk said"}),
        ("session=fxm&kind=turns", {"fxm said"}),
        ("kind=annotation", set()),
    ],
)
async def test_the_page_shows_what_is_chosen(
    manu: Client, browser: Browser, place: Place, question: str, wanted: set[str]
) -> None:
    priya = await place.client("user:priya")
    await priya.post("/projects/pj/sessions/fxk/join")
    await priya.push("pj", "fxk", event(body="fxk said"))
    await manu.push("pj", "fxm", event(body="fxm said"), event(kind="tool.call", body="Bash: ls"))
    await priya.post("/projects/pj/messages", {"body": "to all"})
    page = (await browser.get(f"{PJ}?{question}")).text
    entries = page[page.index('id="timeline"') :]
    found = {text for text in ("fxk said", "fxm said", "to all") if text in entries}
    found |= {"Bash: ls"} if "<b>Bash</b>" in entries else set()

    assert found == wanted
    # The stream of this page makes the same choice.
    (live,) = re.findall(r'data-live="([^"]+)"', page)
    asked = dict(pair.split("=") for pair in question.replace("=priya", "=user:priya").split("&"))
    assert dict(parse_qsl(urlsplit(unescape(live)).query)) == asked


@pytest.mark.parametrize("question", ["before=x", "after=-1", "before=99999999999999999999"])
async def test_a_number_that_is_none_is_refused(browser: Browser, question: str) -> None:
    await browser.get(f"{PJ}?{question}", status=422)


async def test_a_session_that_is_not_there_is_a_page_that_is_not_there(browser: Browser) -> None:
    assert "no-such" in (await browser.get(f"{PJ}?session=no-such", status=404)).text


async def test_the_line_of_the_unread_stands_where_reading_stopped(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", *[event() for _ in range(3)])
    assert 'id="unread"' not in (await browser.get(PJ)).text  # one who never read has no place to go on from
    await browser.post(f"{PJ}/read", status=204, headers={"HX-Request": "true"}, seq="3")
    page = (await browser.get(PJ)).text

    assert seqs(page[page.index('id="unread"') :]) == [4, 5]

    await browser.post(f"{PJ}/read", status=204, headers={"HX-Request": "true"}, seq="5")

    assert 'id="unread"' not in (await browser.get(PJ)).text


@pytest.mark.parametrize("seq", ["", "x", "-1", "99999999999999999999"])
async def test_only_a_number_is_a_place_to_have_read_to(browser: Browser, seq: str) -> None:
    await browser.post(f"{PJ}/read", status=422, seq=seq)


async def test_what_is_said_is_redacted_and_keeps_its_lines(manu: Client, browser: Browser) -> None:
    secret = "ghp_" + "a1B2" * 9
    page = await browser.post(f"{PJ}/say", body=f"one\r\ntwo {secret}")
    (said,) = (await manu.get("/projects/pj/messages?kind=floor"))["items"]

    assert page.path == PJ
    assert said["speaker"] == "person"
    assert said["body"].startswith("one\ntwo [REDACTED:")
    assert secret not in (await browser.get(PJ)).text


async def test_an_advice_shows_how_far_it_came(manu: Client, browser: Browser) -> None:
    injected = await manu.post("/projects/pj/sessions/fxm/inject", {"body": "hurry"})
    state = f'data-state-of="{injected["advice_seq"]}">'

    assert f"{state}queued" in (await browser.get(PJ)).text
    settle_it = {"state": "failed", "reason": "unproven", "epoch": 1}
    await manu.post(f"/projects/pj/deliveries/{injected['delivery_id']}", {"state": "sent", "epoch": 1})
    await manu.post(f"/projects/pj/deliveries/{injected['delivery_id']}", settle_it)
    assert f"{state}failed: unproven" in (await browser.get(PJ)).text


async def test_a_list_reads_neither_long_bodies_nor_large_payloads(manu: Client, browser: Browser) -> None:
    large = {"tool_name": "Write", "tool_input": {"file_path": "a", "content": "x" * 400_000}}
    await manu.push("pj", "fxm", event(body="y" * 300_000), event(kind="tool.call", body="Write: a", payload=large))
    page = (await browser.get(PJ)).text

    assert len(page) < 60_000
    assert 'href="/o/acme/p/pj/e/3">292,000 more characters</a>' in page
    assert "<b>Write</b>" in page


# One event


async def test_an_event_has_a_page_of_its_own_with_everything(manu: Client, browser: Browser) -> None:
    payload = {"tool_name": "Bash", "tool_input": {"command": "echo '</pre><script>'"}, "more": ["ü"]}
    (pushed,) = await manu.push("pj", "fxm", event(kind="tool.call", body="x" * 9000, payload=payload, turn="t1"))
    page = (await browser.get(f"{PJ}/e/{pushed['seq']}")).text
    shown = re.search(r'id="payload">(.*?)</pre>', page, re.S)

    assert shown is not None
    assert json.loads(unescape(shown[1])) == payload
    assert "<b>agent</b> of user:manu/" in page
    assert f'href="/o/acme/p/pj?before={pushed["seq"] + 20}#e{pushed["seq"]}"' in page
    assert "x" * 9000 in page


async def test_the_page_of_an_advice_tells_where_it_is_now(manu: Client, browser: Browser) -> None:
    injected = await manu.post("/projects/pj/sessions/fxm/inject", {"body": "hurry"})
    await manu.post(f"/projects/pj/deliveries/{injected['delivery_id']}", {"state": "sent", "epoch": 1})

    assert "sent, not seen yet" in (await browser.get(f"{PJ}/e/{injected['advice_seq']}")).text


@pytest.mark.parametrize("seq", ["0", "3", "x", "-1", "9" * 30, "²"])
async def test_an_event_that_is_not_there_is_not_found(browser: Browser, seq: str) -> None:
    await browser.get(f"{PJ}/e/{seq}", status=404)


# Live


async def test_the_live_fragment_is_what_the_page_shows(manu: Client, browser: Browser) -> None:
    async with follow(browser, f"{PJ}/live?after=2") as stream:
        await manu.push("pj", "fxm", event(body="a\nb\n\n<c>"), event(kind="tool.call", body="Bash: x\r\ny"))
        first, second = await message(stream), await message(stream)
    page = (await browser.get(PJ)).text

    assert [first[0], second[0]] == [3, 4]
    assert first[2] in page
    assert second[2] in page


async def test_a_stream_goes_on_after_the_last_number_that_was_seen(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", *[event() for _ in range(5)])
    async with (
        follow(browser, f"{PJ}/live?after=4") as by_question,
        follow(browser, f"{PJ}/live?after=4", **{"Last-Event-ID": "6"}) as by_header,
    ):
        assert [(await message(by_question))[0] for _ in range(3)] == [5, 6, 7]
        assert (await message(by_header))[0] == 7


async def test_a_filter_holds_for_the_stream_and_still_moves_it_on(manu: Client, browser: Browser) -> None:
    async with follow(browser, f"{PJ}/live?after=2&kind=said&actor=manu") as stream:
        await manu.push("pj", "fxm", event(kind="tool.call"))
        skipped = await message(stream)
        await manu.push("pj", "fxm", event(body="seen"))
        shown = await message(stream)

    assert skipped[:2] == (3, "at")
    assert (shown[0], shown[1]) == (4, "message")
    assert "seen" in shown[2]


async def test_a_stream_of_one_session_is_without_its_siblings(manu: Client, browser: Browser) -> None:
    await manu.post("/projects/pj/sessions/fxk/join")
    async with follow(browser, f"{PJ}/live?session=fxm&after=4") as stream:
        await manu.push("pj", "fxk", event())
        (mine,) = await manu.push("pj", "fxm", event())

        assert (await message(stream))[0] == mine["seq"]


async def test_each_event_is_rendered_once_for_all_its_readers(
    manu: Client, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    entry = timeline.entry

    def counting(row: Any, **how: Any) -> timeline.Entry:
        made.append(row.seq)
        return entry(row, **how)

    monkeypatch.setattr(timeline, "entry", counting)
    async with (
        follow(browser, f"{PJ}/live?after=2") as one,
        follow(browser, f"{PJ}/live?after=2&kind=said") as two,
        follow(browser, "/o/acme/p/pj/s/fxm/live?after=2") as three,
    ):
        await until(lambda: sum(len(t.readers) for t in browser.place.service.hub.topics.values()) == 3)
        await manu.push("pj", "fxm", event(body="once"))
        found = [await message(stream) for stream in (one, two, three)]

    assert found[0] == found[1] == found[2]
    assert made == [3]


async def test_readers_that_reconnect_miss_nothing_and_get_nothing_twice(manu: Client, browser: Browser) -> None:
    found: list[int] = [2]

    async def read() -> None:
        while found[-1] < 122:
            async with follow(browser, f"{PJ}/live?after={found[-1]}") as stream:
                for _ in range(17):
                    found.append((await message(stream))[0])
                    if found[-1] == 122:
                        return

    reader = asyncio.create_task(read())
    for _ in range(40):
        await manu.push("pj", "fxm", *[event() for _ in range(3)])
    await asyncio.wait_for(reader, 20)

    assert found == list(range(2, 123))


async def test_signing_out_ends_the_stream(manu: Client, browser: Browser) -> None:
    async with follow(browser, f"{PJ}/live") as stream:
        await browser.post("/sign-out")
        rest = await asyncio.wait_for(stream.answer.content.read(), 5)

    assert b"id:" not in rest
    assert (await browser.request("GET", f"{PJ}/live")).status == 303


async def test_losing_the_project_ends_the_stream(manu: Client, browser: Browser, place: Place) -> None:
    await place.client("user:priya")
    priya = await Browser(place).sign_in("priya")
    async with follow(priya, f"{PJ}/live") as stream:
        async with place.service.database.connection() as conn:
            await calls.set_visibility(conn, place.org_id, "user:manu", "pj", "private")
        await asyncio.wait_for(stream.answer.content.read(), 5)

    await priya.get(f"{PJ}/live", status=404)


async def test_a_page_that_is_too_slow_is_told_where_to_resume(database: Any, tmp_path: Any) -> None:
    limits = QUICK.__class__(**{**QUICK.__dict__, "queue_events": 20, "slow_seconds": 10})
    async with running(database, tmp_path, limits) as place:
        await settle(place)
        manu = place.admin
        await manu.post("/projects/pj/sessions/fxm/join")
        browser = await Browser(place).sign_in("manu")
        async with follow(browser, f"{PJ}/live?after=0") as stream:
            await until(lambda: any(t.readers for t in place.service.hub.topics.values()))
            (reader,) = next(iter(place.service.hub.topics.values())).readers
            while not reader.is_slow:
                await manu.push("pj", "fxm", *[event(body="x " * 40_000) for _ in range(20)])
            text = (await stream.answer.content.read()).decode()
    found = [int(seq) for seq in re.findall(r"^id: (\d+)\r?$", text, re.M)]
    resume = json.loads(re.findall(r"^event: resume\r?\ndata: (.*?)\r?$", text, re.M)[0])

    assert resume["after"] == found[-1]
    assert found == list(range(1, found[-1] + 1))

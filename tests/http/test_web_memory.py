"""Looking back on the web: what happened in short, and decisions, questions and stars."""

from __future__ import annotations

import re

import pytest
from api_place import Client, Place, event
from web_place import Browser

from polaris.http.web import memory

PJ = "/o/acme/p/pj"


@pytest.fixture
async def browser(place: Place, manu: Client) -> Browser:
    return await Browser(place).sign_in("manu")


def test_a_line_with_numbers_is_a_statement_and_any_other_a_title() -> None:
    found = memory.parts("Session pj/fxm\n#3–#9 drove fxm\nGoal\n#4 asked: see #5")

    assert [part.title for part in found] == ["Session pj/fxm", "Goal"]
    assert [(line.text, line.seqs) for part in found for line in part.lines] == [
        ("drove fxm", [3, 9]),
        ("asked: see #5", [4]),
    ]


async def test_every_number_of_a_brief_is_a_link_to_its_event(browser: Browser, manu: Client) -> None:
    (first,) = await manu.push("pj", "fxm", event(body="Build <b>the login</b>"))
    html = (await browser.get(f"{PJ}/brief?session=fxm")).text

    assert f'<a class="seq" href="{PJ}/e/{first["seq"]}"' in html
    assert "Build &lt;b&gt;the login" in html
    assert "Build <b>" not in html


async def test_who_and_since_when_are_chosen_by_the_address(browser: Browser, manu: Client) -> None:
    (first,) = await manu.push("pj", "fxm", event(body="Build the login"))
    everything = (await browser.get(f"{PJ}/brief?by=manu")).text
    nothing = (await browser.get(f"{PJ}/brief?since={first['seq']}")).text
    await browser.get(f"{PJ}/brief?since=monday", 422)

    assert "user:manu in pj" in everything
    assert "Build the login" not in nothing


async def test_a_decision_and_a_question_are_made_on_the_page_and_the_question_is_answered_there(
    browser: Browser, manu: Client
) -> None:
    await browser.post(f"{PJ}/annotations", what="question", body="Which key?", session="fxm")
    await browser.post(f"{PJ}/annotations", what="decision", body="We use RS256", session="")
    before = (await browser.get(f"{PJ}/decisions")).text
    seq = re.search(r"annotations/(\d+)/close\"[^>]*>(?:(?!</form>).)*Answer", before, re.DOTALL)[1]
    await browser.post(f"{PJ}/annotations/{seq}/close", body="the new one")
    after = (await browser.get(f"{PJ}/decisions")).text

    assert "Open questions" in before
    assert "Open questions" not in after
    assert "We use RS256" in after
    assert "the new one" in after


async def test_an_event_is_starred_on_its_page_and_the_star_taken_back(browser: Browser, manu: Client) -> None:
    (first,) = await manu.push("pj", "fxm", event(body="Build the login"))
    await browser.post(f"{PJ}/annotations", what="star", about=str(first["seq"]))
    starred = (await browser.get(f"{PJ}/e/{first['seq']}")).text
    (star,) = (await manu.get("/projects/pj/annotations?kind=star"))["items"]
    await browser.post(f"{PJ}/annotations/{star['seq']}/close")
    plain = (await browser.get(f"{PJ}/e/{first['seq']}")).text

    assert f"Take back star {star['seq']}" in starred
    assert f"Star event {first['seq']}" not in starred
    assert f"Star event {first['seq']}" in plain


@pytest.mark.parametrize("box", ["/say", "/s/fxm/advise"])
async def test_the_box_of_floor_and_session_decides_and_asks_too(browser: Browser, manu: Client, box: str) -> None:
    await browser.post(f"{PJ}{box}", body="We use RS256", what="decision")
    await browser.post(f"{PJ}{box}", body="only said", what="")
    (made,) = (await manu.get("/projects/pj/annotations"))["items"]
    html = (await browser.get(PJ)).text

    assert (made["what"], made["body"]) == ("decision", "We use RS256")
    assert made["session"] == (None if box == "/say" else "fxm")
    assert " decides" in html
    assert "only said" in html

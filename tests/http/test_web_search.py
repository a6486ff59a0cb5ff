"""The search page: a form, what was found with its words marked and everything escaped, older pages by a link."""

from __future__ import annotations

import re
from html import unescape

import pytest
from api_place import Client, Place, event
from test_indexer import until_found
from web_place import Browser

SEARCH = "/o/acme/search"


@pytest.fixture
async def browser(place: Place) -> Browser:
    return await Browser(place).sign_in("manu")


def snippets(text: str) -> list[str]:
    return re.findall(r'<p class="snippet" dir="auto">(.*?)</p>', text)


async def test_without_a_question_it_is_a_form(browser: Browser) -> None:
    page = await browser.get(SEARCH)

    assert 'type="search"' in page.text
    assert "Nothing was found" not in page.text
    assert f'href="{SEARCH}"' in (await browser.get("/o/acme")).text


async def test_what_was_found_is_marked_escaped_and_linked(manu: Client, browser: Browser) -> None:
    await manu.push(
        "pj", "fxm", event(body='<script>alert("needle")</script>\u202e & <mark>forged</mark>', kind="reply")
    )
    (found,) = await until_found(manu, "needle")
    page = await browser.get(f"{SEARCH}?q=needle")

    assert snippets(page.text) == [
        "&lt;script&gt;alert(&#34;<mark>needle</mark>&#34;)&lt;/script&gt; &amp; &lt;mark&gt;forged&lt;/mark&gt;"
    ]
    assert f'href="/o/acme/p/pj/e/{found["seq"]}"' in page.text
    assert "agent of user:manu" in page.text
    await browser.get(f"/o/acme/p/pj/e/{found['seq']}")


async def test_older_ones_are_a_link_away_with_everything_that_was_asked(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", *(event(body=f"needle {n}") for n in range(35)))
    await until_found(manu, "needle", 35)
    first = await browser.get(f"{SEARCH}?q=needle&project=pj&kind=prompt&actor=manu")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = await browser.get(unescape(older))

    assert "project=pj" in older
    assert [re.sub("<[^>]+>", "", text) for text in snippets(first.text) + snippets(second.text)] == [
        f"needle {n}" for n in range(34, -1, -1)
    ]
    assert 'rel="next"' not in second.text


async def test_filters_narrow_and_what_is_no_day_does_not(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", event(body="needle"))
    await until_found(manu, "needle")

    for question, count in (
        ("q=needle&session=fxm&project=pj", 1),
        ("q=needle&actor=priya", 0),
        ("q=needle&kind=tools", 0),
        ("q=needle&file=a.py", 0),
        ("q=needle&since=2999-01-01", 0),
        ("q=needle&until=2000-01-01", 0),
        ("q=needle&since=nonsense&until=2999-01-01", 1),
        ("project=pj&kind=prompt", 1),
        ("q=%3F%3F", 0),
    ):
        page = await browser.get(f"{SEARCH}?{question}")
        assert len(snippets(page.text)) == count, question
        assert ("Nothing was found" in page.text) == (count == 0), question
    await browser.get(f"{SEARCH}?q=needle&project=nowhere", status=404)
    await browser.get(f"{SEARCH}?q=needle&before=nonsense", status=404)


async def test_a_stranger_finds_no_private_project(manu: Client, browser: Browser, place: Place) -> None:
    await manu.post("/projects", {"name": "secret", "visibility": "private"})
    await manu.post("/projects/secret/messages", {"body": "needle"})
    await until_found(manu, "needle")
    await place.client("user:priya")
    priya = await Browser(place).sign_in("priya")

    assert len(snippets((await browser.get(f"{SEARCH}?q=needle")).text)) == 1
    page = await priya.get(f"{SEARCH}?q=needle")
    assert snippets(page.text) == []
    assert "secret" not in page.text
    await priya.get(f"{SEARCH}?q=needle&project=secret", status=404)


async def test_the_floor_has_a_box_that_searches_its_project(manu: Client, browser: Browser) -> None:
    page = await browser.get("/o/acme/p/pj")

    assert re.search(rf'<form[^>]*action="{SEARCH}"[^>]*role="search"', page.text)
    assert '<input type="hidden" name="project" value="pj">' in page.text

"""The first page of an organization: what there is, who drives, what is new, and what to do when there is nothing."""

from __future__ import annotations

import re

import pytest
from api_place import Client, Place, event
from web_place import Browser

ACME = "/o/acme"


@pytest.fixture
async def browser(place: Place) -> Browser:
    return await Browser(place).sign_in("manu")


async def test_an_empty_organization_says_what_to_do_next(browser: Browser) -> None:
    page = await browser.get(ACME)

    assert "Start with a project" in page.text
    assert "polaris login" in page.text
    assert "polaris join" in page.text


async def test_a_project_is_made_with_a_name_and_a_visibility(browser: Browser, place: Place) -> None:
    page = await browser.post(f"{ACME}/projects", name="secret", visibility="private")
    floor = await browser.follow(page)
    await place.client("user:priya")
    priya = await Browser(place).sign_in("priya")

    assert page.path == f"{ACME}/p/secret"
    assert "Nothing has happened here yet" in floor.text
    assert ">private<" in floor.text
    assert "secret" not in (await priya.get(ACME)).text
    await priya.get(f"{ACME}/p/secret", status=404)


@pytest.mark.parametrize(("fields", "status"), [({"name": "No Slug"}, 422), ({"name": "pj"}, 409), ({}, 422)])
async def test_what_cannot_be_made_is_refused_on_a_page(
    manu: Client, browser: Browser, fields: dict[str, str], status: int
) -> None:
    page = await browser.post(f"{ACME}/projects", status=status, **fields)

    assert re.search(r"<h1>[^<]+</h1>", page.text)


async def test_it_shows_who_drives_what_is_waiting_and_what_is_unread(
    manu: Client, browser: Browser, place: Place
) -> None:
    priya = await place.client("user:priya")
    await priya.post("/projects/pj/sessions/fxm/inject", {"body": "Use <RS256>"})
    page = (await browser.get(ACME)).text
    row = page[page.index('<ul class="projects">') : page.index("</table>")]

    assert 'href="/o/acme/p/pj/s/fxm"' in row
    assert '<span class="mono small">user:manu</span>' in row
    assert "present" in row
    assert "1 waiting" in row
    assert "3 new" in row
    assert "Use &lt;RS256&gt;" in page[page.index("Recent activity") :]

    await browser.post(f"{ACME}/p/pj/read", seq="3")

    assert "new</span>" not in (await browser.get(ACME)).text


async def test_what_happened_last_names_the_agent_as_the_writer(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", event(kind="reply", body="I did it"))
    recent = (await browser.get(ACME)).text.partition("Recent activity")[2]

    assert "<b>agent</b> → user:manu/" in recent[: recent.index("I did it")]


async def test_an_archived_project_stays_readable_and_comes_back(manu: Client, browser: Browser) -> None:
    page = await browser.follow(await browser.post(f"{ACME}/p/pj/archive"))

    assert "1 archived" in page.text
    assert "Project pj is archived" in page.text
    floor = (await browser.get(f"{ACME}/p/pj")).text
    assert ">archived<" in floor
    assert 'action="/o/acme/p/pj/say"' not in floor

    page = await browser.follow(await browser.post(f"{ACME}/p/pj/restore"))

    assert ">archived<" not in page.text
    assert 'action="/o/acme/p/pj/say"' in page.text


async def test_the_part_that_is_asked_for_again_stands_by_itself(manu: Client, browser: Browser) -> None:
    part = await browser.get(f"{ACME}?part=projects")

    assert "<html" not in part.text
    assert 'href="/o/acme/p/pj"' in part.text

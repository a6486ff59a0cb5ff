"""Search over HTTP: one page after the other, for the eyes of the caller, in nobody's log."""

from __future__ import annotations

import dataclasses
import logging
from urllib.parse import quote

import pytest
from api_place import Client, Place, event
from test_indexer import until_found


async def test_a_page_tells_where_it_goes_on(manu: Client) -> None:
    await manu.push("pj", "fxm", *(event(body=f"needle {n}") for n in range(5)))
    await until_found(manu, "needle", 5)
    first = await manu.get("/search?q=needle&limit=2")
    second = await manu.get(f"/search?q=needle&limit=2&before={first['next']}")
    third = await manu.get(f"/search?q=needle&limit=2&before={second['next']}")
    snippets = [item["snippet"] for page in (first, second, third) for item in page["items"]]

    assert snippets == [f"\ue000needle\ue001 {n}" for n in (4, 3, 2, 1, 0)]
    assert third["next"] is None
    assert set(first["items"][0]) == {
        *("project", "session", "seq", "kind", "actor", "speaker", "agent", "turn", "snippet", "recorded_at")
    }


async def test_history_is_narrowed_by_a_query(manu: Client) -> None:
    await manu.push("pj", "fxm", event(body="one needle"), event(body="hay"), event(body="two needles needle"))
    page = await manu.get("/projects/pj/messages?q=needle")
    session = await manu.get("/projects/pj/sessions/fxm/messages?q=needle&limit=1")

    assert [item["body"] for item in page["items"]] == ["one needle", "two needles needle"]
    assert page["last_seq"] == (await manu.get("/projects/pj"))["last_seq"]
    assert [item["body"] for item in session["items"]] == ["two needles needle"]


async def test_a_private_project_and_a_token_for_one_project_bound_the_search(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await manu.post("/projects", {"name": "secret", "visibility": "private"})
    await manu.post("/projects/secret/messages", {"body": "needle of a secret"})
    await manu.post("/projects/pj/messages", {"body": "needle of pj"})
    await until_found(manu, "needle", 2)
    token = (await manu.post("/tokens", {"name": "one", "project": "pj"}))["token"]
    limited = dataclasses.replace(manu, token=token)

    assert [item["project"] for item in (await priya.get("/search?q=needle"))["items"]] == ["pj"]
    assert [item["project"] for item in (await limited.get("/search?q=needle"))["items"]] == ["pj"]
    for caller in (priya, limited):
        status, problem = await caller.call("GET", "/search?q=needle&project=secret")
        assert (status, problem["code"]) == (404, "no_such_project")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=x&session=fxm", "session_needs_a_project"),
        ("q=x&since=2026-01-01", "not_valid"),
        ("q=x&since=0.5", "not_valid"),
        ("q=x&limit=201", "not_valid"),
        ("q=" + "x" * 1001, "not_valid"),
        ("kind=nope", "not_valid"),
    ],
)
async def test_what_means_nothing_is_refused(manu: Client, query: str, code: str) -> None:
    status, problem = await manu.call("GET", f"/search?{query}")

    assert (status, problem["code"]) == (422, code)


@pytest.mark.parametrize("before", ["nonsense", "MQ", "0" * 100])
async def test_a_place_that_no_page_named_is_not_found(manu: Client, before: str) -> None:
    status, problem = await manu.call("GET", f"/search?q=x&before={before}")

    assert (status, problem["code"]) == (404, "no_such_place")


async def test_any_text_may_be_looked_for_and_none_is_logged(manu: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for text in (
            "hunter2secret \0",
            "\ud7ff \uffff",
            "'; drop table",
            "a" * 1000,
            "𝔸" * 1000,
            "\\",
            ":* & | !",
            '"' * 500,
        ):
            await manu.get(f"/search?q={quote(text)}")

    assert "hunter2secret" not in caplog.text

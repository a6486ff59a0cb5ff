"""Usage over REST and on the pages: what agents told is summed up, for those who may see it."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from api_place import Client, Place, event
from web_place import Browser

from polaris.db import calls
from polaris.http.web.usage_words import Figures, short
from polaris.model import UsageSum

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5"


def used(message: str, model: str = OPUS, **more: Any) -> dict[str, Any]:
    return {"message": message, "model": model, "input": 1_000_000, "output": 2000} | more


async def tell(place: Place, client: Client, project: str, session: str, *usage: dict[str, Any]) -> None:
    results = await client.push(project, session, event(facts={"usage": list(usage)}, agent="claude-code"))
    assert [result.get("code") for result in results] == [None]
    async with place.service.database.connection() as conn:
        for row in await calls.list_projects(conn, place.org_id, None):
            while await calls.index_events(conn, place.org_id, row.project_id):
                pass


@pytest.fixture
async def spent(place: Place, manu: Client) -> Client:
    """Two sessions, one of them in a private project."""
    await manu.post("/projects", {"name": "secret", "visibility": "private"})
    await manu.post("/projects/secret/sessions/inner/join")
    await tell(place, manu, "pj", "fxm", used("a", cache_read=500_000, cost_usd=0.25), used("b", HAIKU))
    await tell(place, manu, "secret", "inner", used("c", input=7))
    return manu


async def test_it_is_summed_up_by_session_person_project_day_and_model(spent: Client) -> None:
    (fxm, inner) = (await spent.get("/usage"))["items"]
    people = (await spent.get("/usage?by=person"))["items"]
    days = (await spent.get("/usage?by=day"))["items"]
    models = (await spent.get("/usage?by=model&project=pj&session=fxm"))["items"]

    assert (fxm["project"], fxm["session"], inner["project"]) == ("pj", "fxm", "secret")
    assert {name: fxm[name] for name in ("messages", "input_tokens", "output_tokens", "cache_read_tokens")} == {
        "messages": 2,
        "input_tokens": 2_000_000,
        "output_tokens": 4000,
        "cache_read_tokens": 500_000,
    }
    assert (fxm["cost_usd"], fxm["priced"], inner["cost_usd"]) == (0.25, 1, None)
    assert [(one["actor"], one["messages"]) for one in people] == [("user:manu", 3)]
    assert [re.fullmatch(r"\d{4}-\d\d-\d\d", one["day"]) is not None for one in days] == [True]
    assert [one["model"] for one in models] == [OPUS, HAIKU]


async def test_what_is_private_counts_only_for_those_who_see_it(spent: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    limited = await place.client("agent:ci", project="pj")

    assert [one["project"] for one in (await priya.get("/usage?by=project"))["items"]] == ["pj"]
    assert [one["project"] for one in (await limited.get("/usage?by=project"))["items"]] == ["pj"]
    assert (await priya.call("GET", "/usage?project=secret"))[0] == 404
    assert (await limited.call("GET", "/usage?project=secret"))[0] == 404


@pytest.mark.parametrize("query", ["by=moon", "limit=0", "since=yesterday", "since=2026-01-01T00:00:00"])
async def test_what_is_asked_for_wrongly_is_refused(manu: Client, query: str) -> None:
    assert (await manu.call("GET", f"/usage?{query}"))[0] == 422


async def test_a_time_narrows_it(spent: Client) -> None:
    assert (await spent.get("/usage", params={"since": "2000-01-01T00:00:00Z"}))["items"]
    assert (await spent.get("/usage", params={"until": "2000-01-01T00:00:00+00:00"}))["items"] == []


async def command(place: Place, client: Client, home: Path, *words: str) -> list[list[str]]:
    """The lines that `polaris usage` prints for somebody, as their words."""
    run = "import sys; from polaris.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "POLARIS_HOME": str(home)}
    environment |= {"POLARIS_URL": place.url, "POLARIS_TOKEN": client.token}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", run, "usage", *words, env=environment, stdout=PIPE, stderr=PIPE
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors
    return [line.split() for line in out.decode().splitlines()]


async def test_the_command_shows_it(spent: Client, place: Place, tmp_path: Path) -> None:
    sessions = await command(place, spent, tmp_path)
    models = await command(place, spent, tmp_path, "pj", "fxm", "--by=model", "--since=7d")
    nothing = await command(place, spent, tmp_path, "--until=2000-01-01")

    assert sessions[1:] == [
        ["pj/fxm", "2", "2,000,000", "500,000", "0", "4,000", "$0.25+"],
        ["secret/inner", "1", "7", "0", "0", "2,000", "-"],
    ]
    assert [(row[0], row[-1]) for row in models[1:]] == [(OPUS, "$0.25"), (HAIKU, "-")]
    assert nothing == [["No", "agent", "told", "of", "any."]]


# On the pages


async def test_the_session_page_shows_tokens_cost_and_models(spent: Client, place: Place) -> None:
    browser = await Browser(place).sign_in("manu")
    panel = (await browser.get("/o/acme/p/pj/s/fxm?part=panel")).text
    card = panel[panel.index('id="usage-title"') :].partition("</section>")[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", card).split())

    assert "2.5 M tokens" in words
    assert "$0.25+" in words
    assert "Given 2.5 M (500 k from the cache)" in words
    assert f"{OPUS} 1.5 M" in words


async def test_the_first_page_shows_the_last_days_of_what_one_may_see(spent: Client, place: Place) -> None:
    await place.client("user:priya")
    manu, priya = await Browser(place).sign_in("manu"), await Browser(place).sign_in("priya")
    everything, hers = (await manu.get("/o/acme")).text, (await priya.get("/o/acme")).text

    assert "in 3 answers" in everything
    assert "in 2 answers" in hers
    assert hers.count("tokens</span>") == 1


async def test_where_no_agent_told_anything_no_page_speaks_of_it(manu: Client, place: Place) -> None:
    browser = await Browser(place).sign_in("manu")

    assert "usage-title" not in (await browser.get("/o/acme/p/pj/s/fxm")).text
    assert "tokens" not in (await browser.get("/o/acme?part=projects")).text


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (1000, "1.0 k"), (9949, "9.9 k"), (9950, "10 k"), (999_499, "999 k"), (999_500, "1.0 M"),
     (1_234_567, "1.2 M"), (12_345_678_901, "12 G"), (1_234_567_890_123, "1,235 G")],
)  # fmt: skip
def test_numbers_are_short(number: int, shown: str) -> None:
    assert short(number) == shown


def test_a_cost_says_whether_all_messages_told_one() -> None:
    one = UsageSum(
        messages=2,
        priced=2,
        cost_usd=1234.5,
        input_tokens=1,
        output_tokens=1,
        cache_read_tokens=0,
        cache_write_tokens=0,
        first_at="2026-01-01T00:00:00Z",
        last_at="2026-01-01T00:00:00Z",
    )
    some = one.model_copy(update={"priced": 1})
    none = one.model_copy(update={"priced": 0, "cost_usd": None})

    assert [Figures.of("", [row]).cost for row in (one, some, none)] == ["$1,234.50", "$1,234.50+", ""]

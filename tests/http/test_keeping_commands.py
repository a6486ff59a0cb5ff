"""`polaris retention`, `hold`, `erase` and `scrub`, each as its own process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_place import Client, Place, event, until
from cli_run import Ran, polaris

from polaris import redact

# Made up; each has the form of a real one.
KEY = "AKIA" + "Q3EGRPK5XWZTB2VD"
PASSWORD = "correct-horse-7-battery"


@pytest.fixture
def run(place: Place, manu: Client) -> Any:
    async def asked(*words: str, **environment: str) -> Ran:
        return await polaris(*words, POLARIS_URL=place.url, POLARIS_TOKEN=manu.token, **environment)

    return asked


async def test_retention_is_set_listed_and_taken_back(run: Any) -> None:
    told = await run("retention", "set", "90")
    own = await run("retention", "set", "7", "--project", "pj", "--json")
    listed = await run("retention", "list")
    cleared = await run("retention", "clear", "--project", "pj")
    refused = await run("retention", "set", "0")

    assert told.out == "Events of projects without a word of their own are kept for 90 days.\n"
    assert own.json["in_force"] == 7
    assert [line.split()[:3] for line in listed.out.splitlines()[1:]] == [["-", "90", "days"], ["pj", "7", "days"]]
    assert cleared.out == "Events of pj are kept for 90 days.\n"
    assert (refused.code, refused.out) != (0, told.out)


async def test_a_hold_is_placed_listed_and_lifted(run: Any) -> None:
    placed = await run("hold", "place", "the case of Acme", "--project", "pj", "--json")
    again = await run("hold", "place", "once more", "--project", "pj")
    listed = await run("hold", "list")
    number = str(placed.json["hold_id"])
    lifted = await run("hold", "lift", number)

    assert again.code == 1
    assert "stands on pj already" in again.err
    assert "the case of Acme" in listed.out
    assert lifted.out == f"Hold {number} is lifted.\n"


async def test_what_was_said_is_erased(run: Any, place: Place, manu: Client) -> None:
    await manu.push("pj", "fxm", event(body="said by mistake"))
    told = await run("erase", "session", "pj", "fxm", "--reason", "by mistake")
    nobody = await run("erase", "person", "krishna", "--reason", "by mistake")

    async def done() -> bool:
        return bool((await manu.get("/erasures"))["items"][0]["done_at"])

    await until(done)
    listed = await run("erase", "list")
    assert told.out == "What pj/fxm said is being erased; `polaris erase list` says when it is done.\n"
    assert nobody.code != 0
    assert listed.out.splitlines()[1].split()[1:4] == ["pj/fxm", "done", "1"]


@pytest.fixture
async def kept(place: Place, manu: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A record with secrets that the rules of its day did not know."""
    with monkeypatch.context() as yesterday:
        yesterday.setattr(redact.Redactor, "text", lambda self, text: text)
        yesterday.setattr(redact.Redactor, "value", lambda self, value, source=None: value)
        await manu.push(
            "pj",
            "fxm",
            event(body=f"use {KEY}", payload={"env": {"PASSWORD": PASSWORD}, "n": [1, 2.5, "x"]}),
            event(body="nothing to see"),
        )
        await manu.post("/projects/pj/sessions/fxm/inject", {"body": f"the key is {KEY}"})
    assert await everything(place, KEY)
    return manu


async def everything(place: Place, word: str) -> list[str]:
    """Which tables still hold a word."""
    tables = await place.sql(
        "select table_name::text from information_schema.tables "
        "where table_schema = 'polaris_data' and table_type = 'BASE TABLE'"
    )
    found = []
    for (table,) in tables:
        ((count,),) = await place.sql(
            f"select count(*) from polaris_data.{table} t where to_jsonb(t)::text ilike '%%' || %s || '%%'", word
        )
        found += [table] if count else []
    return found


async def test_a_dry_run_tells_numbers_and_rules_and_changes_nothing(run: Any, kept: Client, place: Place) -> None:
    before = await everything(place, KEY)
    ran = await run("scrub", "--dry-run", "--json", POLARIS_DATABASE_URL=place.owner)
    told = await run("scrub", "--dry-run", POLARIS_DATABASE_URL=place.owner)

    assert ran.json == [{"project": "pj", "events": [3, 5], "texts": 1, "rules": {"aws": 3, "named": 1}, "held": False}]
    assert told.out.splitlines() == ["pj: 2 events and 1 other text would change (aws 3, named 1)", "  #3, #5"]
    assert await everything(place, KEY) == before
    assert KEY not in ran.out + ran.err + told.out + told.err


async def test_what_todays_rules_find_is_taken_out_of_all_that_was_kept(run: Any, kept: Client, place: Place) -> None:
    async def indexed() -> bool:
        return "search_entries" in await everything(place, KEY)

    await until(indexed)
    ran = await run("scrub", "--project", "pj", POLARIS_DATABASE_URL=place.owner)
    again = await run("scrub", POLARIS_DATABASE_URL=place.owner)
    (first, second, advice) = (await kept.get("/projects/pj/messages?after=2"))["items"]

    assert ran.code == 0, ran
    assert await everything(place, KEY) == []
    assert await everything(place, PASSWORD) == []
    assert "[REDACTED:aws:" in first["body"]
    assert first["payload"]["n"] == [1, 2.5, "x"]
    assert second["body"] == "nothing to see"
    assert "[REDACTED:aws:" in advice["body"]
    assert again.out == "There is nothing to take out.\n"
    log = (await kept.get("/audit?limit=1000"))["items"]
    assert [row["action"] for row in log if row["action"].startswith("scrub.")] == ["scrub.events", "scrub.texts"]
    assert KEY not in json.dumps(log)


async def test_a_legal_hold_stands_against_it(run: Any, kept: Client, place: Place) -> None:
    await kept.post("/holds", {"project": "pj", "reason": "a case"})
    ran = await run("scrub", POLARIS_DATABASE_URL=place.owner)

    assert (ran.code, ran.out) == (1, "pj: a legal hold stands on it, nothing was changed.\n")
    assert await everything(place, KEY)


async def test_only_an_administrator_scrubs(place: Place, kept: Client) -> None:
    krishna = await place.client("user:krishna")
    ran = await polaris("scrub", POLARIS_URL=place.url, POLARIS_TOKEN=krishna.token, POLARIS_DATABASE_URL=place.owner)

    assert ran.code != 0
    assert await everything(place, KEY)

"""The page of keeping and deleting, and what pages show of what is gone or erased."""

from __future__ import annotations

import psycopg
import pytest
from api_place import Client, Place, event, until
from web_place import Browser

KEEPING = "/o/acme/settings/keeping"
AGE = "update polaris_data.events set recorded_at = recorded_at - interval '30 days' where seq < %s"


@pytest.fixture
async def browser(place: Place, manu: Client) -> Browser:
    return await Browser(place).sign_in("manu")


async def erase(place: Place, manu: Client) -> None:
    await manu.call("POST", "/projects/pj/sessions/fxm/erase", json={"reason": "by mistake"})

    async def done() -> bool:
        return bool((await manu.get("/erasures"))["items"][0]["done_at"])

    await until(done)


async def test_retention_is_set_and_taken_back(browser: Browser, manu: Client) -> None:
    await browser.post(f"{KEEPING}/retention", keep_days="90", project="")
    await browser.post(f"{KEEPING}/retention", keep_days="1", project="pj")
    page = (await browser.get(KEEPING)).text
    assert "Events of pj are kept for 1 day." in page
    assert "<strong>90 days</strong>" in page
    assert "1 day, as everywhere" not in (await browser.get("/o/acme/p/pj/settings")).text
    await browser.post(f"{KEEPING}/retention", keep_days="", project="pj")
    assert "90 days, as everywhere in Acme" in (await browser.get("/o/acme/p/pj/settings")).text
    assert (await manu.get("/retention"))["items"][1]["keep_days"] is None


@pytest.mark.parametrize("days", ["0", "x", "-1", "99999"])
async def test_days_that_mean_nothing_come_back_with_the_reason(browser: Browser, days: str) -> None:
    page = await browser.post(f"{KEEPING}/retention", 422, keep_days=days, project="pj")

    assert 'role="alert"' in page.text
    assert f'value="{days}"' in page.text


async def test_a_hold_is_placed_and_lifted(browser: Browser, manu: Client) -> None:
    await browser.post(f"{KEEPING}/holds", project="pj", reason="the <b>case</b>")
    page = (await browser.get(KEEPING)).text
    (hold,) = (await manu.get("/holds"))["items"]
    assert "Nothing is deleted from pj while the hold stands." in page
    assert "the &lt;b&gt;case&lt;/b&gt;" in page
    refused = await browser.post(f"{KEEPING}/erasures", 409, target="pj/fxm", reason="why not")
    assert "A legal hold stands on pj." in refused.text
    await browser.post(f"{KEEPING}/holds/{hold['hold_id']}/lift")
    assert "The hold on pj is lifted." in (await browser.get(KEEPING)).text


@pytest.mark.parametrize("target", ["pj/fxm", "user:manu"])
async def test_what_was_said_is_erased(browser: Browser, manu: Client, target: str) -> None:
    await manu.push("pj", "fxm", event(body="said by mistake"))
    await browser.post(f"{KEEPING}/erasures", target=target, reason="by mistake")
    assert f"What {target} said is being erased." in (await browser.get(KEEPING)).text

    async def gone() -> bool:
        return (await manu.get("/projects/pj/messages"))["items"][-1]["body"] == ""

    await until(gone)


@pytest.mark.parametrize(("target", "status"), [("krishna", 422), ("pj/nope", 404), ("nope/fxm", 404), ("", 422)])
async def test_a_target_that_is_none_comes_back_with_the_reason(browser: Browser, target: str, status: int) -> None:
    page = await browser.post(f"{KEEPING}/erasures", status, target=target, reason="by mistake")

    assert 'role="alert"' in page.text


async def test_members_have_no_such_page(place: Place, manu: Client) -> None:
    await place.client("user:krishna")
    krishna = await Browser(place).sign_in("krishna")
    await krishna.get(KEEPING, 403)
    for form in ("retention", "holds", "erasures"):
        await krishna.post(f"{KEEPING}/{form}", 403, keep_days="1", project="pj", reason="mine", target="pj/fxm")
    assert "How long its events are kept" in (await krishna.get("/o/acme/p/pj/settings")).text


async def test_pages_say_where_history_begins(place: Place, browser: Browser, manu: Client) -> None:
    await manu.push("pj", "fxm", *(event(body=f"said {n}") for n in range(3, 9)))
    async with await psycopg.AsyncConnection.connect(place.owner, autocommit=True) as conn:
        await conn.execute("set session_replication_role = replica")
        await conn.execute(AGE, [6])
    await manu.call("PUT", "/projects/pj/retention", json={"keep_days": 7})

    async def gone() -> bool:
        return (await manu.get("/projects/pj"))["first_seq"] == 6

    await until(gone)
    for path in ("/o/acme/p/pj", "/o/acme/p/pj/s/fxm"):
        page = (await browser.get(path)).text
        assert "History before #6 is gone" in page, path
        assert "said 5" not in page
        assert "said 6" in page
    assert "History before #6 is gone" in (await browser.get("/o/acme/p/pj/e/5", 404)).text
    assert 'rel="prev"' not in (await browser.get("/o/acme/p/pj/e/6")).text


async def test_pages_show_tombstones(place: Place, browser: Browser, manu: Client) -> None:
    tool = {"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": "echo hush"}}
    await manu.push(
        "pj",
        "fxm",
        event(turn="T", body="hush"),
        event(turn="T", kind="tool.call", body="Bash: hush", payload=tool),
        event(turn="T", kind="tool.result", body="hush", payload=tool),
        event(turn="T", kind="reply", body="hush"),
    )
    advice = await manu.post("/projects/pj/sessions/fxm/inject", {"body": "hush"})
    await erase(place, manu)
    for path in ("/o/acme/p/pj", "/o/acme/p/pj/s/fxm", "/o/acme/p/pj/s/fxm?from=start", "/o/acme"):
        assert "hush" not in (await browser.get(path)).text, path
    assert (await browser.get("/o/acme/p/pj")).text.count("(erased)") == 5
    for seq in (3, 4, 5, 6, advice["advice_seq"]):
        assert "What it said was erased" in (await browser.get(f"/o/acme/p/pj/e/{seq}")).text

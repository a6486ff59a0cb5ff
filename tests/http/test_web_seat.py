"""Asking for the seat on the pages: who asks is seen where the driver looks, given, declined, withdrawn, taken over."""

from __future__ import annotations

import re

import pytest
from api_place import Client, Place, event
from web_place import Browser

FXM = "/o/acme/p/pj/s/fxm"
HTMX = {"HX-Request": "true"}


@pytest.fixture
async def browser(place: Place, manu: Client) -> Browser:
    return await Browser(place).sign_in("manu")


@pytest.fixture
async def priya(place: Place, manu: Client) -> Client:
    return await place.client("user:priya")


@pytest.fixture
async def priyas(place: Place, priya: Client) -> Browser:
    return await Browser(place).sign_in("priya")


async def asked(client: Client) -> dict[str, str]:
    found: dict[str, str] = (await client.get("/projects/pj/sessions/fxm/requests"))["items"][-1]
    return found


async def test_the_driver_sees_who_asks_on_the_session_and_on_the_floor_and_gives_it(
    manu: Client, browser: Browser, priyas: Browser
) -> None:
    before = (await priyas.get(FXM)).text
    await priyas.post(f"{FXM}/ask", status=204, headers=HTMX, note="I have <b>an hour</b>")
    request = await asked(manu)
    session, floor = (await browser.get(FXM)).text, (await browser.get("/o/acme/p/pj")).text
    theirs = (await priyas.get(f"{FXM}?part=panel")).text
    parts = [(await browser.get(path)).text for path in (f"{FXM}?part=panel", "/o/acme/p/pj?part=sessions")]
    await browser.post(f"{FXM}/requests/{request['seq']}", status=204, headers=HTMX, answer="give")
    seat = await manu.get("/projects/pj/sessions/fxm")
    after = (await priyas.get(FXM)).text

    assert 'id="ask"' in before
    for page in (session, floor, *parts):
        assert f'action="{FXM}/requests/{request["seq"]}"' in page
        assert "Give: user:priya asks for the seat of fxm" in page
        assert "I have &lt;b&gt;an hour&lt;/b&gt;" in page
    assert " asks user:manu for the seat of " in session
    assert 'value="withdraw"' in theirs and 'value="give"' not in theirs and 'id="ask"' not in theirs
    assert (seat["driver"], seat["reserved_for"]) == (None, "user:priya")
    assert 'id="claim"' in after and "/requests/" not in after


async def test_declined_and_withdrawn_it_is_gone_from_the_pages(
    manu: Client, browser: Browser, priyas: Browser
) -> None:
    for by, answer, told in (
        (browser, "decline", "keeps the seat that user:priya asked for"),
        (priyas, "withdraw", "does not ask for the seat any more"),
    ):
        await priyas.post(f"{FXM}/ask", status=204, headers=HTMX)
        request = await asked(manu)
        await by.post(f"{FXM}/requests/{request['seq']}", status=204, headers=HTMX, answer=answer)
        page = (await browser.get(FXM)).text

        assert told in page
        assert "/requests/" not in page


async def test_without_a_script_the_forms_lead_back_to_the_page(
    manu: Client, browser: Browser, priyas: Browser
) -> None:
    back = await priyas.post(f"{FXM}/ask", status=303, note="please")

    assert back.headers["Location"] == FXM
    request = await asked(manu)
    back = await browser.post(f"{FXM}/requests/{request['seq']}", status=303, answer="decline")
    assert back.headers["Location"] == FXM


@pytest.mark.parametrize(
    ("number", "answer", "status"),
    [("999", "give", 404), ("x", "give", 404), ("9" * 30, "give", 404), ("1", "perhaps", 422), ("1", "", 422)],
)
async def test_an_answer_to_nothing_is_refused(browser: Browser, number: str, answer: str, status: int) -> None:
    await browser.post(f"{FXM}/requests/{number}", status=status, answer=answer)


async def test_a_secret_in_a_note_or_a_reason_does_not_reach_the_record(
    manu: Client, browser: Browser, priyas: Browser
) -> None:
    secret = "ghp_" + "a1B2" * 9
    await priyas.post(f"{FXM}/ask", status=204, headers=HTMX, note=f"with {secret}")
    await browser.post(f"{FXM}/release", status=204, headers=HTMX, epoch="1")
    await priyas.post(f"{FXM}/claim", status=204, headers=HTMX)
    await browser.post(f"{FXM}/takeover", status=204, headers=HTMX, epoch="2", reason=f"with {secret}")
    record = str((await manu.get("/projects/pj/messages?limit=1000"))["items"])

    assert record.count("[REDACTED:") >= 2
    assert secret not in record


async def test_an_administrator_takes_the_seat_that_the_page_showed_and_says_why(
    manu: Client, browser: Browser, priyas: Browser
) -> None:
    await browser.post(f"{FXM}/release", status=204, headers=HTMX, epoch="1")
    own = (await priyas.get(FXM)).text
    await priyas.post(f"{FXM}/claim", status=204, headers=HTMX)
    shown = (await browser.get(FXM)).text
    await browser.post(f"{FXM}/takeover", status=409, headers=HTMX, epoch="1", reason="behind")
    await browser.post(f"{FXM}/takeover", status=422, headers=HTMX, epoch="2", reason=" ")
    await browser.post(f"{FXM}/takeover", status=204, headers=HTMX, epoch="2", reason="Priya is ill")
    seat = await manu.get("/projects/pj/sessions/fxm")
    page = (await priyas.get(FXM)).text
    await priyas.post(f"{FXM}/takeover", status=403, headers=HTMX, epoch="3", reason="mine")

    assert 'id="takeover"' in shown and 'id="takeover"' not in own + page
    assert (seat["driver"], seat["epoch"]) == ("user:manu", 3)
    assert " took the seat from user:priya" in page
    assert "Priya is ill" in page
    assert "epoch 2" in page and ", taken" in page


async def test_what_came_late_says_so_with_its_epoch_on_floor_session_and_event(manu: Client, browser: Browser) -> None:
    await manu.post("/projects/pj/sessions/fxm/handoff", {"epoch": 1})
    (pushed,) = await manu.push("pj", "fxm", event(body="from the train"))
    assert pushed["late"]
    for path in ("/o/acme/p/pj", FXM, f"/o/acme/p/pj/e/{pushed['seq']}"):
        page = (await browser.get(path)).text

        assert re.search(r"late, epoch 1<", page), path

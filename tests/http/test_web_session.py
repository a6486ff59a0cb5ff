"""The page of a session: turns, the seat, advice and its way, suggestions, who is heard, the replay."""

from __future__ import annotations

import re

import pytest
from api_place import Client, Place, event
from web_place import Browser

from polaris.http.web.session import PAGE, REEL

FXM = "/o/acme/p/pj/s/fxm"
HTMX = {"HX-Request": "true"}


@pytest.fixture
async def browser(place: Place, manu: Client) -> Browser:
    return await Browser(place).sign_in("manu")


@pytest.fixture
async def priya(place: Place, manu: Client) -> Client:
    return await place.client("user:priya")


async def policy(browser: Browser, sender_class: str, policy: str) -> None:
    await browser.post(f"{FXM}/policies", status=204, headers=HTMX, sender_class=sender_class, policy=policy)


async def deliveries(client: Client) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await client.get("/projects/pj/sessions/fxm/deliveries"))["items"]
    return found


# The timeline


async def test_turns_are_folded_and_the_running_one_is_open(manu: Client, browser: Browser) -> None:
    call = {"kind": "tool.call", "body": "Bash: ls", "turn": "a", "client_id": "cc:s:tool.call:1"}
    result = {"kind": "tool.result", "body": "file", "turn": "a", "client_id": "cc:s:tool.result:1"}
    await manu.push("pj", "fxm", event(turn="a", body="list it"), event(**call), event(**result))
    running = (await browser.get(FXM)).text
    await manu.push("pj", "fxm", event(kind="reply", turn="a", body="listed"))
    over = (await browser.get(FXM)).text

    assert re.search(r'<section class="turn running" data-name="a".*?<details class="steps" open>', running, re.S)
    assert re.search(r'<section class="turn" data-name="a" data-over.*?<details class="steps">', over, re.S)
    assert over.index("list it") < over.index("1 tool call") < over.index('<div class="result"') < over.index("listed")


async def test_it_shows_only_its_own_events(manu: Client, browser: Browser) -> None:
    await manu.post("/projects/pj/sessions/fxk/join")
    await manu.push("pj", "fxk", event(body="of the sibling"))
    await manu.push("pj", "fxm", event(body="of this one"))
    page = (await browser.get(FXM)).text

    assert "of this one" in page
    assert "of the sibling" not in page


async def test_older_pages_lead_on_and_back(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", *[event(body=f"number {n}") for n in range(PAGE + 20)])
    page = await browser.get(FXM)
    (older,) = re.findall(r'rel="prev" href="([^"]+)"', page.text)
    before = await browser.get(older)

    assert "number 19" not in page.text
    assert "number 19" in before.text
    assert "data-live" not in before.text
    assert 'rel="next"' in before.text


@pytest.mark.parametrize("path", ["/o/acme/p/pj/s/nope", "/o/acme/p/nope/s/fxm", "/o/other/p/pj/s/fxm"])
async def test_what_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    await browser.get(path, status=404)
    await browser.get(f"{path}/live", status=404)
    await browser.post(f"{path}/advise", status=404, body="x")


# The seat


async def test_the_seat_is_claimed_and_released_on_the_page(manu: Client, browser: Browser) -> None:
    assert "(you)" in (await browser.get(FXM)).text
    await browser.post(f"{FXM}/release", epoch="1")
    free = (await browser.get(FXM)).text
    assert "Nobody drives." in free
    assert "Claim the seat" in free

    await browser.post(f"{FXM}/claim")
    seat = await manu.get("/projects/pj/sessions/fxm")
    page = (await browser.get(f"{FXM}?part=panel")).text

    assert (seat["driver"], seat["epoch"]) == ("user:manu", 2)
    assert "<html" not in page
    assert "Release the seat" in page
    assert re.search(r"Who drove before.*user:manu.*epoch 1.*released", page, re.S)


async def test_a_page_that_is_behind_does_not_release_a_later_seat(manu: Client, browser: Browser) -> None:
    await browser.post(f"{FXM}/release", epoch="1")
    await browser.post(f"{FXM}/claim")

    await browser.post(f"{FXM}/release", status=409, epoch="1")

    assert (await manu.get("/projects/pj/sessions/fxm"))["driver"] == "user:manu"


async def test_a_held_seat_is_refused_and_its_driver_named(place: Place, priya: Client) -> None:
    hers = await Browser(place).sign_in("priya")
    page = (await hers.get(FXM)).text
    problem = await hers.post(f"{FXM}/claim", status=409, headers=HTMX)

    assert "Claim the seat" not in page
    assert "user:manu" in problem.text
    assert problem.headers["HX-Retarget"] == "#problem"


# Advice


async def test_advice_is_given_and_its_state_shown(manu: Client, browser: Browser) -> None:
    answer = await browser.post(f"{FXM}/advise", status=204, headers=HTMX, body="Use RS256\r\nplease")
    (delivery,) = await deliveries(manu)
    page = (await browser.get(FXM)).text

    assert answer.headers["HX-Trigger"] == "polaris:part"
    assert (delivery["sender"], delivery["body"], delivery["state"]) == ("user:manu", "Use RS256\nplease", "queued")
    assert page.count(f'data-state-of="{delivery["advice_seq"]}">queued') == 2  # in its turn, and beside it


async def test_advice_without_a_script_leads_back_to_the_page(browser: Browser) -> None:
    assert (await browser.post(f"{FXM}/advise", body="Use RS256")).path == FXM


@pytest.mark.parametrize(("body", "status"), [("", 422), ("   ", 422), ("x" * 8001, 422)])
async def test_advice_that_is_none_is_refused(browser: Browser, body: str, status: int) -> None:
    await browser.post(f"{FXM}/advise", status=status, body=body)


async def test_a_secret_in_advice_does_not_reach_the_record(manu: Client, browser: Browser) -> None:
    secret = "ghp_" + "a1B2" * 9
    await browser.post(f"{FXM}/advise", body=f"use {secret}")
    (delivery,) = await deliveries(manu)

    assert delivery["body"].startswith("use [REDACTED:")


async def test_a_muted_sender_is_told_so_on_the_page(browser: Browser, place: Place, priya: Client) -> None:
    await policy(browser, "human", "mute")
    hers = await Browser(place).sign_in("priya")
    problem = await hers.post(f"{FXM}/advise", status=403, headers=HTMX, body="hello")

    assert "fxm takes no advice from people." in problem.text
    assert 'role="alert"' in problem.text


# Suggestions


@pytest.fixture
async def held(browser: Browser, priya: Client) -> dict[str, str]:
    """A suggestion of priya's that waits for the driver."""
    await policy(browser, "human", "suggest")
    await priya.post("/projects/pj/sessions/fxm/inject", {"body": "Use a queue\n  between the two"})
    (found,) = await deliveries(priya)
    assert found["state"] == "held"
    return found


async def test_the_driver_sees_what_waits_and_others_cannot_decide(
    browser: Browser, place: Place, held: dict[str, str]
) -> None:
    hers = await Browser(place).sign_in("priya")
    path = f"/o/acme/p/pj/deliveries/{held['delivery_id']}"
    page, theirs = (await browser.get(FXM)).text, (await hers.get(FXM)).text

    assert f'action="{path}"' in page
    assert "Use a queue\n  between the two</textarea>" in page
    assert f'action="{path}"' not in theirs
    assert "Use a queue" in theirs
    await hers.post(path, status=403, decision="send", session="fxm")


@pytest.mark.parametrize(
    ("fields", "state", "body", "edited_by"),
    [
        ({"decision": "send", "body": "Use a queue\r\n  between the two"}, "queued", None, None),
        ({"decision": "send"}, "queued", None, None),
        ({"decision": "send", "body": "Use a small queue"}, "queued", "Use a small queue", "user:manu"),
        ({"decision": "dismiss", "body": "Changed, but dismissed"}, "declined", None, None),
    ],
)
async def test_a_suggestion_is_sent_reworded_or_dismissed(
    browser: Browser,
    manu: Client,
    held: dict[str, str],
    fields: dict[str, str],
    state: str,
    body: str | None,
    edited_by: str | None,
) -> None:
    path = f"/o/acme/p/pj/deliveries/{held['delivery_id']}"
    page = await browser.post(path, session="fxm", **fields)
    (found,) = await deliveries(manu)

    assert page.path == FXM
    assert (found["state"], found["body"]) == (state, body or held["body"])
    assert found["edited_by"] == edited_by
    assert f'action="{path}"' not in (await browser.get(FXM)).text
    await browser.post(path, status=409, session="fxm", **fields)


@pytest.mark.parametrize(
    ("delivery", "fields", "status"),
    [
        ("x", {"decision": "send"}, 404),
        ("00000000-0000-0000-0000-000000000000", {"decision": "send"}, 404),
        (None, {"decision": "keep"}, 422),
        (None, {}, 422),
    ],
)
async def test_a_decision_about_nothing_is_refused(
    browser: Browser, held: dict[str, str], delivery: str | None, fields: dict[str, str], status: int
) -> None:
    await browser.post(f"/o/acme/p/pj/deliveries/{delivery or held['delivery_id']}", status=status, **fields)


async def test_a_decision_leads_nowhere_but_to_a_session(browser: Browser, held: dict[str, str]) -> None:
    path = f"/o/acme/p/pj/deliveries/{held['delivery_id']}"
    page = await browser.post(path, decision="dismiss", session="../../../../evil.example")

    assert page.path == FXM


# Who is heard


async def test_a_policy_of_the_session_is_set_and_taken_back(browser: Browser, manu: Client) -> None:
    await policy(browser, "agent", "mute")
    assert re.search(r'id="policy-agent".*?<option selected>mute', (await browser.get(FXM)).text, re.S)
    await policy(browser, "agent", "")

    (found,) = [
        p for p in (await manu.get("/projects/pj/sessions/fxm/policies"))["items"] if p["sender_class"] == "agent"
    ]
    assert (found["policy"], found["set_on"]) == ("auto", "default")


async def test_a_bystander_sets_no_policy(place: Place, priya: Client) -> None:
    hers = await Browser(place).sign_in("priya")
    await hers.post(f"{FXM}/policies", status=403, sender_class="human", policy="mute")


# Replay


async def test_a_replay_begins_with_the_first_event_and_pages_forward(manu: Client, browser: Browser) -> None:
    await manu.push("pj", "fxm", *[event(body=f"number {n}") for n in range(REEL + 20)])
    page = (await browser.get(f"{FXM}?from=start")).text
    reel = (await browser.get(f"{FXM}?from=start&part=entries&after=0")).text
    (last, *_) = re.findall(r'data-seq="(\d+)"', reel)[-1:]
    rest = (await browser.get(f"{FXM}?from=start&part=entries&after={last}")).text
    end = (await browser.get(f"{FXM}?from=start&part=entries&after={REEL + 22}")).text

    assert 'data-first="1"' in page
    assert f'data-last="{REEL + 22}"' in page
    assert "data-live" not in page
    assert "<html" not in reel
    assert re.findall(r'data-seq="(\d+)"', reel + rest) == [str(seq) for seq in range(1, REEL + 23)]
    assert 'data-seq="' not in end
    # Without a script the pages can be turned.
    assert f'href="{FXM}?from=start&amp;after={PAGE}"' in page

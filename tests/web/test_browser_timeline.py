"""A timeline in a real browser: what comes live is folded as a new page folds it, keys move, a replay plays."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from api_place import Client, Place, event
from chromium import SignIn
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

FXM = "/o/acme/p/pj/s/fxm"
# What a reader can tell of a timeline: the order and nesting of its parts, and their words without the stamps.
SHAPE = """() => {
  const walk = node => [...node.children].flatMap(child => {
    if (child.matches(".unread, .day, script")) return [];
    if (child.matches("section.turn")) return [["turn", child.dataset.name, walk(child)]];
    if (child.matches("details.steps")) return [["steps", child.querySelector("summary").textContent, walk(child.lastElementChild)]];
    if (child.matches("[data-seq]")) return [[child.dataset.seq, child.dataset.kind, child.matches(".failed"),
      child.querySelector(".state")?.textContent ?? "", [...child.querySelectorAll(".result")].map(r => [r.dataset.seq, r.querySelector(".what").textContent])]];
    return [];
  });
  return walk(document.querySelector("#timeline"));
}"""  # noqa: E501


def work(rng: random.Random, turns: list[str], number: int) -> list[dict[str, Any]]:
    """A step of one of some turns that run at once: a text, a call and its answer, an end."""
    turn = rng.choice(turns)
    kind = rng.choice(["prompt", "message", "call", "call", "call", "reply", "turn.interrupted", "notice"])
    if kind != "call":
        return [event(kind=kind, turn=turn if kind != "notice" else None, body=f"{kind} {number}")]
    asked = {"tool_name": "Bash", "tool_input": {"command": f"echo {number}"}}
    failed = {"error": "Exit code 1", "hook_event_name": "PostToolUseFailure"} if rng.random() < 0.3 else {}
    call = event(kind="tool.call", turn=turn, client_id=f"cc:s:tool.call:{number}", body="Bash: x", payload=asked)
    result = event(
        kind="tool.result", turn=turn, client_id=f"cc:s:tool.result:{number}", body="y", payload=failed or asked
    )
    return [call, result]


async def test_what_comes_live_stands_as_on_a_new_page(place: Place, manu: Client, people: SignIn) -> None:
    person = await people("manu")
    page = await person.open(FXM)
    await person.live()
    rng, numbers, epoch = random.Random(11), itertools.count(1), 1
    for round in range(14):
        turns = [f"t{round // 3}", f"t{round // 3 + 1}"]
        events = [e for _ in range(rng.randrange(1, 4)) for e in work(rng, turns, next(numbers))]
        rng.shuffle(events)  # answers before their calls, too
        await manu.push("pj", "fxm", *events)
        if rng.random() < 0.3:
            advice = await manu.post("/projects/pj/sessions/fxm/inject", {"body": f"advice {round}"})
            await manu.post(f"/projects/pj/deliveries/{advice['delivery_id']}", {"state": "sent", "epoch": epoch})
        if round == 8:
            await manu.post("/projects/pj/sessions/fxm/handoff")
            await manu.post("/projects/pj/sessions/fxm/join")
            epoch = 2
    (last,) = await manu.push("pj", "fxm", event(turn="the last", body="the end", epoch=2))
    await expect(page.locator(f"#e{last['seq']}")).to_be_visible()
    live = await page.evaluate(SHAPE)
    await page.reload()

    assert live == await page.evaluate(SHAPE)


async def test_keys_move_through_the_entries(manu: Client, people: SignIn) -> None:
    await manu.push(
        "pj", "fxm", *[event(body=f"number {n}") for n in range(5)], event(kind="tool.call", body="Bash: ls\nx")
    )
    person = await people("manu")
    await person.open("/o/acme/p/pj")
    page = await person.open("/o/acme/p/pj")
    await person.live()
    await page.locator("#e4").focus()

    await page.keyboard.press("j")
    await expect(page.locator("#e5")).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("k")
    await expect(page.locator("#e3")).to_be_focused()
    await page.locator("#e8").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#e8 details")).to_have_attribute("open", "")
    await page.keyboard.press("/")
    await expect(page.get_by_label("Person or agent")).to_be_focused()
    await page.keyboard.type("jk?")
    await expect(page.get_by_label("Person or agent")).to_have_value("jk?")
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Person or agent")).not_to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_text("first unread")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("first unread")).to_be_hidden()


async def test_reading_to_the_end_moves_the_line_of_the_unread(manu: Client, people: SignIn) -> None:
    person = await people("manu")
    async with (page := await person.open("/o/acme/p/pj")).expect_response("**/read"):
        await person.live()
    await page.goto("about:blank")
    await manu.push("pj", "fxm", *[event(body=f"number {n}\n" * 12) for n in range(20)])

    await person.open("/o/acme/p/pj")
    await person.live()
    line = page.locator("#unread")
    await expect(line).to_be_in_viewport()
    assert await line.evaluate("line => line.nextElementSibling.dataset.seq") == "3"
    async with page.expect_response("**/read"):
        await page.keyboard.press("End")
    await person.open("/o/acme/p/pj")

    await expect(line).to_have_count(0)


async def test_a_replay_plays_from_the_start_and_seeks(manu: Client, people: SignIn) -> None:
    await manu.push("pj", "fxm", *[event(body=f"number {n}", turn=f"t{n}") for n in range(12)])
    person = await people("manu")
    page = await person.open(f"{FXM}?from=start")
    entries = page.locator("#timeline .entry")
    await expect(entries).to_have_count(1)

    await page.get_by_label("Speed").select_option("16")
    await page.get_by_role("button", name="Play").click()
    await expect(page.get_by_role("button", name="Play again")).to_be_visible()
    assert await shown(page) == [str(seq) for seq in range(1, 15)]

    await page.get_by_label("Position").fill("6")
    await expect(entries).to_have_count(6)
    assert await shown(page) == [str(seq) for seq in range(1, 7)]


async def shown(page: Page) -> list[str]:
    found: list[str] = await page.locator("#timeline .entry").evaluate_all("all => all.map(e => e.dataset.seq)")
    return found

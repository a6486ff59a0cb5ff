"""Every page of the table, by axe-core in light and dark, on a phone and on a desk; and advising by keys alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from api_place import Client, Place, receive
from axe_playwright_python.base import AXE_SCRIPT
from chromium import Person, SignIn
from lived_in import DEVICE, INVITE, furnish
from playwright.async_api import Page, expect

from polaris.http.web.pages import PAGES

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Colours hang on the theme and the rest on the width: each of both is seen, not each pair of them.
LOOKS = ((1280, "light"), (360, "dark"))
GRAVE = ("serious", "critical")
AXE = """context => axe.run(context ?? document, {resultTypes: ["violations"]}).then(found => found.violations)"""
# Everything that is folded on a page; a menu lies over others and is opened by itself.
UNFOLD = "() => document.querySelectorAll('details:not(.menu)').forEach(found => { found.open = true; })"
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "(menu, number) => { menu.open = true; menu.id = `menu-${number}`; }"
AUTHORIZE = (
    "/cli/authorize?response_type=code&client_id=polaris-cli&redirect_uri=http://127.0.0.1:4000/callback"
    f"&state={'s' * 43}&code_challenge={'c' * 43}&code_challenge_method=S256&machine=laptop"
)
FOCUS_SHOWS = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  return at.matches(":focus-visible") && (style.outlineStyle !== "none" || style.boxShadow !== "none");
}"""
STRANGER = "nobody who is signed in"


@dataclass(frozen=True)
class Visit:
    """One look at a page; the address may name what `furnish` made."""

    address: str
    who: str = "manu"
    status: int = 200
    look_for: str | None = None  # opened before the look


A = "/o/acme"
VISITS: Mapping[str, tuple[Visit, ...]] = {
    "/": (Visit("/", STRANGER),),
    "/sign-in": (Visit("/sign-in?next=/o/acme", STRANGER),),
    "/sign-in/callback": (Visit("/sign-in/callback?state=forged&code=x", STRANGER, 403),),
    "/slack/oauth/callback": (Visit("/slack/oauth/callback?state=forged&code=x", status=404),),
    "/sign-up": (Visit("/sign-up"),),
    "/o": (Visit("/o?all"), Visit("/o?all", "newcomer")),
    "/invites/{org}/{secret}": (
        Visit(f"/invites/acme/{INVITE}", STRANGER),
        Visit(f"/invites/acme/{INVITE}", "zoe"),
        Visit(f"/invites/acme/{INVITE}"),
        Visit("/invites/acme/used-already", STRANGER, 404),
    ),
    "/cli/authorize": (Visit(AUTHORIZE), Visit(AUTHORIZE, "newcomer")),
    "/device": (Visit("/device"), Visit(f"/device?user_code={DEVICE}", look_for="Look it up")),
    "/o/{org}": (Visit(A), Visit(A, "priya"), Visit("/o/nowhere", status=404)),
    "/o/{org}/p/{p}": (
        Visit(f"{A}/p/pj"),
        Visit(f"{A}/p/pj?kind=tools&session=fxm"),
        Visit(f"{A}/p/pj?before=5"),
        Visit(f"{A}/p/empty"),
        Visit(f"{A}/p/old"),
    ),
    "/o/{org}/search": (
        Visit(f"{A}/search"),
        Visit(f"{A}/search?q=auth*&project=pj"),
        Visit(f"{A}/search?q=nowhere+to+be+found"),
    ),
    "/o/{org}/p/{p}/s/{s}": (
        Visit(f"{A}/p/pj/s/fxm"),
        Visit(f"{A}/p/pj/s/fxm", "priya"),
        Visit(f"{A}/p/pj/s/fxm?from=start"),
        Visit(f"{A}/p/pj/s/fxk"),
        Visit(f"{A}/p/pj/s/gone"),
    ),
    "/o/{org}/p/{p}/e/{seq}": (
        Visit(f"{A}/p/pj/e/{{prompt}}"),
        Visit(f"{A}/p/pj/e/{{call}}"),
        Visit(f"{A}/p/pj/e/{{advice}}"),
        Visit(f"{A}/p/pj/e/9999", status=404),
    ),
    "/o/{org}/p/{p}/brief": (
        Visit(f"{A}/p/pj/brief"),
        Visit(f"{A}/p/pj/brief?session=fxm&since=drove"),
        Visit(f"{A}/p/pj/brief?by=nobody"),
    ),
    "/o/{org}/p/{p}/decisions": (Visit(f"{A}/p/pj/decisions"), Visit(f"{A}/p/old/decisions")),
    "/o/{org}/p/{p}/settings": (
        Visit(f"{A}/p/pj/settings"),
        Visit(f"{A}/p/vault/settings"),
        Visit(f"{A}/p/old/settings"),
        Visit(f"{A}/p/pj/settings", "priya"),
    ),
    "/o/{org}/settings": (Visit(f"{A}/settings"),),
    "/o/{org}/settings/members": (Visit(f"{A}/settings/members"), Visit(f"{A}/settings/members", "priya")),
    "/o/{org}/settings/domains": (Visit(f"{A}/settings/domains"), Visit(f"{A}/settings/domains", "priya", 403)),
    "/o/{org}/settings/tokens": (Visit(f"{A}/settings/tokens"),),
    "/o/{org}/settings/agents": (Visit(f"{A}/settings/agents"), Visit(f"{A}/settings/agents", "priya")),
    "/o/{org}/settings/policies": (Visit(f"{A}/settings/policies"),),
    "/o/{org}/settings/slack": (Visit(f"{A}/settings/slack"), Visit(f"{A}/settings/slack", "priya")),
    "/o/{org}/settings/slack/people": (
        Visit(f"{A}/settings/slack/people"),
        Visit(f"{A}/settings/slack/people?find=nobody-at-all"),
        Visit(f"{A}/settings/slack/people", "priya", 403),
    ),
    "/o/{org}/settings/keeping": (Visit(f"{A}/settings/keeping"), Visit(f"{A}/settings/keeping", "priya", 403)),
    "/o/{org}/settings/audit": (Visit(f"{A}/settings/audit"),),
}
NOT_PAGES = {
    "/sign-in/oidc": "leads to the provider",
    "/o/{org}/p/{p}/live": "a stream",
    "/o/{org}/p/{p}/s/{s}/live": "a stream",
    "/o/{org}/settings/audit.jsonl": "a file",
}
PLACES = {
    "the way in": lambda path: not path.startswith("/o/{org}"),
    "floors": lambda path: path in ("/o/{org}", "/o/{org}/p/{p}"),
    "looking back": lambda path: path.endswith(("/search", "/brief", "/decisions")),
    "sessions and events": lambda path: "/s/" in path or "/e/" in path,
    "settings": lambda path: path.startswith("/o/{org}") and "/settings" in path,
}


async def test_every_page_of_the_table_is_visited() -> None:
    assert {page.path for page in PAGES if page.method == "GET"} == {*VISITS, *NOT_PAGES}
    assert all(sum(belongs(path) for belongs in PLACES.values()) == 1 for path in VISITS)


async def test_what_is_wrong_is_found(people: SignIn) -> None:
    anybody = await people()
    page = await anybody.open("/sign-in")
    await page.evaluate(
        """() => {
          const wrong = document.createElement("button"), wide = document.createElement("div");
          wide.style.width = "2000px";
          wide.textContent = "\u00a0";
          document.querySelector("main").append(wrong, wide);
        }"""
    )
    found = await look(page, set())

    assert [one for one in found if "button-name (critical)" in one]
    assert [one for one in found if "px too wide" in one]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("where", PLACES)
async def test_no_page_has_a_serious_finding(place: Place, people: SignIn, where: str) -> None:
    made = await furnish(place)
    visitors: dict[str, Person] = {}
    findings: list[str] = []
    menus: set[str] = set()
    for visit in (visit for path, visits in VISITS.items() if PLACES[where](path) for visit in visits):
        if visit.who not in visitors:
            visitors[visit.who] = await _come(people, visit.who)
        person = visitors[visit.who]
        if visit.status >= 400:
            person.watch.allow(rf"\b{visit.status}\b")
        page = await person.open(visit.address.format(**vars(made)), status=visit.status)
        if visit.look_for:
            await page.get_by_role("button", name=visit.look_for).click()
            await page.wait_for_load_state()
        findings += [f"{visit.who} at {visit.address}: {found}" for found in await look(page, menus)]

    assert not findings, "\n".join(findings)


async def test_forms_that_answer_with_a_page_have_no_serious_finding(place: Place, people: SignIn) -> None:
    await furnish(place)
    manu = await people("manu")
    findings: list[str] = []
    menus: set[str] = set()
    page = await manu.open("/o/acme/settings/tokens")
    await page.get_by_label("Name", exact=True).fill("laptop")
    await page.get_by_role("button", name="Create the token").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Token laptop")
    findings += await look(page, menus)
    await manu.open("/o/acme/settings/members")
    await page.get_by_label("E-mail address").fill("kim@example.com")
    await page.get_by_role("button", name="Invite").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Invitation of kim@example.com")
    findings += await look(page, menus)
    manu.watch.allow(r"409.*/sign-up")
    await manu.open("/sign-up")
    await page.get_by_label("Name", exact=True).fill("Acme")
    await page.get_by_label("Your handle").fill("manu")
    await page.get_by_role("button", name="Make the organization").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    findings += await look(page, menus)

    assert not findings, "\n".join(findings)


async def test_signing_in_and_advising_need_no_mouse(place: Place, manu: Client, people: SignIn) -> None:
    await place.client("user:priya")
    priya = await people()
    page = await priya.open("/o/acme/p/pj/s/fxm")
    await press_to(page, page.get_by_role("button", name="Continue as user:priya"))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{place.url}/o/acme/p/pj/s/fxm")
    await priya.live()

    # Straight to the content, then on to the box; no stop without a visible focus on the way.
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await press_to(page, page.get_by_label("Advise fxm"))
    await page.keyboard.type("Use RS256")
    async with manu.socket("/projects/pj/sessions/fxm/ws") as ws:
        await page.keyboard.press("Enter")
        advice = (await receive(ws, "advice"))["delivery"]

    assert (advice["sender"], advice["body"]) == ("user:priya", "Use RS256")
    await expect(page.locator("#timeline [data-state-of]")).to_have_text("queued")
    # A key instead of many: into the box from anywhere, and through the entries.
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await expect(page.get_by_label("Advise fxm")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("k")
    assert await page.evaluate("document.activeElement.matches('#timeline .entry')")


# Steps.


async def _come(people: SignIn, who: str) -> Person:
    options: dict[str, Any] = {"reduced_motion": "reduce"}
    if who == STRANGER:
        return await people(**options)
    if who in ("newcomer", "zoe"):
        person = {"email": f"{who}@example.com", "name": who.title()}
        return await people(issuer="https://id.example.com", subject=who, person=person, **options)
    return await people(who, **options)


async def look(page: Page, menus_seen: set[str]) -> list[str]:
    """What axe finds that is grave, and whether a phone has to be pushed sideways; each menu but once."""
    await page.evaluate(AXE_SCRIPT)
    await page.evaluate(UNFOLD)
    found: list[str] = []
    for width, theme in LOOKS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if sideways := await page.evaluate(SIDEWAYS):
            found.append(f"{width} px: {sideways} px too wide")
        found += [f"{width} px, {theme}: {one}" for one in await _violations(page)]
        menus = page.locator("details.menu:visible")
        for number, name in enumerate(await menus.locator("> summary").all_inner_texts()):
            if (seen := f"{theme} {name}") not in menus_seen:
                menus_seen.add(seen)
                await menus.nth(number).evaluate(OPEN, number)
                found += [f"{theme}, menu {name}: {one}" for one in await _violations(page, f"#menu-{number}")]
                await menus.nth(number).evaluate("menu => { menu.open = false; }")
    return found


async def _violations(page: Page, context: str | None = None) -> list[str]:
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]} -- {node['failureSummary']}"
        for violation in await page.evaluate(AXE, context)
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


async def press_to(page: Page, wanted: Any, most: int = 60) -> None:
    """Tabs until *wanted* has the focus; every stop on the way has to show that it has it."""
    for _ in range(most):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
        assert await page.evaluate(FOCUS_SHOWS), await page.evaluate("document.activeElement.outerHTML")
    raise AssertionError(f"{most} tabs did not lead to {wanted}")

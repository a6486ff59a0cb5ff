"""The way in and out, through the real pages: a provider over HTTP, people of this machine, and who is sent away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urljoin, urlsplit

import aiohttp
import pytest
from api_place import Client, Place, running, settle
from fake_oidc import CLIENT_ID, CLIENT_SECRET, MANU, FakeProvider, independent
from web_place import Browser, Page

from polaris.db import calls
from polaris.http.web import visitor as visitors
from polaris.http.web.sign_in import BURST

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/o\r\nX-Evil: 1",
    "javascript:alert(1)",
    "evil",
    "",
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider().running() as found:
        yield found


@pytest.fixture
async def place(database: Any, tmp_path: Path, fake: FakeProvider) -> AsyncIterator[Place]:
    """The service as an installation with a provider has it."""
    async with at_provider(database, tmp_path, fake.issuer) as found:
        await settle(found)
        fake.redirect_uris = {f"{found.url}/sign-in/callback"}
        yield found


@pytest.fixture
async def own(database: Any, tmp_path: Path) -> AsyncIterator[Place]:
    """The service as `polaris up --local-sign-in` has it."""
    async with running(database, tmp_path, local_sign_in=True) as found:
        await settle(found)
        yield found


@pytest.fixture
def browser(place: Place) -> Browser:
    return Browser(place)


def at_provider(database: Any, home: Path, issuer: str, **settings: Any) -> Any:
    return running(
        database,
        home,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        **settings,
    )


async def begin(browser: Browser, path: str = "/o") -> str:
    """Begins a sign-in; answers where the provider sends the browser back to, as a path of this site."""
    page = await browser.get(f"/sign-in/oidc?next={quote(path)}", 303)
    assert page.path is not None
    async with browser.place.http.get(page.path, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        back = answer.headers["Location"]
    assert back.startswith(f"{browser.origin}/sign-in/callback?")
    return back.removeprefix(browser.origin)


async def sign_in(browser: Browser, path: str = "/o") -> Page:
    return await browser.get(await begin(browser, path), 303)


def altered(back: str, **changes: str) -> str:
    place = urlsplit(back)
    return f"{place.path}?{urlencode(dict(parse_qsl(place.query)) | changes)}"


async def refusals(place: Place) -> list[tuple[str, dict[str, Any]]]:
    """The refused sign-ins in the log of the installation: reason and detail."""
    rows = await place.sql(
        "select target, detail from polaris_data.audit where action = 'sign_in.refused' order by audit_id"
    )
    return [(target, detail) for target, detail in rows]


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.request("GET", "/o?all")).status == 200


class TestThePage:
    async def test_it_names_the_provider_and_keeps_where_one_wanted_to_go(
        self, browser: Browser, fake: FakeProvider
    ) -> None:
        page = await browser.get("/sign-in?next=/o/acme%3Fa%3D1%26b")

        assert f"Continue with {urlsplit(fake.issuer).netloc}" in page.text
        assert 'href="/sign-in/oidc?next=/o/acme%3Fa%3D1%26b"' in page.text
        assert "sign-in/local" not in page.text

    async def test_it_says_so_when_nobody_can_sign_in(self, database: Any, tmp_path: Path) -> None:
        async with running(database, tmp_path) as place:
            page = await Browser(place).get("/sign-in")

            assert "Nobody can sign in here yet" in page.text
            assert (await Browser(place).get("/sign-in/oidc", 404)).status == 404

    async def test_whoever_is_signed_in_is_past_it(self, browser: Browser) -> None:
        await browser.sign_in("manu")

        assert (await browser.get("/sign-in?next=/device", 303)).path == "/device"

    async def test_a_page_for_members_leads_there_and_back(self, browser: Browser) -> None:
        page = await browser.get("/sign-up?x=1", 303)
        back = await sign_in(browser, parse_qs(urlsplit(str(page.path)).query)["next"][0])

        assert back.path == "/sign-up?x=1"


class TestWithAProvider:
    async def test_a_person_comes_in_and_is_known_by_what_the_provider_says(
        self, browser: Browser, place: Place, fake: FakeProvider
    ) -> None:
        page = await sign_in(browser)
        shown = await browser.follow(page)

        assert page.path == "/o"
        assert "manu@example.com" in shown.text
        ((issuer, subject, email, name, domain),) = await place.sql(
            "select issuer, subject, email, name, domain from polaris_data.people where issuer <> 'local'"
        )
        assert (issuer, subject, email, name, domain) == (
            fake.issuer,
            "1138",
            "manu@example.com",
            "Manu",
            "example.com",
        )

    async def test_a_person_is_the_same_one_after_the_address_changed(
        self, browser: Browser, place: Place, fake: FakeProvider
    ) -> None:
        await sign_in(browser)
        fake.person["email"] = "manu.klein@example.com"
        await sign_in(Browser(place))
        fake.person |= {"sub": "1139"}  # and the address alone makes nobody the same
        await sign_in(Browser(place))

        people = await place.sql("select subject, email from polaris_data.people where issuer <> 'local' order by 1")
        assert people == [("1138", "manu.klein@example.com"), ("1139", "manu.klein@example.com")]

    async def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(self, browser: Browser) -> None:
        first = await browser.get("/sign-in/oidc", 303)
        page = await sign_in(browser)

        for answer in (first, page):
            lines = answer.headers.getall("Set-Cookie")
            assert lines
            assert all("HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line for line in lines)

    async def test_behind_https_cookies_and_addresses_are_those_of_the_public_origin(
        self, database: Any, tmp_path: Path, fake: FakeProvider
    ) -> None:
        async with at_provider(database, tmp_path, fake.issuer, public_url="https://polaris.example") as place:
            page = await Browser(place).get("/sign-in/oidc", 303, headers={"Host": "polaris.example"})

        asked = parse_qs(urlsplit(str(page.path)).query)
        assert asked["redirect_uri"] == ["https://polaris.example/sign-in/callback"]
        (line,) = page.headers.getall("Set-Cookie")
        assert line.startswith("__Host-polaris-sign-in=")
        assert "Secure" in line

    async def test_a_sign_in_has_a_session_of_its_own_and_ends_the_one_before(
        self, browser: Browser, place: Place
    ) -> None:
        await browser.sign_in("manu")
        before = browser.cookie
        await sign_in(browser)

        assert browser.cookie != before
        assert not await is_signed_in(Browser(place).hold(before))
        assert await is_signed_in(browser)

    async def test_a_cookie_that_was_planted_before_is_worth_nothing_after(
        self, browser: Browser, place: Place
    ) -> None:
        planted = "A" * 43
        browser.hold(planted)
        await sign_in(browser)

        assert browser.cookie != planted
        assert not await is_signed_in(Browser(place).hold(planted))

    async def test_nobody_is_sent_to_another_site_afterwards(self, browser: Browser) -> None:
        for path in ELSEWHERE:
            page = await sign_in(browser, path)

            assert page.path == "/o", path
            assert "X-Evil" not in page.headers

    async def test_two_tabs_can_sign_in_at_once(self, browser: Browser) -> None:
        first, second = await begin(browser, "/device"), await begin(browser, "/sign-up")

        assert (await browser.get(second, 303)).path == "/sign-up"
        assert (await browser.get(first, 303)).path == "/device"

    async def test_an_independent_provider_agrees(self, database: Any, tmp_path: Path) -> None:
        with independent(MANU | {"sub": "manu"}) as issuer:
            async with at_provider(database, tmp_path, issuer) as place:
                browser = Browser(place)
                page = await browser.get("/sign-in/oidc?next=/device", 303)
                back = await choose_manu(str(page.path), browser.origin)

                assert (await browser.get(back, 303)).path == "/device"
                assert "manu@example.com" in (await browser.get("/o")).text


async def choose_manu(url: str, home: str) -> str:
    """At the provider's own pages: the form that names manu is sent, until the browser is sent home."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(url) as answer:
            page, url = await answer.text(), str(answer.url)
        form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if "manu" in f)
        tags = re.findall(r"<(?:input|button)[^>]*>", form)
        named = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in tags]
        data = {name[1]: unescape(value[1]) if value else "manu" for name, value in named if name}
        action = re.search(r'action="([^"]*)"', form)
        where = urljoin(url, unescape(action[1])) if action else url
        async with session.post(where, data=data, allow_redirects=False) as answer:
            back = answer.headers["Location"]
    assert back.startswith(home)
    return back.removeprefix(home)


class TestRefused:
    @pytest.mark.parametrize(
        ("defect", "reason"),
        [
            ("other audience", "id_token"),
            ("other nonce", "id_token"),
            ("expired", "id_token"),
            ("other issuer", "id_token"),
            ("alg none", "id_token"),
            ("signed with the public key as a secret", "id_token"),
            ("broken signature", "id_token"),
            ("key of somebody else", "id_token"),
            ("no id token", "no_id_token"),
            ("address not verified", "address_not_verified"),
            ("verified as text", "address_not_verified"),
        ],
    )
    async def test_a_bad_token_gets_a_plain_page_and_a_row_of_the_audit_log(
        self, browser: Browser, place: Place, fake: FakeProvider, defect: str, reason: str
    ) -> None:
        fake.defect = defect
        page = await browser.get(await begin(browser), 403)

        assert "The sign-in did not work" in page.text
        assert reason in page.text
        assert 'href="/sign-in"' in page.text
        assert visitors.cookie_name(browser.origin) not in browser.cookies
        ((noted, detail),) = await refusals(place)
        assert noted == reason
        assert detail["address"] == "127.0.0.1"
        assert "eyJ" not in json.dumps(detail)
        assert await place.sql("select from polaris_data.people where issuer <> 'local'") == []

    async def test_an_answer_works_once(self, browser: Browser, place: Place) -> None:
        back = await begin(browser)
        await browser.get(back, 303)
        page = await browser.get(back, 403)

        assert "finished already" in page.text
        assert "You are still signed in as manu@example.com" in page.text
        assert await refusals(place) == [("state", {"address": "127.0.0.1"})]
        assert await is_signed_in(browser)  # who was in stays in

    async def test_an_answer_that_was_refused_does_not_work_later(self, browser: Browser, fake: FakeProvider) -> None:
        fake.defect = "other nonce"
        back = await begin(browser)
        await browser.get(back, 403)
        fake.defect = ""

        await browser.get(back, 403)

    @pytest.mark.parametrize("cookies", [{}, {"other": "B" * 43}])
    async def test_the_answer_of_one_browser_is_worth_nothing_in_another(
        self, browser: Browser, place: Place, cookies: dict[str, str]
    ) -> None:
        back = await begin(browser)
        other = Browser(place, {visitors.cookie_name(browser.origin, "polaris-sign-in"): v for v in cookies.values()})
        page = await other.get(back, 403)

        assert "another browser" in page.text
        assert (await browser.get(back, 303)).path == "/o"  # and it was not used up by the attempt

    async def test_a_changed_state_is_refused_and_spoils_nothing(self, browser: Browser, place: Place) -> None:
        back = await begin(browser)
        await browser.get(altered(back, state="other"), 403)
        await browser.get(altered(back, state=""), 403)

        assert [reason for reason, _ in await refusals(place)] == ["state", "state"]
        await browser.get(back, 303)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"iss": "https://evil.example"}, "foreign_answer"),
            ({"code": "other"}, "code"),
            ({"error": "access_denied"}, "denied"),
            ({"error": "<script>alert(1)</script>"}, "provider_said_no"),
        ],
        ids=str,
    )
    async def test_a_changed_answer_is_refused(
        self, browser: Browser, place: Place, changes: dict[str, str], reason: str
    ) -> None:
        page = await browser.get(altered(await begin(browser), **changes), 403)

        assert [noted for noted, _ in await refusals(place)] == [reason]
        assert "<script>alert" not in page.text

    async def test_a_sign_in_is_over_after_ten_minutes(self, browser: Browser, place: Place) -> None:
        back = await begin(browser)
        await place.sql("update polaris_data.sign_ins set created_at = created_at - interval '601 seconds'")
        page = await browser.get(back, 403)

        assert "ten minutes" in page.text

    @pytest.mark.parametrize("defect", ["token endpoint fails", "keys are gone"])
    async def test_a_provider_that_is_broken_is_no_refusal(
        self, browser: Browser, place: Place, fake: FakeProvider, defect: str
    ) -> None:
        fake.defect = defect
        page = await browser.get(await begin(browser), 502)

        assert "Try again in a minute" in page.text
        assert await refusals(place) == []

    async def test_a_provider_that_is_gone_is_told_before_anybody_is_sent_there(
        self, browser: Browser, fake: FakeProvider
    ) -> None:
        fake.defect = "discovery is gone"
        page = await browser.get("/sign-in/oidc", 502)

        assert "The sign-in did not work" in page.text
        assert 'href="/sign-in"' in page.text

    async def test_who_tries_again_and_again_has_to_wait(self, browser: Browser, place: Place) -> None:
        results = await asyncio.gather(
            *(browser.request("GET", "/sign-in/callback?state=x") for _ in range(BURST + 20))
        )

        assert {page.status for page in results} == {403, 429}
        assert len(await refusals(place)) < BURST + 20


class TestOut:
    async def test_the_session_ends_with_its_cookie(self, browser: Browser, place: Place) -> None:
        await browser.sign_in("manu")
        held = browser.cookie
        page = await browser.post("/sign-out")

        assert page.path == "/"
        assert visitors.cookie_name(browser.origin) not in browser.cookies
        assert not await is_signed_in(Browser(place).hold(held))

    async def test_everywhere_ends_all_browsers_of_the_person_and_of_nobody_else(self, place: Place) -> None:
        await place.client("user:krishna")
        first, second, krishna = (
            await Browser(place).sign_in("manu"),
            await Browser(place).sign_in("manu"),
            await Browser(place).sign_in("krishna"),
        )
        await first.post("/sign-out", everywhere="1")

        assert not await is_signed_in(second)
        assert await is_signed_in(krishna)

    async def test_only_this_browser_without_it(self, place: Place) -> None:
        first, second = await Browser(place).sign_in("manu"), await Browser(place).sign_in("manu")
        await first.post("/sign-out")

        assert await is_signed_in(second)

    async def test_another_site_signs_nobody_out(self, browser: Browser) -> None:
        await browser.sign_in("manu")
        await browser.post("/sign-out", 403, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
        await browser.post("/sign-out", 403, csrf="other")

        assert await is_signed_in(browser)

    async def test_it_leads_on_to_a_page_of_this_site_only(self, browser: Browser) -> None:
        await browser.sign_in("manu")
        assert (await browser.post("/sign-out?next=/sign-in%3Fnext%3D/device")).path == "/sign-in?next=/device"

        assert (await browser.post("/sign-out?next=//evil.example")).path == "/o"


class TestLocally:
    async def test_the_people_of_the_installation_are_offered(self, own: Place) -> None:
        await own.client("user:krishna")
        browser = Browser(own)
        page = await browser.get("/sign-in?next=/device")
        people = re.findall(r'name="person" value="([^"]*)"', page.text)

        assert people == [f"{own.org_id}:manu", f"{own.org_id}:krishna"]
        assert re.sub(r"<[^>]*>", "", page.text).count("Continue as user:manu") == 1
        assert (await browser.post("/sign-in/local", person=people[0], next="/device")).path == "/device"
        assert "user:manu" in (await browser.get("/o?all")).text

    async def test_every_page_says_so(self, own: Place) -> None:
        browser = Browser(own)
        for path in ("/sign-in", "/nowhere"):
            assert "Local sign-in" in (await browser.request("GET", path)).text, path
        await browser.sign_in("manu")
        for path in ("/o?all", "/sign-up"):
            assert "Local sign-in" in (await browser.get(path)).text, path

    async def test_without_the_flag_there_is_no_such_way(self, browser: Browser, place: Place) -> None:
        page = await browser.post("/sign-in/local", 403, person=f"{place.org_id}:manu")

        assert "only when it was asked for" in page.text
        assert visitors.cookie_name(browser.origin) not in browser.cookies

    async def test_what_came_through_a_proxy_is_not_local(self, own: Place) -> None:
        browser = Browser(own)
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            page = await browser.get("/sign-in", headers={name: "203.0.113.7"})
            await browser.post("/sign-in/local", 403, headers={name: "203.0.113.7"}, person=f"{own.org_id}:manu")

            assert "Continue as" not in page.text

    async def test_another_name_for_this_machine_is_not_local(self, own: Place) -> None:
        browser = Browser(own)
        page = await browser.request("GET", "/sign-in", headers={"Host": "evil.example"})

        assert page.status == 421
        assert "Continue as" not in page.text

    async def test_a_public_address_is_not_local(self, database: Any, tmp_path: Path) -> None:
        public = "https://polaris.example"
        async with running(database, tmp_path, local_sign_in=True, public_url=public) as place:
            await settle(place)
            browser, headers = Browser(place), {"Host": "polaris.example", "Origin": public}
            page = await browser.get("/sign-in", headers=headers)
            await browser.post("/sign-in/local", 403, headers=headers, person=f"{place.org_id}:manu")

        assert "Continue as" not in page.text

    @pytest.mark.parametrize("sent", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}], ids=str)
    async def test_another_site_signs_nobody_in(self, own: Place, sent: dict[str, str]) -> None:
        browser = Browser(own)
        await browser.post("/sign-in/local", 403, headers=sent, person=f"{own.org_id}:manu")

        assert browser.cookies == {}

    async def test_only_people_of_the_installation_can_be_chosen(self, own: Place) -> None:
        browser = Browser(own)
        await Browser(own).sign_in_as("https://accounts.google.com", "1138", email="manu@example.com")
        for person in ("1138", f"{own.org_id}:nobody"):
            await browser.post("/sign-in/local", 404, person=person)

        assert browser.cookies == {}

    async def test_who_was_removed_is_no_longer_offered(self, own: Place) -> None:
        krishna: Client = await own.client("user:krishna")
        async with own.service.database.connection() as conn:
            await calls.remove_member(conn, own.org_id, "user:manu", krishna.actor.removeprefix("user:"))
        page = await Browser(own).get("/sign-in")

        assert "krishna" not in page.text
        await Browser(own).post("/sign-in/local", 404, person=f"{own.org_id}:krishna")

"""Coming into an organization, through the real pages: making one, joining by domain, accepting an invitation."""

from __future__ import annotations

import re
import secrets
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from api_place import Place
from web_place import Browser

from polaris import tokens
from polaris.db import calls

GOOGLE = "https://accounts.google.com"
SOMEBODY = {"email": "krishna@example.com", "name": "Krishna", "domain": "example.com"}


@pytest.fixture
async def krishna(place: Place) -> Browser:
    """Somebody who is signed in and in no organization."""
    return await Browser(place).sign_in_as(GOOGLE, "2001", **SOMEBODY)


async def members(place: Place, org: str = "acme") -> dict[str, str]:
    rows = await place.sql(
        "select m.handle, m.role from polaris_data.members m join polaris_data.orgs o using (org_id)"
        " where o.slug = %s and m.removed_at is null",
        org,
    )
    return dict(rows)


async def invite(place: Place, email: str = "krishna@example.com", role: str = "member", **more: Any) -> str:
    """The path of a new invitation's link."""
    secret = secrets.token_urlsafe(32)
    async with place.service.database.connection() as conn:
        await calls.invite(conn, place.org_id, "user:manu", email, role, tokens.digest(secret), **more)
    return f"/invites/acme/{secret}"


async def open_domain(place: Place, domain: str = "example.com") -> None:
    async with place.service.database.connection() as conn:
        await calls.add_domain(conn, place.org_id, "user:manu", domain)
        await calls.prove_domain(conn, place.org_id, "user:manu", domain)


def values(text: str) -> dict[str, str]:
    """What stands in the fields of a page's forms."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            found[name[1]] = unescape(value[1])
    return found


def alert(text: str) -> str:
    """What a screen reader is told at once."""
    found = re.search(r'role="alert"[^>]*>(.*?)</div>', text, re.S)
    return unescape(re.sub(r"<[^>]*>", "", found[1])) if found else ""


class TestLanding:
    async def test_it_says_what_this_is_and_how_to_come_in(self, place: Place) -> None:
        page = await Browser(place).get("/")

        assert "<h1" in page.text
        assert 'href="/sign-in' in page.text

    async def test_who_is_signed_in_is_past_it(self, krishna: Browser) -> None:
        assert (await krishna.get("/", 303)).path == "/o"


class TestSignUp:
    async def test_a_person_makes_an_organization_and_is_its_administrator(
        self, krishna: Browser, place: Place
    ) -> None:
        page = await krishna.post("/sign-up", name="Globex Corporation", slug="globex", handle="krish")

        assert page.path == "/o/globex"
        assert await members(place, "globex") == {"krish": "admin"}
        assert (await krishna.get("/o", 303)).path == "/o/globex"

    async def test_the_word_of_welcome_is_said_once(self, krishna: Browser) -> None:
        await krishna.post("/sign-up", name="Globex", slug="globex", handle="krishna")

        assert "Globex is yours" in (await krishna.get("/o?all")).text
        assert "Globex is yours" not in (await krishna.get("/o?all")).text

    async def test_the_handle_is_suggested_from_the_address(self, place: Place) -> None:
        browser = await Browser(place).sign_in_as(GOOGLE, "1", email="Krishna.V+x@example.com", name="K")

        assert values((await browser.get("/sign-up")).text)["handle"] == "krishna-v-x"

    async def test_without_an_address_it_is_suggested_from_the_name(self, place: Place) -> None:
        browser = await Browser(place).sign_in_as(GOOGLE, "1", name="Ärger & Söhne")

        assert values((await browser.get("/sign-up")).text)["handle"] == "rger-s-hne"

    @pytest.mark.parametrize(
        ("name", "slug"),
        [("Globex Corporation!", "globex-corporation"), ("  ACME 2  ", "acme-2"), ("a" * 80, "a" * 63)],
    )
    async def test_the_address_is_made_from_the_name(self, krishna: Browser, name: str, slug: str) -> None:
        page = await krishna.post("/sign-up", name=name, slug="", handle="krishna")

        assert page.path == f"/o/{slug}"

    async def test_a_taken_address_is_told_and_the_form_kept(self, krishna: Browser, place: Place) -> None:
        page = await krishna.post("/sign-up", 409, name="ACME", slug="", handle="krishna")

        assert "There is an organization acme already." in alert(page.text)
        assert {k: values(page.text)[k] for k in ("name", "slug", "handle")} == {
            "name": "ACME",
            "slug": "acme",
            "handle": "krishna",
        }
        assert await members(place) == {"manu": "admin"}

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"name": ""}, "Please fill in: name."),
            ({"handle": ""}, "Please fill in: handle."),
            ({"slug": "a b"}, "This cannot be the address."),
            ({"slug": "-a"}, "This cannot be the address."),
            ({"slug": "a" * 64}, "This cannot be the address."),
            ({"name": "Ä", "slug": ""}, "This cannot be the address."),
            ({"handle": "user:krishna"}, "This cannot be the handle."),
            ({"handle": "../x"}, "This cannot be the handle."),
        ],
        ids=str,
    )
    async def test_what_cannot_be_is_told_at_its_field(
        self, krishna: Browser, changed: dict[str, str], said: str
    ) -> None:
        fields = {"name": "Globex", "slug": "globex", "handle": "krishna"} | changed
        page = await krishna.post("/sign-up", 422, **fields)

        assert said in alert(page.text)
        assert values(page.text)["name"] == fields["name"]

    async def test_names_are_shown_as_they_are_and_never_as_markup(self, krishna: Browser) -> None:
        name = '"><script>alert(1)</script>'
        again = await krishna.post("/sign-up", 409, name=name, slug="acme", handle="krishna")
        await krishna.post("/sign-up", name=name, slug="globex", handle="krishna")
        listed = await krishna.get("/o?all")

        for page in (again, listed):
            assert "<script>alert" not in page.text
            assert "&lt;script&gt;alert(1)" in page.text

    async def test_who_is_not_signed_in_is_asked_to_first(self, place: Place) -> None:
        page = await Browser(place).get("/sign-up", 303)

        assert page.path == "/sign-in?next=/sign-up"

    async def test_a_form_of_another_site_makes_nothing(self, krishna: Browser, place: Place) -> None:
        fields = {"name": "Globex", "slug": "globex", "handle": "krishna"}
        await krishna.post("/sign-up", 403, headers={"Origin": "https://evil.example"}, **fields)
        await krishna.post("/sign-up", 403, csrf="other", **fields)

        assert await members(place, "globex") == {}


class TestMyOrganizations:
    async def test_with_one_and_no_choice_it_goes_there(self, place: Place) -> None:
        manu = await Browser(place).sign_in("manu")

        assert (await manu.get("/o", 303)).path == "/o/acme"
        assert "user:manu" in (await manu.get("/o?all")).text

    async def test_with_several_it_lists_them_with_handle_and_role(self, krishna: Browser, place: Place) -> None:
        await krishna.post("/sign-up", name="Globex", slug="globex", handle="krish")
        await krishna.post(await invite(place), handle="krishna")
        page = await krishna.get("/o")

        listed = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.text))
        assert "Acme acme as user:krishna" in listed
        assert "Globex globex as user:krish admin" in listed

    async def test_without_any_it_says_how_to_get_one(self, krishna: Browser) -> None:
        page = await krishna.get("/o")

        assert "You are in no organization yet, signed in as krishna@example.com." in page.text
        assert 'href="/sign-up"' in page.text
        assert "Open the link that you were sent" in page.text


class TestJoiningByDomain:
    async def test_a_proven_domain_opens_the_organization(self, krishna: Browser, place: Place) -> None:
        await open_domain(place)
        page = await krishna.get("/o")
        assert "Join Acme" in page.text
        assert values(page.text)["handle"] == "krishna"
        joined = await krishna.post("/o/acme/join", handle="krishna")

        assert joined.path == "/o/acme"
        assert await members(place) == {"manu": "admin", "krishna": "member"}

    async def test_a_domain_that_was_only_added_opens_nothing(self, krishna: Browser, place: Place) -> None:
        async with place.service.database.connection() as conn:
            await calls.add_domain(conn, place.org_id, "user:manu", "example.com")

        assert "Join Acme" not in (await krishna.get("/o")).text
        await krishna.post("/o/acme/join", 403, handle="krishna")
        assert await members(place) == {"manu": "admin"}

    async def test_the_end_of_an_address_opens_nothing(self, place: Place) -> None:
        await open_domain(place)
        stranger = await Browser(place).sign_in_as(GOOGLE, "9", email="x@example.com", domain=None)

        assert "Join Acme" not in (await stranger.get("/o")).text
        await stranger.post("/o/acme/join", 403, handle="x")

    async def test_an_organization_that_does_not_exist_answers_the_same(self, krishna: Browser) -> None:
        here = await krishna.post("/o/acme/join", 403, handle="krishna")
        nowhere = await krishna.post("/o/nowhere/join", 403, handle="krishna")

        assert _without_csrf(here.text) == _without_csrf(nowhere.text)

    async def test_a_taken_handle_is_told_in_the_form(self, krishna: Browser, place: Place) -> None:
        await open_domain(place)
        page = await krishna.post("/o/acme/join", 409, handle="manu")

        assert "user:manu" in alert(page.text)
        assert values(page.text)["handle"] == "manu"
        await krishna.post("/o/acme/join", 422, handle="a b")
        assert await members(place) == {"manu": "admin"}

    async def test_who_was_removed_does_not_come_back_by_domain(self, krishna: Browser, place: Place) -> None:
        await open_domain(place)
        await krishna.post("/o/acme/join", handle="krishna")
        async with place.service.database.connection() as conn:
            await calls.remove_member(conn, place.org_id, "user:manu", "krishna")

        assert "Join Acme" not in (await krishna.get("/o")).text
        await krishna.post("/o/acme/join", 403, handle="krishna")
        assert await members(place) == {"manu": "admin"}


class TestInvitation:
    async def test_it_says_who_invites_as_what_before_one_is_signed_in(self, place: Place) -> None:
        path = await invite(place, role="admin")
        page = await Browser(place).get(path)
        link = re.search(r'href="(/sign-in\?next=[^"]*)"', page.text)

        assert "user:manu" in page.text
        assert "an administrator" in page.text
        assert "Sign in as krishna@example.com" in page.text
        assert link
        assert parse_qs(urlsplit(unescape(link[1])).query)["next"] == [path]
        assert "<form" not in page.text

    @pytest.mark.parametrize("role", ["member", "admin"])
    async def test_the_invited_person_becomes_a_member(self, krishna: Browser, place: Place, role: str) -> None:
        path = await invite(place, role=role)
        assert values((await krishna.get(path)).text)["handle"] == "krishna"
        page = await krishna.post(path, handle="krish")

        assert page.path == "/o/acme"
        assert await members(place) == {"manu": "admin", "krish": role}
        assert (await krishna.get("/o", 303)).path == "/o/acme"

    async def test_the_address_may_be_written_in_capitals(self, place: Place) -> None:
        browser = await Browser(place).sign_in_as(GOOGLE, "2001", email="Krishna@Example.com")

        assert (await browser.post(await invite(place), handle="krishna")).path == "/o/acme"

    async def test_it_works_once(self, krishna: Browser, place: Place) -> None:
        path = await invite(place)
        await krishna.post(path, handle="krishna")
        page = await krishna.get(path, 404)
        await krishna.post(path, 404, handle="other")

        assert "not good any more" in page.text

    async def test_an_ended_and_an_expired_one_are_gone(self, krishna: Browser, place: Place) -> None:
        ended, expired = await invite(place), await invite(place)
        async with place.service.database.connection() as conn:
            await calls.revoke_invite(conn, place.org_id, "user:manu", 1)
        await place.sql("update polaris_data.invites set expires_at = now() where invite_id = 2")

        for path in (ended, expired, "/invites/acme/guessed", ended.replace("acme", "globex")):
            await krishna.get(path, 404)
            await krishna.post(path, 404, handle="krishna")
        assert await members(place) == {"manu": "admin"}

    async def test_another_address_is_told_and_can_change(self, krishna: Browser, place: Place) -> None:
        path = await invite(place, "priya@example.com")
        page = await krishna.get(path)
        await krishna.post(path, 403, handle="krishna")
        out = re.search(r'action="(/sign-out\?[^"]*)"', page.text)

        assert "This invitation is for another address." in page.text
        assert "You are signed in as krishna@example.com" in page.text
        assert await members(place) == {"manu": "admin"}
        assert out
        (following,) = parse_qs(urlsplit(unescape(out[1])).query)["next"]
        assert parse_qs(urlsplit(following).query)["next"] == [path]
        assert (await krishna.post(unescape(out[1]))).path == following

    async def test_an_address_that_only_this_installation_vouches_for_does_not_count(self, place: Place) -> None:
        async with place.service.database.connection() as conn:
            await calls.add_member(conn, place.org_id, "user:manu", "priya", "member", "krishna@example.com")
        priya, path = await Browser(place).sign_in("priya"), await invite(place)

        assert "for another address" in (await priya.get(path)).text
        await priya.post(path, 403, handle="krishna")

    async def test_a_taken_handle_is_told_in_the_form_and_the_invitation_stays_good(
        self, krishna: Browser, place: Place
    ) -> None:
        path = await invite(place)
        page = await krishna.post(path, 409, handle="manu")
        await krishna.post(path, 422, handle="Not a handle")

        assert "user:manu" in alert(page.text)
        assert values(page.text)["handle"] == "manu"
        assert (await krishna.post(path, handle="krishna")).path == "/o/acme"

    async def test_it_can_hand_over_a_member_of_the_installation(self, krishna: Browser, place: Place) -> None:
        await place.client("user:priya")
        path = await invite(place, handle="priya")
        page = await krishna.get(path)
        await krishna.post(path, handle="something-else")

        assert "in the place of" in page.text
        assert "handle" not in values(page.text)
        assert await members(place) == {"manu": "admin", "priya": "member"}
        assert "user:priya" in (await krishna.get("/o?all")).text

    async def test_a_member_is_not_made_one_twice(self, krishna: Browser, place: Place) -> None:
        await krishna.post(await invite(place), handle="krishna")
        page = await krishna.post(await invite(place), handle="again")

        assert page.path == "/o/acme"
        assert await members(place) == {"manu": "admin", "krishna": "member"}

    async def test_accepting_needs_somebody_and_a_form_of_this_site(self, krishna: Browser, place: Place) -> None:
        path = await invite(place)
        await Browser(place).post(path, 401, handle="krishna")
        await krishna.post(path, 403, csrf="other", handle="krishna")
        await krishna.post(path, 403, headers={"Sec-Fetch-Site": "cross-site"}, handle="krishna")

        assert await members(place) == {"manu": "admin"}


def _without_csrf(text: str) -> str:
    return re.sub(r'value="[^"]*"', "", text)

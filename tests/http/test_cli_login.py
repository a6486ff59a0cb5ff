"""``polaris login`` against the running service: both ways in, and everybody who tries to come in by them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
from api_place import Place, until

from polaris import login, tokens
from polaris.db import calls
from polaris.errors import PolarisError
from polaris.http.web import visitor

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://127.0.0.1:5000/callback"
ASKED = {
    "redirect_uri": CALLBACK,
    "state": "a-state-of-the-machine",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "machine": "laptop",
}


class Browser:
    """A browser in which somebody is signed in; it follows no redirect by itself."""

    def __init__(self, place: Place, http: aiohttp.ClientSession) -> None:
        self.place, self.http = place, http

    async def get(self, path: str, **query: str) -> tuple[int, str, aiohttp.ClientResponse]:
        url = path if path.startswith("http") else self.place.url + path
        async with self.http.get(url, params=query or None, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer

    async def post(
        self, path: str, *, tokened: bool = True, headers: dict[str, str] | None = None, **fields: str
    ) -> tuple[int, str, aiohttp.ClientResponse]:
        if tokened:
            _, page, _ = await self.get("/device")
            found = re.search(r'name="csrf" value="([^"]+)"', page)
            assert found
            fields["csrf"] = found[1]
        async with self.http.post(
            self.place.url + path, data=fields, headers=headers or {}, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer

    async def press(self, url: str, decision: str = "allow", **more: str) -> str:
        """Opens the page of a sign-in and presses a button; where it sends the browser."""
        status, page, answer = await self.get(url)
        assert status == 200, page
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields = {name: value.replace("&amp;", "&") for name, value in fields.items()}
        fields |= {"decision": decision, **more}
        status, page, answer = await self.post("/cli/authorize", tokened=False, **fields)
        assert status == 303, page
        return answer.headers["Location"]


@asynccontextmanager
async def signed_in(place: Place, handle: str, org: str = "acme") -> AsyncIterator[Browser]:
    row = await place.sql(
        "select p.issuer, p.subject from polaris_data.people p join polaris_data.members m using (person_id) "
        "join polaris_data.orgs o using (org_id) where o.slug = %s and m.handle = %s",
        org,
        handle,
    )
    async with place.service.database.connection() as conn:
        cookie = await visitor.sign_in(conn, *row[0], name=handle)
    name = visitor.cookie_name(place.url)
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), headers={"Cookie": f"{name}={cookie}"}
    ) as http:
        yield Browser(place, http)


@pytest.fixture
async def manu(place: Place) -> AsyncIterator[Browser]:
    async with signed_in(place, "manu") as browser:
        yield browser


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def exchange(place: Place, http: aiohttp.ClientSession, **form: str) -> tuple[int, dict[str, Any]]:
    async with http.post(place.url + "/cli/token", data=form) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        body: dict[str, Any] = await answer.json()
        return answer.status, body


def code_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]


async def new_code(browser: Browser) -> str:
    return code_of(await browser.press(f"/cli/authorize?{urlencode(ASKED)}"))


def grant(code: str, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    } | changes


async def who(place: Place, http: aiohttp.ClientSession, token: str) -> dict[str, Any]:
    async with http.get(place.url + "/me", headers={"Authorization": f"Bearer {token}"}) as answer:
        body: dict[str, Any] = await answer.json()
        return body


# Through the browser of the same machine


async def test_the_loopback_sign_in_gives_a_token_of_the_person_and_notes_it(
    place: Place, manu: Browser, http: aiohttp.ClientSession
) -> None:
    came_back: list[str] = []

    async def show(url: str) -> bool:
        location = await manu.press(url)
        came_back.append(location)
        # A page that bent its name to this address, and one that guesses, come first and get nothing.
        for host, state, status in (("evil.example", None, 421), (None, "guess", 400)):
            query = dict(parse_qsl(urlsplit(location).query)) | ({"state": state} if state else {})
            async with http.get(
                location.partition("?")[0], params=query | {"code": "evil"}, headers={"Host": host} if host else {}
            ) as forged:
                assert forged.status == status
        await manu.get(location)
        return True

    answer = await login.through_browser(http, place.url, show, machine="laptop")
    me = await who(place, http, answer["access_token"])
    listed = (await place.admin.get("/tokens"))["items"]
    audit = (await place.admin.get("/audit"))["items"]
    replayed = await exchange(place, http, **grant(code_of(came_back[0])))

    assert tokens.well_formed(answer["access_token"])
    assert (answer["org"], answer["actor"]) == ("acme", "user:manu")
    assert (me["org"], me["actor"], me["role"]) == ("acme", "user:manu", "admin")
    made = next(one for one in listed if one["name"] == "polaris login on laptop")
    assert (made["actor"], made["sliding"], made["shown"]) == (
        "user:manu",
        True,
        tokens.shown(answer["access_token"]),
    )
    assert ("token.issued", "user:manu") in {(row["action"], row["target"]) for row in audit}
    assert replayed == (400, replayed[1])
    assert replayed[1]["error"] == "invalid_grant"
    assert answer["access_token"] not in str(audit)


async def test_a_no_in_the_browser_ends_it(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    async def show(url: str) -> bool:
        await manu.get(await manu.press(url, "deny"))
        return True

    with pytest.raises(PolarisError) as refused:
        await login.through_browser(http, place.url, show, machine="laptop")

    assert refused.value.code == "sign_in_refused"
    assert len((await place.admin.get("/tokens"))["items"]) == 1


async def test_the_page_says_which_machine_asks_and_changes_nothing_by_being_looked_at(
    place: Place, manu: Browser
) -> None:
    status, page, answer = await manu.get("/cli/authorize", **ASKED | {"machine": "<b>lap\u202etop"})
    policy = answer.headers["Content-Security-Policy"]
    rows = await place.sql("select count(*) from polaris_data.login_codes")

    assert status == 200
    assert "&lt;b&gt;lap\\u202etop" in page
    assert "user:manu" in page
    assert "form-action 'self' http://127.0.0.1:5000;" in policy
    assert rows == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:5000/other"},
        {"redirect_uri": "http://127.0.0.1:5000/callback?x=1"},
        {"redirect_uri": "http://127.0.0.1.evil.example:5000/callback"},
        {"redirect_uri": "http://127.0.0.1:5000@evil.example/callback"},
        {"redirect_uri": "http://localhost:5000/callback"},
        {"redirect_uri": "http://127.0.0.1/callback"},
        {"redirect_uri": "http://127.0.0.1:0/callback"},
        {"redirect_uri": "http://127.0.0.1:65536/callback"},
        {"redirect_uri": "http://127.0.0.1:5000/callback\nx"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"state": ""},
        {"state": "x\r\nLocation: //evil"},
    ],
)
async def test_a_code_goes_to_this_machines_loopback_and_nowhere_else(manu: Browser, change: dict[str, str]) -> None:
    shown = await manu.get("/cli/authorize", **ASKED | change)
    sent = await manu.post("/cli/authorize", **ASKED | change | {"org": "acme", "decision": "allow"})

    assert (shown[0], sent[0]) == (400, 400)
    assert "Location" not in sent[2].headers
    assert "evil" not in sent[2].headers["Content-Security-Policy"]


async def test_the_button_needs_its_page_and_a_person(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    fields = ASKED | {"org": "acme", "decision": "allow"}
    without = await manu.post("/cli/authorize", tokened=False, **fields)
    wrong = await manu.post("/cli/authorize", tokened=False, csrf="x" * 43, **fields)
    foreign = await manu.post("/cli/authorize", headers={"Origin": "https://evil.example"}, **fields)
    stranger = await manu.post("/cli/authorize", **fields | {"org": "other"})
    nobody = Browser(place, http)
    shown = await nobody.get("/cli/authorize", **ASKED)
    sent = await nobody.post("/cli/authorize", tokened=False, **fields)
    device = await manu.post("/device", tokened=False, user_code="BBBB-BBBB")

    assert [one[0] for one in (without, wrong, foreign, stranger, device)] == [403, 403, 403, 404, 403]
    assert shown[0] == 303
    assert shown[2].headers["Location"].startswith("/sign-in?next=/cli/authorize%3F")
    assert sent[0] == 401
    assert await place.sql("select count(*) from polaris_data.login_codes") == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:5001/callback"},
        {"redirect_uri": ""},
    ],
)
async def test_a_code_works_once_also_when_the_rest_is_wrong(
    place: Place, manu: Browser, http: aiohttp.ClientSession, change: dict[str, str]
) -> None:
    code = await new_code(manu)
    wrong = await exchange(place, http, **grant(code, **change))
    right = await exchange(place, http, **grant(code))

    assert (wrong[0], wrong[1]["error"]) == (400, "invalid_grant")
    assert (right[0], right[1]["error"]) == (400, "invalid_grant")


async def test_a_code_is_good_for_a_minute_and_for_a_member(
    place: Place, manu: Browser, http: aiohttp.ClientSession
) -> None:
    late = await new_code(manu)
    await place.sql("update polaris_data.login_codes set created_at = created_at - interval '61 seconds'")
    await place.client("user:priya")
    async with signed_in(place, "priya") as browser:
        gone = await new_code(browser)
    await place.admin.call("DELETE", "/members/priya")

    assert (await exchange(place, http, **grant(late)))[1]["error"] == "invalid_grant"
    assert (await exchange(place, http, **grant(gone)))[1]["error"] == "invalid_grant"


async def test_who_is_in_two_organizations_chooses(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    ((person,),) = await place.sql("select person_id from polaris_data.members where handle = 'manu'")
    async with place.service.database.connection() as conn:
        await calls.found_org(conn, person, "beta", "Beta", "emanuel")
    page = (await manu.get("/cli/authorize", **ASKED))[1]
    location = await manu.press(f"/cli/authorize?{urlencode(ASKED)}", org="beta")
    first = await exchange(place, http, **grant(code_of(location)))

    assert "user:manu" in page
    assert "user:emanuel" in page
    assert (first[1]["org"], first[1]["actor"]) == ("beta", "user:emanuel")


# Through a device's code


@asynccontextmanager
async def waiting(place: Place, http: aiohttp.ClientSession) -> AsyncIterator[tuple[login.Device, asyncio.Task[Any]]]:
    """A machine that has shown its code and asks on, without waiting for time to pass."""
    shown: asyncio.Future[login.Device] = asyncio.get_running_loop().create_future()

    async def sleep(seconds: float) -> None:
        await place.sql("update polaris_data.device_logins set polled_at = polled_at - interval '1 minute'")
        await asyncio.sleep(0)

    task = asyncio.create_task(
        login.through_device(http, place.url, shown.set_result, machine="build-7", sleep=sleep), name="device"
    )
    try:
        done, _ = await asyncio.wait([shown, task], timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert shown in done, task.exception()
        yield shown.result(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_device_sign_in_waits_for_the_second_click(
    place: Place, manu: Browser, http: aiohttp.ClientSession
) -> None:
    async with waiting(place, http) as (device, task):
        prefilled = (await manu.get("/device", user_code=device.user_code))[1]
        typed = device.user_code.lower().replace("-", " ")
        looked = (await manu.post("/device", user_code=typed))[1]
        before = task.done()
        done = (await manu.post("/device", user_code=device.user_code, org="acme", decision="allow"))[1]
        answer = await asyncio.wait_for(task, 10)
    again = (await manu.post("/device", user_code=device.user_code))[0]

    assert re.fullmatch(r"[B-DF-HJ-NP-TV-Z]{4}-[B-DF-HJ-NP-TV-Z]{4}", device.user_code)
    assert device.uri == f"{place.url}/device"
    assert f'value="{device.user_code}"' in prefilled
    assert "build-7" not in prefilled
    assert all(
        word in looked for word in ("build-7", "127.0.0.1", device.user_code, "Did somebody send you this code?")
    )
    assert not before
    assert "Done" in done
    assert (answer["org"], answer["actor"]) == ("acme", "user:manu")
    assert (await who(place, http, answer["access_token"]))["actor"] == "user:manu"
    assert again == 404


async def test_a_no_is_told_to_the_machine(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    async with waiting(place, http) as (device, task):
        said = (await manu.post("/device", user_code=device.user_code, decision="deny"))[1]
        with pytest.raises(PolarisError) as refused:
            await asyncio.wait_for(task, 10)

    assert "Nothing was signed in" in said
    assert refused.value.code == "sign_in_refused"


async def poll(place: Place, http: aiohttp.ClientSession, device_code: str) -> str:
    form = {"grant_type": login.DEVICE_GRANT, "device_code": device_code}
    return str((await exchange(place, http, **form))[1].get("error", "granted"))


async def begin(place: Place, http: aiohttp.ClientSession, **form: str) -> dict[str, Any]:
    async with http.post(place.url + "/cli/device", data=form or {"machine": "build-7"}) as answer:
        assert answer.status == 200
        body: dict[str, Any] = await answer.json()
        return body


async def test_a_device_that_asks_too_fast_is_slowed_down_and_a_late_one_is_over(
    place: Place, manu: Browser, http: aiohttp.ClientSession
) -> None:
    device = await begin(place, http)
    code = device["device_code"]
    fast = [await poll(place, http, code), await poll(place, http, code)]
    await place.sql("update polaris_data.device_logins set polled_at = polled_at - interval '6 seconds'")
    still_fast = await poll(place, http, code)
    await place.sql("update polaris_data.device_logins set created_at = created_at - interval '601 seconds'")
    late = [(await manu.post("/device", user_code=device["user_code"]))[0], await poll(place, http, code)]

    assert (device["interval"], device["expires_in"]) == (5, 600)
    assert device["verification_uri_complete"] == f"{device['verification_uri']}?user_code={device['user_code']}"
    assert fast == ["authorization_pending", "slow_down"]
    assert still_fast == "slow_down"  # ten seconds by now
    assert late == [404, "expired_token"]
    assert await poll(place, http, code) == "invalid_grant"
    assert await poll(place, http, "nonsense") == "invalid_grant"


async def test_an_approved_device_gets_its_token_once(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    device = await begin(place, http)
    await manu.post("/device", user_code=device["user_code"], org="acme", decision="allow")
    answers = [await poll(place, http, device["device_code"]) for _ in range(2)]

    assert answers == ["granted", "invalid_grant"]


async def test_guessing_codes_is_limited_for_each_person(
    place: Place, manu: Browser, http: aiohttp.ClientSession
) -> None:
    device = await begin(place, http)
    seen = [(await manu.post("/device", user_code="BBBB-BBBB"))[0] for _ in range(11)]
    right = await manu.post("/device", user_code=device["user_code"], org="acme", decision="allow")
    await place.client("user:priya")
    async with signed_in(place, "priya") as other:
        others = (await other.post("/device", user_code=device["user_code"]))[0]

    assert seen == [404] * 10 + [429]
    assert right[0] == 429
    assert others == 200
    assert await poll(place, http, device["device_code"]) == "authorization_pending"


async def test_an_address_that_begins_again_and_again_has_to_wait(place: Place, http: aiohttp.ClientSession) -> None:
    seen = set()
    for _ in range(40):
        async with http.post(place.url + "/cli/device", data={"machine": "x"}) as answer:
            seen.add(answer.status)

    assert seen == {200, 429}


async def test_only_an_own_organization_can_be_given(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    await place.org("other")
    device = await begin(place, http)
    refused = await manu.post("/device", user_code=device["user_code"], org="other", decision="allow")

    assert refused[0] == 404
    assert await poll(place, http, device["device_code"]) == "authorization_pending"


async def test_the_name_of_a_machine_cannot_write_on_the_page(
    place: Place, manu: Browser, http: aiohttp.ClientSession
) -> None:
    device = await begin(place, http, machine="<script>\u202e\x1b[2J" + "x" * 500)
    page = (await manu.post("/device", user_code=device["user_code"]))[1]

    assert "&lt;script&gt;\\u202e\\u001b[2J" in page
    assert "x" * 81 not in page


# What is no request


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "manu"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": login.DEVICE_GRANT}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "a\0b"}, "invalid_request"),
        ([("grant_type", "authorization_code"), ("code", "a"), ("code", "b")], "invalid_request"),
        ([("a", str(number)) for number in range(50)], "invalid_request"),
        ({"grant_type": "authorization_code", "code": "guess"}, "invalid_grant"),
        ({"grant_type": login.DEVICE_GRANT, "device_code": "guess"}, "invalid_grant"),
    ],
)
async def test_what_is_no_request_gets_an_error_of_the_standard(
    place: Place, http: aiohttp.ClientSession, form: Any, error: str
) -> None:
    async with http.post(place.url + "/cli/token", data=urlencode(form), headers=FORM) as answer:
        body = await answer.json()

    assert (answer.status, body["error"]) == (400, error)
    assert set(body) == {"error", "error_description"}
    assert answer.headers["Cache-Control"] == "no-store"


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_programs_send_forms_and_nothing_else(place: Place, http: aiohttp.ClientSession) -> None:
    async def status(path: str, **options: Any) -> int:
        async with http.post(place.url + path, **options) as answer:
            return answer.status

    for path in ("/cli/token", "/cli/device"):
        assert await status(path, json={"machine": "x"}) == 400
        assert await status(path, data=b"\xff", headers=FORM) == 400
        assert await status(path, data=b"a=" + b"x" * (1 << 15), headers=FORM) == 413
        assert await status(path, data={"machine": "x"}, headers={"Host": "evil.example"}) == 421


async def test_the_code_is_nowhere_but_in_the_redirect(place: Place, manu: Browser) -> None:
    code = await new_code(manu)
    rows = await place.sql("select login_codes::text from polaris_data.login_codes")

    assert code not in str(rows)
    assert hashlib.sha256(code.encode()).hexdigest() in str(rows)


async def test_two_machines_sign_in_at_once(place: Place, manu: Browser, http: aiohttp.ClientSession) -> None:
    async def one(machine: str) -> str:
        async def show(url: str) -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                await manu.get(await manu.press(url))
            return True

        return str((await login.through_browser(http, place.url, show, machine=machine))["access_token"])

    first, second = await asyncio.gather(one("a"), one("b"))

    assert first != second
    await until(lambda: place.service.listener.is_connected)
    for token in (first, second):
        assert (await who(place, http, token))["actor"] == "user:manu"

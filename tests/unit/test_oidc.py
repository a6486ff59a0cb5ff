"""Sign-in with a provider: what is taken, and every way of lying that is not."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "http"))
from fake_oidc import CLAIMS, CLIENT_ID, CLIENT_SECRET, DISCOVERY, FAULTS, FORMS, FakeProvider, independent

from polaris.errors import PolarisError
from polaris.http.web.oidc import (
    METADATA_SECONDS,
    REFETCH_SECONDS,
    Pending,
    Provider,
    ProviderUnavailable,
    SignInRefused,
    Who,
)

CALLBACK = "http://127.0.0.1:4320/sign-in/callback"
USER = {"sub": "manu", "email": "manu@example.com", "email_verified": True, "name": "Manu"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider().running() as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(fake: FakeProvider, clock: Clock) -> Provider:
    return Provider(fake.issuer, CLIENT_ID, CLIENT_SECRET, clock=clock)


async def browse(url: str) -> dict[str, str]:
    """A browser: follows redirects, sends the first form that names the user, and stops at the callback."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        data: dict[str, str] | None = None
        for _ in range(12):
            if url.startswith(CALLBACK):
                return dict(parse_qsl(urlsplit(url).query))
            method = "GET" if data is None else "POST"
            async with session.request(method, url, data=data, allow_redirects=False) as answer:
                data = None
                if answer.status in (301, 302, 303, 307):
                    url = urljoin(url, answer.headers["Location"])
                    continue
                assert answer.status == 200, await answer.text()
                page = await answer.text()
            forms = re.findall(r"<form.*?</form>", page, re.S)
            form = next((f for f in forms if "manu" in f), forms[0])
            data = {}
            for tag in re.findall(r"<(?:input|button)[^>]*>", form):
                if name := re.search(r'name="([^"]*)"', tag):
                    value = re.search(r'value="([^"]*)"', tag)
                    data[name[1]] = unescape(value[1]) if value else "manu"
            action = re.search(r'action="([^"]*)"', form)
            url = urljoin(url, unescape(action[1]) if action else url)
    raise AssertionError("too many hops")


async def sign_in(provider: Provider, *, pending: dict[str, str] | None = None, **query: str) -> Who:
    """The whole way; what is given replaces what came back, or what was remembered."""
    begun = Pending.new()
    back = await browse(await provider.address(begun, "a-state", CALLBACK))
    remembered = Pending(**{"nonce": begun.nonce, "verifier": begun.verifier, **(pending or {})})
    return await provider.finish(remembered, back | query, CALLBACK)


async def test_a_good_sign_in_tells_who_it_is(provider: Provider, fake: FakeProvider) -> None:
    who = await sign_in(provider)

    assert who == Who(fake.issuer, "1138", "manu@example.com", "Manu", None, "example.com")


async def test_the_browser_is_sent_with_all_that_protects_the_answer(provider: Provider, fake: FakeProvider) -> None:
    begun = Pending.new()
    url = await provider.address(begun, "a-state", CALLBACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    assert url.startswith(fake.issuer + "/authorize?")
    assert (asked["state"], asked["nonce"], asked["redirect_uri"]) == ("a-state", begun.nonce, CALLBACK)
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] != begun.verifier
    assert "prompt" not in asked
    assert CLIENT_SECRET not in url
    assert begun.verifier not in url


def test_nothing_of_a_sign_in_is_used_twice() -> None:
    assert len({text for _ in range(100) for text in vars(Pending.new()).values()}) == 200


# What a wrong claim is called in the audit row; the others are named by the kind of the library's error.
CALLED = {
    "other audience": "aud",
    "several audiences, not issued to us": "azp",
    "other nonce": "nonce",
    "expired": "exp",
    "expiry as text": "exp",
    "issued in the future": "iat",
    "other issuer": "iss",
    "empty subject": "sub",
    "subject as a number": "sub",
    "hash of another access token": "at_hash",
}
REASONS = {
    "address not verified": "address_not_verified",
    "verified as text": "address_not_verified",
    "no word about the address": "address_not_verified",
    "no address": "no_address",
    "address of two lines": "no_address",
    "no id token": "no_id_token",
    "id token is no text": "no_id_token",
}


@pytest.mark.parametrize("defect", [*CLAIMS, *FORMS])
async def test_a_bad_token_is_refused_and_not_quoted(provider: Provider, fake: FakeProvider, defect: str) -> None:
    fake.defect = defect
    fake.person |= {"name": "a-private-name"}

    with pytest.raises(SignInRefused) as refused:
        await sign_in(provider)
    assert refused.value.reason == REASONS.get(defect, "id_token")
    told = json.dumps(refused.value.problem()) + str(refused.value.__cause__)
    assert CALLED.get(defect, "") in told
    assert not re.search("a-private-name|manu@|eyJ", told)
    fake.defect = ""
    assert await sign_in(provider)  # it was the defect, and nothing else


@pytest.mark.parametrize("defect", [*FAULTS, *DISCOVERY])
async def test_a_provider_that_is_broken_signs_nobody_in(provider: Provider, fake: FakeProvider, defect: str) -> None:
    fake.defect = defect

    with pytest.raises(PolarisError) as failed:
        await sign_in(provider)
    assert type(failed.value) is (SignInRefused if defect == "foreign issuer" else ProviderUnavailable)
    fake.defect = ""
    assert await sign_in(provider)  # the fault is not remembered


async def test_a_provider_that_is_not_there_is_told_apart_from_a_refusal() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"

        with pytest.raises(ProviderUnavailable):
            await Provider(nobody, CLIENT_ID, CLIENT_SECRET).address(Pending.new(), "s", CALLBACK)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"pending": {"verifier": "x" * 50}}, "code"),
        ({"pending": {"nonce": "other"}}, "id_token"),
        ({"iss": "https://evil.example"}, "foreign_answer"),
        ({"code": "other"}, "code"),
        ({"code": ""}, "no_code"),
        ({"error": "access_denied"}, "denied"),
        ({"error": "server_error"}, "provider_said_no"),
    ],
    ids=str,
)
async def test_an_altered_answer_is_refused(provider: Provider, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        await sign_in(provider, **changed)

    assert refused.value.reason == reason


async def test_a_code_works_once(provider: Provider) -> None:
    begun = Pending.new()
    back = await browse(await provider.address(begun, "a-state", CALLBACK))
    await provider.finish(begun, back, CALLBACK)

    with pytest.raises(SignInRefused) as refused:
        await provider.finish(begun, back, CALLBACK)
    assert refused.value.details == {"reason": "code", "error": "invalid_grant"}


async def test_the_code_of_another_redirect_is_refused(provider: Provider) -> None:
    begun = Pending.new()
    back = await browse(await provider.address(begun, "a-state", CALLBACK))

    with pytest.raises(SignInRefused):
        await provider.finish(begun, back, CALLBACK.replace("127.0.0.1", "localhost"))


async def test_a_wrong_client_secret_is_refused_and_not_told(fake: FakeProvider) -> None:
    with pytest.raises(SignInRefused) as refused:
        await sign_in(Provider(fake.issuer, CLIENT_ID, "another-secret"))

    assert refused.value.details == {"reason": "code", "error": "invalid_client"}
    assert "another-secret" not in str(refused.value)


@pytest.mark.parametrize("said", ["<script>", "a b", "x" * 61, "é"])
async def test_the_word_of_an_error_is_a_word_or_is_not_repeated(provider: Provider, said: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        await sign_in(provider, error=said)

    assert refused.value.details == {"reason": "provider_said_no", "error": "unknown"}


async def test_exchanged_keys_are_fetched_once_more(provider: Provider, fake: FakeProvider) -> None:
    await sign_in(provider)
    await sign_in(provider)
    assert fake.key_fetches == 1
    fake.rotate()

    assert (await sign_in(provider)).subject == "1138"
    assert fake.key_fetches == 2


async def test_exchanged_keys_without_key_ids_are_fetched_once_more(provider: Provider, fake: FakeProvider) -> None:
    await sign_in(provider)
    kid = fake.key.kid
    fake.rotate()
    fake.key = type(fake.key).import_key(fake.key.as_dict(private=True) | {"kid": kid})

    assert (await sign_in(provider)).subject == "1138"


async def test_unknown_keys_do_not_make_us_ask_for_keys_again_and_again(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    await sign_in(provider)
    fake.defect = "unknown key id"
    results = await asyncio.gather(*(sign_in(provider) for _ in range(5)), return_exceptions=True)

    assert [type(result) for result in results] == [SignInRefused] * 5
    assert fake.key_fetches == 2
    fake.defect = ""
    fake.rotate()
    with pytest.raises(SignInRefused):
        await sign_in(provider)
    clock.now += REFETCH_SECONDS
    assert await sign_in(provider)
    assert fake.key_fetches == 3


async def test_keys_that_were_withdrawn_are_forgotten_within_the_hour(
    provider: Provider, fake: FakeProvider, clock: Clock
) -> None:
    await sign_in(provider)
    clock.now += METADATA_SECONDS + 1
    await sign_in(provider)

    assert fake.key_fetches == 2


async def test_the_key_of_a_person_does_not_depend_on_the_last_slash(fake: FakeProvider) -> None:
    fake.person |= {"iss": fake.issuer + "/"}
    who = await sign_in(Provider(fake.issuer + "/", CLIENT_ID, CLIENT_SECRET))

    assert who.issuer == fake.issuer


async def test_several_audiences_are_fine_when_the_token_was_issued_to_us(
    provider: Provider, fake: FakeProvider
) -> None:
    fake.person |= {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID}

    assert await sign_in(provider)


@pytest.mark.parametrize(
    ("claims", "name", "picture"),
    [
        ({"name": "  Manu\r\nKlein "}, "Manu Klein", None),
        ({"name": None}, "manu", None),
        ({"name": 7, "picture": 7}, "manu", None),
        ({"picture": "https://lh3.googleusercontent.com/a"}, "Manu", "https://lh3.googleusercontent.com/a"),
        ({"picture": "javascript:alert(1)"}, "Manu", None),
        ({"picture": "http://example.com/a"}, "Manu", None),
    ],
    ids=str,
)
async def test_name_and_picture_are_fit_for_a_page(
    provider: Provider, fake: FakeProvider, claims: dict[str, Any], name: str, picture: str | None
) -> None:
    fake.person |= claims
    who = await sign_in(provider)

    assert (who.name, who.picture) == (name, picture)


async def test_the_domain_is_the_one_of_the_verified_address(provider: Provider, fake: FakeProvider) -> None:
    fake.person |= {"email": "manu@Mail.Example.COM", "hd": "other.example"}

    assert (await sign_in(provider)).domain == "mail.example.com"


class TestGoogle:
    """The rules for Google, at a provider that plays it."""

    @pytest.fixture
    def provider(self, fake: FakeProvider) -> Provider:
        found = Provider(fake.issuer, CLIENT_ID, CLIENT_SECRET)
        found.is_google = True
        return found

    def test_google_is_known_by_its_issuer(self) -> None:
        google = Provider("https://accounts.google.com", "x", "y")

        assert (google.is_google, google.name) == (True, "Google")

    async def test_people_may_choose_their_account(self, provider: Provider, fake: FakeProvider) -> None:
        await sign_in(provider)

        assert fake.asked["prompt"] == "select_account"

    @pytest.mark.parametrize(
        ("hosted", "domain"),
        [("Example.com", "example.com"), (None, None), ("", None), (["example.com"], None), (True, None)],
        ids=str,
    )
    async def test_the_domain_is_what_google_says_and_never_the_end_of_the_address(
        self, provider: Provider, fake: FakeProvider, hosted: Any, domain: str | None
    ) -> None:
        fake.person |= {"hd": hosted}

        assert (await sign_in(provider)).domain == domain

    async def test_both_ways_of_writing_the_issuer_are_one_person(self, provider: Provider, fake: FakeProvider) -> None:
        first = await sign_in(provider)
        fake.person |= {"iss": "accounts.google.com"}

        assert await sign_in(provider) == first

    async def test_nobody_else_may_write_the_issuer_like_that(self, fake: FakeProvider) -> None:
        fake.person |= {"iss": "accounts.google.com"}

        with pytest.raises(SignInRefused):
            await sign_in(Provider(fake.issuer, CLIENT_ID, CLIENT_SECRET))


@pytest.fixture
def other() -> Iterator[str]:
    with independent(USER) as issuer:
        yield issuer


async def test_an_independent_provider_agrees(other: str) -> None:
    provider = Provider(other, "polaris", "s")

    who = await sign_in(provider)

    assert who == Who(other, "manu", "manu@example.com", "Manu", None, "example.com")
    with pytest.raises(SignInRefused) as refused:
        await sign_in(provider, pending={"nonce": "other"})
    assert refused.value.reason == "id_token"

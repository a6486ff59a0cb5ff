"""The machine's side of signing in: what comes back to the loopback address, how a device waits, what is saved.

The service is a few scripted answers here; tests/http/test_cli_login.py has the real one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web

from polaris import credentials, login, tokens
from polaris.cli import main
from polaris.errors import Misused, PolarisError, Unavailable
from polaris.settings import Credential

BEARER = {"access_token": "plr_u_x", "token_type": "Bearer", "org": "acme", "actor": "user:manu"}
GRANT = {
    "device_code": "long-secret",
    "user_code": "BCDF-GHJK",
    "verification_uri": "https://polaris.example/device",
    "expires_in": 600,
    "interval": 5,
}


class Service:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, {k: str(v) for k, v in (await request.post()).items()}))
        status, body = self.answers.pop(0)
        return web.json_response(body, status=status) if not isinstance(body, str) else web.Response(text=body)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{site.port}"
    yield found
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Browser:
    """Has opened the page, and does *act* with what its address asks."""

    def __init__(self, act: Callable[[dict[str, str]], Awaitable[None]]) -> None:
        self.act = act
        self.acting: asyncio.Future[None] | None = None

    async def __call__(self, url: str) -> bool:
        asked = dict(parse_qsl(urlsplit(url).query)) | {"page": url.partition("?")[0]}
        self.acting = asyncio.ensure_future(self.act(asked))
        return True

    async def is_done(self) -> None:
        assert self.acting
        await self.acting


async def never(url: str) -> bool:
    return True


# Through the browser


async def test_the_code_that_the_browser_brings_is_exchanged_with_its_verifier(
    service: Service, http: aiohttp.ClientSession
) -> None:
    asked: dict[str, str] = {}
    service.answers = [(200, BEARER)]

    async def act(query: dict[str, str]) -> None:
        asked.update(query)
        async with http.get(query["redirect_uri"], params={"code": "the-code", "state": query["state"]}) as answer:
            assert answer.status == 200
            assert "script" not in await answer.text()
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["Cache-Control"] == "no-store"

    browser = Browser(act)
    answer = await login.through_browser(http, service.url, browser, machine="laptop")
    await browser.is_done()
    ((path, form),) = service.asked
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()

    assert answer == BEARER
    assert asked["page"] == f"{service.url}/cli/authorize"
    assert (asked["code_challenge"], asked["code_challenge_method"], asked["machine"]) == (challenge, "S256", "laptop")
    assert form["code_verifier"] not in str(asked)
    assert len(form["code_verifier"]) >= 43
    assert (path, form["grant_type"], form["code"]) == ("/cli/token", "authorization_code", "the-code")
    assert form["redirect_uri"] == asked["redirect_uri"]
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert asked["redirect_uri"].endswith("/callback")


async def test_a_forged_and_a_rebound_callback_are_refused_and_the_true_one_still_counts(
    service: Service, http: aiohttp.ClientSession
) -> None:
    service.answers = [(200, BEARER)]
    seen: list[int] = []

    async def act(query: dict[str, str]) -> None:
        true = {"code": "true", "state": query["state"]}
        evil = {"code": "evil", "state": query["state"]}
        port = urlsplit(query["redirect_uri"]).port
        for method, params, host in (
            ("GET", {"code": "evil", "state": "guess"}, None),
            ("GET", {"code": "evil"}, None),
            ("GET", evil, "evil.example"),
            ("GET", evil, f"localhost:{port}"),
            ("GET", evil, "127.0.0.1"),
            ("HEAD", evil, None),
            ("POST", evil, None),
            ("GET", true, None),
        ):
            headers = {"Host": host} if host else {}
            async with http.request(method, query["redirect_uri"], params=params, headers=headers) as answer:
                seen.append(answer.status)

    browser = Browser(act)
    await login.through_browser(http, service.url, browser, machine="laptop")
    await browser.is_done()

    assert seen == [400, 400, 421, 421, 421, 405, 405, 200]
    assert [form["code"] for _, form in service.asked] == ["true"]


async def test_the_first_answer_counts_and_a_second_one_is_refused(
    service: Service, http: aiohttp.ClientSession
) -> None:
    service.answers = [(200, BEARER)]
    seen: list[int] = []

    async def act(query: dict[str, str]) -> None:
        async def come(code: str) -> int:
            params = {"code": code, "state": query["state"]}
            try:
                async with http.get(query["redirect_uri"], params=params) as answer:
                    return answer.status
            except aiohttp.ClientError:  # nobody listens any more
                return 400

        seen.extend(await asyncio.gather(come("first"), come("second")))

    browser = Browser(act)
    await login.through_browser(http, service.url, browser, machine="laptop")
    await browser.is_done()

    assert sorted(seen) == [200, 400]
    assert len(service.asked) == 1


async def test_a_no_in_the_browser_ends_the_sign_in(service: Service, http: aiohttp.ClientSession) -> None:
    async def act(query: dict[str, str]) -> None:
        params = {"error": "access_denied", "state": query["state"]}
        async with http.get(query["redirect_uri"], params=params) as answer:
            assert "Nothing was signed in" in await answer.text()

    browser = Browser(act)
    with pytest.raises(PolarisError) as refused:
        await login.through_browser(http, service.url, browser, machine="laptop")
    await browser.is_done()

    assert (refused.value.code, refused.value.exit_code) == ("sign_in_refused", 77)
    assert service.asked == []


async def test_nobody_comes_back(service: Service, http: aiohttp.ClientSession) -> None:
    with pytest.raises(PolarisError, match="Nobody came back") as late:
        await login.through_browser(http, service.url, never, machine="laptop", seconds=0.05)

    assert late.value.code == "sign_in_timed_out"
    assert "--device" in str(late.value.hint)


async def test_no_browser_is_told_at_once_and_the_port_is_closed(service: Service, http: aiohttp.ClientSession) -> None:
    seen: list[str] = []

    async def none_opens(url: str) -> bool:
        seen.append(dict(parse_qsl(urlsplit(url).query))["redirect_uri"])
        return False

    with pytest.raises(login.NoBrowser):
        await login.through_browser(http, service.url, none_opens, machine="laptop")
    with pytest.raises(aiohttp.ClientConnectorError):
        await http.get(seen[0])


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": "The code is used up.\x1b[2J"}, "sign_in_failed"),
        (500, {"code": "internal", "message": "A fault."}, "internal"),
        (200, "<html>a hotel's wifi</html>", "unavailable"),
        (200, {"access_token": 7}, "unavailable"),
        (302, {}, "unavailable"),
    ],
)
async def test_a_code_that_brings_no_token_is_told(
    service: Service, http: aiohttp.ClientSession, status: int, body: Any, code: str
) -> None:
    service.answers = [(status, body)]

    async def act(query: dict[str, str]) -> None:
        await http.get(query["redirect_uri"], params={"code": "x", "state": query["state"]})

    browser = Browser(act)
    with pytest.raises(PolarisError) as failed:
        await login.through_browser(http, service.url, browser, machine="laptop")
    await browser.is_done()

    assert failed.value.code == code
    assert "\x1b" not in str(failed.value)


# Through a device's code


class Pauses:
    """Sleeps without waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_the_device_waits_for_the_yes_and_slows_down_when_it_is_told(
    service: Service, http: aiohttp.ClientSession
) -> None:
    shown: list[login.Device] = []
    pause = Pauses()
    service.answers = [
        (200, GRANT),
        (400, {"error": "authorization_pending"}),
        (400, {"error": "slow_down"}),
        (429, {"code": "rate_limited", "message": "Too much."}),
        (400, {"error": "authorization_pending"}),
        (200, BEARER),
    ]

    answer = await login.through_device(http, service.url, shown.append, machine="laptop", sleep=pause)

    assert answer == BEARER
    assert (shown[0].user_code, shown[0].uri) == ("BCDF-GHJK", "https://polaris.example/device")
    assert pause.seconds == [5, 5, 10, 15, 15]
    assert service.asked[0] == ("/cli/device", {"client_id": "polaris-cli", "machine": "laptop"})
    assert {form["device_code"] for path, form in service.asked if path == "/cli/token"} == {"long-secret"}


async def test_a_service_that_is_away_for_a_while_is_asked_again_less_often(
    service: Service, http: aiohttp.ClientSession
) -> None:
    pause = Pauses()
    service.answers = [(200, GRANT), (503, {"code": "database_unavailable", "message": "Away."}), (200, BEARER)]

    assert await login.through_device(http, service.url, lambda device: None, machine="m", sleep=pause) == BEARER
    assert pause.seconds == [5, 10]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "sign_in_refused"),
        ("expired_token", "sign_in_timed_out"),
        ("invalid_grant", "sign_in_failed"),
        ("something_new", "sign_in_failed"),
    ],
)
async def test_a_no_ends_the_waiting(service: Service, http: aiohttp.ClientSession, error: str, code: str) -> None:
    service.answers = [(200, GRANT), (400, {"error": error})]

    with pytest.raises(PolarisError) as ended:
        await login.through_device(http, service.url, lambda device: None, machine="m", sleep=Pauses())

    assert ended.value.code == code


async def test_a_device_gives_up_when_its_code_is_too_old(service: Service, http: aiohttp.ClientSession) -> None:
    service.answers = [(200, GRANT | {"expires_in": 12})] + [(400, {"error": "authorization_pending"})] * 5

    with pytest.raises(PolarisError) as late:
        await login.through_device(http, service.url, lambda device: None, machine="m", sleep=Pauses())

    assert late.value.code == "sign_in_timed_out"
    assert len(service.asked) == 3


@pytest.mark.parametrize(
    "change",
    [{"user_code": None}, {"device_code": 7}, {"verification_uri": "javascript:alert(1)"}, {"interval": "often"}],
)
async def test_a_grant_that_makes_no_sense_is_refused(
    service: Service, http: aiohttp.ClientSession, change: dict[str, Any]
) -> None:
    service.answers = [(200, GRANT | change)]

    with pytest.raises(Unavailable):
        await login.through_device(http, service.url, lambda device: None, machine="m", sleep=Pauses())


async def test_what_the_service_says_cannot_steer_the_terminal(service: Service, http: aiohttp.ClientSession) -> None:
    shown: list[login.Device] = []
    evil = {"user_code": "AB\x1b[2J", "verification_uri": "https://x/\x1b]0;hi\x07"}
    service.answers = [(200, GRANT | evil), (200, BEARER)]
    await login.through_device(http, service.url, shown.append, machine="m", sleep=Pauses())

    assert "\x1b" not in shown[0].user_code + shown[0].uri


# Where to, and which way


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://polaris.example.com/", "https://polaris.example.com"),
        ("polaris.example.com", "https://polaris.example.com"),
        ("https://Polaris.Example:8443", "https://polaris.example:8443"),
        ("127.0.0.1:4320", "http://127.0.0.1:4320"),
        ("http://localhost:4320", "http://localhost:4320"),
        ("http://[::1]:4320", "http://[::1]:4320"),
    ],
)
def test_an_address_is_an_origin(text: str, meant: str) -> None:
    assert login.service_address(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "http://polaris.example.com",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://user:secret@polaris.example.com",
        "https://polaris.example.com/path",
        "https://polaris.example.com?x=1",
        "postgresql://x",
        "https://",
        "https://x:99999999",
        "",
    ],
)
def test_an_address_that_is_no_origin_or_not_encrypted_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Misused) as refused:
        login.service_address(text)

    assert "secret" not in f"{refused.value} {refused.value.hint}"


def test_the_code_is_shown_where_no_browser_can_open() -> None:
    assert login.wants_device({"SSH_CONNECTION": "x", "DISPLAY": ":0"}, "linux")
    assert login.wants_device({}, "linux")
    assert not login.wants_device({}, "darwin")
    assert not login.wants_device({"WAYLAND_DISPLAY": "w"}, "linux")
    assert not login.wants_device({"BROWSER": "firefox"}, "linux")


# The commands


@pytest.fixture
def home(tmp_path: Path, clean_environment: Callable[[str, str], None]) -> Path:
    clean_environment("POLARIS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def profiles(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "credentials.json").read_text())
    return found


def test_no_service_is_known_yet(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["login"]) == 78
    assert "Which service?" in capsys.readouterr().err


def test_a_service_that_does_not_answer_is_told_before_a_browser_opens(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "browser-of-the-tests")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    assert main(["login", "http://127.0.0.1:1"]) == 69
    assert "does not answer" in capsys.readouterr().err
    assert opened == []


async def test_something_else_that_answers_is_no_service(service: Service, http: aiohttp.ClientSession) -> None:
    service.answers = [(200, {"status": "ok"}), (200, "<html>"), (404, {}), (200, {"status": "up"})]
    await login.require_service(http, service.url)

    for _ in range(3):
        with pytest.raises(Unavailable, match="not Polaris's"):
            await login.require_service(http, service.url)


def test_a_token_that_cannot_be_one_is_refused_before_anything_is_asked(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("plr_u_nonsense\n"))

    assert main(["login", "https://polaris.invalid", "--with-token"]) == 77
    said = capsys.readouterr().err
    assert "not a token of Polaris" in said
    assert "nonsense" not in said
    assert not home.exists()


def test_credentials_that_others_can_read_stop_the_sign_in_before_it_begins(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "credentials.json"
    credentials.save(file, "work", Credential("https://polaris.invalid", "acme", "user:manu", "t"))
    file.chmod(0o644)
    monkeypatch.setattr(sys, "stdin", io.StringIO(tokens.new("u")))

    assert main(["login", "--with-token"]) == 78
    assert "chmod 600" in capsys.readouterr().err


def test_signing_out_of_a_service_that_is_away_keeps_the_profile_unless_it_is_to_be_forgotten(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "credentials.json"
    credentials.save(file, "work", Credential("http://127.0.0.1:1", "acme", "user:manu", tokens.new("u")))

    assert main(["logout", "--profile", "work"]) == 69
    said = capsys.readouterr()
    assert "'work' is kept" in said.err
    assert "--forget" in said.err
    assert profiles(home)["profiles"]

    assert main(["logout", "--profile", "work", "--forget", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["revoked"] is False
    assert not file.exists()


def test_signing_out_of_a_profile_that_is_not_there_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logout", "--profile", "nope"]) == 78
    assert "no profile 'nope'" in capsys.readouterr().err

"""The stand-in for Slack, asked by the unchanged slack-sdk: what the other tests rely on."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from polaris.demo_slack import FakeSlack

POST = "chat.postMessage"
REDIRECT = "http://127.0.0.1:9/slack/oauth/callback"


@pytest.fixture
def client(slack: FakeSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot("T1"), base_url=f"{slack.url}/api/", retry_handlers=[])


@pytest.fixture
def channel(slack: FakeSlack) -> str:
    return slack.channel("T1", "pj", members=["U1", "U2"])


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


# The Web API


async def test_a_channel_lives_as_slacks_do(client: AsyncWebClient, slack: FakeSlack) -> None:
    made = (await client.conversations_create(name="pj"))["channel"]
    assert (made["name"], made["creator"], made["is_member"]) == ("pj", "UBOT1", True)
    await client.conversations_setTopic(channel=made["id"], topic="t")
    await client.conversations_invite(channel=made["id"], users=["U1", "U2"])

    assert (await client.conversations_info(channel=made["id"]))["channel"]["topic"]["value"] == "t"
    assert (await client.conversations_members(channel=made["id"]))["members"] == ["U1", "U2", "UBOT1"]
    assert await refusal(client.conversations_invite(channel=made["id"], users="U1")) == "already_in_channel"
    assert await refusal(client.conversations_invite(channel=made["id"], users="UBOT1")) == "cant_invite_self"
    await client.conversations_archive(channel=made["id"])
    assert await refusal(client.chat_postMessage(channel=made["id"], text="x")) == "is_archived"
    assert await refusal(client.conversations_join(channel=made["id"])) == "is_archived"
    assert (await client.conversations_list(exclude_archived=True))["channels"] == []
    assert await refusal(client.conversations_create(name="pj")) == "name_taken"  # archived ones keep their name


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("A", "invalid_name_specials"),
        ("a b", "invalid_name_specials"),
        ("--", "invalid_name_punctuation"),
        ("a" * 81, "invalid_name_maxlength"),
    ],
)
async def test_names_of_channels_have_rules(client: AsyncWebClient, name: str, error: str) -> None:
    assert await refusal(client.api_call("conversations.create", data={"name": name})) == error


async def test_whoever_may_not_make_channels_is_told_so(client: AsyncWebClient, slack: FakeSlack) -> None:
    slack.teams["T1"]["restricted"] = True

    assert await refusal(client.conversations_create(name="pj")) == "restricted_action"


async def test_lists_come_in_pages(client: AsyncWebClient, slack: FakeSlack) -> None:
    for number in range(20):
        slack.person("T1", f"UX{number}")
    seen: list[str] = []
    async for page in await client.users_list(limit=7):
        seen += [member["id"] for member in page["members"]]

    assert len(seen) == len(set(seen)) == len(slack.teams["T1"]["users"])
    assert "USLACKBOT" in seen


async def test_an_address_is_shown_only_with_the_scope_for_it(slack: FakeSlack, client: AsyncWebClient) -> None:
    few = AsyncWebClient(token=slack.bot("T1", "users:read"), base_url=f"{slack.url}/api/")

    assert (await client.users_info(user="U1"))["user"]["profile"]["email"] == "manu@example.com"
    assert "email" not in (await few.users_info(user="U1"))["user"]["profile"]
    assert await refusal(few.conversations_create(name="pj")) == "missing_scope"


async def test_a_message_is_made_changed_marked_and_deleted(
    client: AsyncWebClient, slack: FakeSlack, channel: str
) -> None:
    ts = (await client.chat_postMessage(channel=channel, text="a", username="Manu", icon_emoji=":wave:"))["ts"]
    reply = (await client.chat_postMessage(channel=channel, text="b", thread_ts=ts))["ts"]
    await client.chat_update(channel=channel, ts=ts, text="c", parse="none")
    await client.reactions_add(channel=channel, timestamp=ts, name="eyes")

    [root, answer] = slack.messages("T1", "pj")
    assert (root["text"], root["username"], root["subtype"]) == ("c", "Manu", "bot_message")
    assert "user" not in root
    assert (answer["thread_ts"], answer["user"]) == (ts, "UBOT1")
    assert slack.messages("T1", "pj", ts) == [answer]
    assert slack.reactions("T1", channel, ts) == ["eyes"]
    assert await refusal(client.reactions_add(channel=channel, timestamp=ts, name="eyes")) == "already_reacted"
    await client.reactions_remove(channel=channel, timestamp=ts, name="eyes")
    assert await refusal(client.reactions_remove(channel=channel, timestamp=ts, name="eyes")) == "no_reaction"
    await client.chat_delete(channel=channel, ts=reply)
    assert await refusal(client.chat_delete(channel=channel, ts=reply)) == "message_not_found"
    assert await refusal(client.chat_update(channel=channel, ts=ts, text="x" * 4001, parse="none")) == "msg_too_long"


async def test_what_others_wrote_is_not_the_apps(client: AsyncWebClient, slack: FakeSlack, channel: str) -> None:
    ts = await slack.say("T1", channel, "U1", "mine", wait=False)

    assert await refusal(client.chat_update(channel=channel, ts=ts, text="x", parse="none")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel=channel, ts=ts)) == "cant_delete_message"


async def test_a_hint_is_for_one_person_who_is_there(client: AsyncWebClient, slack: FakeSlack, channel: str) -> None:
    await client.chat_postEphemeral(channel=channel, user="U1", text="psst")

    assert [(hint["recipient"], hint["text"]) for hint in slack.hints("T1")] == [("U1", "psst")]
    assert slack.hints("T1", "U2") == slack.messages("T1", channel) == []
    assert await refusal(client.chat_postEphemeral(channel=channel, user="U3", text="x")) == "user_not_in_channel"


async def test_a_token_that_was_revoked_is_good_for_nothing(client: AsyncWebClient, slack: FakeSlack) -> None:
    await slack.revoke("T1", wait=False)
    assert await refusal(client.auth_test()) == "token_revoked"

    client.token = slack.bot("T1")
    await slack.uninstall("T1", wait=False)
    assert await refusal(client.auth_test()) == "account_inactive"


async def test_the_app_gives_its_token_back(client: AsyncWebClient, slack: FakeSlack) -> None:
    assert (await client.auth_revoke())["revoked"]

    assert await refusal(client.auth_test()) == "token_revoked"


async def test_two_posts_in_a_second_are_one_too_many(slack: FakeSlack, client: AsyncWebClient, channel: str) -> None:
    slack.rate = 1.0
    await client.chat_postMessage(channel=channel, text="a")
    with pytest.raises(SlackApiError) as limited:
        await client.chat_postMessage(channel=channel, text="b")

    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "1"
    await client.chat_postMessage(channel=slack.channel("T1", "other"), text="c")  # another channel is free
    assert [call.outcome for call in slack.called(POST)] == ["ok", "429", "ok"]


async def test_a_budget_of_a_minute_is_kept(slack: FakeSlack, client: AsyncWebClient) -> None:
    slack.budgets["auth.test"] = 2
    await client.auth_test()
    await client.auth_test()

    assert await refusal(client.auth_test()) == "ratelimited"


async def test_a_call_can_be_held_before_and_after_it_is_done(
    slack: FakeSlack, client: AsyncWebClient, channel: str
) -> None:
    for after, stored in ((False, 0), (True, 2)):
        gate = slack.hold(POST, after=after)
        call = asyncio.create_task(client.chat_postMessage(channel=channel, text="x"))
        await gate.reached.wait()
        assert len(slack.posts("T1", channel)) == stored
        gate.open.set()
        await call


async def test_the_default_client_of_slack_sdk_posts_twice(slack: FakeSlack, channel: str) -> None:
    """Why bridge/web_api.py switches its retries off."""
    client = AsyncWebClient(token=slack.bot("T1"), base_url=f"{slack.url}/api/")
    slack.fail(POST, after=True)
    await client.chat_postMessage(channel=channel, text="once")

    assert len(slack.posts("T1", channel)) == 2


# Installing


async def test_the_app_is_allowed_in_a_browser_once(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    asked = {"client_id": slack.client_id, "scope": "chat:write", "redirect_uri": REDIRECT, "state": "s"}
    address = f"{slack.url}/oauth/v2/authorize"
    async with http.get(address, params=asked) as page:
        words = await page.text()
        assert "Allow" in words
        assert "chat:write" in words
    form = asked | {"who": "T1 U2", "answer": "allow"}
    async with http.post(address, data=form, allow_redirects=False) as answer:
        location = answer.headers["Location"]
    assert location.startswith(f"{REDIRECT}?code=")
    assert location.endswith("&state=s")
    code = location.split("code=")[1].split("&")[0]
    client = AsyncWebClient(base_url=f"{slack.url}/api/")
    mine = {"client_id": slack.client_id, "client_secret": slack.client_secret, "code": code}

    def exchange(**form: str) -> Awaitable[Any]:
        # client.oauth_v2_access puts them into BasicAuth, which aiohttp 3.14 calls deprecated.
        return client.api_call("oauth.v2.access", data={**mine, "redirect_uri": REDIRECT, **form})

    assert await refusal(exchange(redirect_uri="http://x/")) == "bad_redirect_uri"
    assert await refusal(exchange(client_secret="another")) == "bad_client_secret"
    granted: Any = await exchange()

    assert (granted["team"]["id"], granted["authed_user"]["id"], granted["scope"]) == ("T1", "U2", "chat:write")
    assert (await AsyncWebClient(token=granted["access_token"], base_url=f"{slack.url}/api/").auth_test())["ok"]
    assert await refusal(exchange()) == "code_already_used"


async def test_somebody_cancels(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    asked = {"client_id": slack.client_id, "scope": "chat:write", "redirect_uri": REDIRECT, "state": "s"}
    form = asked | {"who": "T1 U1", "answer": "cancel"}
    async with http.post(f"{slack.url}/oauth/v2/authorize", data=form, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{REDIRECT}?error=access_denied&state=s"


# Events over HTTP


class Receiver:
    """An app that answers what a test says, and remembers what came."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    async def events(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((dict(request.headers), body))
        if (payload := json.loads(body))["type"] == "url_verification":
            return web.Response(text=payload["challenge"])
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body)["event"] for _, body in self.requests]


@pytest.fixture
async def receiver(slack: FakeSlack) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/events", receiver.events)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.events_url = f"http://127.0.0.1:{site.port}/events"
    yield receiver
    await runner.cleanup()


async def test_an_event_is_signed_and_repeated_until_it_is_taken(
    slack: FakeSlack, client: AsyncWebClient, receiver: Receiver, channel: str
) -> None:
    receiver.answers = [500, 503]
    await slack.say("T1", channel, "U1", "hello")

    assert [headers.get("X-Slack-Retry-Num") for headers, _ in receiver.requests] == [None, "1", "2"]
    assert len({body for _, body in receiver.requests}) == 1
    verifier = SignatureVerifier(slack.signing_secret)
    assert all(verifier.is_valid_request(body, headers) for headers, body in receiver.requests)
    assert not SignatureVerifier("another").is_valid_request(receiver.requests[0][1], receiver.requests[0][0])


async def test_the_address_of_the_events_is_verified(slack: FakeSlack, receiver: Receiver) -> None:
    assert await slack.verify_url()


async def test_an_app_hears_only_what_it_may(
    slack: FakeSlack, receiver: Receiver, channel: str, client: AsyncWebClient
) -> None:
    elsewhere = slack.channel("T1", "elsewhere", bot=False)
    slack.team("T2", "Not installed", [{"id": "U9"}])
    await slack.say("T1", elsewhere, "U1", "the app is not here")
    await slack.say("T2", slack.channel("T2", "x"), "U9", "nor here")
    await slack.make_private("T1", channel)
    await slack.say("T1", channel, "U1", "nor here any more")

    assert receiver.told == []


async def test_people_change_things_and_the_app_is_told(
    slack: FakeSlack, receiver: Receiver, channel: str, client: AsyncWebClient
) -> None:
    ts = await slack.say("T1", channel, "U1", "a")
    await slack.edit("T1", channel, ts, "b")
    await slack.delete("T1", channel, ts)
    await slack.rename("T1", channel, "pj-2")
    await slack.archive("T1", channel)
    await slack.unarchive("T1", channel)
    await slack.share("T1", channel)
    new = await slack.change_id("T1", channel)
    await slack.kick("T1", new)
    await slack.change_user("T1", "U1", email="new@example.com")
    await slack.delete_channel("T1", new)
    await slack.uninstall("T1")

    assert [event.get("subtype") or event["type"] for event in receiver.told] == [
        "message",
        "message_changed",
        "message_deleted",
        "channel_rename",
        "channel_archive",
        "channel_unarchive",
        "channel_shared",
        "channel_id_changed",
        "member_left_channel",
        "channel_left",
        "user_change",
        "channel_deleted",
        "app_uninstalled",
        "tokens_revoked",
    ]
    changed = receiver.told[1]
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("b", "a")
    assert receiver.told[2]["deleted_ts"] == ts


async def test_the_apps_own_posts_come_back(
    slack: FakeSlack, receiver: Receiver, channel: str, client: AsyncWebClient
) -> None:
    mark = {"event_type": "polaris_event", "event_payload": {"id": 7}}
    for echoes in (True, False):
        slack.echo_metadata = echoes
        await client.chat_postMessage(channel=channel, text="x", metadata=mark)
    await slack.quiet()

    assert [event["bot_id"] for event in receiver.told] == ["B1", "B1"]
    assert [event.get("metadata") for event in receiver.told] == [mark, None]


async def test_an_acknowledgement_that_is_lost_brings_the_event_again(
    slack: FakeSlack, receiver: Receiver, channel: str, client: AsyncWebClient
) -> None:
    slack.lost_acks = 1
    await slack.say("T1", channel, "U1", "a")

    assert len(receiver.told) == 2
    assert [delivery.acknowledged for delivery in slack.deliveries] == [False, True]


async def test_what_is_typed_is_escaped_and_knows_people(slack: FakeSlack, channel: str) -> None:
    await slack.write("T1", channel, "U1", "a < b & @krishna, @fxm mail@manu")

    assert slack.messages("T1", channel)[0]["text"] == "a &lt; b &amp; <@U2>, @fxm mail@manu"


# Socket Mode


@pytest.fixture
async def connect(slack: FakeSlack) -> AsyncIterator[Callable[[], Awaitable[tuple[SocketModeClient, list[Any]]]]]:
    """Opens a socket that acknowledges everything; answers it and what came."""
    clients: list[SocketModeClient] = []

    async def opened() -> tuple[SocketModeClient, list[Any]]:
        came: list[Any] = []
        api = AsyncWebClient(base_url=f"{slack.url}/api/")
        socket = SocketModeClient(app_token=slack.app_token, web_client=api, ping_interval=1)

        async def take(client: Any, request: SocketModeRequest) -> None:
            came.append((request.payload["team_id"], request.payload["event"].get("text"), request.retry_attempt))
            await socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

        socket.socket_mode_request_listeners.append(take)
        await socket.connect()
        clients.append(socket)
        return socket, came

    yield opened
    for client in clients:
        await client.close()


async def test_one_socket_carries_every_workspace_and_an_event_goes_to_one_socket(
    slack: FakeSlack, connect: Any, channel: str, client: AsyncWebClient
) -> None:
    slack.team("T2", "Other", [{"id": "U9"}])
    slack.bot("T2")
    other = slack.channel("T2", "x")
    (_, first), (_, second) = await connect(), await connect()
    for number in range(4):
        await slack.say("T1", channel, "U1", str(number))
    await slack.say("T2", other, "U9", "theirs")

    assert len(first) + len(second) == 5
    assert first
    assert second
    assert ("T2", "theirs", 0) in first + second


async def test_an_event_waits_for_a_socket_that_was_dropped(
    slack: FakeSlack, connect: Any, channel: str, client: AsyncWebClient
) -> None:
    _, came = await connect()
    slack.abort()
    slack.retry_delays = (0.5,) * 20
    await slack.say("T1", channel, "U1", "afterwards")

    assert [text for _, text, _ in came] == ["afterwards"]


async def test_the_eleventh_socket_is_sent_away(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    async def open_one() -> str:
        async with http.post(
            f"{slack.url}/api/apps.connections.open", headers={"Authorization": f"Bearer {slack.app_token}"}
        ) as answer:
            url = (await answer.json())["url"]
        ws = await http.ws_connect(url)
        opened.append(ws)
        hello = await ws.receive_json()
        return str(hello.get("reason") or hello["type"])

    opened: list[aiohttp.ClientWebSocketResponse] = []
    said = [await open_one() for _ in range(11)]
    for ws in opened:
        await ws.close()

    assert said == ["hello"] * 10 + ["too_many_websockets"]


# The window


async def test_a_channel_is_shown_with_everything_in_it(
    slack: FakeSlack, client: AsyncWebClient, channel: str, http: aiohttp.ClientSession
) -> None:
    ts = (await client.chat_postMessage(channel=channel, text="*bold* `<x>` <https://e.com|l>", username="Manu"))["ts"]
    await client.chat_postMessage(channel=channel, text="below", thread_ts=ts)
    await client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    await client.chat_postEphemeral(channel=channel, user="U2", text="psst")
    async with http.get(f"{slack.url}/") as page:
        words = await page.text()

    assert "This is not Slack" in words
    assert "<b>bold</b>" in words
    assert '<a href="https://e.com" rel="noreferrer noopener">l</a>' in words
    assert 'aria-label="Thread, 1 reply"' in words
    assert 'aria-label="👀"' in words
    assert "Only visible to krishna" in words
    assert '<span class="app">APP</span>' in words


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "&lt;img src=x onerror=alert(1)&gt;",
        "<javascript:alert(1)|x>",
        '<https://e.com/"onmouseover="alert(1)|x>',
        "`<img src=x>` ```<img src=x>```",
        "*<b><script>*",
        '<@U1"><script>',
        "\ue0000\ue001<script>",
    ],
)
async def test_the_window_shows_text_and_never_runs_it(
    slack: FakeSlack, channel: str, http: aiohttp.ClientSession, text: str
) -> None:
    await slack.say("T1", channel, "U1", text, wait=False)
    async with http.get(f"{slack.url}/c/T1/{channel}?part=messages") as part:
        words = await part.text()

    for bad in ("<script", "<img src=x", 'javascript:alert(1)"', '"onmouseover', 'href="javascript'):
        assert bad not in words


async def test_somebody_posts_from_the_window(
    slack: FakeSlack, channel: str, http: aiohttp.ClientSession, client: AsyncWebClient, receiver: Receiver
) -> None:
    address = f"{slack.url}/c/T1/{channel}"
    async with http.post(address, data={"user": "U1", "text": "@fxm <use> RS256"}) as answer:
        assert answer.status == 200
    [message] = slack.messages("T1", channel)
    async with http.post(address, data={"user": "U2", "text": "no", "thread": message["ts"]}) as answer:
        assert "Answers" in await answer.text()
    await slack.quiet()

    assert [(event["user"], event["text"]) for event in receiver.told] == [
        ("U1", "@fxm &lt;use&gt; RS256"),
        ("U2", "no"),
    ]
    assert receiver.told[1]["thread_ts"] == message["ts"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
async def test_another_page_cannot_post_as_somebody(
    slack: FakeSlack, channel: str, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with http.post(
        f"{slack.url}/c/T1/{channel}", data={"user": "U1", "text": "@fxm rm -rf"}, headers=headers
    ) as answer:
        assert answer.status == 403

    assert slack.messages("T1", channel) == []


async def test_the_pages_load_nothing_from_elsewhere(
    slack: FakeSlack, channel: str, http: aiohttp.ClientSession, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=channel, text="x", username="M", icon_url="https://elsewhere.example/x.png")
    async with http.get(f"{slack.url}/c/T1/{channel}") as page:
        assert "elsewhere.example" not in await page.text()
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    async with http.get(f"{slack.url}/avatar/T1/U1.svg") as picture:
        assert ">M</text>" in await picture.text()


async def test_it_runs_alone_and_says_how_polaris_finds_it() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "polaris.demo_slack", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        said = ""
        begun = time.monotonic()
        while "APP_TOKEN" not in said and time.monotonic() - begun < 30:
            said += (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    finally:
        process.terminate()
        await process.wait()

    assert "POLARIS_SLACK_URL=http://127.0.0.1:" in said

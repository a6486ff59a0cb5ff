"""bridge/web_api.py against the stand-in: what every fault means for whoever wants to try again."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import pytest

from polaris.bridge import web_api as module
from polaris.bridge.web_api import SCOPES, Away, Limited, Refused, Unsure, WebApi
from polaris.demo_slack import FakeSlack
from polaris.demo_slack import people as slack_people

POST = "chat.postMessage"


@pytest.fixture
def channel(slack: FakeSlack) -> str:
    return slack.channel("T1", "pj")


async def test_an_answer_is_a_plain_dict(web_api: WebApi) -> None:
    answer = await web_api.call("auth.test")

    assert type(answer) is dict
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T1", "UBOT1", "B1")


async def test_arguments_arrive_as_slack_reads_them_and_none_is_left_out(
    web_api: WebApi, slack: FakeSlack, channel: str
) -> None:
    await web_api.call(
        POST,
        channel=channel,
        text="ü & <x> 🎉",
        unfurl_links=False,
        thread_ts=None,
        metadata={"event_type": "polaris_event", "event_payload": {"id": 7}},
    )

    args = slack.called(POST)[0].args
    assert "thread_ts" not in args
    assert args["unfurl_links"] == "false"
    [post] = slack.posts("T1", channel)
    assert post["text"] == "ü & <x> 🎉"
    assert post["metadata"] == {"event_type": "polaris_event", "event_payload": {"id": 7}}


NOTHING_DONE: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("a refusal", {"error": "not_in_channel"}, Refused),
    ("429", {"status": 429, "retry_after": 3}, Limited),
    ("429 with words", {"error": "ratelimited"}, Limited),
    ("429 with other words", {"error": "rate_limited"}, Limited),
    ("a fault of Slack", {"error": "internal_error"}, Unsure),
    ("a fatal fault of Slack", {"error": "fatal_error"}, Unsure),
    ("a cut connection before", {"drop": True}, Unsure),
    ("500 with a plain text", {"status": 500}, Unsure),
    ("502 with a page", {"status": 502, "body": "<html>", "content_type": "text/html"}, Unsure),
    ("200 with a plain text", {"status": 200}, Unsure),
    ("200 with a page", {"status": 200, "body": "<html>", "content_type": "text/html"}, Unsure),
    ("200 with half an answer", {"status": 200, "body": '{"ok": tr', "content_type": "application/json"}, Unsure),
    ("503 with half an answer", {"status": 503, "body": '{"ok": tr', "content_type": "application/json"}, Unsure),
    ("200 with a list", {"status": 200, "body": "[1]", "content_type": "application/json"}, Unsure),
    ("200 with nothing", {"status": 200, "body": "", "content_type": "application/json"}, Unsure),
    ("403 of a proxy", {"status": 403, "body": "<html>", "content_type": "text/html"}, Unsure),
]


@pytest.mark.parametrize(
    ("how", "meaning"), [case[1:] for case in NOTHING_DONE], ids=[case[0] for case in NOTHING_DONE]
)
async def test_what_an_answer_that_is_none_means(
    web_api: WebApi, slack: FakeSlack, channel: str, how: dict[str, Any], meaning: type[Exception]
) -> None:
    slack.fail(POST, **how)

    with pytest.raises(meaning):
        await web_api.call(POST, channel=channel, text="x")
    assert len(slack.called(POST)) == 1  # slack-sdk has not tried again behind our back
    assert slack.posts("T1", channel) == []


@pytest.mark.parametrize("how", [{"after": True}, {"after": True, "status": 503}])
async def test_a_post_that_was_taken_before_the_answer_got_lost_is_unsure_and_not_posted_twice(
    web_api: WebApi, slack: FakeSlack, channel: str, how: dict[str, Any]
) -> None:
    slack.fail(POST, **how)

    with pytest.raises(Unsure):
        await web_api.call(POST, channel=channel, text="once")
    assert [post["text"] for post in slack.posts("T1", channel)] == ["once"]


async def test_429_says_how_long(web_api: WebApi, slack: FakeSlack) -> None:
    slack.fail("auth.test", status=429, retry_after=17)

    with pytest.raises(Limited) as limited:
        await web_api.call("auth.test")
    assert limited.value.seconds == 17


async def test_a_missing_scope_says_which(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    api = WebApi(slack.bot("T1", "users:read"), http, slack.url)

    with pytest.raises(Refused) as refused:
        await api.call("conversations.create", name="pj")
    assert (refused.value.error, refused.value.needed) == ("missing_scope", "channels:manage")


async def test_no_connection_is_away(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    await slack.stop()

    with pytest.raises(Away):
        await WebApi("xoxb-1", http, slack.url).call("auth.test")


async def test_a_call_without_an_answer_ends_in_time_although_the_session_has_no_limit(
    web_api: WebApi, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALL_SECONDS", 0.05)
    gate = slack.hold("auth.test")

    with pytest.raises(Unsure):
        await web_api.call("auth.test")
    assert gate.reached.is_set()


async def test_a_call_that_is_cancelled_is_cancelled(web_api: WebApi, slack: FakeSlack) -> None:
    gate = slack.hold("auth.test")
    call = asyncio.create_task(web_api.call("auth.test"))
    await gate.reached.wait()
    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call


async def test_the_code_of_an_installation_is_exchanged_without_a_token(
    slack: FakeSlack, http: aiohttp.ClientSession
) -> None:
    asked = f"{slack.url}/oauth/v2/authorize?scope={','.join(SCOPES)}&redirect_uri=http://here/back&state=s"
    code = slack.grant(asked, "T1").split("code=")[1].split("&")[0]
    api = WebApi(None, http, slack.url)
    mine = {"client_id": slack.client_id, "client_secret": slack.client_secret, "redirect_uri": "http://here/back"}

    answer = await api.call("oauth.v2.access", code=code, **mine)
    assert (answer["team"], set(answer["scope"].split(","))) == ({"id": "T1", "name": "Acme"}, set(SCOPES))
    with pytest.raises(Refused) as refused:
        await api.call("oauth.v2.access", code=code, **mine)
    assert refused.value.error == "code_already_used"


async def test_neither_token_nor_text_is_logged_or_in_an_error(
    slack: FakeSlack, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token, channel = slack.bot("T1"), slack.channel("T1", "pj")
    api = WebApi(token, http, slack.url)
    await api.call(POST, channel=channel, text="the plan")
    slack.fail(POST, error="not_in_channel")
    with pytest.raises(Refused) as refused:
        await api.call(POST, channel=channel, text="the plan")

    seen = caplog.text + repr(api) + repr(refused.value) + repr(refused.value.__cause__)
    assert token not in seen
    assert "the plan" not in seen


def test_the_stand_in_gives_exactly_the_scopes_that_the_app_asks_for() -> None:
    assert sorted(SCOPES) == sorted(slack_people.SCOPES.split(","))

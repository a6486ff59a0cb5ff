"""POST /slack/events: signed by Slack, kept before it is acknowledged, and never a fault of ours whatever comes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from api_place import Place, running, settle, until
from slack_pages import channel, connected, fake, led, peopled, person, with_slack

from polaris.db import slack_calls
from polaris.demo_slack import FakeSlack
from polaris.http import slack as ingress


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake() as found:
        yield found


@pytest.fixture
async def place(database: Any, tmp_path: Path, slack: FakeSlack) -> AsyncIterator[Place]:
    """A service whose workspace T1 has the channel C1 of project pj, with session fxm; events come over HTTP."""
    async with with_slack(database, tmp_path, slack) as found:
        await found.admin.post("/projects/pj/sessions/fxm/join")
        slack.bot("T1")
        await connected(found)
        fence = await led(found)
        await peopled(found, fence, person("U1", "manu", "manu@acme.example"))
        number = slack.channel("T1", "pj", members=["U1"])
        await channel(found, fence, "pj", channel=number)
        slack.events_url = f"{found.url}/slack/events"
        yield found


def room(slack: FakeSlack) -> str:
    return str(slack.named("T1", "pj")["id"])


async def inbox(place: Place) -> list[tuple[Any, ...]]:
    return await place.sql("select kind, user_id, sessions, body from polaris_data.slack_inbox order by inbox_id")


def signed(body: bytes, secret: str, stamp: str | None = None) -> dict[str, str]:
    stamp = str(int(time.time())) if stamp is None else stamp
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


async def post(place: Place, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    async with place.http.post(f"{place.url}/slack/events", data=io.BytesIO(body), headers=headers) as answer:
        return answer.status, await answer.text()


async def test_what_is_acknowledged_is_kept(place: Place, slack: FakeSlack) -> None:
    await slack.write("T1", room(slack), "U1", "@fxm use RS256")

    assert await inbox(place) == [("message", "U1", ["fxm"], "use RS256")]
    assert [delivery.acknowledged for delivery in slack.deliveries] == [True]


async def test_a_secret_of_a_message_is_taken_out_before_it_is_kept(place: Place, slack: FakeSlack) -> None:
    secret = "ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
    sent = await slack.write("T1", room(slack), "U1", f"@fxm use {secret}")
    await slack.edit("T1", room(slack), sent, f"@fxm rather {secret}")
    await slack.write("T1", room(slack), "U1", f"@fxm handoff {secret}")

    kept = await place.sql("select i::text from polaris_data.slack_inbox i")
    assert len(kept) >= 2
    assert not [row for row in kept if secret in row[0]]
    assert "[REDACTED:" in kept[0][0]


async def test_the_address_of_the_events_can_be_verified(place: Place, slack: FakeSlack) -> None:
    assert await slack.verify_url()


async def test_a_challenge_without_a_signature_gets_no_answer(place: Place) -> None:
    status, text = await post(place, b'{"type": "url_verification", "challenge": "abc"}', {})

    assert (status, "abc" in text) == (401, False)


async def test_what_is_told_again_is_kept_once(place: Place, slack: FakeSlack) -> None:
    slack.lost_acks = 2
    await slack.write("T1", room(slack), "U1", "@fxm use RS256")

    assert [delivery.attempt for delivery in slack.deliveries] == [0, 1, 2]
    assert len(await inbox(place)) == 1


async def test_a_retry_that_is_the_first_to_arrive_is_kept(place: Place, slack: FakeSlack) -> None:
    slack.events_url = "http://127.0.0.1:9/slack/events"
    sending = asyncio.create_task(slack.write("T1", room(slack), "U1", "@fxm use RS256"))
    await until(lambda: slack.deliveries, "a first attempt that fails")
    slack.events_url = f"{place.url}/slack/events"
    await sending

    assert len(await inbox(place)) == 1


async def test_what_is_not_for_us_is_acknowledged_and_leaves_no_trace(place: Place, slack: FakeSlack) -> None:
    await slack.say("T1", room(slack), "U1", "a secret of mine", bot_id="B9")
    status, _ = await slack.send_signed(b'{"type": "event_callback", "event": {"type": "message"}}', {})
    odd, _ = await slack.send_signed(b'[{"type": "event_callback"}, null, 1e999]', {})

    assert (status, odd) == (200, 200)
    assert await inbox(place) == []


async def test_an_event_of_another_workspace_or_app_is_not_ours(place: Place, slack: FakeSlack) -> None:
    told = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_uninstalled"}}
    for ids in ({"team_id": "T9", "api_app_id": "A0POLARIS"}, {"team_id": "T1", "api_app_id": "A9"}):
        status, _ = await slack.send_signed(json.dumps(told | ids).encode(), {})
        assert status == 200

    (row,) = await place.service.database.ask(slack_calls.get_slack, place.org_id, None)
    assert row.state == "connected"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Request-Timestamp": "abc", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "", "X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": "1" * 400, "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "-1", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "1e9", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Request-Timestamp": "٣", "X-Slack-Signature": "v0=1"},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Signature": "v0="},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Signature": "0" * 64},
    ],
)
async def test_garbage_in_the_headers_is_refused_and_no_fault(place: Place, headers: dict[str, str]) -> None:
    stamp = {"X-Slack-Request-Timestamp": str(int(time.time()))}
    status, text = await post(place, b"{}", stamp | headers if "X-Slack-Request-Timestamp" not in headers else headers)

    assert (status, json.loads(text)["code"]) == (401, "slack_signature_not_valid")


async def test_bytes_that_are_no_text_in_a_header_are_refused_and_no_fault(place: Place) -> None:
    where = urlsplit(place.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    stamp = str(int(time.time())).encode()
    writer.write(
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n"
        b"X-Slack-Request-Timestamp: " + stamp + b"\r\nX-Slack-Signature: v0=\xff\xfe\r\n\r\n{}"
    )
    line = await asyncio.wait_for(reader.readline(), 10)
    writer.close()

    assert line.split()[1] == b"401"


@pytest.mark.parametrize("age", [-360, 360])
async def test_an_old_signature_is_refused(place: Place, slack: FakeSlack, age: int) -> None:
    status, _ = await slack.send_signed(b'{"type": "url_verification", "challenge": "abc"}', {}, age=age)

    assert status == 401


async def test_a_signature_is_over_these_bytes_and_by_this_secret(place: Place, slack: FakeSlack) -> None:
    body = b'{"type": "url_verification", "challenge": "abc"}'

    assert (await post(place, body, signed(body, slack.signing_secret)))[0] == 200
    assert (await post(place, body + b" ", signed(body, slack.signing_secret)))[0] == 401
    assert (await post(place, body, signed(body, "another")))[0] == 401


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff\xfe", b"{", b"[" * 100_000])
async def test_a_signed_body_that_is_none_is_refused_and_no_fault(place: Place, slack: FakeSlack, body: bytes) -> None:
    status, _ = await slack.send_signed(body, {})

    assert status == 400


async def test_a_body_beyond_any_event_is_refused_while_it_comes(place: Place, slack: FakeSlack) -> None:
    body = b" " * (ingress.MOST_BYTES + 1)

    assert (await post(place, body, signed(body, slack.signing_secret)))[0] == 413


async def test_another_method_is_not_allowed(place: Place) -> None:
    async with place.http.get(f"{place.url}/slack/events") as answer:
        assert answer.status == 405


async def test_what_could_not_be_kept_is_not_acknowledged_in_time(place: Place, slack: FakeSlack) -> None:
    """Somebody holds the workspace's row: Slack is told within its 3 seconds to come again, and does."""
    slack.retry_delays = (0.05,) * 3
    body = b'{"type": "event_callback"}'
    async with await psycopg.AsyncConnection.connect(place.owner) as blocker:
        await blocker.execute("select from polaris_data.slack_workspaces for update")
        begun = time.monotonic()
        event = {"type": "message", "channel": room(slack), "user": "U1", "text": "@fxm x", "ts": "1.1", "team": "T1"}
        frame = {"type": "event_callback", "team_id": "T1", "api_app_id": "A0POLARIS", "event_id": "Ev1"}
        body = json.dumps(frame | {"event": event}).encode()
        status, _ = await post(place, body, signed(body, slack.signing_secret))
        assert status == 503
        assert time.monotonic() - begun < 10
    status, _ = await post(place, body, signed(body, slack.signing_secret))

    assert status == 200
    assert len(await inbox(place)) == 1


async def test_without_the_database_slack_is_told_to_come_again(place: Place, slack: FakeSlack) -> None:
    await place.service.database.close()
    event = {"type": "message", "channel": room(slack), "user": "U1", "text": "@fxm x", "ts": "1.1"}
    frame = {"type": "event_callback", "team_id": "T1", "api_app_id": "A0POLARIS", "event_id": "Ev1"}
    status, text = await slack.send_signed(json.dumps(frame | {"event": event}).encode(), {})

    assert status >= 500
    assert "T1" not in text


async def test_our_own_message_settles_the_post_that_it_is(place: Place, slack: FakeSlack) -> None:
    ((project,),) = await place.sql("select project_id from polaris_data.projects")
    ((post_id,),) = await place.sql(
        """
        insert into polaris_data.slack_posts (
          org_id, project_id, lane, key, kind, text, state, channel_id, made_at, due_at)
        values (%s, %s, 'channel', 'e:1', 'text', 'hello', 'unsure', %s, now(), now()) returning post_id
        """,
        place.org_id,
        project,
        room(slack),
    )
    metadata = {"event_type": "polaris_event", "event_payload": {"id": post_id}}
    ts = await slack.say(
        "T1", room(slack), "UBOT1", "hello", subtype="bot_message", bot_id="B1", app_id="A0POLARIS", metadata=metadata
    )

    assert await place.sql("select state, ts from polaris_data.slack_posts") == [("posted", ts)]
    assert await inbox(place) == []


@pytest.mark.parametrize("how", ["revoke", "uninstall"])
async def test_the_end_in_slack_is_the_end_here(place: Place, slack: FakeSlack, how: str) -> None:
    await slack.write("T1", room(slack), "U1", "@fxm use RS256")
    await getattr(slack, how)("T1")

    (row,) = await place.service.database.ask(slack_calls.get_slack, place.org_id, None)
    assert (row.state, row.reason) == (
        "disconnected",
        {"revoke": "tokens_revoked", "uninstall": "app_uninstalled"}[how],
    )
    assert await inbox(place) == []
    assert await place.sql("select token from polaris_data.slack_workspaces") == [(None,)]


async def test_an_end_that_is_told_late_does_not_end_a_new_connection(place: Place, slack: FakeSlack) -> None:
    await slack.uninstall("T1")
    for sent in slack.sent.values():
        sent["event_time"] -= 600
    await connected(place)
    for event_id in list(slack.sent):
        await slack.redeliver(event_id)

    (row,) = await place.service.database.ask(slack_calls.get_slack, place.org_id, None)
    assert row.state == "connected"


@pytest.mark.parametrize("settings", [{}, {"slack_ingress": "socket", "slack_signing_secret": "sig"}])
async def test_where_slack_tells_nothing_over_http_there_is_nothing(
    database: Any, tmp_path: Path, settings: dict[str, Any]
) -> None:
    async with running(database, tmp_path, **settings) as place:
        await settle(place)
        body = b'{"type": "url_verification", "challenge": "abc"}'
        status, _ = await post(place, body, signed(body, "sig"))

    assert status == 404

"""The channel of a project: made once, under a name that is nobody else's, and followed whatever people do to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bridge_house import House, until

from polaris.bridge import channels as module
from polaris.bridge.channels import Channels, names
from polaris.bridge.place import Place, Replaced, TokenRefused
from polaris.db import calls, slack_calls
from polaris.db.slack_rows import ChannelRow, SlackEventRow
from polaris.demo_slack import FakeSlack


@pytest.fixture
async def place(house: House) -> Place:
    await house.connect()
    return await house.place()


@asynccontextmanager
async def working(place: Place) -> AsyncIterator[Channels]:
    """The channels of a workspace while they are looked after."""
    channels = Channels(place)
    task = asyncio.create_task(channels.run())
    try:
        yield channels
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def told(channels: Channels, row: ChannelRow, **payload: Any) -> None:
    """Slack told that something happened to the channel of *row*."""
    about = {"kind": "channel", "channel_id": row.channel_id, "project_id": row.project_id, "project": row.project}
    empty = dict.fromkeys(SlackEventRow._fields)
    await channels.heard(SlackEventRow(**empty | about | {"payload": json.dumps(payload) if payload else None}))


async def state(house: House, wanted: str, project: str = "pj") -> ChannelRow:
    return await until(lambda: house.channel(project), lambda row: row.state == wanted)


def test_the_names_of_a_channel_begin_with_the_project_s_own() -> None:
    assert list(names("pj"))[:4] == ["pj", "polaris-pj", "pj-2", "pj-3"]
    assert all(len(name) <= 80 for name in names("a" * 63))


async def test_a_project_has_a_channel_with_its_first_session(house: House, place: Place, slack: FakeSlack) -> None:
    await house.project("quiet")
    await house.session("fxm", "pj")
    async with working(place):
        row = await house.live()
        channel = slack.named("T1", "pj")
        await until(lambda: asyncio.sleep(0, channel["topic"]["value"]))

    assert (row.channel_id, row.name, row.reason) == (channel["id"], "pj", None)
    assert "https://polaris.example.com/o/acme/p/pj" in channel["topic"]["value"]
    assert (await house.channel("quiet")).state == "missing"
    assert place.channels.is_set()


async def test_a_session_that_comes_later_makes_the_channel_when_it_is_told(house: House, place: Place) -> None:
    await house.project()
    async with working(place) as channels:
        await house.session()
        channels.wake()
        await house.live()


async def test_private_and_archived_projects_have_no_channel(house: House, place: Place, slack: FakeSlack) -> None:
    for name in ("secret", "old", "pj"):
        await house.session("fxm", name)
    await house.ask(calls.set_visibility, house.org, house.me, "secret", "private")
    await house.ask(calls.archive_project, house.org, house.me, "old")
    async with working(place):
        await house.live("pj")

    assert [c.args["name"] for c in slack.called("conversations.create")] == ["pj"]


async def test_a_channel_of_somebody_else_is_never_taken(house: House, place: Place, slack: FakeSlack) -> None:
    theirs = slack.channel("T1", "general", bot=True)
    await house.session("fxm", "general")
    async with working(place):
        row = await house.live("general")

    assert row.name == "polaris-general"
    assert row.channel_id != theirs


async def test_the_own_channel_of_before_is_used_again(house: House, place: Place, slack: FakeSlack) -> None:
    own = slack.channel("T1", "pj", bot=False, creator=slack.bot_user("T1"))
    await house.session()
    async with working(place):
        row = await house.live()

    assert (row.channel_id, row.name) == (own, "pj")
    assert slack.bot_user("T1") in slack.named("T1", "pj")["members"]


async def test_an_own_channel_that_was_archived_is_not(house: House, place: Place, slack: FakeSlack) -> None:
    slack.channel("T1", "pj", creator=slack.bot_user("T1"), is_archived=True)
    await house.session()
    async with working(place):
        row = await house.live()

    assert row.name == "polaris-pj"


async def test_a_cut_answer_makes_no_second_channel(house: House, place: Place, slack: FakeSlack, quick: None) -> None:
    slack.fail("conversations.create", after=True)
    await house.session()
    async with working(place):
        row = await house.live()

    assert row.name == "pj"
    assert len(slack.teams["T1"]["channels"]) == 1


async def test_a_limit_is_waited_for(house: House, place: Place, slack: FakeSlack) -> None:
    slack.fail("conversations.create", status=429, retry_after=1)
    await house.session()
    async with working(place):
        await house.live()

    first, second = slack.called("conversations.create")
    assert second.at - first.at >= 1


async def test_where_only_admins_make_channels_it_is_said_and_not_tried_again(
    house: House, place: Place, slack: FakeSlack
) -> None:
    slack.teams["T1"]["restricted"] = True
    await house.session()
    async with working(place) as channels:
        row = await state(house, "refused")
        channels.wake()
        await asyncio.sleep(0.1)
        assert len(slack.called("conversations.create")) == 1

        slack.teams["T1"]["restricted"] = False
        await house.ask(slack_calls.set_slack_channel, house.org, house.me, "pj", again=True)
        channels.wake()
        await house.live()

    assert row.reason == "restricted_action"


async def test_a_refused_token_ends_everything(house: House, place: Place, slack: FakeSlack) -> None:
    await slack.revoke("T1", wait=False)
    await house.session()

    with pytest.raises(TokenRefused, match="token_revoked"):
        await asyncio.wait_for(Channels(place).run(), 10)


async def test_a_replaced_bridge_makes_no_second_channel(house: House, place: Place, slack: FakeSlack) -> None:
    await house.session()
    gate = slack.hold("conversations.create", after=True)
    old = asyncio.create_task(Channels(place).run())
    await gate.reached.wait()
    await house.ask(slack_calls.release_slack, house.org, place.fence)
    new = await house.place("another bridge")
    gate.open.set()
    with pytest.raises(Replaced):
        await asyncio.wait_for(old, 10)
    async with working(new):
        row = await house.live()

    assert row.name == "pj"
    assert len(slack.teams["T1"]["channels"]) == 1


async def test_renamed_shared_and_private_channels_are_followed(house: House, place: Place, slack: FakeSlack) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        await slack.rename("T1", row.channel_id, "signing", wait=False)
        await told(channels, row)
        await until(house.channel, lambda row: row.name == "signing")
        await slack.share("T1", row.channel_id, wait=False)
        await told(channels, row)
        shared = await until(house.channel, lambda row: row.shared)
        await slack.make_private("T1", row.channel_id)
        await told(channels, row)
        private = await until(house.channel, lambda row: row.reason is not None)

    assert not shared.hears
    assert (private.state, private.reason) == ("live", "is_private")


async def test_an_archived_channel_rests_until_it_is_opened_and_says_what_was_left_out(
    house: House, place: Place, slack: FakeSlack
) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        await slack.archive("T1", row.channel_id, wait=False)
        await told(channels, row)
        resting = await state(house, "archived")
        await house.session("fxk")

        slack.named("T1", "pj")["members"].discard(slack.bot_user("T1"))  # Slack takes bots out of it
        await slack.unarchive("T1", row.channel_id, wait=False)
        await told(channels, row)
        back = await house.live()
        posts = await until(lambda: place.read(slack_calls.list_slack_posts))

    assert resting.reason == "is_archived"
    assert (back.channel_id, back.cursor) == (row.channel_id, back.last_seq)
    assert posts[0].kind == "note"
    assert f"{back.last_seq - row.cursor} events" in posts[0].text


async def test_an_admin_gets_another_channel_for_an_archived_one(house: House, place: Place, slack: FakeSlack) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        await slack.archive("T1", row.channel_id, wait=False)
        await told(channels, row)
        await state(house, "archived")
        await house.ask(slack_calls.set_slack_channel, house.org, house.me, "pj", again=True)
        channels.wake()
        new = await house.live()

    assert new.channel_id != row.channel_id
    assert new.name == "polaris-pj"


async def test_who_sends_the_bot_away_is_respected_until_an_admin_wants_it_back(
    house: House, place: Place, slack: FakeSlack
) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        await slack.kick("T1", row.channel_id, wait=False)
        await told(channels, row)
        away = await state(house, "left")
        await told(channels, row)
        await asyncio.sleep(0.1)
        assert not slack.called("conversations.join")

        await house.ask(slack_calls.set_slack_channel, house.org, house.me, "pj", again=True)
        channels.wake()
        back = await house.live()

    assert away.reason == "not_in_channel"
    assert back.channel_id == row.channel_id


async def test_a_deleted_channel_is_made_again(house: House, place: Place, slack: FakeSlack) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        await slack.delete_channel("T1", row.channel_id, wait=False)
        await told(channels, row, type="channel_deleted")
        new = await until(house.channel, lambda now: now.channel_id not in (None, row.channel_id))

    assert (new.state, new.name) == ("live", "pj")


async def test_a_deleted_channel_that_was_left_before_is_not(house: House, place: Place, slack: FakeSlack) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        await slack.kick("T1", row.channel_id, wait=False)
        await told(channels, row)
        left = await state(house, "left")
        await slack.delete_channel("T1", row.channel_id, wait=False)
        await told(channels, left, type="channel_deleted")
        gone = await until(house.channel, lambda now: now.channel_id is None)

    assert gone.state == "left"
    assert len(slack.called("conversations.create")) == 1


async def test_another_id_is_taken_over(house: House, place: Place, slack: FakeSlack) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        new = await slack.change_id("T1", row.channel_id, wait=False)
        await told(channels, row, type="channel_id_changed", new_channel_id=new)
        moved = await until(house.channel, lambda now: now.channel_id == new)

    assert moved.state == "live"


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        ("is_archived", "archived"),
        ("not_in_channel", "left"),
        ("channel_not_found", "missing"),
        ("restricted_action", "refused"),
    ],
)
async def test_a_refused_message_says_what_the_channel_is(house: House, place: Place, error: str, wanted: str) -> None:
    number = await house.session()
    async with working(place):
        await house.live()
    await Channels(place).lost(number, error)
    row = await house.channel()

    assert (row.state, row.reason) == (wanted, error)
    assert (row.channel_id is None) == (wanted == "missing")


async def test_what_happened_while_nobody_listened_is_found_at_the_start(
    house: House, place: Place, slack: FakeSlack
) -> None:
    await house.session()
    async with working(place):
        row = await house.live()
    await slack.rename("T1", row.channel_id, "signing", wait=False)
    async with working(place):
        await until(house.channel, lambda now: now.name == "signing")


async def test_an_unanswered_look_is_made_again(house: House, place: Place, slack: FakeSlack, quick: None) -> None:
    await house.session()
    async with working(place) as channels:
        row = await house.live()
        slack.fail("conversations.info", times=2, status=503)
        await slack.rename("T1", row.channel_id, "signing", wait=False)
        await told(channels, row)
        await until(house.channel, lambda now: now.name == "signing")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Slack did not answer is asked again soon."""
    monkeypatch.setattr(module, "AWAY_SECONDS", 0.05)

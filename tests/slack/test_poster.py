"""From the outbox to Slack: in order, at most one a second, once; and right again after a death at every step."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from bridge_house import House, until
from outbox import TEAM, Outbox, died, kill_after, kill_before, running

from polaris.bridge import poster
from polaris.bridge.lanes import Budget
from polaris.bridge.place import Place, Replaced, TokenRefused
from polaris.bridge.poster import Poster
from polaris.db import calls, slack_calls
from polaris.errors import DatabaseUnavailable

MAKE = "chat.postMessage"
DAY = timedelta(days=1)


class Losses:
    """The channels' side of a poster: pauses what is lost."""

    def __init__(self, place: Place) -> None:
        self.place, self.lost_ones = place, list[str]()

    async def lost(self, project_id: int, error: str) -> None:
        self.lost_ones.append(error)
        await self.place.write(slack_calls.write_slack_channel, project_id, None, "pj", "missing", error)


@pytest.fixture
async def outbox(house: House, db: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> Outbox:
    monkeypatch.setattr(poster, "POLL_SECONDS", 0.3)
    return await Outbox.furnish(house, db)


def poster_of(place: Place) -> Poster:
    return Poster(place, Losses(place))


def gaps(outbox: Outbox, channel: str) -> list[float]:
    times = [c.at for c in outbox.slack.called(MAKE) if c.args["channel"] == channel]
    return [after - before for before, after in itertools.pairwise(times)]


# In order, and not too fast


async def test_messages_of_a_channel_come_in_order_a_second_apart_and_channels_side_by_side(outbox: Outbox) -> None:
    other = await outbox.channel("web")
    await outbox.put("one", "two", "three")
    await outbox.put("eins", "zwei", "drei", project="web")
    begun = time.monotonic()

    async with running(poster_of(outbox.place).run()):
        await outbox.become(*["posted"] * 6)

    assert outbox.texts() == ["one", "two", "three"]
    assert outbox.texts("web") == ["eins", "zwei", "drei"]
    assert time.monotonic() - begun < 5.5
    for channel in (other, outbox.slack.named(TEAM, "pj")["id"]):
        assert min(gaps(outbox, channel)) >= 1.0


async def test_after_a_start_a_channel_waits_a_second_and_then_a_quiet_one_does_not(outbox: Outbox) -> None:
    begun = time.monotonic()
    async with running(poster_of(outbox.place).run()):
        await outbox.put("one")
        await outbox.become("posted")
        first = outbox.slack.called(MAKE)[0].at - begun
        await asyncio.sleep(1.05)
        begun = time.monotonic()
        await outbox.put("two")
        await outbox.become("posted", "posted")

    assert first >= 1.0
    assert outbox.slack.called(MAKE)[1].at - begun < 0.5


async def test_a_message_says_which_post_it_is_and_never_asks_slack_to_look_for_names(outbox: Outbox) -> None:
    await outbox.put("Hello", author="Manu Sharma", picture="https://p.example/m.png")
    await outbox.put("Done", author="Claude Code · fxm", emoji=":robot_face:")
    async with running(poster_of(outbox.place).run()):
        await outbox.become("posted", "posted")

    first, second = (call.args for call in outbox.slack.called(MAKE))
    assert not {"link_names", "parse", "blocks", "attachments"} & first.keys()
    assert (first["unfurl_links"], first["unfurl_media"]) == ("false", "false")
    assert (first["username"], first["icon_url"]) == ("Manu Sharma", "https://p.example/m.png")
    assert (second["username"], second["icon_emoji"]) == ("Claude Code · fxm", ":robot_face:")
    messages = outbox.slack.posts(TEAM, "pj")
    assert [m["metadata"]["event_payload"] for m in messages] == [{"id": row.post_id} for row in outbox.rows()]


async def test_a_limited_channel_waits_as_long_as_slack_says_and_others_do_not(outbox: Outbox) -> None:
    await outbox.channel("web")
    channel = outbox.slack.named(TEAM, "pj")["id"]
    outbox.slack.fail(MAKE, status=429, retry_after=3, when=lambda args: args["channel"] == channel)
    await outbox.put("one", "two")
    await outbox.put("eins", "zwei", project="web")

    async with running(poster_of(outbox.place).run()):
        await outbox.become(*["posted"] * 4)

    limited, again, last = (c for c in outbox.slack.called(MAKE) if c.args["channel"] == channel)
    assert again.at - limited.at >= 3.0
    assert last.at > again.at
    assert outbox.texts() == ["one", "two"]
    assert max(c.at for c in outbox.slack.called(MAKE) if c.args["channel"] != channel) < again.at
    assert [row.repeats for row in outbox.rows()] == [0] * 4


async def test_slack_that_cannot_be_reached_is_tried_again_and_that_is_no_repetition(outbox: Outbox) -> None:
    port = outbox.slack.port
    await outbox.slack.stop()
    await outbox.put("one")

    async with running(poster_of(outbox.place).run()):
        await until(lambda: attempts(outbox, 2))
        await outbox.slack.start(port)
        await outbox.become("posted")

    assert outbox.texts() == ["one"]
    assert outbox.rows()[0].repeats == 0


async def attempts(outbox: Outbox, number: int) -> bool:
    return bool(outbox.rows()[0].attempts >= number)


# Nobody knows whether it arrived


CUTS: list[dict[str, Any]] = [{"after": True}, {"after": True, "status": 502}]


@pytest.mark.parametrize("fault", CUTS)
async def test_an_echo_proves_that_a_message_arrived_whose_answer_was_cut(
    outbox: Outbox, fault: dict[str, Any]
) -> None:
    outbox.slack.fail(MAKE, **fault)
    await outbox.put("one", "two")

    async with running(poster_of(outbox.place).run()):
        await outbox.become("unsure", "waiting")
        assert await outbox.echo("one") == ["posted"]
        await outbox.become("posted", "posted")

    assert outbox.texts() == ["one", "two"]
    assert [row.repeats for row in outbox.rows()] == [0, 0]


async def test_without_an_echo_it_is_sent_once_more_and_counted_and_a_proven_copy_is_deleted(outbox: Outbox) -> None:
    outbox.slack.fail(MAKE, after=True)
    await outbox.put("one", "two")

    async with running(poster_of(outbox.place).run()):
        await outbox.become("unsure", "waiting")
        outbox.a_minute_goes_by()
        await outbox.become("posted", "posted")
        assert outbox.texts() == ["one", "one", "two"]
        assert sorted(await outbox.echo("one")) == ["double", "known"]
        await until(lambda: is_shown(outbox, ["one", "two"]))
        assert await outbox.echo("one") == ["known"]

    first = outbox.row("one")
    assert (first.repeats, first.doubles) == (1, 1)
    assert first.ts == outbox.slack.posts(TEAM, "pj")[0]["ts"]


async def is_shown(outbox: Outbox, texts: list[str]) -> bool:
    return outbox.texts() == texts


async def test_what_never_arrived_is_sent_again_after_a_minute(outbox: Outbox) -> None:
    outbox.slack.fail(MAKE, drop=True)
    await outbox.put("one", "two")

    async with running(poster_of(outbox.place).run()):
        await outbox.become("unsure", "waiting")
        outbox.a_minute_goes_by()
        await outbox.become("posted", "posted")

    assert outbox.texts() == ["one", "two"]
    assert [(row.repeats, row.doubles) for row in outbox.rows()] == [(1, 0), (0, 0)]


# Deaths


def call_is(wanted: Any, state: str | None = None) -> Any:
    return lambda call, *args, **more: call is wanted and (state is None or state in args)


DEATHS = {
    "before begin": lambda place: kill_before(place, "write", call_is(slack_calls.begin_slack_post)),
    "after begin": lambda place: kill_after(place, "write", call_is(slack_calls.begin_slack_post)),
    "before the call": lambda place: kill_before(place.api, "call"),
    "after the call": lambda place: kill_after(place.api, "call"),
    "before settle": lambda place: kill_before(place, "write", call_is(slack_calls.settle_slack_post)),
    "after settle": lambda place: kill_after(place, "write", call_is(slack_calls.settle_slack_post)),
}


@pytest.mark.parametrize("step", DEATHS)
async def test_a_death_at_any_step_neither_loses_nor_doubles_where_slack_shows_what_it_took(
    outbox: Outbox, step: str
) -> None:
    await outbox.put("one", "two")
    DEATHS[step](outbox.place)

    await died(poster_of(outbox.place).run())
    place = await outbox.next_place()
    await outbox.echo("one")
    async with running(poster_of(place).run()):
        if step in ("after begin", "before the call"):  # handed over, as far as anybody knows
            await asyncio.sleep(1.5)
            assert outbox.texts() == []
            outbox.a_minute_goes_by()
        await outbox.become("posted", "posted")

    assert outbox.texts() == ["one", "two"]
    repeats = 1 if step in ("after begin", "before the call") else 0
    assert [(row.repeats, row.doubles) for row in outbox.rows()] == [(repeats, 0), (0, 0)]


@pytest.mark.parametrize("step", ["after the call", "before settle"])
async def test_a_death_with_the_answer_and_without_an_echo_doubles_once_and_counts_it(
    outbox: Outbox, step: str
) -> None:
    await outbox.put("one", "two")
    DEATHS[step](outbox.place)

    await died(poster_of(outbox.place).run())
    async with running(poster_of(await outbox.next_place()).run()):
        outbox.a_minute_goes_by()
        await outbox.become("posted", "posted")

    assert outbox.texts() == ["one", "one", "two"]
    assert outbox.row("one").repeats == 1


@pytest.mark.parametrize("state", ["waiting", "unsure"])
async def test_a_death_before_a_fault_is_written_down_is_like_one_before_any_answer(outbox: Outbox, state: str) -> None:
    if state == "waiting":
        outbox.slack.fail(MAKE, status=429, retry_after=1)
    else:
        outbox.slack.fail(MAKE, after=True)
    await outbox.put("one")
    kill_before(outbox.place, "write", call_is(slack_calls.settle_slack_post))

    await died(poster_of(outbox.place).run())
    assert outbox.states() == {"one": "posting"}
    async with running(poster_of(await outbox.next_place()).run()):
        if state == "unsure":
            assert await outbox.echo("one") == ["posted"]
        outbox.a_minute_goes_by()
        await outbox.become("posted")

    assert outbox.texts() == ["one"]


async def test_a_worker_that_is_told_to_stop_writes_down_what_slack_answers(outbox: Outbox) -> None:
    gate = outbox.slack.hold(MAKE, after=True)
    await outbox.put("one", "two")
    task = asyncio.create_task(poster_of(outbox.place).run())
    await gate.reached.wait()

    task.cancel()
    await asyncio.sleep(0.05)
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert outbox.states() == {"one": "posted", "two": "waiting"}


async def test_an_answer_is_kept_while_the_database_is_away(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = outbox.place.write, iter([DatabaseUnavailable()] * 3)

    async def write(call: Any, *args: Any, **more: Any) -> Any:
        if call is slack_calls.settle_slack_post and (failure := next(failures, None)):
            raise failure
        return await real(call, *args, **more)

    monkeypatch.setattr(outbox.place, "write", write)
    await outbox.put("one")
    async with running(poster_of(outbox.place).run()):
        await outbox.become("posted")

    assert outbox.texts() == ["one"]
    assert outbox.rows()[0].repeats == 0


async def test_a_database_that_is_away_is_looked_at_again(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = outbox.place.read, iter([DatabaseUnavailable()] * 2)

    async def read(call: Any, *args: Any, **more: Any) -> Any:
        if failure := next(failures, None):
            raise failure
        return await real(call, *args, **more)

    monkeypatch.setattr(outbox.place, "read", read)
    await outbox.put("one")
    async with running(poster_of(outbox.place).run()):
        await outbox.become("posted")


async def test_a_bridge_that_was_replaced_sends_nothing_more(outbox: Outbox) -> None:
    old = outbox.place
    await outbox.put("one")
    await outbox.next_place()

    with pytest.raises(Replaced):
        async with asyncio.timeout(10):
            await poster_of(old).run()

    assert outbox.slack.called(MAKE) == []


# What Slack refuses


async def test_a_refused_token_ends_the_workspace_and_loses_nothing(outbox: Outbox) -> None:
    outbox.slack.fail(MAKE, error="token_revoked")
    await outbox.put("one")

    with pytest.raises(TokenRefused, match="token_revoked"):
        async with asyncio.timeout(10):
            await poster_of(outbox.place).run()

    assert outbox.states() == {"one": "waiting"}


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action"])
async def test_a_channel_that_cannot_be_written_to_is_lost_and_its_posts_wait(outbox: Outbox, error: str) -> None:
    outbox.slack.fail(MAKE, error=error)
    await outbox.put("one", "two")
    losses = Losses(outbox.place)

    async with running(Poster(outbox.place, losses).run()):
        await until(lambda: outcome(losses.lost_ones))

    assert losses.lost_ones == [error]
    assert outbox.states() == {"one": "waiting", "two": "waiting"}


async def outcome(found: list[str]) -> list[str]:
    return found


async def test_a_message_that_slack_will_not_have_is_given_up_with_the_reason_and_the_next_one_comes(
    outbox: Outbox,
) -> None:
    outbox.slack.fail(MAKE, error="msg_too_long")
    await outbox.put("one", "two")

    async with running(poster_of(outbox.place).run()):
        await outbox.become("failed", "posted")

    assert outbox.row("one").reason == "msg_too_long"


async def test_what_passes_by_itself_is_waited_for(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poster, "PATIENCE_SECONDS", 0.2)
    outbox.slack.fail(MAKE, error="team_added_to_org")
    await outbox.put("one")

    async with running(poster_of(outbox.place).run()):
        await outbox.become("posted")


async def test_replies_go_into_the_thread_and_above_it_where_there_is_none_any_more(outbox: Outbox) -> None:
    await outbox.items(
        {"key": "turn:fxm:t1", "kind": "text", "text": "Go", "session": "fxm"},
        {"key": "e:2", "kind": "note", "text": "a step", "thread_key": "turn:fxm:t1"},
        {"key": "e:3", "kind": "note", "text": "another", "thread_key": "turn:fxm:t1"},
        {"key": "e:4", "kind": "note", "text": "a stray", "thread_key": "turn:fxm:t0"},
    )
    outbox.slack.fail(MAKE, error="thread_not_found", when=lambda args: args["text"] == "another")

    async with running(poster_of(outbox.place).run()):
        await outbox.become(*["posted"] * 4, seconds=20)

    root, step, another, stray = outbox.slack.posts(TEAM, "pj")
    assert step["thread_ts"] == root["ts"]
    assert [m["text"] for m in (another, stray) if "thread_ts" not in m] == ["another", "a stray"]


# Beside the messages


async def test_a_hint_is_for_one_person_and_an_invitation_lets_a_driver_in(outbox: Outbox) -> None:
    outbox.slack.named(TEAM, "pj")["members"].discard("U2")
    await outbox.items(
        {"key": "hint:1", "kind": "hint", "text": "no session fxn", "recipient": "U1"},
        {"key": "invite:U2", "kind": "invite", "text": "", "recipient": "U2"},
        {"key": "invite:U1", "kind": "invite", "text": "", "recipient": "U1"},
    )

    async with running(poster_of(outbox.place).run()):
        await outbox.become("posted", "posted", "posted")

    assert [hint["text"] for hint in outbox.slack.hints(TEAM, "U1")] == ["no session fxn"]
    assert "U2" in outbox.slack.named(TEAM, "pj")["members"]
    assert outbox.rows()[2].reason == "already_in_channel"


async def test_a_hint_that_may_have_been_shown_is_not_shown_again(outbox: Outbox) -> None:
    outbox.slack.fail("chat.postEphemeral", after=True)
    await outbox.items({"key": "hint:1", "kind": "hint", "text": "no session fxn", "recipient": "U1"})
    async with running(poster_of(outbox.place).run()):
        await outbox.become("failed")

    await outbox.items({"key": "hint:2", "kind": "hint", "text": "no session fxo", "recipient": "U1"})
    kill_after(outbox.place.api, "call")
    await died(poster_of(outbox.place).run())
    async with running(poster_of(await outbox.next_place()).run()):
        outbox.a_minute_goes_by()
        await outbox.become("failed", "failed")

    assert len(outbox.slack.hints(TEAM, "U1")) == 2


async def test_an_invitation_is_simply_made_again(outbox: Outbox) -> None:
    outbox.slack.named(TEAM, "pj")["members"].discard("U2")
    outbox.slack.fail("conversations.invite", after=True)
    await outbox.items({"key": "invite:U2", "kind": "invite", "text": "", "recipient": "U2"})
    kill_after(outbox.place, "write", call_is(slack_calls.begin_slack_post))
    await died(poster_of(outbox.place).run())

    async with running(poster_of(await outbox.next_place()).run()):
        outbox.a_minute_goes_by()
        await outbox.become("posted")

    assert outbox.rows()[0].repeats == 0


# What stands there changes


async def test_tool_calls_are_one_line_that_is_edited_at_most_every_three_seconds(outbox: Outbox) -> None:
    line = {"key": "tools:fxm:t1", "kind": "tools", "calls": 1}
    async with running(poster_of(outbox.place).run()):
        for n in range(5):
            await outbox.items(line | {"text": f"*[agent of user:manu/fxm]*\n`ls {n}`"})
            await outbox.become("posted")
            await asyncio.sleep(0.3)
        await until(lambda: is_shown(outbox, ["*[agent of user:manu/fxm]* 🔧 5 calls · newest: `ls 4`"]))

    edits = outbox.slack.called("chat.update")
    assert len(edits) <= 2
    assert edits[0].at - outbox.slack.called(MAKE)[0].at >= 2.9
    assert all(edit.args["parse"] == "none" for edit in edits)


async def advise(outbox: Outbox) -> Any:
    """Advice for fxm that stands in the channel; its delivery."""
    house = outbox.house
    found = await house.ask(calls.inject, house.org, house.me, "pj", "fxm", "use RS256", None, DAY)
    item = {"key": "advice:1", "kind": "advice", "text": "use RS256", "delivery": str(found.delivery_id)}
    await outbox.items(item | {"session": "fxm"})
    return found.delivery_id


async def settle(outbox: Outbox, delivery: Any, state: str) -> None:
    house = outbox.house
    row = await house.ask(calls.get_session, house.org, house.me, "pj", "fxm")
    await house.ask(calls.settle_delivery, house.org, house.me, delivery, state, None, "hook", row.epoch)
    channel = await house.channel()
    args = (channel.project_id, channel.cursor, channel.last_seq, slack_calls.Jsonb([]), [delivery])
    await outbox.place.write(slack_calls.write_slack_posts, *args)
    outbox.place.posts.set()


async def marks(outbox: Outbox, wanted: list[str]) -> bool:
    posts, channel = outbox.slack.posts(TEAM, "pj"), outbox.slack.named(TEAM, "pj")["id"]
    return bool(posts) and outbox.slack.reactions(TEAM, channel, posts[0]["ts"]) == wanted


async def test_reactions_show_where_advice_is_and_only_the_last_word(outbox: Outbox) -> None:
    delivery = await advise(outbox)
    async with running(poster_of(outbox.place).run()):
        await until(lambda: marks(outbox, ["inbox_tray"]))
        for state, mark in (("sent", "hourglass_flowing_sand"), ("seen", "eyes"), ("answered", "white_check_mark")):
            await settle(outbox, delivery, state)
            await until(lambda mark=mark: marks(outbox, [mark]))

    row = outbox.row("use RS256")
    assert row.reaction == row.reaction_shown == "white_check_mark"


REACTION_DEATHS = {
    "before the old one goes": lambda place: kill_before(place.api, "call", lambda m, **_: m == "reactions.remove"),
    "after the old one went": lambda place: kill_after(place.api, "call", lambda m, **_: m == "reactions.remove"),
    "before the new one comes": lambda place: kill_before(place.api, "call", lambda m, **_: m == "reactions.add"),
    "after the new one came": lambda place: kill_after(place.api, "call", lambda m, **_: m == "reactions.add"),
    "before it is written": lambda place: kill_before(
        place, "write", lambda call, *_, **more: more.get("reaction") == "hourglass_flowing_sand"
    ),
}


@pytest.mark.parametrize("step", REACTION_DEATHS)
async def test_a_death_between_reactions_leaves_none_behind(outbox: Outbox, step: str) -> None:
    delivery = await advise(outbox)
    async with running(poster_of(outbox.place).run()):
        await until(lambda: marks(outbox, ["inbox_tray"]))
    await settle(outbox, delivery, "sent")
    REACTION_DEATHS[step](outbox.place)

    await died(poster_of(outbox.place).run())
    await outbox.next_place()
    await settle(outbox, delivery, "seen")
    async with running(poster_of(outbox.place).run()):
        await until(lambda: marks(outbox, ["eyes"]))

    assert outbox.row("use RS256").reaction_shown == "eyes"


@pytest.mark.parametrize("how", [{"status": 429, "retry_after": 1}, {"after": True}, {"drop": True}, {"status": 503}])
async def test_a_change_that_went_wrong_is_done_again(outbox: Outbox, how: dict[str, Any]) -> None:
    outbox.slack.fail("reactions.add", **how)
    await advise(outbox)

    async with running(poster_of(outbox.place).run()):
        await until(lambda: marks(outbox, ["inbox_tray"]))


async def test_a_message_that_people_deleted_rests(outbox: Outbox) -> None:
    delivery = await advise(outbox)
    async with running(poster_of(outbox.place).run()):
        await until(lambda: marks(outbox, ["inbox_tray"]))
        forget(outbox)
        await settle(outbox, delivery, "sent")
        await until(lambda: rests(outbox))

    assert outbox.row("use RS256").reason == "message_not_found"


def forget(outbox: Outbox) -> None:
    channel = outbox.slack.named(TEAM, "pj")["id"]
    outbox.slack.teams[TEAM]["messages"][channel].clear()


async def rests(outbox: Outbox) -> bool:
    row = outbox.row("use RS256")
    return bool(row.reaction == row.reaction_shown == "hourglass_flowing_sand")


async def test_an_edit_that_the_workspace_forbids_is_not_tried_for_ever(outbox: Outbox) -> None:
    line = {"key": "tools:fxm:t1", "kind": "tools", "calls": 1, "text": "*[agent]*\n`ls`"}
    outbox.slack.fail("chat.update", error="edit_window_closed")
    await outbox.items(line)
    async with running(poster_of(outbox.place).run()):
        await outbox.become("posted")
        await outbox.items(line)
        await until(lambda: called(outbox, "chat.update", 1))
        await until(lambda: is_settled(outbox))

    assert len(outbox.slack.called("chat.update")) == 1


async def called(outbox: Outbox, method: str, times: int) -> bool:
    return len(outbox.slack.called(method)) >= times


async def is_settled(outbox: Outbox) -> bool:
    return all(row.version == row.shown for row in outbox.rows())


def test_a_budget_is_never_exceeded_in_any_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    budget, spent = Budget(), list[float]()
    while now < 1400:
        if not (left := budget.take()):
            spent.append(now)
        now += left or 0.001

    assert all(sum(at <= other < at + 60 for other in spent) <= 45 for at in spent)
    assert len(spent) > 190


async def test_a_reaction_whose_answer_was_cut_goes_with_the_next_one(outbox: Outbox) -> None:
    delivery = await advise(outbox)
    async with running(poster_of(outbox.place).run()):
        await until(lambda: marks(outbox, ["inbox_tray"]))
        outbox.slack.fail("reactions.add", after=True)
        await settle(outbox, delivery, "sent")
        await until(lambda: marks(outbox, ["hourglass_flowing_sand"]))
        await settle(outbox, delivery, "seen")
        await until(lambda: marks(outbox, ["eyes"]))

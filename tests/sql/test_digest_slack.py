"""polaris.digest_slack: once a day, what happened, for a channel that wants no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_talk import Talk
from story import Story, event, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    talk = Talk(story)
    talk.put()
    talk.set_slack_channel(project="pj", level="digest")
    return talk


def at(talk: Talk) -> datetime:
    when: datetime = talk.room().digest_at
    return when


def test_it_tells_a_line_a_session_and_only_what_is_new(talk: Talk) -> None:
    talk.story.push(
        talk.fxm, event("a"), event("b", kind="reply"), event("c", kind="tool.call"), event("d", kind="tool.call")
    )
    talk.story.advise(talk.fxk)
    talk.story.say(actor=talk.me, project="pj", body="hello")

    assert talk.digest_slack(now=at(talk)) == 1
    (row,) = talk.posts()
    assert (row.kind, row.lane, row.state) == ("digest", "channel", "waiting")
    assert row.text == (
        "*The last day*\n"
        "• *fxk*: 0 prompts, 0 answers, 0 tool calls, 1 pieces of advice\n"
        "• *fxm*: 1 prompts, 1 answers, 2 tool calls, 0 pieces of advice (user:manu)"
    )


def test_each_event_is_in_one_digest(talk: Talk) -> None:
    talk.story.push(talk.fxm, event("a"))
    talk.digest_slack(now=at(talk))
    talk.story.push(talk.fxm, event("b"), event("c"))
    talk.digest_slack(now=at(talk))

    assert ["1 prompts" in talk.posts()[0].text, "2 prompts" in talk.posts()[1].text] == [True, True]


def test_it_waits_for_its_hour_and_comes_once(talk: Talk) -> None:
    talk.story.push(talk.fxm, event("a"))
    due = at(talk)

    assert (due.astimezone(UTC).hour, due.astimezone(UTC).minute) == (16, 0)
    assert talk.digest_slack(now=due - timedelta(seconds=1)) == 0
    assert talk.digest_slack(now=due) == 1
    assert talk.digest_slack(now=due + timedelta(hours=1)) == 0
    assert at(talk) == due + timedelta(days=1)


def test_days_that_were_missed_are_one_digest(talk: Talk) -> None:
    talk.story.push(talk.fxm, event("a"))
    due = at(talk)

    assert talk.digest_slack(now=due + timedelta(days=3, hours=1)) == 1
    assert at(talk) == due + timedelta(days=4)


def test_a_day_without_events_has_none(talk: Talk) -> None:
    due = at(talk)

    assert talk.digest_slack(now=due) == 0
    assert (talk.posts(), at(talk)) == ([], due + timedelta(days=1))


def test_a_channel_that_wants_every_event_has_none(talk: Talk) -> None:
    talk.story.push(talk.fxm, event("a"))
    due = at(talk)
    talk.set_slack_channel(project="pj", level="all")

    assert talk.digest_slack(now=due) == 0


def test_what_was_posted_one_by_one_is_not_told_again(talk: Talk) -> None:
    talk.set_slack_channel(project="pj", level="all")
    talk.story.push(talk.fxm, event("a"))
    talk.put()
    talk.set_slack_channel(project="pj", level="digest")

    assert talk.digest_slack(now=at(talk)) == 0


@pytest.mark.parametrize("why", ["private", "left"])
def test_where_nothing_is_posted_no_digest_is(talk: Talk, why: str) -> None:
    talk.story.push(talk.fxm, event("a"))
    due = at(talk)
    if why == "private":
        talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")
    else:
        talk.channel(channel=talk.room_id, state="left")

    assert talk.digest_slack(now=due) == 0
    assert talk.posts() == []


def test_however_many_sessions_there_are_it_stays_short(talk: Talk) -> None:
    for n in range(60):
        talk.story.session(f"a-session-with-quite-a-long-name-{n}")
    talk.digest_slack(now=at(talk))

    assert len(talk.posts()[0].text) <= 3000


def test_other_organizations_have_theirs(talk: Talk, tell: Any) -> None:
    talk.story.push(talk.fxm, event("a"))
    theirs = Talk(tell())

    assert theirs.digest_slack(now=at(talk)) == 0
    assert talk.posts() == []


def test_it_needs_the_lease(talk: Talk) -> None:
    talk.story.push(talk.fxm, event("a"))
    due, old = at(talk), talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        talk.digest_slack(fence=old, now=due)

    assert (talk.posts(), at(talk)) == ([], due)

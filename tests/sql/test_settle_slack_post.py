"""polaris.settle_slack_post: what became of a post that was handed to Slack."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story, refused

TS, LATER = "1700000000.000100", "1700000060.000100"


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


@pytest.fixture
def sent(talk: Talk) -> Any:
    (row,) = talk.begin(talk.one(text="hello"))
    return row


def test_posted_it_has_its_ts_and_rests(talk: Talk, sent: Any) -> None:
    assert talk.settle(sent, "posted", ts=TS, version=1) is True
    row = talk.row(sent.post_id)

    assert (row.state, row.ts, row.shown, row.doubles, row.repeats) == ("posted", TS, 1, 0, 0)
    assert row.posted_at is not None
    talk.later()
    assert talk.listed() == []


def test_the_same_answer_twice_is_one(talk: Talk, sent: Any) -> None:
    talk.settle(sent, "posted", ts=TS, version=1)

    assert talk.settle(sent, "posted", ts=TS, version=1) is False
    assert talk.row(sent.post_id).doubles == 0


def test_what_did_not_arrive_is_tried_again_when_slack_says_so(talk: Talk, sent: Any) -> None:
    assert talk.settle(sent, "waiting", reason="ratelimited", retry_in=timedelta(seconds=30)) is True
    assert talk.begin(sent) == []
    talk.later(timedelta(seconds=30))
    assert [(row.attempts, row.repeats) for row in talk.begin(sent)] == [(2, 0)]


def test_an_echo_that_was_faster_stays(talk: Talk, sent: Any) -> None:
    talk.echo(sent, TS)
    for state in ("posted", "unsure", "waiting", "failed"):
        assert talk.settle(sent, state, ts=TS if state == "posted" else None, reason="because") is False

    assert (talk.row(sent.post_id).state, talk.row(sent.post_id).ts) == ("posted", TS)


def test_an_echo_after_it_is_no_news(talk: Talk, sent: Any) -> None:
    talk.settle(sent, "posted", ts=TS, version=1)

    assert talk.echo(sent, TS) == "known"
    assert talk.row(sent.post_id).doubles == 0


def test_failed_it_says_why_and_is_never_tried_again(talk: Talk, sent: Any) -> None:
    talk.settle(sent, "failed", reason="x" * 400)
    talk.later()

    assert (talk.row(sent.post_id).state, len(talk.row(sent.post_id).reason)) == ("failed", 300)
    assert talk.begin(sent) == []
    assert talk.settle(sent, "waiting") is False


def test_a_hint_is_posted_without_a_ts_and_given_up_when_unsure(talk: Talk) -> None:
    talk.put(post("hint:1", kind="hint", recipient="U1"), post("hint:2", kind="hint", recipient="U1"))
    first, second = talk.posts()
    talk.begin(first)
    talk.begin(second)

    assert talk.settle(first, "posted") is True
    assert talk.settle(second, "unsure") is True
    assert talk.settle(second, "failed", reason="unsure") is True
    assert [(row.state, row.ts, row.shown) for row in talk.posts()] == [("posted", None, 1), ("failed", None, 0)]
    talk.later()
    assert talk.listed() == []


def test_what_was_never_handed_over_is_not_settled(talk: Talk) -> None:
    waiting = talk.one()
    for state in ("waiting", "unsure", "failed", "posted"):
        assert talk.settle(waiting, state) is False

    assert talk.row(waiting.post_id).state == "waiting"


def test_what_is_not_there_any_more_is_no_news(talk: Talk, sent: Any) -> None:
    talk.story.owner.execute("delete from polaris_data.slack_posts where org_id = %s", [talk.org])

    assert talk.settle(sent, "posted", ts=TS, version=1) is False


@pytest.mark.parametrize("state", ["sent", "posting", "dropped", "", None])
def test_a_state_is_one_of_four(talk: Talk, sent: Any, state: str | None) -> None:
    with refused(422, "post_state_is_known"):
        talk.settle_slack_post(post_id=sent.post_id, state=state)


def test_it_needs_the_lease(talk: Talk, sent: Any) -> None:
    old = talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        talk.settle_slack_post(fence=old, post_id=sent.post_id, state="posted", ts=TS)

    assert talk.row(sent.post_id).state == "posting"


# Second copies


def test_a_repeat_whose_first_copy_arrived_after_all_leaves_one(talk: Talk, sent: Any) -> None:
    talk.later()
    talk.begin(sent)
    talk.echo(sent, TS)  # the first one was late

    assert talk.settle(sent, "posted", ts=LATER, version=1) is True
    row = talk.row(sent.post_id)
    assert (row.ts, row.repeats, row.doubles) == (TS, 1, 1)
    (copy,) = talk.list_slack_posts()
    assert (copy.ts, copy.extra_ts, copy.channel_id) == (LATER, LATER, talk.room_id)
    talk.change_slack_post(post_id=copy.post_id, deleted=True)
    assert talk.listed() == []


def test_what_was_found_first_stays_with_its_text_and_its_reaction(talk: Talk) -> None:
    given = talk.story.advise(talk.fxm)
    talk.put(post("advice:1", kind="advice", delivery=str(given.delivery_id)))
    (advice,) = talk.posts()
    talk.begin(advice)
    talk.later()
    talk.begin(advice)
    talk.settle(advice, "posted", ts=LATER, version=1)
    talk.change_slack_post(post_id=advice.post_id, reaction="inbox_tray")

    assert talk.echo(advice, TS) == "double"
    row = talk.row(advice.post_id)
    assert (row.ts, row.reaction_shown, row.shown) == (LATER, "inbox_tray", 1)
    assert [row.extra_ts for row in talk.list_slack_posts()] == [TS]


def test_the_next_post_does_not_wait_for_a_deletion(talk: Talk, sent: Any) -> None:
    talk.put(post("e:2"))
    talk.later()
    talk.begin(sent)
    talk.echo(sent, TS)
    talk.settle(sent, "posted", ts=LATER, version=1)

    assert talk.listed() == ["e:2", f"copy:{LATER}"]


# What was given up while it was on its way


@pytest.mark.parametrize("state", ["posting", "unsure"])
def test_what_was_given_up_on_its_way_is_posted_when_it_was(talk: Talk, sent: Any, state: str) -> None:
    if state == "unsure":
        talk.settle(sent, "unsure")
    talk.set_slack_channel(project="pj", level="muted")
    assert talk.row(sent.post_id).state == "dropped"
    if state == "unsure":
        talk.echo(sent, TS)
    else:
        talk.settle(sent, "posted", ts=TS, version=1)

    assert (talk.row(sent.post_id).state, talk.row(sent.post_id).text) == ("posted", "hello")
    talk.later()
    assert talk.listed() == []


@pytest.mark.parametrize("state", ["waiting", "unsure", "failed"])
def test_and_never_sent_again_when_it_was_not(talk: Talk, sent: Any, state: str) -> None:
    talk.set_slack_channel(project="pj", level="muted")
    assert talk.settle(sent, state, reason="because") is False
    talk.set_slack_channel(project="pj", level="all")
    talk.later()

    assert talk.row(sent.post_id).state == "dropped"
    assert talk.listed() == []
    assert talk.begin(sent) == []

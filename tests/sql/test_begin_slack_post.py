"""polaris.begin_slack_post: a post is handed to Slack, and counts as perhaps sent from then on."""

from datetime import timedelta

import pytest
from slack_talk import Talk, post
from story import Story, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def test_it_answers_the_post_as_it_is_to_be_sent(talk: Talk) -> None:
    waiting = talk.one(text="hello")
    (sent,) = talk.begin(waiting)

    assert (sent.post_id, sent.text, sent.state, sent.attempts, sent.repeats) == (
        waiting.post_id,
        "hello",
        "posting",
        1,
        0,
    )
    assert (sent.channel_id, sent.version, sent.shown) == (talk.room_id, 1, 0)


def test_a_bridge_that_dies_after_it_leaves_a_post_that_nobody_touches_for_a_minute(talk: Talk) -> None:
    waiting = talk.one()
    talk.begin(waiting)

    assert talk.begin(waiting) == []
    talk.later(timedelta(seconds=50))
    assert talk.begin(waiting) == []


def test_without_answer_and_echo_it_is_handed_over_again_and_counted(talk: Talk) -> None:
    waiting = talk.one()
    talk.begin(waiting)
    talk.later()
    (again,) = talk.begin(waiting)

    assert (again.state, again.attempts, again.repeats) == ("posting", 2, 1)
    assert talk.begin(waiting) == []


def test_one_that_is_unsure_waits_from_when_it_was_handed_over(talk: Talk) -> None:
    waiting = talk.one()
    talk.begin(waiting)
    talk.later(timedelta(seconds=40))
    talk.settle(waiting, "unsure")

    assert talk.begin(waiting) == []
    talk.later(timedelta(seconds=20))
    assert talk.begin(waiting)[0].repeats == 1


def test_one_that_provably_did_not_arrive_is_no_repeat(talk: Talk) -> None:
    waiting = talk.one()
    talk.begin(waiting)
    talk.settle(waiting, "waiting")

    assert [(row.attempts, row.repeats) for row in talk.begin(waiting)] == [(2, 0)]


@pytest.mark.parametrize("state", ["posted", "failed"])
def test_what_is_done_is_not_sent_again(talk: Talk, state: str) -> None:
    waiting = talk.one()
    talk.begin(waiting)
    talk.settle(waiting, state, ts="1700000000.000100" if state == "posted" else None, reason="because")
    talk.later()

    assert talk.begin(waiting) == []


def test_nothing_overtakes_what_stands_before_it_in_the_channel(talk: Talk) -> None:
    talk.put(post("e:1"), post("e:2"), post("hint:1", kind="hint", recipient="U1"))
    first, second, hint = talk.posts()

    assert talk.begin(second) == []
    talk.begin(first)
    assert talk.begin(second) == []
    assert len(talk.begin(hint)) == 1
    talk.settle(first, "unsure")
    assert talk.begin(second) == []
    talk.echo(first, "1700000000.000100")
    assert len(talk.begin(second)) == 1


def test_a_channel_that_has_gone_or_was_muted_meanwhile_gets_nothing(talk: Talk) -> None:
    waiting = talk.one()
    talk.channel(channel=talk.room_id, state="missing")
    assert talk.begin(waiting) == []
    talk.channel(channel=talk.room_id)
    talk.set_slack_channel(project="pj", level="muted")
    assert talk.begin(waiting) == []
    assert talk.row(waiting.post_id).state == "dropped"


def test_a_project_that_became_private_meanwhile_is_not_told(talk: Talk) -> None:
    waiting = talk.one()
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")
    assert talk.begin(waiting) == []

    late = post("answer:1", kind="answer")
    talk.take("channel", event_id="Ev-late", payload={})
    talk.finish_slack_event(event_id="Ev-late", outcome="answered", project_id=talk.project_id, posts=[late])
    assert talk.begin(talk.by_key("answer:1")) == []


def test_it_goes_to_the_channel_that_the_project_has_now(talk: Talk) -> None:
    waiting = talk.one()
    talk.begin(waiting)
    talk.settle(waiting, "waiting")
    talk.channel(channel="C-another")

    assert [row.channel_id for row in talk.begin(waiting)] == ["C-another"]


def test_it_needs_the_lease(talk: Talk) -> None:
    waiting, old = talk.one(), talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        talk.begin_slack_post(fence=old, post_id=waiting.post_id)

    assert talk.row(waiting.post_id).state == "waiting"
    assert len(talk.begin(waiting)) == 1

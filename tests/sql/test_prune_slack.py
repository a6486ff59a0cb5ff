"""polaris.prune_slack: what nobody needs any more is forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def age(talk: Talk, by: timedelta) -> None:
    """Time passes for everything that is or was there."""
    talk.story.owner.execute(
        "update polaris_data.slack_inbox set received_at = received_at - %s, done_at = done_at - %s where org_id = %s",
        [by, by, talk.org],
    )
    talk.story.owner.execute(
        "update polaris_data.slack_posts set made_at = made_at - %s where org_id = %s", [by, talk.org]
    )


def test_that_an_event_was_told_is_known_for_a_day(talk: Talk) -> None:
    event_id, _, _ = talk.advised("fxm")
    age(talk, timedelta(hours=23))
    assert talk.prune_slack() == 0
    assert talk.say("use RS256", "fxm", event_id=event_id)[0] == "known"
    age(talk, timedelta(hours=2))
    assert talk.prune_slack() == 1
    assert talk.inbox() == []


def test_what_is_not_done_is_kept_however_old(talk: Talk) -> None:
    talk.say("use RS256", "fxm")
    age(talk, timedelta(days=100))

    assert talk.prune_slack() == 0
    assert len(talk.list_slack_inbox()) == 1


def test_posts_are_forgotten_after_thirty_days_with_what_was_said_there(talk: Talk) -> None:
    talk.advised("fxm")
    talk.make(talk.one())
    failed = talk.one()
    talk.begin(failed)
    talk.settle(failed, "failed", reason="msg_too_long")
    age(talk, timedelta(days=29))
    talk.finish_slack_event(event_id="none", outcome="none")
    assert talk.prune_slack() == 1  # the event in the inbox
    age(talk, timedelta(days=2))
    assert talk.prune_slack() == 3
    assert talk.posts() == []
    assert talk.states() == [("fxm", "queued", None)]  # the record keeps it


def test_what_is_still_to_be_made_is_kept(talk: Talk) -> None:
    talk.put(post("e:1"), post("e:2"), post("hint:1", kind="hint", recipient="U1"))
    first, _, hint = talk.posts()
    talk.begin(first)
    talk.begin(hint)
    talk.settle(hint, "unsure")
    age(talk, timedelta(days=100))

    assert talk.prune_slack() == 0
    assert len(talk.posts()) == 3


def test_who_was_invited_is_not_invited_again_next_month(talk: Talk) -> None:
    talk.put(post("invite:U1", "", kind="invite", recipient="U1"))
    talk.begin(talk.posts()[0])
    talk.settle(talk.posts()[0], "posted")
    age(talk, timedelta(days=100))
    talk.prune_slack()

    assert [row.key for row in talk.posts()] == ["invite:U1"]


def test_others_keep_theirs(talk: Talk, tell: Any) -> None:
    theirs = Talk(tell())
    theirs.advised("fxm")
    age(theirs, timedelta(days=100))

    assert talk.prune_slack() == 0
    assert len(theirs.posts()) == 1


def test_it_needs_the_lease(talk: Talk) -> None:
    talk.advised("fxm")
    age(talk, timedelta(days=100))
    old = talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        talk.prune_slack(fence=old)

    assert len(talk.inbox()) == 1

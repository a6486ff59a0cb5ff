"""polaris.change_slack_post: a message in Slack looks as it should now, in these points."""

from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


@pytest.fixture
def line(talk: Talk) -> Any:
    """A running line whose text has changed since it was sent."""
    talk.put(post("tools:fxm:1", "pytest", kind="tools"))
    talk.make(talk.by_key("tools:fxm:1"))
    talk.put(post("tools:fxm:1", "ls", kind="tools"))
    talk.later()
    return talk.by_key("tools:fxm:1")


def test_edited_it_rests(talk: Talk, line: Any) -> None:
    (row,) = talk.list_slack_posts()
    assert (row.text, row.version, row.shown) == ("ls", 2, 1)
    talk.change_slack_post(post_id=line.post_id, version=2)
    talk.later()

    assert talk.row(line.post_id).shown == 2
    assert talk.listed() == []


def test_what_changed_while_it_was_edited_is_edited_again(talk: Talk, line: Any) -> None:
    talk.put(post("tools:fxm:1", "git push", kind="tools"))
    talk.change_slack_post(post_id=line.post_id, version=2)
    talk.later()

    assert [(row.text, row.version, row.shown) for row in talk.list_slack_posts()] == [("git push", 3, 2)]


def test_a_reaction_comes_and_goes(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    (message,) = talk.list_slack_posts()
    talk.change_slack_post(post_id=message.post_id, reaction="inbox_tray")
    assert talk.listed() == []
    talk.edited(written, None)
    assert [(row.reaction, row.reaction_shown) for row in talk.list_slack_posts()] == [(None, "inbox_tray")]
    talk.change_slack_post(post_id=message.post_id, reaction="")
    assert talk.listed() == []


def test_a_reaction_that_is_not_the_one_wanted_any_more_is_set_again(talk: Talk) -> None:
    _, _, (given,) = talk.advised("fxm")
    (message,) = talk.list_slack_posts()
    talk.story.settle(given, "seen", talk.fxm)
    talk.put(deliveries=(given.delivery_id,))
    talk.change_slack_post(post_id=message.post_id, reaction=message.reaction)

    assert [(row.reaction, row.reaction_shown) for row in talk.list_slack_posts()] == [("eyes", "inbox_tray")]


def test_given_up_it_rests_as_it_is_and_says_why(talk: Talk, line: Any) -> None:
    talk.change_slack_post(post_id=line.post_id, reason="message_not_found")
    talk.later()

    assert talk.listed() == []
    assert (talk.row(line.post_id).state, talk.row(line.post_id).reason) == ("posted", "message_not_found")


def test_it_needs_the_lease(talk: Talk, line: Any) -> None:
    old = talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        talk.change_slack_post(fence=old, post_id=line.post_id, version=2)

    assert talk.row(line.post_id).shown == 1

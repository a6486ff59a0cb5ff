"""polaris.get_slack_figures: how the bridge of an organization does."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def figures(talk: Talk) -> dict[str, Any]:
    (row,) = talk.get_slack_figures()
    return {name: value for name, value in row._asdict().items() if value}


def test_nothing_is_nothing(talk: Talk) -> None:
    assert figures(talk) == {}


def test_posts_are_counted_by_what_became_of_them(talk: Talk) -> None:
    talk.put(*(post() for _ in range(6)))
    posted, failed, unsure, *_ = talk.posts()
    talk.make(posted)
    talk.begin(failed)
    talk.settle(failed, "failed", reason="msg_too_long")
    talk.begin(unsure)
    talk.settle(unsure, "unsure")
    told = figures(talk)

    assert told.pop("oldest_seconds") < 60
    assert told == {"posted": 1, "failed": 1, "unsure": 1, "waiting": 3}
    talk.set_slack_channel(project="pj", level="muted")
    assert figures(talk) == {"posted": 1, "failed": 1, "dropped": 4}


def test_repeats_and_proven_copies_are_counted_and_a_copy_is_no_post(talk: Talk) -> None:
    waiting = talk.one()
    talk.begin(waiting)
    talk.later()
    talk.begin(waiting)
    talk.echo(waiting, "1700000000.000100")
    talk.settle(waiting, "posted", ts="1700000060.000100", version=1)

    assert figures(talk) == {"posted": 1, "repeats": 1, "doubles": 1}


def test_what_people_said_is_no_post_and_what_waits_to_be_heard_is_told(talk: Talk) -> None:
    talk.advised("fxm")
    talk.say("use RS256", "fxm")

    assert figures(talk) == {"undone": 1}


def test_how_long_the_oldest_waits(talk: Talk) -> None:
    talk.put(post(), post())
    talk.story.owner.execute(
        "update polaris_data.slack_posts set made_at = made_at - %s where post_id = %s",
        [timedelta(minutes=5), talk.posts()[0].post_id],
    )

    assert 300 <= figures(talk)["oldest_seconds"] < 400


def test_others_have_their_own(talk: Talk, tell: Any) -> None:
    talk.put(post())

    assert figures(Talk(tell())) == {}

"""polaris.finish_slack_event: an event is done, its words go, and what is to be posted about it is there."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def finish(talk: Talk, event_id: str, **more: Any) -> None:
    talk.finish_slack_event(event_id=event_id, **{"outcome": "done", "project_id": talk.project_id} | more)


def test_done_its_words_are_gone_and_that_it_was_there_is_known(talk: Talk) -> None:
    _, message = talk.say("use RS256", "fxm")
    _, verb = talk.take("verb", payload={"verb": "handoff", "session": "fxm", "to": "@krishna"})
    finish(talk, message, outcome="advised fxm")
    finish(talk, verb)

    assert [(row.body, row.payload, row.outcome, row.done_at is not None) for row in talk.inbox()] == [
        (None, None, "advised fxm", True),
        (None, None, "done", True),
    ]
    assert talk.list_slack_inbox() == []


def test_what_is_posted_about_it_is_written_with_it_and_once(talk: Talk) -> None:
    _, verb = talk.take("verb", payload={"verb": "who"})
    for _ in range(2):  # the answer was lost
        finish(
            talk, verb, posts=[post(f"answer:{verb}", "Manu drives fxm", kind="answer", thread_ts="1700000000.000100")]
        )

    assert [(row.key, row.text, row.lane, row.thread_ts) for row in talk.posts()] == [
        (f"answer:{verb}", "Manu drives fxm", "channel", "1700000000.000100")
    ]


def test_a_hint_is_for_one_person(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxn")
    finish(talk, event_id, posts=[post(f"hint:{event_id}", "no session fxn", kind="hint", recipient=talk.krishna)])

    assert [(row.lane, row.recipient) for row in talk.list_slack_posts()] == [("side", talk.krishna)]


def test_what_failed_says_what_is_posted_about_it_when_all_is_there_or_nothing(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxn")
    with pytest.raises(Exception, match="post_kind_is_known"):
        finish(talk, event_id, posts=[post(kind="note"), post(kind="unheard of")])

    assert talk.posts() == []
    assert [row.event_id for row in talk.list_slack_inbox()] == [event_id]


def test_put_off_it_keeps_its_words_and_says_why(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm")
    finish(talk, event_id, outcome="x" * 400, retry_in=timedelta(seconds=30), posts=[post()])
    (row,) = talk.inbox()

    assert (row.body, row.done_at, row.attempts, len(row.outcome)) == ("use RS256", None, 1, 300)
    assert talk.posts() == []


def test_what_is_done_is_not_put_off(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm")
    finish(talk, event_id)
    finish(talk, event_id, outcome="late", retry_in=timedelta(seconds=30))
    (row,) = talk.inbox()

    assert (row.outcome, row.attempts) == ("done", 0)


def test_an_event_that_was_forgotten_is_finished_without_a_trace(talk: Talk) -> None:
    finish(talk, "Ev-forgotten", posts=[post()])

    assert talk.posts() == []


def test_it_needs_the_lease(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm")
    old = talk.another_bridge()
    for more in ({"posts": [post()]}, {"retry_in": timedelta(seconds=30)}):
        with refused(409, "bridge_was_replaced"):
            finish(talk, event_id, fence=old, **more)

    assert [(row.body, row.attempts) for row in talk.inbox()] == [("use RS256", 0)]

"""polaris.list_slack_inbox: what is to be done next of what Slack told."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, ts
from story import Story


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def listed(talk: Talk) -> list[str]:
    return [row.event_id for row in talk.list_slack_inbox()]


def test_an_event_comes_with_its_project(talk: Talk) -> None:
    written = ts()
    _, event_id = talk.say("use RS256", "fxm", ts=written, thread_ts="1600000000.000100")
    (row,) = talk.list_slack_inbox()

    assert (row.event_id, row.kind, row.project, row.project_id) == (event_id, "message", "pj", talk.project_id)
    assert (row.channel_id, row.ts, row.thread_ts, row.user_id) == (
        talk.room_id,
        written,
        "1600000000.000100",
        talk.krishna,
    )
    assert (row.sessions, row.body, row.payload, row.attempts) == (["fxm"], "use RS256", None, 0)


def test_of_each_channel_the_oldest(talk: Talk) -> None:
    other = talk.channel("other")
    _, first = talk.say("one", "fxm")
    _, second = talk.say("two", "fxm")
    _, apart = talk.take("channel", channel=other, payload={})
    _, person = talk.take("person", channel=None, ts=None, payload={})

    assert listed(talk) == [first, apart, person]
    talk.finish_slack_event(event_id=first, outcome="advised")
    assert listed(talk) == [second, apart, person]
    for event_id in (second, apart, person):
        talk.finish_slack_event(event_id=event_id, outcome="done")
    assert listed(talk) == []


def test_what_was_put_off_holds_its_channel_up_and_no_other(talk: Talk) -> None:
    other = talk.channel("other")
    _, first = talk.say("one", "fxm")
    talk.say("two", "fxm")
    _, apart = talk.take("channel", channel=other, payload={})
    talk.finish_slack_event(event_id=first, outcome="Slack is away", retry_in=timedelta(seconds=30))

    assert listed(talk) == [apart]
    talk.later(timedelta(seconds=30))
    assert listed(talk) == [first, apart]
    assert talk.list_slack_inbox()[0].attempts == 1


def test_an_event_of_a_channel_that_is_no_projects_any_more_has_none(talk: Talk) -> None:
    talk.say("one", "fxm")
    talk.channel(channel="C-another")

    assert [(row.project, row.project_id) for row in talk.list_slack_inbox()] == [(None, None)]


def test_nobody_sees_what_another_organization_was_told(talk: Talk, tell: Any) -> None:
    talk.say("one", "fxm")

    assert Talk(tell()).list_slack_inbox() == []

"""polaris.list_slack_posts: what is to be sent to Slack now."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def test_of_a_channel_the_first_post_with_all_that_sending_it_needs(talk: Talk) -> None:
    talk.put(
        post("e:1", "hello", session="fxm", seq=7, author="Manu", picture="https://example.com/m.png"), post("e:2")
    )
    (row,) = talk.list_slack_posts()

    assert (row.key, row.text, row.project, row.session, row.seq) == ("e:1", "hello", "pj", "fxm", 7)
    assert (row.channel_id, row.author, row.picture, row.emoji) == (
        talk.room_id,
        "Manu",
        "https://example.com/m.png",
        None,
    )
    assert (row.state, row.ts, row.version, row.shown, row.attempts, row.repeats) == ("waiting", None, 1, 0, 0, 0)


def test_the_next_one_when_the_first_is_there(talk: Talk) -> None:
    talk.put(post("e:1"), post("e:2"), post("e:3"))
    for key in ("e:1", "e:2", "e:3"):
        assert talk.listed() == [key]
        talk.make(talk.by_key(key))
    assert talk.listed() == []


@pytest.mark.parametrize("state", ["waiting", "unsure", "posting"])
def test_while_the_first_waits_for_its_time_or_its_echo_those_behind_it_wait(talk: Talk, state: str) -> None:
    talk.put(post("e:1"), post("e:2"))
    first = talk.by_key("e:1")
    talk.begin(first)
    if state != "posting":
        talk.settle(first, state, retry_in=timedelta(seconds=60))

    assert talk.listed() == []
    talk.later()
    assert talk.listed() == ["e:1"]


@pytest.mark.parametrize("end", ["failed", "posted"])
def test_one_that_failed_does_not_hold_up_the_others(talk: Talk, end: str) -> None:
    talk.put(post("e:1"), post("e:2"))
    first = talk.by_key("e:1")
    talk.begin(first)
    talk.settle(first, end, reason="msg_too_long")

    assert talk.listed() == ["e:2"]


def test_channels_do_not_wait_for_each_other(talk: Talk) -> None:
    talk.channel("other")
    talk.put(post("e:1"))
    talk.put(post("e:2"), project="other")
    talk.begin(talk.by_key("e:1"))

    assert talk.listed() == ["e:2"]


def test_changes_do_not_wait_behind_the_channel(talk: Talk) -> None:
    talk.advised("fxm")
    talk.put(post("e:1"), post("e:2"))
    talk.begin(talk.by_key("e:1"))

    (message,) = talk.list_slack_posts()
    assert (message.kind, message.reaction, message.reaction_shown) == ("theirs", "inbox_tray", None)
    talk.change_slack_post(post_id=message.post_id, reaction="inbox_tray")
    assert talk.listed() == []


@pytest.mark.parametrize("state", ["missing", "archived", "left", "refused"])
def test_nothing_is_sent_to_a_channel_that_does_not_live(talk: Talk, state: str) -> None:
    talk.advised("fxm")
    talk.put(post("e:1"), post("hint:1", kind="hint", recipient="U1"))
    talk.channel(channel=talk.room_id, state=state)

    assert talk.listed() == []


def test_nothing_is_sent_of_a_project_that_is_private(talk: Talk) -> None:
    talk.advised("fxm")
    talk.put(post("e:1"), post("hint:1", kind="hint", recipient="U1"))
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")

    assert talk.listed() == []


def test_the_last_words_of_an_archived_project_are_sent(talk: Talk) -> None:
    talk.put(post("e:1"))
    talk.story.archive_project(actor=talk.me, project="pj")

    assert talk.listed() == ["e:1"]


def test_what_stands_in_an_earlier_channel_stays_as_it_is(talk: Talk) -> None:
    _, _, (given,) = talk.advised("fxm")
    talk.put(post("tools:fxm:1", kind="tools"))
    talk.make(talk.by_key("tools:fxm:1"))
    talk.put(post("tools:fxm:1", "new", kind="tools"), deliveries=(given.delivery_id,))
    talk.channel(channel="C-another")
    talk.later()

    assert talk.listed() == []


def test_a_thread_is_that_of_the_post_which_is_answered(talk: Talk) -> None:
    talk.put(post("turn:fxm:1"), post("tools:fxm:1", kind="tools", thread_key="turn:fxm:1"))
    root = talk.make(talk.by_key("turn:fxm:1"))

    assert [row.thread_ts for row in talk.list_slack_posts()] == [root]


def test_without_its_root_a_reply_is_a_message_of_the_channel(talk: Talk) -> None:
    talk.put(post("turn:fxm:1"), post("e:2", thread_key="turn:fxm:1"), post("e:3", thread_key="turn:unheard:1"))
    root = talk.by_key("turn:fxm:1")
    talk.begin(root)
    talk.settle(root, "failed", reason="msg_too_long")

    assert [row.thread_ts for row in talk.list_slack_posts()] == [None]


def test_a_root_in_an_earlier_channel_is_none(talk: Talk) -> None:
    talk.put(post("turn:fxm:1"))
    talk.make(talk.by_key("turn:fxm:1"))
    talk.channel(channel="C-another")
    talk.put(post("e:2", thread_key="turn:fxm:1"))

    assert [(row.channel_id, row.thread_ts) for row in talk.list_slack_posts()] == [("C-another", None)]


def test_a_running_line_rests_three_seconds_after_each_look(talk: Talk) -> None:
    talk.put(post("tools:fxm:1", "pytest", kind="tools"))
    line = talk.by_key("tools:fxm:1")
    talk.make(line)
    talk.put(post("tools:fxm:1", "ls", kind="tools"))
    assert talk.listed() == []
    talk.later(timedelta(seconds=3))
    assert talk.listed() == ["tools:fxm:1"]
    talk.change_slack_post(post_id=line.post_id, version=2)
    talk.put(post("tools:fxm:1", "git push", kind="tools"))
    assert talk.listed() == []
    talk.later(timedelta(seconds=3))
    assert talk.listed() == ["tools:fxm:1"]


def test_no_more_of_a_channel_than_was_asked_for(talk: Talk) -> None:
    talk.put(*(post(f"hint:{n}", kind="hint", recipient="U1") for n in range(5)), post("e:1"))

    assert [row.key for row in talk.list_slack_posts(limit=2)] == ["hint:0", "hint:1", "e:1"]


def test_nobody_sees_what_another_organization_sends(talk: Talk, tell: Any) -> None:
    talk.put(post("e:1"))

    assert Talk(tell()).list_slack_posts() == []

"""polaris.echo_slack_post: Slack showed us a message of our own, which proves that a post arrived."""

import json
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story

TS, LATER, LAST = "1700000000.000100", "1700000060.000100", "1700000120.000100"


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


@pytest.fixture
def sent(talk: Talk) -> Any:
    (row,) = talk.begin(talk.one(text="hello"))
    return row


@pytest.mark.parametrize("state", ["posting", "unsure"])
def test_it_settles_what_nobody_answered_and_wakes_a_bridge(talk: Talk, sent: Any, state: str) -> None:
    if state == "unsure":
        talk.settle(sent, "unsure", reason="the answer was cut")
    talk.put(post("e:2"))
    with talk.story.listening("polaris_control") as heard:
        assert talk.echo(sent, TS) == "posted"
        assert [json.loads(said)["kind"] for _, said in heard()] == ["slack_inbox"]
    row = talk.row(sent.post_id)

    assert (row.state, row.ts, row.shown, row.repeats, row.doubles, row.reason) == ("posted", TS, 1, 0, 0, None)
    assert talk.listed() == ["e:2"]


def test_it_proves_what_a_bridge_that_died_had_sent(talk: Talk, sent: Any) -> None:
    talk.another_bridge()

    assert talk.echo(sent, TS) == "posted"
    talk.later()
    assert talk.listed() == []


def test_the_same_echo_twice_is_no_news(talk: Talk, sent: Any) -> None:
    talk.echo(sent, TS)
    with talk.story.listening("polaris_control") as heard:
        assert talk.echo(sent, TS) == "known"
        assert heard() == []


def test_an_echo_of_another_copy_is_a_double_that_is_deleted(talk: Talk, sent: Any) -> None:
    talk.later()
    talk.begin(sent)
    talk.settle(sent, "posted", ts=LATER, version=1)

    assert talk.echo(sent, LATER) == "known"
    assert talk.echo(sent, TS) == "double"
    assert [row.extra_ts for row in talk.list_slack_posts()] == [TS]
    assert talk.row(sent.post_id).doubles == 1


def test_the_echo_of_a_copy_that_is_deleted_already_is_no_news(talk: Talk, sent: Any) -> None:
    talk.later()
    talk.begin(sent)
    talk.echo(sent, TS)
    talk.settle(sent, "posted", ts=LATER, version=1)
    (copy,) = talk.list_slack_posts()
    talk.change_slack_post(post_id=copy.post_id, deleted=True)

    assert talk.echo(sent, LATER) == "known"
    assert talk.listed() == []
    assert talk.get_slack_figures()[0].doubles == 1


def test_of_three_copies_one_stays(talk: Talk, sent: Any) -> None:
    for _ in range(2):
        talk.later()
        talk.begin(sent)
    assert [talk.echo(sent, written) for written in (LATER, TS, LAST, TS)] == ["posted", "double", "double", "known"]
    assert {row.extra_ts for row in talk.list_slack_posts()} == {TS, LAST}
    assert (talk.row(sent.post_id).ts, talk.row(sent.post_id).doubles, talk.row(sent.post_id).repeats) == (LATER, 2, 2)


def test_without_its_number_it_is_known_by_its_text(talk: Talk, sent: Any) -> None:
    assert talk.echo(None, TS, text="something else") == "ignored"
    assert talk.echo(None, TS, text="hello") == "posted"
    assert talk.row(sent.post_id).ts == TS


def test_a_late_echo_is_not_taken_for_the_next_post_of_the_same_text(talk: Talk, sent: Any) -> None:
    talk.settle(sent, "posted", ts=TS, version=1)
    (second,) = talk.begin(talk.one(text="hello"))

    assert talk.echo(None, TS, text="hello") == "known"
    assert talk.row(second.post_id).state == "posting"
    assert talk.echo(None, LATER, text="hello") == "posted"
    assert [row.ts for row in talk.posts()] == [TS, LATER]


def test_a_text_is_looked_for_in_its_own_channel_only(talk: Talk, sent: Any) -> None:
    elsewhere = talk.channel("other")

    assert talk.echo(None, TS, text="hello", channel=elsewhere) == "ignored"
    assert talk.echo(sent, TS, channel=elsewhere) == "ignored"
    assert talk.row(sent.post_id).state == "posting"


def test_it_proves_even_what_was_thought_to_have_failed(talk: Talk, sent: Any) -> None:
    talk.settle(sent, "failed", reason="fatal_error")

    assert talk.echo(sent, TS) == "posted"
    assert (talk.row(sent.post_id).state, talk.row(sent.post_id).reason) == ("posted", None)


def test_what_was_to_be_tried_again_is_not_when_it_arrived(talk: Talk, sent: Any) -> None:
    talk.settle(sent, "waiting")
    assert talk.echo(sent, TS) == "posted"
    talk.later()
    assert talk.begin(sent) == []


def test_a_text_that_changed_on_its_way_is_edited(talk: Talk) -> None:
    talk.put(post("tools:fxm:1", "pytest", kind="tools"))
    (line,) = talk.begin(talk.by_key("tools:fxm:1"))
    talk.put(post("tools:fxm:1", "ls", kind="tools"))
    talk.echo(line, TS)
    talk.later()

    assert [(row.text, row.version, row.shown) for row in talk.list_slack_posts()] == [("ls", 2, 1)]


def test_a_running_line_is_known_by_how_it_begins(talk: Talk) -> None:
    talk.put(post("tools:fxm:1", "*[agent of user:manu/fxm]*\n`pytest`", kind="tools"))
    (line,) = talk.begin(talk.by_key("tools:fxm:1"))

    assert talk.echo(None, TS, text="*[agent of user:krishna/fxk]* 🔧 1 call · newest: `pytest`") == "ignored"
    assert talk.echo(None, TS, text="*[agent of user:manu/fxm]* 🔧 1 call · newest: `ls`") == "posted"
    assert talk.row(line.post_id).ts == TS


def test_what_people_say_is_no_echo(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    (message,) = talk.posts()

    assert talk.echo(message, LATER) == "ignored"
    assert talk.echo(message, written) == "ignored"
    assert talk.row(message.post_id).ts == written


def test_a_number_of_another_organization_is_not_ours(talk: Talk, sent: Any, tell: Any) -> None:
    theirs = Talk(tell())
    theirs_sent = theirs.begin(theirs.one(text="hello"))[0]

    assert talk.echo(theirs_sent, TS) == "ignored"
    assert theirs.echo(sent, TS, channel=talk.room_id) == "ignored"
    for other in ({"team": "T-unknown"}, {"app": "A-other"}):
        assert talk.echo(sent, TS, **other) == "ignored"
    assert {theirs.row(theirs_sent.post_id).state, talk.row(sent.post_id).state} == {"posting"}


def test_a_number_that_never_was_is_ignored(talk: Talk) -> None:
    assert talk.echo(None, TS, post_id=2**53) == "ignored"
    assert talk.echo(None, TS) == "ignored"


def test_it_is_not_for_a_workspace_that_is_not_connected(talk: Talk, sent: Any) -> None:
    talk.refuse_slack(reason="token_revoked")

    assert talk.echo(sent, TS) == "ignored"


def test_a_copy_is_known_by_its_text_for_an_hour_after_it_was_sent_again(talk: Talk, sent: Any) -> None:
    talk.later()
    talk.begin(sent)
    talk.settle(sent, "posted", ts=LATER, version=1)

    assert talk.echo(None, TS, text="hello") == "double"
    assert talk.echo(None, LAST, text="hello") == "ignored"  # there was one repeat
    assert [row.extra_ts for row in talk.list_slack_posts()] == [TS]


def test_what_is_on_its_way_comes_before_what_was_sent_again(talk: Talk, sent: Any) -> None:
    talk.later()
    talk.begin(sent)
    talk.settle(sent, "posted", ts=TS, version=1)
    (second,) = talk.begin(talk.one(text="hello"))

    assert talk.echo(None, LATER, text="hello") == "posted"
    assert talk.row(second.post_id).ts == LATER


def test_a_bare_echo_finds_what_slack_put_off_when_it_was_sent_again(talk: Talk, sent: Any) -> None:
    talk.later()
    talk.begin(sent)
    talk.settle(sent, "waiting", reason="ratelimited")

    assert talk.echo(None, TS, text="hello") == "posted"
    assert talk.begin(sent) == []

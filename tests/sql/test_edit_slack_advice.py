"""polaris.edit_slack_advice: a message that was advice has been changed or deleted."""

from typing import Any

import pytest
from slack_talk import Talk
from story import Story, refused

WITHDRAWN, CHANGED = "withdrawn in Slack", "changed in Slack"


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def waiting(talk: Talk, place: Any) -> list[str]:
    return [row.body for row in talk.story.read_advice(actor=talk.me, epoch=1, **place)]


def test_what_was_not_sent_yet_is_said_in_the_new_words(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    (row,) = talk.edited(written, "use ES256", "fxm")

    assert (row.session, row.state, row.code) == ("fxm", "queued", None)
    assert waiting(talk, talk.fxm) == ["use ES256"]
    assert talk.states() == [("fxm", "declined", CHANGED), ("fxm", "queued", None)]
    assert talk.posts()[0].reaction == "inbox_tray"
    talk.story.check()


def test_a_deletion_takes_back_what_was_not_sent_yet(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm", "fxk")

    assert talk.edited(written, None) == []
    assert talk.states() == [("fxk", "declined", WITHDRAWN), ("fxm", "declined", WITHDRAWN)]
    assert talk.posts()[0].reaction is None
    assert (waiting(talk, talk.fxm), waiting(talk, talk.fxk)) == ([], [])


@pytest.mark.parametrize("states", [("sent",), ("sent", "seen"), ("sent", "seen", "answered")])
def test_what_an_agent_may_have_seen_stays(talk: Talk, states: tuple[str, ...]) -> None:
    _, written, (given,) = talk.advised("fxm")
    for state in states:
        talk.story.settle(given, state, talk.fxm)

    assert talk.edited(written, "use ES256", "fxm") == []
    assert talk.edited(written, None) == []
    assert talk.states() == [("fxm", states[-1], None)]


def test_of_several_only_those_that_were_not_sent_are_changed(talk: Talk) -> None:
    _, written, (first, _) = talk.advised("fxk", "fxm")
    talk.story.settle(first, "sent", talk.fxk)
    rows = talk.edited(written, "use ES256", "fxk", "fxm")

    assert [row.session for row in rows] == ["fxm"]
    assert talk.states() == [("fxk", "sent", None), ("fxm", "declined", CHANGED), ("fxm", "queued", None)]
    talk.put(deliveries=(first.delivery_id,))
    assert talk.posts()[0].reaction == "inbox_tray"


def test_who_is_not_named_any_more_is_not_advised_any_more(talk: Talk) -> None:
    _, written, _ = talk.advised("fxk", "fxm")
    talk.edited(written, "use ES256", "fxm")

    assert (waiting(talk, talk.fxk), waiting(talk, talk.fxm)) == ([], ["use ES256"])


def test_who_was_not_named_before_is_not_advised_by_an_edit(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.edited(written, "use ES256", "fxm", "fxk")

    assert (waiting(talk, talk.fxk), waiting(talk, talk.fxm)) == ([], ["use ES256"])


def test_what_the_driver_has_not_allowed_yet_is_changed_too(talk: Talk) -> None:
    talk.story.set_policy(actor=talk.me, sender_class="slack", policy="suggest", **talk.fxm)
    _, written, _ = talk.advised("fxm")
    talk.edited(written, "use ES256", "fxm")

    assert talk.states() == [("fxm", "declined", CHANGED), ("fxm", "held", None)]


def test_an_edit_of_an_edit_and_its_deletion(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    for n in range(3):
        talk.edited(written, f"use ES{n}", "fxm")
        assert waiting(talk, talk.fxm) == [f"use ES{n}"]
    talk.edited(written, None)

    assert waiting(talk, talk.fxm) == []
    assert talk.edited(written, "use ES256", "fxm") == []
    assert waiting(talk, talk.fxm) == []


def test_a_bridge_that_died_after_it_repeats_it_and_nothing_is_doubled(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm", "fxk")
    _, event_id = talk.edit(written, "use ES256", "fxm", "fxk")
    same = {"event_id": event_id, "sessions": ["fxm", "fxk"], "body": "use ES256"}
    first = talk.edit_slack_advice(**same)
    talk.another_bridge()
    before = talk.story.events()

    assert talk.edit_slack_advice(**same) == first
    assert talk.story.events() == before


def test_an_edit_that_overtook_the_news_that_it_was_sent_does_not_double_it(talk: Talk) -> None:
    _, written, (given,) = talk.advised("fxm")
    _, event_id = talk.edit(written, "use ES256", "fxm")
    talk.story.settle(given, "sent", talk.fxm)

    assert talk.edit_slack_advice(event_id=event_id, sessions=["fxm"], body="use ES256") == []
    assert talk.states() == [("fxm", "sent", None)]


def test_where_nobody_is_heard_any_more_the_old_words_are_taken_back_all_the_same(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    _, event_id = talk.edit(written, "use ES256", "fxm")
    talk.person("Krishna", id=talk.krishna, standing="guest")
    (row,) = talk.edit_slack_advice(event_id=event_id, sessions=["fxm"], body="use ES256")

    assert (row.session, row.delivery_id, row.code) == ("fxm", None, "not_heard")
    assert talk.states() == [("fxm", "declined", CHANGED)]
    assert talk.posts()[0].reaction is None


def test_who_is_too_fast_has_taken_back_the_old_words(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.story.owner.execute(
        "update polaris_data.slack_advice set at = at - interval '1 minute' where org_id = %s", [talk.org]
    )
    for _ in range(20):
        talk.advised("fxk")
    (row,) = talk.edited(written, "use ES256", "fxm")

    assert row.code == "too_fast"
    assert talk.states()[0] == ("fxm", "declined", CHANGED)


def test_edits_alone_are_never_too_fast(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    for n in range(25):
        (row,) = talk.edited(written, f"use ES{n}", "fxm")
        assert row.code is None


def test_what_a_session_refuses_now_is_said_and_the_old_words_are_gone(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.story.set_policy(actor=talk.me, sender_class="slack", policy="mute", **talk.fxm)
    (row,) = talk.edited(written, "use ES256", "fxm")

    assert row.code == "muted"
    assert talk.states() == [("fxm", "declined", CHANGED)]


def test_the_record_says_who_took_it_back(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.edited(written, None)
    told = talk.story.events()[-1]

    assert (told.kind, told.actor, told.body) == ("delivery", "slack:krishna", f"declined: {WITHDRAWN}")


def test_an_edit_of_something_else_changes_nothing(talk: Talk) -> None:
    _, _, _ = talk.advised("fxm")
    _, written, _ = talk.advised("fxk")
    _, event_id = talk.edit(written, None)
    other = talk.channel("other")
    talk.story.owner.execute(
        "update polaris_data.slack_inbox set channel_id = %s where event_id = %s", [other, event_id]
    )

    assert talk.edit_slack_advice(event_id=event_id, sessions=[], body=None) == []
    assert {state for _, state, _ in talk.states()} == {"queued"}


def test_it_needs_the_lease(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    _, event_id = talk.edit(written, None)
    old = talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        talk.edit_slack_advice(fence=old, event_id=event_id, sessions=[], body=None)

    assert talk.states() == [("fxm", "queued", None)]

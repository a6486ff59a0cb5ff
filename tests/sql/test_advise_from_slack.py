"""polaris.advise_from_slack: a person of the workspace advises sessions."""

from typing import Any

import psycopg
import pytest
from slack_talk import Talk, ts
from story import Story, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def advise(talk: Talk, event_id: str, *names: str, body: str = "use RS256", **more: Any) -> list[Any]:
    rows: list[Any] = talk.advise_from_slack(event_id=event_id, sessions=list(names), body=body, **more)
    return rows


def codes(rows: list[Any]) -> list[tuple[str, str | None, str | None]]:
    return [(row.session, row.state, row.code) for row in rows]


def test_who_is_no_member_advises_as_slack(talk: Talk) -> None:
    _, _, (row,) = talk.advised("fxm")
    (waiting,) = talk.story.read_advice(actor=talk.me, epoch=1, **talk.fxm)

    assert (row.session, row.state, row.code) == ("fxm", "queued", None)
    assert (waiting.delivery_id, waiting.sender, waiting.sender_class) == (row.delivery_id, "slack:krishna", "slack")
    assert "slack:krishna (human, by way of Slack" in waiting.text


def test_a_member_advises_as_who_they_are(talk: Talk) -> None:
    talk.story.member("krishna")
    talk.map_slack_person(user=talk.krishna, member="krishna")
    talk.advised("fxm")
    (waiting,) = talk.story.read_advice(actor=talk.me, epoch=1, **talk.fxm)

    assert (waiting.sender, waiting.sender_class) == ("user:krishna", "human")


def test_a_member_who_was_removed_is_slack_again(talk: Talk) -> None:
    talk.story.member("krishna")
    talk.map_slack_person(user=talk.krishna, member="krishna")
    talk.story.remove_member(actor=talk.me, handle="krishna")
    talk.advised("fxm")

    assert talk.story.list_deliveries(actor=None, project="pj")[0].sender == "slack:krishna"


def test_each_of_several_sessions_gets_it_once(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm", "fxk")

    assert codes(advise(talk, event_id, "fxm", "fxk", "fxm")) == [("fxk", "queued", None), ("fxm", "queued", None)]
    assert [session for session, *_ in talk.states()] == ["fxk", "fxm"]


def test_a_bridge_that_died_after_it_repeats_it_and_nothing_is_doubled(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm", "fxk")
    first = advise(talk, event_id, "fxm", "fxk")
    talk.another_bridge()

    assert advise(talk, event_id, "fxm", "fxk") == first
    assert len(talk.states()) == 2
    assert [row.kind for row in talk.posts()] == ["theirs"]


def test_one_that_died_in_the_middle_of_it_has_said_nothing(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm", "fxk")
    with talk.connection.transaction(force_rollback=True):
        advise(talk, event_id, "fxm")

    assert (talk.states(), talk.posts()) == ([], [])
    advise(talk, event_id, "fxm", "fxk")
    assert len(talk.states()) == 2


def test_the_message_is_remembered_and_shows_what_becomes_of_it(talk: Talk) -> None:
    _, written, (row,) = talk.advised("fxm")
    (message,) = talk.posts()

    assert (message.kind, message.state, message.ts, message.text) == ("theirs", "posted", written, "")
    assert (message.channel_id, message.reaction, message.reaction_shown) == (talk.room_id, "inbox_tray", None)
    assert talk.listed() == [f"theirs:{written}"]
    talk.story.settle(row, "sent", talk.fxm)
    talk.put(deliveries=(row.delivery_id,))
    assert talk.posts()[0].reaction == "hourglass_flowing_sand"


def test_a_sessions_policy_holds_for_what_comes_from_slack(talk: Talk) -> None:
    talk.story.set_policy(actor=talk.me, sender_class="slack", policy="mute", **talk.fxm)
    talk.story.set_policy(actor=talk.me, sender_class="slack", policy="suggest", **talk.fxk)
    _, _, rows = talk.advised("fxm", "fxk")

    assert codes(rows) == [("fxk", "held", None), ("fxm", None, "muted")]
    assert talk.states() == [("fxk", "held", None)]
    assert talk.posts()[0].reaction == "raised_hand"


def test_one_that_refuses_keeps_nobody_from_the_others(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm", "fxk")
    talk.story.archive_session(actor=talk.me, **talk.fxk)

    assert codes(advise(talk, event_id, "fxk", "fxm", "fxn")) == [
        ("fxk", None, "session_is_archived"),
        ("fxm", "queued", None),
        ("fxn", None, "no_such_session"),
    ]


def test_what_is_too_long_is_refused_in_words(talk: Talk) -> None:
    _, _, rows = talk.advised("fxm", body="x" * 8001)

    assert codes(rows) == [("fxm", None, "body_is_short")]
    assert talk.posts()[0].reaction is None


@pytest.mark.parametrize("standing", ["guest", "stranger", "bot", "deleted"])
def test_who_turns_out_to_be_no_full_member_is_not_heard(talk: Talk, standing: str) -> None:
    _, event_id = talk.say("use RS256", "fxm", user="UNEW")
    with refused(404, "no_such_slack_person"):
        advise(talk, event_id, "fxm")
    talk.person("New", id="UNEW", standing=standing)
    with refused(403, "not_heard"):
        advise(talk, event_id, "fxm")

    assert (talk.states(), talk.posts()) == ([], [])


def test_what_changed_since_it_was_said_counts(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm")
    for before, after in [
        (
            lambda: talk.set_slack_channel(project="pj", hears=False),
            lambda: talk.set_slack_channel(project="pj", hears=True),
        ),
        (lambda: talk.set_slack(hears_everybody=False), lambda: talk.set_slack(hears_everybody=True)),
        (
            lambda: talk.story.set_visibility(actor=talk.me, project="pj", visibility="private"),
            lambda: talk.story.set_visibility(actor=talk.me, project="pj", visibility="org"),
        ),
    ]:
        before()
        with refused(403, "not_heard"):
            advise(talk, event_id, "fxm")
        after()

    assert talk.states() == []
    assert codes(advise(talk, event_id, "fxm")) == [("fxm", "queued", None)]


def test_not_even_a_member_of_it_is_heard_in_the_channel_of_a_private_project(talk: Talk) -> None:
    talk.map_slack_person(user=talk.krishna, member="manu")
    _, event_id = talk.say("use RS256", "fxm")
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")
    with refused(403, "not_heard"):
        advise(talk, event_id, "fxm")


def test_the_twenty_first_in_a_minute_is_too_much_of_one_person(talk: Talk) -> None:
    for _ in range(20):
        talk.advised("fxm")
    _, event_id = talk.say("and again", "fxm")
    with refused(429, "too_fast"):
        advise(talk, event_id, "fxm")

    assert len(talk.states()) == 20
    priya = talk.person("Priya")
    _, _, rows = talk.advised("fxm", user=priya)
    assert codes(rows) == [("fxm", "queued", None)]
    talk.story.owner.execute(
        "update polaris_data.slack_advice set at = at - interval '1 minute' where org_id = %s", [talk.org]
    )
    assert codes(advise(talk, event_id, "fxm")) == [("fxm", "queued", None)]


def test_a_repeat_of_the_twentieth_is_not_the_twenty_first(talk: Talk) -> None:
    for _ in range(19):
        talk.advised("fxm")
    _, event_id = talk.say("and again", "fxm")
    assert advise(talk, event_id, "fxm") == advise(talk, event_id, "fxm")


def test_it_is_in_the_record_as_advice_and_nothing_else(talk: Talk) -> None:
    before = talk.story.events()[-1].seq
    talk.advised("fxm", body="use <b>RS256</b> & *go*")
    (told,) = talk.story.events(after=before)

    assert (told.kind, told.actor, told.target, told.body) == (
        "advice",
        "slack:krishna",
        "fxm",
        "use <b>RS256</b> & *go*",
    )
    talk.story.check()


def test_an_event_that_was_never_taken_is_an_error(talk: Talk) -> None:
    with pytest.raises(psycopg.Error):
        advise(talk, "Ev-never", "fxm")


def test_it_needs_the_lease(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm", ts=ts())
    old = talk.another_bridge()
    with refused(409, "bridge_was_replaced"):
        advise(talk, event_id, "fxm", fence=old)

    assert talk.states() == []

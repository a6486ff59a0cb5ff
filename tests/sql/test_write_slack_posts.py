"""polaris.write_slack_posts: events become posts once, in order, and only where they may be told."""

from datetime import timedelta
from typing import Any

import pytest
from slack_talk import Talk, post
from story import Story, event, refused


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def text(body: str, **more: Any) -> dict[str, Any]:
    return post(kind="text", text=body, session="fxm", author="Agent · fxm", emoji=":robot_face:") | more


def shown(talk: Talk) -> list[tuple[str, str]]:
    return [(row.key, row.text) for row in talk.posts()]


def test_posts_are_kept_in_order_with_all_that_was_said_of_them(talk: Talk) -> None:
    full = {
        "key": "turn:fxm:1",
        "kind": "text",
        "text": "*[user:manu → fxm]* hello",
        "session": "fxm",
        "seq": 5,
        "author": "Manu",
        "picture": "https://example.com/manu.png",
        "emoji": None,
        "thread_ts": "1700000000.000100",
        "thread_key": "turn:fxm:0",
    }
    assert talk.put(full, post("e:6", "second"))
    first, second = talk.posts()

    assert {name: getattr(first, name) for name in full if name != "session"} == {
        name: value for name, value in full.items() if name != "session"
    }
    assert (first.lane, first.state, first.version, first.shown, first.calls) == ("channel", "waiting", 1, 0, 0)
    assert (second.key, second.session_id, second.text) == ("e:6", None, "second")
    assert talk.room().cursor == talk.room().last_seq


def test_events_become_posts_once(talk: Talk) -> None:
    room = talk.room()
    same = {"project_id": room.project_id, "from": room.cursor, "to": room.last_seq, "deliveries": []}

    assert talk.write_slack_posts(**same, posts=[post("e:1")]) is True
    assert talk.write_slack_posts(**same, posts=[post("e:1"), post("e:2")]) is False
    assert [row.key for row in talk.posts()] == ["e:1"]


def test_the_cursor_goes_forward_only(talk: Talk) -> None:
    talk.put()
    at = talk.room().cursor
    back = {"project_id": talk.project_id, "from": at, "deliveries": [], "posts": [post("e:1")]}

    assert talk.write_slack_posts(**back, to=at - 1) is False
    assert talk.write_slack_posts(**back, to=at) is True
    assert talk.room().cursor == at


def test_events_that_are_no_posts_move_the_cursor_too(talk: Talk) -> None:
    assert talk.put()
    assert (talk.posts(), talk.room().cursor) == ([], talk.room().last_seq)


@pytest.mark.parametrize("state", ["missing", "archived", "left", "refused"])
def test_without_a_live_channel_nothing_is_written_and_nothing_skipped(talk: Talk, state: str) -> None:
    at = talk.room().cursor
    talk.channel(channel=talk.room_id, state=state)

    assert talk.put(post()) is False
    assert (talk.posts(), talk.room().cursor) == ([], at)


def test_of_a_private_or_archived_project_nothing_is_written(talk: Talk) -> None:
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")
    assert talk.put(post()) is False
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="org")
    assert talk.put(post("e:1")) is True
    talk.story.archive_project(actor=talk.me, project="pj")
    assert talk.put(post()) is False
    assert [row.key for row in talk.posts()] == ["e:1"]


@pytest.mark.parametrize("level", ["muted", "digest"])
def test_a_channel_that_was_muted_meanwhile_gets_nothing_but_is_followed(talk: Talk, level: str) -> None:
    talk.set_slack_channel(project="pj", level=level)

    assert talk.put(post()) is True
    assert (talk.posts(), talk.room().cursor) == ([], talk.room().last_seq)


def test_it_needs_the_lease(talk: Talk) -> None:
    old, at = talk.another_bridge(), talk.room()
    with refused(409, "bridge_was_replaced"):
        talk.write_slack_posts(
            fence=old, project_id=talk.project_id, **{"from": at.cursor}, to=at.last_seq, posts=[post()], deliveries=[]
        )

    assert (talk.posts(), talk.room().cursor) == ([], at.cursor)


def test_a_project_of_another_organization_is_not_there(talk: Talk, tell: Any) -> None:
    theirs = Talk(tell())

    assert (
        talk.write_slack_posts(project_id=theirs.project_id, **{"from": 0}, to=4, posts=[post()], deliveries=[])
        is False
    )
    assert (talk.posts(), theirs.posts()) == ([], [])


# What is put together


def test_texts_of_one_author_are_put_together_while_they_wait(talk: Talk) -> None:
    talk.put(text("one"), text("two"))
    talk.put(text("three"))

    assert [row.text for row in talk.posts()] == ["one\ntwo\nthree"]


def test_what_is_sent_is_what_was_put_together_before(talk: Talk) -> None:
    talk.put(text("one"))
    (only,) = talk.posts()
    talk.put(text("two"))
    (sent,) = talk.begin(only)
    talk.put(text("three"))

    assert (sent.text, sent.version) == ("one\ntwo", 1)
    assert [row.text for row in talk.posts()] == ["one\ntwo", "three"]


@pytest.mark.parametrize(
    "other",
    [
        {"author": "Agent · fxk"},
        {"author": None},
        {"picture": "https://example.com/another-krishna.png"},
        {"emoji": None},
        {"session": "fxk"},
        {"session": None},
        {"thread_key": "turn:fxm:1"},
        {"thread_ts": "1700000000.000100"},
        {"kind": "note"},
        {"key": "turn:fxm:2"},
        {"text": "x" * 2900},
    ],
)
def test_texts_that_differ_in_anything_stay_apart(talk: Talk, other: dict[str, Any]) -> None:
    talk.put(text("one"), text("two") | other)

    assert len(talk.posts()) == 2


def test_texts_are_never_put_over_another_ones_head(talk: Talk) -> None:
    talk.put(text("one"), text("of another", author="Manu"), text("two"), post(text="note"), text("three"))

    assert [row.text for row in talk.posts()] == ["one", "of another", "two", "note", "three"]


def test_nothing_is_put_to_what_may_be_in_slack_already(talk: Talk) -> None:
    talk.put(text("one"))
    (first,) = talk.posts()
    talk.begin(first)
    talk.put(text("two"))
    talk.settle(first, "waiting")  # it is back, but it was handed over once
    talk.make(first)
    second = talk.posts()[-1]
    talk.begin(second)
    talk.settle(second, "waiting")
    talk.put(text("three"))

    assert [row.text for row in talk.posts()] == ["one", "two", "three"]


def test_together_they_stay_short_enough_to_be_edited(talk: Talk) -> None:
    talk.put(*(text("x" * 500) for _ in range(20)))

    assert all(len(row.text) <= 3000 for row in talk.posts())
    assert sum(row.text.count("x") for row in talk.posts()) == 20 * 500


def test_the_root_of_a_turns_thread_keeps_its_name(talk: Talk) -> None:
    talk.put(text("first"), text("prompt", key="turn:fxm:1"), text("more"))

    assert shown(talk)[1] == ("turn:fxm:1", "prompt\nmore")


def test_the_second_prompt_of_a_turn_is_a_message_of_its_own(talk: Talk) -> None:
    talk.put(text("first prompt", key="turn:fxm:1", seq=5))
    talk.make(talk.posts()[0])
    talk.put(text("second prompt", key="turn:fxm:1", seq=8))
    talk.make(talk.posts()[1])
    talk.put(text("again", key="turn:fxm:1", seq=8))

    assert shown(talk) == [("turn:fxm:1", "first prompt"), ("e:8", "second prompt")]
    assert {row.version for row in talk.posts()} == {1}


# Tools


def tools(body: str, calls: int = 1, **more: Any) -> dict[str, Any]:
    return post("tools:fxm:1", body, kind="tools", calls=calls, session="fxm", thread_key="turn:fxm:1") | more


def test_tool_calls_are_one_message_that_counts(talk: Talk) -> None:
    talk.put(tools("pytest"), tools("ls", 2), text("said"))
    talk.put(tools("git push"))

    line, _ = talk.posts()
    assert (line.key, line.text, line.calls, line.version) == ("tools:fxm:1", "git push", 4, 3)


def test_what_changed_after_it_was_sent_is_edited(talk: Talk) -> None:
    talk.put(tools("pytest"))
    (line,) = talk.posts()
    talk.begin(line)
    talk.put(tools("ls"))
    talk.settle(line, "posted", ts="1700000000.000100", version=1)

    assert (talk.row(line.post_id).version, talk.row(line.post_id).shown) == (2, 1)
    talk.later()
    assert talk.listed() == ["tools:fxm:1"]


def test_what_was_given_up_is_not_edited(talk: Talk) -> None:
    talk.put(tools("pytest"))
    talk.set_slack_channel(project="pj", level="muted")
    talk.set_slack_channel(project="pj", level="all")
    talk.put(tools("ls"))

    assert [(row.state, row.text) for row in talk.posts()] == [("dropped", "")]


# Advice


def test_advice_from_elsewhere_is_a_post_whose_reactions_show_its_state(talk: Talk) -> None:
    given = talk.story.advise(talk.fxm)
    talk.put(post(f"advice:{given.delivery_id}", "advice", kind="advice", delivery=str(given.delivery_id)))
    assert talk.posts()[0].reaction == "inbox_tray"
    for state, reaction in [("sent", "hourglass_flowing_sand"), ("seen", "eyes"), ("answered", "white_check_mark")]:
        talk.story.settle(given, state, talk.fxm)
        talk.put(deliveries=(given.delivery_id,))

        assert talk.posts()[0].reaction == reaction


@pytest.mark.parametrize(
    ("state", "reaction"), [("failed", "warning"), ("declined", "no_entry_sign"), ("queued", "inbox_tray")]
)
def test_an_end_has_a_reaction_too(talk: Talk, state: str, reaction: str) -> None:
    given = talk.story.advise(talk.fxm)
    if state != "queued":
        talk.story.settle(given, state, talk.fxm, reason="because")
    talk.put(post(f"advice:{given.delivery_id}", "advice", kind="advice", delivery=str(given.delivery_id)))

    assert talk.posts()[0].reaction == reaction


def test_what_waits_for_the_driver_says_so(talk: Talk) -> None:
    talk.story.set_policy(actor=talk.me, sender_class="human", policy="suggest", **talk.fxm)
    given = talk.story.advise(talk.fxm)
    talk.put(post(f"advice:{given.delivery_id}", "advice", kind="advice", delivery=str(given.delivery_id)))

    assert talk.posts()[0].reaction == "raised_hand"


def test_advice_that_was_said_in_slack_is_not_said_again(talk: Talk) -> None:
    _, _, (given,) = talk.advised("fxm")
    talk.put(post(f"advice:{given.delivery_id}", "advice", kind="advice", delivery=str(given.delivery_id)))

    assert [row.kind for row in talk.posts()] == ["theirs"]


def test_of_advice_for_several_the_one_that_is_least_far_counts(talk: Talk) -> None:
    _, _, (first, second) = talk.advised("fxk", "fxm")
    message = talk.posts()[0].post_id
    talk.story.settle(first, "sent", talk.fxk)
    talk.put(deliveries=(first.delivery_id,))
    assert talk.row(message).reaction == "inbox_tray"
    talk.story.settle(first, "seen", talk.fxk)
    talk.story.settle(second, "sent", talk.fxm)
    talk.put(deliveries=(first.delivery_id, second.delivery_id))
    assert talk.row(message).reaction == "hourglass_flowing_sand"
    talk.story.settle(second, "failed", talk.fxm, reason="no such socket")
    talk.put(deliveries=(second.delivery_id,))
    assert talk.row(message).reaction == "warning"


def test_why_advice_failed_goes_into_its_thread(talk: Talk) -> None:
    given = talk.story.advise(talk.fxm)
    _, written, (said,) = talk.advised("fxm")
    talk.put(post("advice:1", "advice", kind="advice", delivery=str(given.delivery_id)))
    talk.put(
        post("why:1", "no such socket", delivery=str(given.delivery_id)),
        post("why:2", "no such socket", delivery=str(said.delivery_id)),
    )
    root = talk.make(talk.by_key("advice:1"))
    assert [(row.key, row.thread_ts) for row in talk.list_slack_posts() if row.key == "why:1"] == [("why:1", root)]
    talk.make(talk.by_key("why:1"))
    (second,) = (row for row in talk.list_slack_posts() if row.key == "why:2")
    assert second.thread_ts == written


def test_of_advice_that_was_never_shown_or_was_withdrawn_no_reason_is_told(talk: Talk) -> None:
    given = talk.story.advise(talk.fxm)
    _, written, (said,) = talk.advised("fxm")
    talk.edited(written, None)
    talk.put(*(post(f"why:{d.delivery_id}", "why", delivery=str(d.delivery_id)) for d in (given, said)))

    assert [row.kind for row in talk.posts()] == ["theirs"]


def test_a_reaction_does_not_send_again_what_is_on_its_way(talk: Talk) -> None:
    given = talk.story.advise(talk.fxm)
    talk.put(post("advice:1", "advice", kind="advice", delivery=str(given.delivery_id)))
    (advice,) = talk.posts()
    talk.begin(advice)
    talk.story.settle(given, "sent", talk.fxm)
    talk.put(deliveries=(given.delivery_id,))

    assert talk.row(advice.post_id).reaction == "hourglass_flowing_sand"
    assert talk.listed() == []
    assert talk.begin(advice) == []
    talk.settle(advice, "unsure")
    talk.story.settle(given, "seen", talk.fxm)
    talk.put(deliveries=(given.delivery_id,))
    assert talk.begin(advice) == []


def test_what_slack_asked_to_wait_for_is_not_hurried_by_a_reaction(talk: Talk) -> None:
    given = talk.story.advise(talk.fxm)
    talk.put(post("advice:1", "advice", kind="advice", delivery=str(given.delivery_id)))
    (advice,) = talk.posts()
    talk.begin(advice)
    talk.settle(advice, "waiting", retry_in=timedelta(seconds=30))
    talk.story.settle(given, "sent", talk.fxm)
    talk.put(deliveries=(given.delivery_id,))

    assert talk.begin(advice) == []


# Hints and invitations


def test_hints_and_invitations_do_not_wait_behind_the_channel(talk: Talk) -> None:
    talk.put(
        post("e:1"), post("hint:1", kind="hint", recipient="U1"), post("invite:U2", "", kind="invite", recipient="U2")
    )

    assert [(row.key, row.lane) for row in talk.posts()] == [
        ("e:1", "channel"),
        ("hint:1", "side"),
        ("invite:U2", "side"),
    ]
    assert talk.listed() == ["e:1", "hint:1", "invite:U2"]


def invite(talk: Talk) -> str:
    talk.put(post("invite:U2", "", kind="invite", recipient="U2"))
    state: str = talk.by_key("invite:U2").state
    return state


def test_somebody_is_invited_once_into_a_channel(talk: Talk) -> None:
    assert invite(talk) == "waiting"
    talk.begin(talk.by_key("invite:U2"))
    talk.settle(talk.by_key("invite:U2"), "posted")
    assert invite(talk) == "posted"


def test_and_again_where_the_project_has_another_channel(talk: Talk) -> None:
    invite(talk)
    talk.begin(talk.by_key("invite:U2"))
    talk.settle(talk.by_key("invite:U2"), "posted")
    talk.channel(channel="C-another")

    assert invite(talk) == "waiting"
    assert [row.channel_id for row in talk.begin(talk.by_key("invite:U2"))] == ["C-another"]


def test_an_invitation_that_was_given_up_is_made_later(talk: Talk) -> None:
    invite(talk)
    talk.channel(channel=talk.room_id, state="left")
    assert talk.by_key("invite:U2").state == "dropped"
    talk.channel(channel=talk.room_id)
    assert invite(talk) == "waiting"


def test_one_that_slack_refused_is_not_tried_again(talk: Talk) -> None:
    invite(talk)
    talk.begin(talk.by_key("invite:U2"))
    talk.settle(talk.by_key("invite:U2"), "failed", reason="user_is_restricted")

    assert invite(talk) == "failed"


def test_a_day_of_events_loses_and_doubles_nothing(talk: Talk) -> None:
    """Every event is told once, in order, however the batches fall and whatever is repeated."""
    talk.put()
    for n in range(60):
        talk.story.push(talk.fxm, event(f"c{n}", body=f"<{n}>", kind="message"))
        if n % 7 == 0:
            room = talk.room()
            told = talk.story.events(after=room.cursor)
            posts = [text(e.body, key=f"e:{e.seq}") for e in told]
            for _ in range(2):  # the answer was lost
                talk.write_slack_posts(
                    project_id=room.project_id, **{"from": room.cursor}, to=told[-1].seq, posts=posts, deliveries=[]
                )
        if n % 11 == 0:
            for row in talk.list_slack_posts():
                talk.make(row)
    talk.put(*(text(e.body, key=f"e:{e.seq}") for e in talk.story.events(after=talk.room().cursor)))

    assert "\n".join(row.text for row in talk.posts()) == "\n".join(f"<{n}>" for n in range(60))

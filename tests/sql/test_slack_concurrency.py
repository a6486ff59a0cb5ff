"""Slack with two and more connections at once: bridges, ingresses, people. As in test_concurrency.py nobody sleeps."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from slack_story import APP
from slack_talk import Talk, post, ts
from story import Background, Caller, Story, event, refused

# What a bridge calls with its fence and is not for writing to Slack's tables: it answers false instead of failing.
ANSWERS = {"release_slack"}


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


class Other(Caller):
    """The same workspace on another connection."""

    def __init__(self, caller: Caller, talk: Talk) -> None:
        super().__init__(caller.connection, caller.signatures, talk.org)
        self.talk = talk

    def call(self, function: str, /, **arguments: Any) -> Any:
        known = {"fence": self.talk.fence, "actor": self.talk.me, "team": self.talk.team, "app": APP}
        taken = {name: value for name, value in known.items() if f"p_{name}" in self.signatures[function]}
        return super().call(function, **taken | arguments)

    def put(self, room: Any, *posts: dict[str, Any], deliveries: tuple[Any, ...] = ()) -> bool:
        written: bool = self.write_slack_posts(
            project_id=room.project_id,
            **{"from": room.cursor},
            to=room.last_seq,
            posts=list(posts),
            deliveries=list(deliveries),
        )
        return written


@pytest.fixture
def two(talk: Talk) -> Iterator[tuple[Other, Other]]:
    with talk.story.another() as one, talk.story.another() as other:
        yield Other(one, talk), Other(other, talk)


@contextmanager
def begun(caller: Caller) -> Iterator[Caller]:
    """A transaction that stays open until the end of the block and is committed then."""
    with caller.connection.transaction():
        yield caller


def said(talk: Talk, *names: str, **more: Any) -> str:
    """A message that is taken and not yet advice; answers its event."""
    answer, event_id = talk.say("use RS256", *names, **more)
    assert answer == "stored"
    return event_id


# The fence


def test_every_function_with_a_fence_refuses_a_bridge_that_was_replaced(talk: Talk) -> None:
    fenced = {name for name, types in talk.signatures.items() if "p_fence" in types}

    assert len(fenced) > 10
    for name in fenced - ANSWERS:
        with refused(409, "bridge_was_replaced"):
            nothing = {argument.removeprefix("p_"): None for argument in talk.signatures[name]}
            talk.call(name, **nothing | {"org": talk.org, "fence": talk.fence - 1})
    for name in ANSWERS:
        assert talk.call(name, fence=talk.fence - 1) is False


def test_who_takes_over_waits_for_what_the_other_is_just_writing(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    talk.run_out()
    room = talk.room()
    with begun(one):
        one.put(room, post("e:1"))
        taking = background.start(other.lease_slack, holder="bridge-2", seconds=8)
        background.until_waiting(other, taking)

    assert background.answer(taking) == talk.fence + 1
    assert [row.key for row in talk.posts()] == ["e:1"]
    with refused(409, "bridge_was_replaced"):
        one.put(room, post("e:2"))


def test_who_is_just_being_replaced_waits_and_writes_nothing(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    waiting = talk.one()
    talk.run_out()
    with begun(one):
        one.lease_slack(holder="bridge-2", seconds=8)
        beginning = background.start(other.begin_slack_post, post_id=waiting.post_id)
        background.until_waiting(other, beginning)
    lost = background.failure(beginning)

    assert isinstance(lost, psycopg.Error)
    assert lost.diag.constraint_name == "bridge_was_replaced"
    assert talk.row(waiting.post_id).state == "waiting"


def test_writers_of_one_bridge_do_not_wait_for_each_other(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    event_id = said(talk, "fxm")
    waiting = talk.one()
    with begun(one):
        one.finish_slack_event(event_id=event_id, outcome="done")

        assert len(background.answer(background.start(other.begin_slack_post, post_id=waiting.post_id))) == 1


# Told twice at once


def test_one_event_that_comes_in_twice_at_once_is_one(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    same = {
        "kind": "message", "channel": talk.room_id, "ts": ts(), "user": talk.krishna, "names": ["fxm"],
        "explicit": True, "rest": "use RS256", "text": "@fxm use RS256",
    }  # fmt: skip
    for first, second in [("Ev-1", "Ev-1"), ("Ev-2", "Ev-3")]:
        told = same | {"ts": ts()}
        with begun(one):
            assert one.take_slack_event(event_id=f"{first}-{talk.org}", **told) == "stored"
            again = background.start(other.take_slack_event, event_id=f"{second}-{talk.org}", **told)
            background.until_waiting(other, again)

        assert background.answer(again) == "known"
    assert len(talk.inbox()) == 2


def test_an_event_that_is_finished_twice_at_once_is_posted_about_once(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    same = {"event_id": said(talk, "fxn"), "outcome": "hinted", "project_id": talk.project_id}
    with begun(one):
        one.finish_slack_event(**same, posts=[post()])
        again = background.start(other.finish_slack_event, **same, posts=[post()])
        background.until_waiting(other, again)
    background.answer(again)

    assert len(talk.posts()) == 1


def test_events_that_become_posts_twice_at_once_are_told_once(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    room = talk.room()
    with begun(one):
        assert one.put(room, post("e:1")) is True
        again = background.start(other.put, room, post("e:1"), post("e:2"))
        background.until_waiting(other, again)

    assert background.answer(again) is False
    assert [row.key for row in talk.posts()] == ["e:1"]


def test_a_digest_that_is_written_twice_at_once_is_one(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    talk.put()
    talk.set_slack_channel(project="pj", level="digest")
    talk.story.push(talk.fxm, event("a"))
    now = talk.room().digest_at
    with begun(one):
        assert one.digest_slack(now=now) == 1
        again = background.start(other.digest_slack, now=now)
        background.until_waiting(other, again)

    assert background.answer(again) == 0
    assert len(talk.posts()) == 1


# Advice


def test_advice_that_is_given_twice_at_once_is_given_once(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    same = {"event_id": said(talk, "fxm"), "sessions": ["fxm"], "body": "use RS256"}
    with begun(one):
        first = one.advise_from_slack(**same)
        again = background.start(other.advise_from_slack, **same)
        background.until_waiting(other, again)

    assert background.answer(again) == first
    assert len(talk.states()) == 1
    assert len(talk.posts()) == 1


def test_two_who_advise_one_session_at_once_are_both_heard(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    events = [said(talk, "fxm"), said(talk, "fxm")]
    with begun(one):
        one.advise_from_slack(event_id=events[0], sessions=["fxm"], body="first")
        second = background.start(other.advise_from_slack, event_id=events[1], sessions=["fxm"], body="second")
        background.until_waiting(other, second)
    background.answer(second)

    heard = talk.story.read_advice(actor=talk.me, epoch=1, **talk.fxm)
    assert [row.body for row in heard] == ["first", "second"]
    talk.story.check()


def test_an_edit_that_comes_before_it_is_sent_changes_it(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    _, written, (given,) = talk.advised("fxm")
    _, edit = talk.edit(written, "use ES256", "fxm")
    with begun(one):
        one.edit_slack_advice(event_id=edit, sessions=["fxm"], body="use ES256")
        sending = background.start(
            other.settle_delivery, actor=talk.me, delivery=given.delivery_id, state="sent", epoch=1
        )
        background.until_waiting(other, sending)
    lost = background.failure(sending)

    assert isinstance(lost, psycopg.Error)
    assert lost.diag.constraint_name == "delivery_cannot_become"
    assert [(state, reason) for _, state, reason in talk.states()] == [
        ("declined", "changed in Slack"),
        ("queued", None),
    ]


def test_an_edit_that_comes_after_it_was_sent_changes_nothing(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    _, written, (given,) = talk.advised("fxm")
    _, edit = talk.edit(written, None)
    with begun(one):
        one.settle_delivery(actor=talk.me, delivery=given.delivery_id, state="sent", epoch=1)
        editing = background.start(other.edit_slack_advice, event_id=edit, sessions=[], body=None)
        background.until_waiting(other, editing)

    assert background.answer(editing) == []
    assert talk.states() == [("fxm", "sent", None)]


@pytest.mark.parametrize("edited", [False, True])
def test_advice_for_two_sessions_holds_both_before_it_counts(
    talk: Talk, two: tuple[Other, Other], background: Background, edited: bool
) -> None:
    # Who leaves fxm holds it and wants the counter; advice that held the counter and then wanted fxm would meet that.
    one, other = two
    if edited:
        _, written, _ = talk.advised("fxk", "fxm")
        _, event_id = talk.edit(written, "use ES256", "fxk", "fxm")
    else:
        event_id = said(talk, "fxk", "fxm")
    advise = one.edit_slack_advice if edited else one.advise_from_slack
    with begun(talk.story):
        talk.story.say(actor=talk.me, project="pj", body="holds the counter")
        advising = background.start(advise, event_id=event_id, sessions=["fxk", "fxm"], body="use ES256")
        background.until_waiting(one, advising)
        leaving = background.start(other.release_driver, actor=talk.me, **talk.fxm)
        background.until_waiting(other, leaving)

    assert [row.code for row in background.answer(advising)] == [None, None]
    background.answer(leaving)
    talk.story.check()


def test_sessions_are_locked_in_their_order_and_not_in_that_of_their_names(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two  # fxm is older than fxk
    event_id = said(talk, "fxk", "fxm")
    beat = {"actor": [talk.me], "project": ["pj"], "epoch": [1]}
    with begun(talk.story):
        talk.story.heartbeat(session=["fxm"], **beat)
        advising = background.start(one.advise_from_slack, event_id=event_id, sessions=["fxk", "fxm"], body="x")
        background.until_waiting(one, advising)

        background.answer(background.start(other.heartbeat, session=["fxk"], **beat))
    background.answer(advising)


def test_advice_and_an_archived_project_do_not_deadlock(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    event_id = said(talk, "fxk", "fxm")
    with begun(talk.story):
        talk.story.say(actor=talk.me, project="pj", body="holds the counter")
        archiving = background.start(other.archive_project, actor=talk.me, project="pj")
        background.until_waiting(other, archiving)
        advising = background.start(one.advise_from_slack, event_id=event_id, sessions=["fxk", "fxm"], body="x")
        background.until_waiting(one, advising)
    background.answer(archiving)

    assert [row.code for row in background.answer(advising)] == ["session_is_archived"] * 2
    talk.story.check()


def test_a_reaction_is_that_of_what_is_known_behind_the_lock(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    _, _, (given,) = talk.advised("fxm")
    talk.story.settle(given, "sent", talk.fxm)
    (message,), room = talk.posts(), talk.room()
    with begun(one):
        one.change_slack_post(post_id=message.post_id, reaction=message.reaction)  # holds the message
        marking = background.start(other.put, room, deliveries=(given.delivery_id,))
        background.until_waiting(other, marking)
        talk.story.settle(given, "seen", talk.fxm)
    background.answer(marking)

    assert talk.posts()[0].reaction == "eyes"


# The making of a post


def test_a_text_that_comes_while_one_is_handed_over_is_a_message_of_its_own(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    talk.put(post(text="one", kind="text"))
    room = talk.room()
    with begun(one):
        (sent,) = one.begin_slack_post(post_id=talk.posts()[0].post_id)
        putting = background.start(other.put, room, post(text="two", kind="text"))
        background.until_waiting(other, putting)

    assert background.answer(putting) is True
    assert sent.text == "one"
    assert [row.text for row in talk.posts()] == ["one", "two"]


def test_one_that_is_handed_over_while_a_text_is_put_to_it_is_sent_with_it(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    talk.put(post(text="one", kind="text"))
    room = talk.room()
    with begun(one):
        one.put(room, post(text="two", kind="text"))
        beginning = background.start(other.begin_slack_post, post_id=talk.posts()[0].post_id)
        background.until_waiting(other, beginning)

    assert [row.text for row in background.answer(beginning)] == ["one\ntwo"]
    assert len(talk.posts()) == 1


def test_two_who_hand_one_post_over_at_once_do_it_once(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    waiting = talk.one()
    with begun(one):
        assert len(one.begin_slack_post(post_id=waiting.post_id)) == 1
        again = background.start(other.begin_slack_post, post_id=waiting.post_id)
        background.until_waiting(other, again)

    assert background.answer(again) == []
    assert (talk.row(waiting.post_id).attempts, talk.row(waiting.post_id).repeats) == (1, 0)


@pytest.mark.parametrize("first", ["answer", "echo"])
@pytest.mark.parametrize("same", [True, False])
def test_answer_and_echo_at_once_agree_on_one_message(
    talk: Talk, two: tuple[Other, Other], background: Background, first: str, same: bool
) -> None:
    one, other = two
    sent, written = talk.one(), ts()
    echoed = written if same else ts()
    talk.begin(sent)
    answer = {"post_id": sent.post_id, "state": "posted", "ts": written, "version": 1}
    echo = {"post_id": sent.post_id, "channel": talk.room_id, "ts": echoed}
    with begun(one):
        if first == "answer":
            assert one.settle_slack_post(**answer) is True
            late = background.start(other.echo_slack_post, **echo)
        else:
            assert one.echo_slack_post(**echo) == "posted"
            late = background.start(other.settle_slack_post, **answer)
        background.until_waiting(other, late)

    assert background.answer(late) in (({True, "double"}, {False, "known"})[same])
    assert talk.row(sent.post_id).ts == (written if first == "answer" else echoed)
    assert talk.row(sent.post_id).doubles == (not same)
    assert len(talk.listed()) == (not same)


# Muted, private, gone


def test_what_is_written_while_the_channel_is_being_muted_is_not_posted(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    room = talk.room()
    with begun(one):
        one.set_slack_channel(project="pj", level="muted")
        putting = background.start(other.put, room, post())
        background.until_waiting(other, putting)

    assert background.answer(putting) is True
    assert talk.posts() == []


def test_what_was_written_before_it_was_muted_is_given_up(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    room = talk.room()
    with begun(one):
        one.put(room, post())
        muting = background.start(other.set_slack_channel, project="pj", level="muted")
        background.until_waiting(other, muting)
    background.answer(muting)

    assert [row.state for row in talk.posts()] == ["dropped"]


def test_what_is_written_while_the_project_becomes_private_is_not(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    talk.put()
    room = talk.room()  # where the cursor stays: it alone would not tell
    with begun(one):
        one.set_visibility(actor=talk.me, project="pj", visibility="private")
        putting = background.start(other.put, room, post())
        background.until_waiting(other, putting)

    assert background.answer(putting) is False
    assert talk.posts() == []


def test_what_was_written_before_it_became_private_is_given_up(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    room = talk.room()
    with begun(one):
        one.put(room, post())
        closing = background.start(other.set_visibility, actor=talk.me, project="pj", visibility="private")
        background.until_waiting(other, closing)
    background.answer(closing)

    assert [row.state for row in talk.posts()] == ["dropped"]
    assert talk.room().cursor == talk.room().last_seq


def test_an_event_that_comes_in_while_the_workspace_goes_leaves_nothing_behind(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    told = {
        "kind": "message",
        "channel": talk.room_id,
        "user": talk.krishna,
        "names": ["fxm"],
        "rest": "x",
        "text": "x",
    }
    with begun(one):
        assert one.take_slack_event(event_id="Ev-before", ts=ts(), **told) == "stored"
        leaving = background.start(other.disconnect_slack, reason="administrator")
        background.until_waiting(other, leaving)
    background.answer(leaving)

    assert talk.inbox() == []


def test_an_event_that_comes_in_behind_it_is_ignored(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    told = {
        "kind": "message",
        "channel": talk.room_id,
        "user": talk.krishna,
        "names": ["fxm"],
        "rest": "x",
        "text": "x",
    }
    with begun(one):
        one.disconnect_slack(reason="administrator")
        coming = background.start(other.take_slack_event, event_id="Ev-behind", ts=ts(), **told)
        background.until_waiting(other, coming)

    assert background.answer(coming) == "ignored"
    assert talk.inbox() == []


def test_a_copy_that_is_found_while_the_workspace_goes_leaves_nothing_behind(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, other = two
    sent = talk.one()
    talk.make(sent)
    with begun(one):
        assert one.echo_slack_post(channel=talk.room_id, ts=ts(), post_id=sent.post_id) == "double"
        leaving = background.start(other.disconnect_slack, reason="administrator")
        background.until_waiting(other, leaving)
    background.answer(leaving)

    assert talk.posts() == []


def test_who_forgets_a_workspace_locks_its_channels_before_its_posts(
    talk: Talk, two: tuple[Other, Other], background: Background
) -> None:
    one, _ = two  # who mutes a channel locks it, and then its posts
    talk.put(post())
    with talk.story.connect.owner() as holder, holder.transaction():
        holder.execute("select from polaris_data.slack_channels where org_id = %s for update", [talk.org])
        leaving = background.start(one.disconnect_slack, reason="administrator")
        background.until_waiting(one, leaving)
        holder.execute("select from polaris_data.slack_posts where org_id = %s for update nowait", [talk.org])
    background.answer(leaving)

    assert talk.posts() == []


# All at once


def test_everybody_at_once_deadlocks_nowhere_and_loses_nothing(talk: Talk, background: Background) -> None:
    """Drivers, advisors, a bridge's workers, an ingress and an administrator, each with dice of their own."""
    rounds, messages, events = 12, [], []
    for n in range(rounds):
        person = talk.person(f"Person {n}")  # nobody is too fast
        _, written, _ = talk.advised("fxk", "fxm", user=person)
        _, edited = talk.edit(written, f"edited {n}", "fxm", "fxk", user=person)
        messages.append(edited)
        events.append(said(talk, "fxm", "fxk", user=person))
    with ExitStack() as stack:
        count = 10
        callers = [Other(stack.enter_context(talk.story.another()), talk) for _ in range(count)]
        start = threading.Barrier(count)

        def advise(me: Other, n: int, dice: random.Random) -> None:
            names = dice.sample(["fxm", "fxk"], 2)
            me.advise_from_slack(event_id=events[n], sessions=names, body=f"said {n}")
            me.finish_slack_event(event_id=events[n], outcome="advised", project_id=talk.project_id, posts=[post()])

        def edit(me: Other, n: int, dice: random.Random) -> None:
            me.edit_slack_advice(
                event_id=messages[n], sessions=dice.choice([[], ["fxm"], ["fxm", "fxk"]]), body="edited"
            )

        def follow(me: Other, n: int, dice: random.Random) -> None:
            rooms = [room for room in me.list_slack_channels(actor=None) if room.project == "pj"]
            found = me.read_events(actor=None, project="pj", after=rooms[0].cursor, limit=100)
            given = [row.delivery_id for row in me.list_deliveries(actor=None, project="pj")]
            # The room says how far: what was written after it was read is for the next time.
            upto = [event for event in found if event.seq <= rooms[0].last_seq]
            texts = [post(f"e:{e.seq}", f"<{e.seq}>", kind="text", session=e.session) for e in upto]
            me.put(rooms[0], *texts, deliveries=tuple(given))

        def make(me: Other, n: int, dice: random.Random) -> None:
            for row in me.list_slack_posts():
                for sent in me.begin_slack_post(post_id=row.post_id):
                    me.echo_slack_post(channel=talk.room_id, ts=ts(), post_id=sent.post_id)
                if row.ts:
                    me.change_slack_post(post_id=row.post_id, version=row.version, reaction=row.reaction or "")

        def drive(me: Other, n: int, dice: random.Random) -> None:
            place = dice.choice([talk.fxm, talk.fxk])
            me.push(place, event(f"{me.connection.info.backend_pid}-{n}"))
            for row in me.list_deliveries(actor=None, project="pj", session=place["session"]):
                try:
                    me.settle_delivery(actor=talk.me, delivery=row.delivery_id, state="sent", epoch=1)
                except psycopg.Error as error:
                    if error.diag.constraint_name != "delivery_cannot_become":
                        raise

        def govern(me: Other, n: int, dice: random.Random) -> None:
            me.set_visibility(actor=talk.me, project="pj", visibility=("private", "org")[n % 2])
            me.set_slack_channel(project="pj", level=("all", "final-only")[n % 2])

        def lease(me: Other, n: int, dice: random.Random) -> None:
            assert me.lease_slack(holder="bridge-1", seconds=60) == talk.fence
            me.prune_slack()

        jobs = [advise, edit, follow, make, drive, drive, govern, lease, follow, make]

        def work(k: int) -> None:
            dice = random.Random(k)
            start.wait(20)
            for n in range(rounds):
                try:
                    jobs[k](callers[k], n, dice)
                except psycopg.Error as error:
                    if error.diag.constraint_name != "not_heard":  # the project is private just now
                        raise

        for working in [background.start(work, k) for k in range(count)]:
            background.answer(working)
    talk.story.check()
    posted = [row for row in talk.posts() if row.key.startswith("e:") and row.state == "posted"]

    assert [row.ts for row in posted] == sorted(row.ts for row in posted)
    told = [seq for row in talk.posts() if row.key.startswith("e:") for seq in row.text.split("\n") if seq]
    assert len(told) == len(set(told))

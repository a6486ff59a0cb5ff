"""polaris.erase_session: the content of a session is taken away, and its numbers stay."""

from typing import Any

import pytest
from keeping_story import REASON, erase_all, index, numbers, traces, work
from slack_talk import Talk
from story import Story, event, refused


def test_its_events_are_tombstones_that_keep_their_names(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
    seqs = work(story, fxm, "hush")
    work(story, fxk, "loud")
    before = {e.seq: e for e in story.events()}
    erased = erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))
    after = {e.seq: e for e in story.events()}

    assert erased == 3
    for seq in seqs:
        e = after[seq]
        assert (e.body, e.payload, e.facts) == ("", None, None)
        assert e.erased_at is not None
        assert e._replace(body="", payload=None, facts=None, erased_at=None) == before[seq]._replace(
            body="", payload=None, facts=None
        )
    assert {seq: e for seq, e in after.items() if seq not in seqs} == {
        seq: e for seq, e in before.items() if seq not in seqs
    }
    story.check()


def test_nothing_of_it_is_left_in_any_table(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
    work(story, fxm, "hush")
    work(story, fxk, "loud")
    said = story.advise(fxm, "hush, use RS256")
    story.settle(said, "seen", fxm)
    story.set_policy(actor=story.me, sender_class="human", policy="suggest", **fxm)
    held = story.advise(fxm, "hush, use EdDSA")
    story.decide_delivery(actor=story.me, project="pj", delivery=held.delivery_id, decision="dismiss", reason="hush")
    index(story)
    others = traces(story, "loud")
    assert len(traces(story, "hush")) >= 6
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))

    assert traces(story, "hush") == {}
    index(story)
    assert traces(story, "hush") == {}
    assert traces(story, "loud") == others


def test_the_index_that_is_behind_finds_tombstones(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))
    index(story)

    assert traces(story, "hush") == {}


def test_who_drove_it_stays(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, **fxm)
    before = story.events()
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))

    assert story.events() == before
    assert len(story.list_seats(actor=story.me, **fxm)) == 1


def test_what_is_said_after_it_was_asked_for_is_not_meant(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    (later,) = story.push(fxm, event("later", body="said later"))
    erase_all(story, erasure)

    assert story.events()[-1].seq == later.seq
    assert story.events()[-1].body == "said later"


def test_a_repeat_of_what_was_erased_is_known_and_brings_nothing_back(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (first,) = story.push(fxm, event("a", body="hush"))
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))
    (again,) = story.push(fxm, event("a", body="hush"))

    assert (again.seq, again.created) == (first.seq, False)
    assert traces(story, "hush") == {}


def test_advice_that_waits_fails_and_nobody_is_handed_an_empty_text(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    queued, sent = story.advise(fxm, "hush one"), story.advise(fxm, "hush two")
    story.settle(sent, "sent", fxm)
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))

    assert story.read_advice(actor=story.me, epoch=1, **fxm) == []
    found = {d.delivery_id: (d.state, d.reason, d.body) for d in story.list_deliveries(actor=story.me, project="pj")}
    assert found == dict.fromkeys((queued.delivery_id, sent.delivery_id), ("failed", "erased", ""))
    story.check()


@pytest.mark.parametrize(
    ("function", "more"),
    [
        ("brief", {"session": "fxm"}),
        ("read_entries", {}),
        ("list_sessions", {}),
        ("list_deliveries", {}),
        ("read_events", {"session": "fxm"}),
    ],
)
def test_readers_take_tombstones(story: Story, function: str, more: dict[str, Any]) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush", 6)
    story.settle(story.advise(fxm, "hush"), "seen", fxm)
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))

    assert "hush" not in repr(story.call(function, actor=story.me, project="pj", **more))


def test_a_post_says_in_slack_that_it_was_erased(story: Story) -> None:
    talk = Talk(story)
    seqs = work(story, talk.fxm, "hush")
    post = {"kind": "text", "text": "hush", "session": "fxm", "author": "manu"}
    talk.put(post | {"key": "e:1", "seq": seqs[0]})
    talk.make(talk.by_key("e:1"))
    talk.put(post | {"key": "e:2", "seq": seqs[1]}, {"key": "said", "kind": "answer", "text": "hush", "session": "fxm"})
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **talk.fxm))
    found = story.rows(
        "select state, text, version > shown from polaris_data.slack_posts where org_id = %s order by post_id",
        story.org,
    )

    assert found == [("posted", "_(erased)_", True), ("dropped", "", True), ("dropped", "", True)]
    assert [p.text for p in talk.list_slack_posts()] == ["_(erased)_"]


def test_what_a_bridge_read_before_is_not_posted_afterwards(story: Story) -> None:
    talk = Talk(story)
    seqs = work(story, talk.fxm, "hush")
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **talk.fxm))
    talk.put({"key": "e:1", "kind": "text", "text": "hush", "session": "fxm", "seq": seqs[0]})

    assert traces(story, "hush") == {}


def test_what_slack_told_and_is_not_done_yet_is_forgotten(story: Story) -> None:
    talk = Talk(story)
    talk.say("hush", "fxm")
    talk.say("loud", "fxk")
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **talk.fxm))

    assert traces(story, "hush") == {}
    assert traces(story, "loud") != {}


def test_it_is_noted_when_it_begins_and_when_it_is_done(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    begun = story.audited()[-1]
    erase_all(story, erasure)
    story.erase_batch(erasure=erasure.erasure_id)

    number = erasure.erasure_id
    assert begun == (story.me, "erasure.begun", "pj/fxm", {"erasure": number, "reason": REASON})
    assert story.audited()[-1] == (None, "erasure.done", "pj/fxm", {"erasure": number, "erased": 3})
    assert [row[1] for row in story.audited()].count("erasure.done") == 1
    assert "hush" not in repr(story.audited())


def test_administrators_only(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    with refused(403, "admin_only"):
        story.erase_session(actor=story.member("krishna"), reason=REASON, **fxm)
    with refused(404, "no_such_session"):
        story.erase_session(actor=story.me, reason=REASON, project="pj", session="nope")
    with refused(422, "body_is_there"):
        story.erase_session(actor=story.me, reason=" ", **fxm)
    assert numbers(story) == [1, 2]


def test_why_somebody_took_the_seat_over_goes_too(story: Story) -> None:
    fxm = story.session("fxm", driver="user:krishna")
    story.take_over_seat(actor=story.me, epoch=1, reason="hush", lease_seconds=60, **fxm)
    assert "events" in traces(story, "hush")
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))

    assert traces(story, "hush") == {}
    assert len(story.list_seats(actor=story.me, **fxm)) == 2

"""polaris.settle_delivery: the driver's side tells what became of a piece of advice."""

import json
import uuid

import pytest
from story import Story, refused


def test_from_queued_to_answered_each_step_is_kept_and_told(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm, sender="agent:reviewer")
    before = story.events()[-1].seq
    steps = [story.settle(advice, state, fxm, path="hook") for state in ("sent", "seen", "answered")]
    last = steps[-1]

    assert [(s.changed, s.state, s.attempts, s.epoch, s.path) for s in steps] == [
        (True, "sent", 1, 1, "hook"),
        (True, "seen", 1, 1, "hook"),
        (True, "answered", 1, 1, "hook"),
    ]
    assert last.queued_at <= last.sent_at <= last.seen_at <= last.answered_at
    told = story.events(after=before)
    assert [(e.kind, e.actor, e.target, e.body, e.epoch) for e in told] == [
        ("delivery", story.me, "agent:reviewer", state, 1) for state in ("sent", "seen", "answered")
    ]
    assert json.loads(told[0].payload) == {
        "delivery": str(advice.delivery_id),
        "advice_seq": advice.advice_seq,
        "state": "sent",
        "reason": None,
        "path": "hook",
        "attempts": 1,
    }


def test_the_same_again_changes_nothing(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    first = story.settle(advice, "sent", fxm, path="hook")
    again = story.settle(advice, "sent", fxm, path="inbox")

    assert not again.changed
    assert again[1:] == first[1:]
    assert story.told().count("delivery") == 1


def test_a_lost_attempt_goes_back_and_the_next_one_is_counted(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    for n in (1, 2, 3):
        assert story.settle(advice, "sent", fxm).attempts == n
        assert story.settle(advice, "queued", fxm, reason="nothing arrived").reason == "nothing arrived"

    assert story.told().count("delivery") == 6


def test_the_drivers_no_and_a_failure_say_why(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    declined = story.settle(story.advise(fxm), "declined", fxm, reason="not now")
    failed = story.settle(story.advise(fxm), "failed", fxm, reason="x" * 600)

    assert (declined.state, declined.reason) == ("declined", "not now")
    assert (failed.state, len(failed.reason)) == ("failed", 500)
    assert story.events()[-3].body == "declined: not now"


def test_what_cannot_become_is_refused_and_says_what_it_is(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    with refused(409, "delivery_cannot_become"):
        story.settle(advice, "answered", fxm)
    story.settle(advice, "seen", fxm)
    for state in ("queued", "sent", "declined"):
        with refused(409, "delivery_cannot_become") as why:
            story.settle(advice, state, fxm)

        assert why.detail == {"state": "seen"}
    with refused(409, "delivery_cannot_become"):
        story.settle(advice, "failed", fxm, reason="too late")

    assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).state == "seen"


def test_an_attempt_needs_the_seat_now(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.release_driver(actor=story.me, **fxm)
    for state in ("sent", "queued", "declined", "failed"):
        with refused(403, "not_driver") as why:
            story.settle(advice, state, fxm, reason="because")

        assert why.detail == {"driver": None, "epoch": 1}


def test_a_proof_may_come_from_a_past_driver(story: Story) -> None:
    old = story.session("fxm", driver="user:manu")
    advice = story.advise(old)
    story.settle(advice, "sent", old)
    story.release_driver(actor="user:manu", **old)
    story.claim(old, "agent:bot")

    assert story.settle(advice, "seen", old).state == "seen"
    assert story.settle(advice, "answered", old).state == "answered"


def test_who_never_drove_tells_nothing(story: Story) -> None:
    fxm = story.session("fxm", driver="user:manu")
    advice = story.advise(fxm)
    for actor, epoch in [("agent:bot", 1), ("user:manu", 0), ("user:manu", 2), ("user:manu", None), (None, 1)]:
        for state in ("sent", "seen"):
            with refused(403, "not_driver"):
                story.settle(advice, state, fxm, actor=actor, epoch=epoch)


def test_not_even_the_sender(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm, sender="agent:reviewer")
    with refused(403, "not_driver"):
        story.settle(advice, "seen", fxm, actor="agent:reviewer")


@pytest.mark.parametrize("state", ["held", "expired", "lost", "", None])
def test_a_driver_settles_its_own_states_only(story: Story, state: str | None) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    with refused(422, "state_is_known"):
        story.settle(advice, state, fxm)


def test_a_failure_has_a_reason(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    with refused(422, "failure_has_a_reason"):
        story.settle(advice, "failed", fxm)


def test_an_unknown_or_foreign_delivery_is_not_there(story: Story, tell) -> None:
    fxm = story.session("fxm", driver="user:manu")
    advice = story.advise(fxm)
    other = tell()
    other.session("fxm", driver="user:manu")
    with refused(404, "no_such_delivery"):
        other.settle(advice, "sent", fxm)
    with refused(404, "no_such_delivery"):
        story.settle_delivery(actor=story.me, delivery=uuid.uuid4(), state="sent", epoch=1)
    with refused(404, "no_such_delivery"):
        story.settle_delivery(actor=story.me, delivery=None, state="sent", epoch=1)


def test_who_has_not_seen_it_does_not_say_that_it_was_answered(story: Story) -> None:
    old = story.session("fxm", driver="user:manu")
    advice = story.advise(old)
    story.settle(advice, "seen", old)
    story.release_driver(actor="user:manu", **old)
    new = story.claim(old, "agent:bot")

    with refused(403, "not_driver"):
        story.settle(advice, "answered", old, actor="agent:bot", epoch=new.epoch)


def test_what_is_held_was_not_sent_and_not_seen(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.set_policy(actor=story.me, sender_class="agent", policy="suggest", **fxm)
    advice = story.advise(fxm, sender="agent:reviewer")
    for state in ("sent", "seen", "answered"):
        with refused(409, "delivery_cannot_become") as why:
            story.settle(advice, state, fxm)

        assert why.detail == {"state": "held"}

    assert story.settle(advice, "declined", fxm, reason="not now").state == "declined"


def test_an_edited_one_says_so_to_the_end(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.set_policy(actor=story.me, sender_class="agent", policy="suggest", **fxm)
    advice = story.advise(fxm, sender="agent:reviewer")
    decided = {"project": "pj", "delivery": advice.delivery_id, "decision": "send", "body": "other words"}
    story.decide_delivery(actor=story.me, **decided)
    steps = [story.settle(advice, state, fxm) for state in ("sent", "seen", "answered")]

    assert {(step.body, step.edited_by) for step in steps} == {("other words", story.me)}
    assert {json.loads(e.payload)["edited_by"] for e in story.events(kind=["delivery"])} == {story.me}


def test_who_may_not_see_the_project_any_more_settles_nothing(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    story.set_visibility(actor=story.me, project="pj", visibility="private")
    with refused(404, "no_such_delivery"):
        story.settle(advice, "seen", fxm)

    # It waits for the next driver.
    assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).state == "queued"

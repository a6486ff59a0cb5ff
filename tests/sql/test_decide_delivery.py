"""polaris.decide_delivery: the driver's yes or no to advice that is held."""

import json
import uuid
from typing import Any

import psycopg
import pytest
from story import Background, Place, Story, refused


@pytest.fixture
def fxm(story: Story) -> Place:
    """Made by krishna, driven by priya; what anybody says to it waits for her yes."""
    krishna, priya = story.member("krishna"), story.member("priya")
    story.project("pj")
    story.create_session(actor=krishna, project="pj", session="fxm")
    for kind in ("human", "agent", "slack"):
        story.set_policy(actor=krishna, project="pj", session="fxm", sender_class=kind, policy="suggest")
    return story.claim(Place("pj", "fxm"), priya)


def decide(story: Any, held: Any, /, decision: str | None, actor: str | None = "user:priya", **more: Any) -> Any:
    found = {"project": "pj", "delivery": held.delivery_id} | more
    return story.decide_delivery(actor=actor, decision=decision, **found)


def waiting(story: Story, place: Place) -> list[Any]:
    return [w.delivery_id for w in story.read_advice(actor=place.driver, epoch=place.epoch, **place)]


def test_what_is_held_is_not_shown_to_the_agent_until_it_is_sent(story: Story, fxm: Place) -> None:
    held = story.advise(fxm, sender="agent:reviewer")
    assert waiting(story, fxm) == []
    before = story.events()[-1].seq
    sent = decide(story, held, "send")

    assert (held.state, sent.state, sent.body, sent.edited_by) == ("held", "queued", "use RS256", None)
    assert waiting(story, fxm) == [held.delivery_id]
    (told,) = story.events(after=before)
    assert (told.kind, told.actor, told.target, told.body) == ("delivery", "user:priya", "agent:reviewer", "queued")
    assert json.loads(told.payload) == {
        "delivery": str(held.delivery_id),
        "advice_seq": held.advice_seq,
        "state": "queued",
        "reason": None,
        "path": None,
        "attempts": 0,
    }
    assert story.settle(held, "sent", fxm).state == "sent"
    assert story.settle(held, "seen", fxm).state == "seen"
    story.check()


def test_the_drivers_wording_reaches_the_agent_and_the_senders_stays_in_the_record(story: Story, fxm: Place) -> None:
    held = story.advise(fxm, "rewrite it all", sender="agent:reviewer")
    sent = decide(story, held, "send", body="look at the tests first")
    (shown,) = story.read_advice(actor="user:priya", epoch=fxm.epoch, **fxm)

    assert (sent.body, sent.edited_by) == ("look at the tests first", "user:priya")
    assert "look at the tests first" in shown.text
    assert "rewrite it all" not in shown.text
    assert "reworded by user:priya" in shown.text
    advice, told = story.events()[-2:]
    assert (advice.kind, advice.actor, advice.body) == ("advice", "agent:reviewer", "rewrite it all")
    assert json.loads(told.payload)["edited_by"] == "user:priya"


def test_the_same_words_are_no_edit(story: Story, fxm: Place) -> None:
    assert decide(story, story.advise(fxm, "as it is"), "send", body="as it is").edited_by is None


def test_dismissed_advice_is_declined_and_says_why(story: Story, fxm: Place) -> None:
    held = story.advise(fxm, "as it is")
    told = decide(story, held, "dismiss", reason="not now", body="ignored")

    assert (told.state, told.reason, told.body, told.edited_by) == ("declined", "not now", "as it is", None)
    assert waiting(story, fxm) == []
    assert story.events()[-1].body == "declined: not now"
    assert len(decide(story, story.advise(fxm), "dismiss", reason="x" * 600).reason) == 500
    assert decide(story, story.advise(fxm), "dismiss").reason is None


def test_where_a_person_drives_only_that_person_decides(story: Story, fxm: Place) -> None:
    held = story.advise(fxm, sender="agent:reviewer")
    for actor in (story.me, "user:krishna", "agent:reviewer", "agent:priya", None):
        for decision in ("send", "dismiss"):
            with refused(403, "not_driver") as why:
                decide(story, held, decision, actor)

            assert why.detail == {"driver": "user:priya", "epoch": 1}
    assert decide(story, held, "send").state == "queued"


@pytest.mark.parametrize("driver", ["agent:bot", None])
def test_where_an_agent_drives_or_nobody_its_maker_and_administrators_decide_too(
    story: Story, fxm: Place, driver: str | None
) -> None:
    story.release_driver(actor="user:priya", **fxm)
    if driver:
        story.claim(fxm, driver)
    held = [story.advise(fxm) for _ in range(4)]
    for actor in ("user:priya", "agent:reviewer"):
        with refused(403, "not_driver"):
            decide(story, held[0], "send", actor)
    deciders = ["user:krishna", story.me, None, *([driver] if driver else [])]
    for one, actor in zip(held, deciders, strict=False):
        assert decide(story, one, "send", actor).state == "queued"
        assert story.events()[-1].actor == (actor or "polaris")


def test_what_is_not_held_is_not_decided(story: Story, fxm: Place) -> None:
    sent, dismissed = story.advise(fxm), story.advise(fxm)
    decide(story, sent, "send")
    decide(story, dismissed, "dismiss")
    before = story.events()
    for one, state in [(sent, "queued"), (dismissed, "declined")]:
        for decision in ("send", "dismiss"):
            with refused(409, "delivery_cannot_become") as why:
                decide(story, one, decision, body="other words")

            assert why.detail == {"state": state}
    assert story.events() == before
    assert story.get_delivery(actor=None, project="pj", delivery=sent.delivery_id).body == "use RS256"


@pytest.mark.parametrize("decisions", [("send", "dismiss"), ("dismiss", "send"), ("send", "send")])
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(
    story: Story, fxm: Place, background: Background, decisions: tuple[str, str]
) -> None:
    held = story.advise(fxm)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            won = decide(one, held, decisions[0], body="the first one's words")
            loser = background.start(decide, other, held, decisions[1], body="the other one's words")
            background.until_waiting(other, loser)
        lost = background.failure(loser)

    assert isinstance(lost, psycopg.Error)
    assert (lost.sqlstate, lost.diag.constraint_name) == ("PL409", "delivery_cannot_become")
    assert json.loads(lost.diag.message_detail or "") == {"state": won.state}
    assert story.get_delivery(actor=None, project="pj", delivery=held.delivery_id) == won
    assert story.told().count("delivery") == 1
    story.check()


def test_who_loses_the_seat_meanwhile_decides_nothing(story: Story, fxm: Place, background: Background) -> None:
    held = story.advise(fxm)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.release_driver(actor="user:priya", **fxm)
            decision = background.start(decide, other, held, "send")
            background.until_waiting(other, decision)
        lost = background.failure(decision)

    assert isinstance(lost, psycopg.Error)
    assert (lost.sqlstate, lost.diag.constraint_name) == ("PL403", "not_driver")
    assert story.get_delivery(actor=None, project="pj", delivery=held.delivery_id).state == "held"


def test_held_advice_survives_a_handoff_and_the_next_driver_decides(story: Story, fxm: Place) -> None:
    held = story.advise(fxm, sender="agent:reviewer")
    story.release_driver(actor="user:priya", **fxm)
    new = story.claim(fxm, "user:krishna")

    assert story.get_delivery(actor=None, project="pj", delivery=held.delivery_id).state == "held"
    with refused(403, "not_driver"):
        decide(story, held, "send", "user:priya")
    decide(story, held, "send", "user:krishna")
    assert waiting(story, new) == [held.delivery_id]


def test_held_advice_expires(story: Story, fxm: Place) -> None:
    held = story.advise(fxm)
    story.grow_old(held)

    assert story.expire_deliveries() == 1
    assert story.get_delivery(actor=None, project="pj", delivery=held.delivery_id).state == "expired"
    with refused(409, "delivery_cannot_become") as why:
        decide(story, held, "send")

    assert why.detail == {"state": "expired"}


@pytest.mark.parametrize("archive", ["session", "project"])
def test_held_advice_fails_when_its_session_is_archived(story: Story, fxm: Place, archive: str) -> None:
    held = story.advise(fxm)
    if archive == "session":
        story.archive_session(actor="user:priya", **fxm)
    else:
        story.archive_project(actor=story.me, project="pj")
    ended = story.get_delivery(actor=None, project="pj", delivery=held.delivery_id)

    assert (ended.state, ended.reason) == ("failed", "session archived")
    with refused(409, "delivery_cannot_become"):
        decide(story, held, "send", story.me)


def test_a_change_of_policy_leaves_what_is_held_held(story: Story, fxm: Place) -> None:
    held = story.advise(fxm, sender="agent:reviewer")
    story.set_policy(actor="user:priya", sender_class="agent", policy="auto", **fxm)

    assert story.get_delivery(actor=None, project="pj", delivery=held.delivery_id).state == "held"
    assert story.advise(fxm, sender="agent:reviewer").state == "queued"
    assert decide(story, held, "send").state == "queued"


@pytest.mark.parametrize("decision", [None, "", "sent", "Send"])
def test_a_decision_is_one_of_two(story: Story, fxm: Place, decision: str | None) -> None:
    held = story.advise(fxm)
    with refused(422, "decision_is_known"):
        decide(story, held, decision)


@pytest.mark.parametrize(
    ("body", "code"), [("", "body_is_there"), (" \n", "body_is_there"), ("x" * 8001, "body_is_short")]
)
def test_other_words_are_words_that_an_agent_takes(story: Story, fxm: Place, body: str, code: str) -> None:
    held = story.advise(fxm)
    with refused(422, code):
        decide(story, held, "send", body=body)

    assert story.get_delivery(actor=None, project="pj", delivery=held.delivery_id).state == "held"


def test_a_direct_client_decides_as_itself(story: Story, fxm: Place) -> None:
    held = story.advise(fxm)
    with story.client("user:krishna") as krishna, refused(403, "not_driver"):
        decide(krishna, held, "send", None)
    with story.client("user:priya") as priya:
        assert decide(priya, held, "send", None, body="other words").edited_by == "user:priya"


def test_one_that_is_not_there(story: Story, fxm: Place, tell) -> None:
    held = story.advise(fxm)
    foreign = tell()
    foreign.project("pj")
    story.project("other")
    for teller, where in [
        (story, {"delivery": uuid.uuid4()}),
        (story, {"delivery": None}),
        (story, {"project": "other"}),
        (foreign, {}),
    ]:
        with refused(404, "no_such_delivery"):
            decide(teller, held, "send", None, **where)
    with refused(404, "no_such_project"):
        decide(story, held, "send", project="nope")

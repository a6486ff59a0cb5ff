"""polaris.answer_seat_request: the driver gives or declines, the asker withdraws; and what else ends a request."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from story import Place, Row, Story, refused

ANSWERS = {"give": "given", "decline": "declined", "withdraw": "withdrawn"}


@pytest.fixture
def fxm(story: Story) -> Place:
    story.member("priya")
    return story.session("fxm", driver=story.me)


def ended(story: Story, fxm: Place) -> list[str | None]:
    return [r.ended_how for r in story.list_seat_requests(actor=None, **fxm)]


def delivery(story: Story, asked: Row) -> tuple[str, str | None]:
    found = story.get_delivery(actor=None, project=asked.project, delivery=asked.delivery_id)
    return found.state, found.reason


def test_given_the_seat_waits_for_the_asker_alone(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    given = story.answer_seat_request(actor=story.me, request=asked.seq, answer="give", **fxm)
    told = story.events()[-1]
    seat = story.get_session(actor=None, **fxm)

    assert (given.ended_how, given.ended_by) == ("given", story.me)
    assert (seat.driver, seat.reserved_for) == (None, "user:priya")
    assert (told.kind, told.actor, told.target) == ("driver.released", story.me, "user:priya")
    assert json.loads(told.payload)["requests"] == [{"request": asked.seq, "actor": "user:priya", "how": "given"}]
    assert delivery(story, asked) == ("expired", "the seat was given")
    assert story.claim_driver(actor="user:priya", **fxm).epoch == 2


def test_declined_the_seat_stays_and_the_asker_is_told_why(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    answered = story.answer_seat_request(
        actor=story.me, request=asked.seq, answer="decline", reason="almost done", **fxm
    )
    told = story.events()[-1]

    assert (answered.ended_how, answered.ended_by, answered.delivery_state) == ("declined", story.me, "declined")
    assert (told.kind, told.actor, told.target, told.speaker) == ("seat.settled", story.me, "user:priya", "polaris")
    assert told.body == "user:manu keeps the seat of fxm, which user:priya asked for: almost done"
    assert json.loads(told.payload) == {"request": asked.seq, "how": "declined", "reason": "almost done"}
    assert delivery(story, asked) == ("declined", "almost done")
    assert story.get_session(actor=None, **fxm).driver == story.me


def test_withdrawn_the_driver_is_told(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    story.answer_seat_request(actor="user:priya", request=asked.seq, answer="withdraw", **fxm)
    told = story.events()[-1]

    assert (told.kind, told.actor, told.body) == (
        "seat.settled",
        "user:priya",
        "user:priya does not ask for the seat of fxm any more",
    )
    assert delivery(story, asked) == ("declined", "withdrawn")


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_same_answer_again_changes_nothing(story: Story, fxm: Place, answer: str) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    by = "user:priya" if answer == "withdraw" else story.me
    first = story.answer_seat_request(actor=by, request=asked.seq, answer=answer, **fxm)
    before = story.told()
    again = story.answer_seat_request(actor=by, request=asked.seq, answer=answer, **fxm)

    assert first.ended_how == ANSWERS[answer]
    assert (again, story.told()) == (first, before)


@pytest.mark.parametrize(("first", "then"), [("give", "decline"), ("decline", "give"), ("withdraw", "give")])
def test_an_ended_request_has_no_other_end(story: Story, fxm: Place, first: str, then: str) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    by = "user:priya" if first == "withdraw" else story.me
    story.answer_seat_request(actor=by, request=asked.seq, answer=first, **fxm)
    with refused(409, "request_has_ended") as why:
        story.answer_seat_request(actor=story.me, request=asked.seq, answer=then, **fxm)

    assert why.detail == {"how": ANSWERS[first], "by": by}


def test_the_driver_answers_and_nobody_else_and_the_asker_alone_withdraws(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    for actor in ("agent:bot", "user:priya", None):
        for answer in ("give", "decline"):
            with refused(403, "not_driver") as why:
                story.answer_seat_request(actor=actor, request=asked.seq, answer=answer, **fxm)
            assert why.detail == {"driver": story.me, "epoch": 1}
    for actor in ("agent:bot", story.me, None):
        with refused(403, "not_allowed"):
            story.answer_seat_request(actor=actor, request=asked.seq, answer="withdraw", **fxm)

    assert ended(story, fxm) == [None]


def test_what_was_not_asked_is_not_answered(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    fxk = story.session("fxk", driver=story.me)
    for place, request in ((fxm, 1), (fxm, 10**9), (fxk, asked.seq)):
        with refused(404, "no_such_request"):
            story.answer_seat_request(actor=story.me, request=request, answer="give", **place)
    with refused(422, "answer_is_known"):
        story.answer_seat_request(actor=story.me, request=asked.seq, answer="perhaps", **fxm)
    with refused(404, "no_such_session"):
        story.answer_seat_request(actor=story.me, project="pj", session="nope", request=asked.seq, answer="give")


def release_to(to: str | None) -> Callable[[Story, Place], Any]:
    return lambda story, fxm: story.release_driver(actor=story.me, to=to, **fxm)


def run_out(story: Story, fxm: Place) -> None:
    story.run_out(fxm)
    story.expire_leases()


def claimed_over(story: Story, fxm: Place) -> None:
    story.run_out(fxm)
    story.claim_driver(actor="agent:bot", **fxm)


def taken_over(story: Story, fxm: Place) -> None:
    story.take_over_seat(actor=story.member("root", "admin"), epoch=1, reason="on leave", **fxm)


ENDS: dict[str, tuple[Callable[[Story, Place], Any], str, str, str]] = {
    "released to nobody": (release_to(None), "opened", "expired", "the seat is open"),
    "released to the asker": (release_to("user:priya"), "given", "expired", "the seat was given"),
    "released to somebody else": (release_to("agent:bot"), "taken", "expired", "somebody else has the seat"),
    "the lease ran out": (run_out, "opened", "expired", "the seat is open"),
    "claimed from a dead laptop": (claimed_over, "opened", "expired", "the seat is open"),
    "taken over": (taken_over, "taken", "expired", "somebody else has the seat"),
    "archived": (
        lambda story, fxm: story.archive_session(actor=story.me, **fxm),
        "archived",
        "failed",
        "session archived",
    ),
    "the project archived": (
        lambda story, fxm: story.archive_project(actor=story.me, project="pj"),
        *("archived", "failed", "session archived"),
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_no_request_outlives_the_seat_that_it_is_for(story: Story, fxm: Place, name: str) -> None:
    change, how, state, reason = ENDS[name]
    asked = story.ask_seat(actor="user:priya", **fxm)
    change(story, fxm)
    (request,) = story.list_seat_requests(actor=None, **fxm)
    told = [json.loads(e.payload)["requests"] for e in story.events() if "requests" in (e.payload or "")]

    assert (request.ended_how, delivery(story, asked)) == (how, (state, reason))
    assert told == [[{"request": asked.seq, "actor": "user:priya", "how": how}]]
    assert "seat.settled" not in story.told()
    story.check()


def test_what_the_agent_is_being_told_waits_for_no_next_driver(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    story.settle(asked, "sent", fxm)
    story.answer_seat_request(actor=story.me, request=asked.seq, answer="give", **fxm)
    taken = story.claim_driver(actor="user:priya", **fxm)

    assert delivery(story, asked) == ("expired", "the seat was given")
    assert story.read_advice(actor="user:priya", epoch=taken.epoch, **fxm) == []


def test_what_the_agent_has_seen_stays_seen(story: Story, fxm: Place) -> None:
    asked = story.ask_seat(actor="user:priya", **fxm)
    story.settle(asked, "sent", fxm)
    story.settle(asked, "seen", fxm)
    story.answer_seat_request(actor=story.me, request=asked.seq, answer="decline", **fxm)

    assert (ended(story, fxm), delivery(story, asked)) == (["declined"], ("seen", None))


def test_who_leaves_the_organization_asks_for_nothing_any_more(story: Story, fxm: Place) -> None:
    story.ask_seat(actor="user:priya", **fxm)
    bots = story.ask_seat(actor="agent:bot", **fxm)
    story.remove_member(actor=story.me, handle="priya")
    told = story.events()[-1]

    assert ended(story, fxm) == ["withdrawn", None]
    assert (told.kind, told.actor, told.target) == ("seat.settled", "user:priya", "user:priya")
    assert story.get_session(actor=None, **fxm).driver == story.me
    assert delivery(story, bots) == ("queued", None)


@pytest.mark.parametrize("how", ["closed to all but its list", "taken off the list", "no administrator any more"])
def test_who_does_not_see_the_project_any_more_asks_for_nothing_there(story: Story, how: str) -> None:
    driver, asker = "agent:bot", story.member("priya", "admin" if how.startswith("no") else "member")
    story.create_project(actor=story.me, name="inner", visibility="org" if how.startswith("closed") else "private")
    for member in (driver, asker)[: 2 if how.startswith("taken") else 1]:
        story.add_project_member(actor=story.me, project="inner", member=member)
    fxm = story.session("fxm", driver=driver, project="inner")
    asked = story.ask_seat(actor=asker, **fxm)
    if how.startswith("closed"):
        story.set_visibility(actor=story.me, project="inner", visibility="private")
    elif how.startswith("taken"):
        story.remove_project_member(actor=story.me, project="inner", member=asker)
    else:
        story.set_role(actor=story.me, handle="priya", role="member")

    assert ended(story, fxm) == ["withdrawn"]
    assert delivery(story, asked) == ("declined", "withdrawn")
    assert story.get_session(actor=None, **fxm).driver == driver
    story.check("inner")

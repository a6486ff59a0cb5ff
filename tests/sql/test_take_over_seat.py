"""polaris.take_over_seat: an administrator takes the wheel, and everybody reads why."""

import json
from typing import Any

import pytest
from story import Place, Story, event, refused


@pytest.fixture
def fxm(story: Story) -> Place:
    return story.session("fxm", driver=story.member("krishna"))


def test_the_seat_changes_hands_under_a_new_epoch_and_the_reason_is_told(story: Story, fxm: Place) -> None:
    seat = story.take_over_seat(actor=story.me, epoch=1, reason="  Krishna is on leave ", **fxm)
    taken, claimed = story.events()[-2:]

    assert (seat.driver, seat.epoch, seat.seat) == (story.me, 2, "held")
    assert (taken.kind, taken.actor, taken.target, taken.epoch, taken.speaker) == (
        *("driver.taken", story.me, "user:krishna", 1, "polaris"),
    )
    assert taken.body == "user:manu took the seat of fxm from user:krishna: Krishna is on leave"
    told = {"driver": "user:krishna", "epoch": 1, "how": "taken", "reason": "Krishna is on leave"}
    assert json.loads(taken.payload) == told
    assert (claimed.kind, claimed.actor, claimed.epoch) == ("driver.claimed", story.me, 2)
    assert [(s.driver, s.ended_how) for s in story.list_seats(actor=None, **fxm)] == [
        (story.me, None),
        ("user:krishna", "taken"),
    ]


def test_it_is_in_the_audit_log_with_the_reason(story: Story, fxm: Place) -> None:
    story.take_over_seat(actor=story.me, epoch=1, reason="on leave", **fxm)
    row = story.list_audit(actor=story.me)[-1]

    assert (row.action, row.actor, row.target) == ("seat.taken_over", story.me, "user:krishna")
    assert json.loads(row.detail) == {"project": "pj", "session": "fxm", "epoch": 2, "reason": "on leave"}


def test_the_old_drivers_events_are_kept_under_the_old_epoch_and_late(story: Story, fxm: Place) -> None:
    story.take_over_seat(actor=story.me, epoch=1, reason="on leave", **fxm)
    (pushed,) = story.push(fxm, event("offline"))
    (refusal,) = story.push(Place("pj", "fxm", "user:krishna", 2), event("not mine"))
    (kept,) = [e for e in story.events() if e.client_id == "offline"]

    assert (pushed.created, pushed.late, kept.epoch, kept.actor) == (True, True, 1, "user:krishna")
    assert refusal.code == "not_driver"


def test_advice_on_its_way_waits_for_the_new_driver(story: Story, fxm: Place) -> None:
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    seat = story.take_over_seat(actor=story.me, epoch=1, reason="on leave", **fxm)

    assert [a.delivery_id for a in story.read_advice(actor=story.me, epoch=seat.epoch, **fxm)] == [advice.delivery_id]


def test_a_seat_that_is_kept_for_somebody_is_taken_over_too(story: Story, fxm: Place) -> None:
    story.member("priya")
    story.release_driver(actor="user:krishna", to="user:priya", **fxm)
    seat = story.take_over_seat(actor=story.me, epoch=1, reason="she is ill", **fxm)
    taken = story.events()[-2]

    assert (seat.driver, seat.epoch, seat.reserved_for) == (story.me, 2, None)
    assert (taken.kind, taken.actor, taken.target) == ("driver.taken", story.me, "user:priya")
    assert taken.body == "user:manu took the seat of fxm, which was kept for user:priya: she is ill"
    with refused(409, "seat_is_held"):
        story.claim_driver(actor="user:priya", **fxm)


@pytest.mark.parametrize("actor", ["user:krishna", "user:priya", "agent:bot", "slack:someone"])
def test_administrators_only(story: Story, fxm: Place, actor: str) -> None:
    story.member("priya")
    with refused(403, "admin_only"):
        story.take_over_seat(actor=actor, epoch=1, reason="because", **fxm)

    assert story.get_session(actor=None, **fxm).driver == "user:krishna"


def test_the_service_is_nobody_who_drives(story: Story, fxm: Place) -> None:
    with refused(422, "actor_is_a_participant"):
        story.take_over_seat(actor=None, epoch=1, reason="because", **fxm)


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"reason": " \n"}, 422, "reason_is_there"),
        ({"reason": None}, 422, "reason_is_there"),
        ({"reason": "x" * 501}, 422, "reason_is_short"),
        ({"epoch": 0}, 409, "seat_has_changed"),
        ({"epoch": None}, 409, "seat_has_changed"),
        ({"lease_seconds": 0}, 422, "lease_is_sane"),
        ({"session": "nope"}, 404, "no_such_session"),
        ({"project": "nope"}, 404, "no_such_project"),
    ],
)
def test_what_is_not_sane_changes_nothing(
    story: Story, fxm: Place, given: dict[str, Any], status: int, code: str
) -> None:
    with refused(status, code):
        story.take_over_seat(**{"actor": story.me, "epoch": 1, "reason": "because", **fxm, **given})

    assert story.get_session(actor=None, **fxm).driver == "user:krishna"
    assert story.list_audit(actor=story.me)[-1].action != "seat.taken_over"


def test_one_s_own_seat_and_an_open_one_are_not_taken_over(story: Story, fxm: Place) -> None:
    seat = story.take_over_seat(actor=story.me, epoch=1, reason="because", **fxm)
    with refused(409, "seat_has_changed") as why:
        story.take_over_seat(actor=story.me, epoch=1, reason="because", **fxm)
    assert why.detail == {"driver": story.me, "epoch": 2}
    with refused(409, "seat_is_yours"):
        story.take_over_seat(actor=story.me, epoch=seat.epoch, reason="because", **fxm)
    story.release_driver(actor=story.me, **fxm)
    with refused(409, "seat_is_open"):
        story.take_over_seat(actor=story.me, epoch=seat.epoch, reason="because", **fxm)
    story.archive_session(actor=story.me, **fxm)
    with refused(409, "session_is_archived"):
        story.take_over_seat(actor=story.me, epoch=seat.epoch, reason="because", **fxm)


def test_an_administrator_who_is_a_direct_client_does_it(story: Story, fxm: Place) -> None:
    with story.client(story.me) as me:
        assert me.take_over_seat(actor=None, epoch=1, reason="because", **fxm).driver == story.me

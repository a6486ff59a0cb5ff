"""polaris.claim_driver: one seat, one driver, every claim a higher epoch."""

from datetime import UTC, datetime, timedelta

import pytest
from story import Story, event, refused


def test_a_claim_raises_the_epoch_and_is_an_event(story: Story) -> None:
    fxm = story.session("fxm")
    seat = story.claim_driver(actor="user:manu", lease_seconds=90, **fxm)
    told = story.events()[-1]

    assert (seat.created, seat.driver, seat.epoch, seat.seat) == (True, "user:manu", 1, "held")
    assert seat.lease_until - datetime.now(UTC) == pytest.approx(timedelta(seconds=90), abs=timedelta(seconds=5))
    assert (told.kind, told.actor, told.epoch, told.body) == ("driver.claimed", "user:manu", 1, "user:manu drives fxm")
    assert told.speaker == "polaris"


def test_the_second_claim_is_refused_and_names_the_driver(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    with refused(409, "seat_is_held") as why:
        story.claim_driver(actor=story.me, **fxm)

    assert why.detail == {"driver": "agent:bot", "epoch": 1}
    assert why.message == "agent:bot drives fxm."
    assert story.told() == ["session.created", "driver.claimed"]


def test_who_holds_it_only_renews_its_lease(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me, lease_seconds=1)
    seat = story.claim_driver(actor=story.me, lease_seconds=600, **fxm)

    assert (seat.created, seat.epoch) == (False, 1)
    assert seat.lease_until > datetime.now(UTC) + timedelta(seconds=500)
    assert story.told() == ["session.created", "driver.claimed"]


def test_who_held_it_last_still_has_it_after_a_lapse_that_nobody_used(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    seat = story.claim_driver(actor=story.me, **fxm)

    assert (seat.created, seat.epoch) == (False, 1)


def test_a_seat_whose_lease_ran_out_goes_to_the_next(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    seat = story.claim_driver(actor="agent:bot", **fxm)

    assert (seat.created, seat.driver, seat.epoch) == (True, "agent:bot", 2)
    assert [(e.kind, e.actor, e.epoch) for e in story.events()[-2:]] == [
        ("driver.expired", "user:manu", 1),
        ("driver.claimed", "agent:bot", 2),
    ]
    assert story.rows(
        "select epoch, driver, ended_how from polaris_data.seats where org_id = %s order by epoch", story.org
    ) == [(1, "user:manu", "expired"), (2, "agent:bot", None)]


def test_advice_that_was_on_its_way_waits_for_the_next_driver(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    story.run_out(fxm)
    fxm = story.claim(fxm, "agent:bot")
    (waiting,) = story.read_advice(actor="agent:bot", epoch=fxm.epoch, **fxm)

    assert (waiting.delivery_id, waiting.state, waiting.attempts) == (advice.delivery_id, "queued", 1)


def test_the_epoch_stays_when_the_seat_is_open_and_rises_with_each_claim(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, **fxm)

    assert story.get_session(actor=None, **fxm).epoch == 1
    assert story.claim(fxm, story.me).epoch == 2
    assert story.push(fxm, event("of-the-first-seat"))[0].late


def test_an_archived_session_has_no_seat(story: Story) -> None:
    fxm = story.session("fxm")
    story.archive_session(actor=story.me, **fxm)
    with refused(409, "session_is_archived"):
        story.claim_driver(actor=story.me, **fxm)


@pytest.mark.parametrize("seconds", [0, -1, 86_401, None])
def test_a_lease_takes_a_second_to_a_day(story: Story, seconds: int | None) -> None:
    fxm = story.session("fxm")
    with refused(422, "lease_is_sane"):
        story.claim_driver(actor=story.me, lease_seconds=seconds, **fxm)


@pytest.mark.parametrize("actor", [None, "manu", "robot:x"])
def test_the_driver_is_a_participant(story: Story, actor: str | None) -> None:
    fxm = story.session("fxm")
    with refused(422, "actor_is_a_participant"):
        story.claim_driver(actor=actor, **fxm)


def test_one_that_is_not_there(story: Story, tell) -> None:
    theirs = tell().session("fxm", project="theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        story.claim_driver(actor=story.me, **theirs)
    with refused(404, "no_such_session"):
        story.claim_driver(actor=story.me, project="pj", session="fxm")


def test_a_seat_taken_over_from_somebody_is_in_the_audit_log(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    before = story.audited()
    story.claim(fxm, "agent:bot")

    assert story.audited() == [
        *before,
        ("agent:bot", "seat.taken_over", story.me, {"project": "pj", "session": "fxm", "epoch": 2}),
    ]


def test_an_open_seat_and_ones_own_are_taken_over_from_nobody(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    before = story.audited()
    story.claim(fxm, story.me)
    story.run_out(fxm)
    story.claim(fxm, story.me)
    story.release_driver(actor=story.me, **fxm)
    story.claim(fxm, "agent:bot")
    story.run_out(fxm)
    story.expire_leases()
    story.claim(fxm, story.me)
    with refused(409, "seat_is_held"):
        story.claim(fxm, "agent:bot")

    assert story.audited() == before

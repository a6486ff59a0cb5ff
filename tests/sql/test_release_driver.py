"""polaris.release_driver: the seat becomes open."""

import pytest
from story import Story, refused


def test_the_seat_is_open_and_the_release_is_an_event(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    seat = story.release_driver(actor=story.me, epoch=1, **fxm)
    told = story.events()[-1]

    assert (seat.seat, seat.driver, seat.epoch, seat.lease_until) == ("open", None, 1, None)
    assert (told.kind, told.actor, told.epoch, told.body) == (
        "driver.released",
        "user:manu",
        1,
        "user:manu released fxm",
    )


def test_advice_on_its_way_waits_again(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    story.release_driver(actor=story.me, **fxm)
    delivery = story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id)

    assert (delivery.state, delivery.reason) == ("queued", "the driver left")


@pytest.mark.parametrize(("actor", "epoch"), [("agent:other", None), ("user:manu", 0), ("user:manu", 2), (None, None)])
def test_nobody_else_and_no_other_epoch(story: Story, actor: str | None, epoch: int | None) -> None:
    fxm = story.session("fxm", driver="user:manu")
    with refused(409, "not_driver") as why:
        story.release_driver(actor=actor, epoch=epoch, **fxm)

    assert why.detail == {"driver": "user:manu", "epoch": 1}
    assert story.get_session(actor=None, **fxm).driver == "user:manu"


def test_twice_is_refused_and_says_that_the_seat_is_open(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, **fxm)
    with refused(409, "not_driver") as why:
        story.release_driver(actor=story.me, **fxm)

    assert why.detail == {"driver": None, "epoch": 1}
    assert story.told().count("driver.released") == 1


def test_an_open_seat_is_nobodys_not_even_the_services(story: Story) -> None:
    fxm = story.session("fxm")
    with refused(409, "not_driver"):
        story.release_driver(actor=None, **fxm)


def test_a_lapsed_seat_that_nobody_took_can_still_be_released(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    story.release_driver(actor=story.me, **fxm)

    assert story.told()[-1] == "driver.released"


def test_one_that_is_not_there(story: Story, tell) -> None:
    theirs = tell().session("fxm", project="theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        story.release_driver(actor=story.me, **theirs)
    with refused(404, "no_such_session"):
        story.release_driver(actor=story.me, project="pj", session="fxm")


def test_released_to_somebody_the_seat_waits_for_them_alone(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.member("priya")
    seat = story.release_driver(actor=story.me, to="user:priya", **fxm)
    told = story.events()[-1]

    assert (seat.driver, seat.reserved_for) == (None, "user:priya")
    assert (told.kind, told.target, told.body) == (
        "driver.released",
        "user:priya",
        "user:manu released fxm to user:priya",
    )
    with refused(409, "seat_is_reserved") as why:
        story.claim_driver(actor="agent:quick", **fxm)
    assert why.detail["reserved_for"] == "user:priya"
    joined = story.join_session(actor="agent:quick", **fxm)
    assert (joined.claimed, joined.driver, joined.reserved_for) == (False, None, "user:priya")

    claimed = story.claim_driver(actor="user:priya", **fxm)
    assert (claimed.driver, claimed.epoch, claimed.reserved_for, claimed.reserved_until) == (
        "user:priya",
        2,
        None,
        None,
    )


def test_a_reservation_lapses_by_itself(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.member("priya")
    story.release_driver(actor=story.me, to="user:priya", **fxm)
    story.rows(
        "update polaris_data.sessions set reserved_until = clock_timestamp() - interval '1 second'"
        " where reserved_for is not null returning 1"
    )

    assert story.get_session(actor=None, **fxm).reserved_for is None
    assert story.claim_driver(actor="agent:quick", **fxm).driver == "agent:quick"


def test_a_reservation_ends_with_the_next_driver(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.member("priya")
    story.release_driver(actor=story.me, to="user:priya", **fxm)
    story.claim_driver(actor="user:priya", **fxm)
    story.release_driver(actor="user:priya", **fxm)

    assert story.claim_driver(actor=story.me, **fxm).driver == story.me


def test_to_nobody_it_is_not_released(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    for whom, status, code in (("user:nobody", 404, "no_such_member"), ("priya", 422, "actor_is_a_participant")):
        with refused(status, code):
            story.release_driver(actor=story.me, to=whom, **fxm)

    assert story.get_session(actor=None, **fxm).driver == story.me


def test_of_a_private_project_it_is_released_to_those_who_see_it(story: Story) -> None:
    story.member("priya")
    story.create_project(actor=story.me, name="inner", visibility="private")
    inner = story.session("fxm", driver=story.me, project="inner")
    with refused(404, "no_such_member"):
        story.release_driver(actor=story.me, to="user:priya", **inner)
    story.add_project_member(actor=story.me, project="inner", member="user:priya")

    assert story.release_driver(actor=story.me, to="user:priya", **inner).reserved_for == "user:priya"

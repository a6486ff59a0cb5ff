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

"""polaris.heartbeat: many links renew their leases at once."""

from datetime import UTC, datetime, timedelta

import pytest
from story import Place, Story, refused


def beat(story: Story, *places: Place, **more: object) -> list[object]:
    return story.heartbeat(
        **{
            "actor": [place.driver for place in places],
            "project": [place["project"] for place in places],
            "session": [place["session"] for place in places],
            "epoch": [place.epoch for place in places],
        }
        | more
    )


def test_leases_are_renewed_and_each_link_is_told(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me, lease_seconds=1)
    fxk = story.session("fxk", driver="agent:bot", lease_seconds=1)
    answers = beat(story, fxk, fxm, lease_seconds=600)

    assert [(a.session, a.held, a.driver, a.epoch) for a in answers] == [
        ("fxk", True, "agent:bot", 1),
        ("fxm", True, story.me, 1),
    ]
    assert min(a.lease_until for a in answers) > datetime.now(UTC) + timedelta(seconds=500)
    assert story.told().count("driver.claimed") == 2


def test_who_lost_the_seat_is_told_who_has_it(story: Story) -> None:
    old = story.session("fxm", driver=story.me)
    story.run_out(old)
    new = story.claim(old, "agent:bot")
    lease = story.get_session(actor=None, **new).lease_until
    (answer,) = beat(story, old)

    assert (answer.held, answer.driver, answer.epoch, answer.lease_until) == (False, "agent:bot", 2, lease)


def test_an_old_epoch_of_ones_own_renews_nothing(story: Story) -> None:
    old = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, **old)
    story.claim(old, story.me)

    assert [a.held for a in beat(story, old)] == [False]


def test_a_lapsed_seat_that_nobody_took_is_renewed(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)

    assert [a.held for a in beat(story, fxm)] == [True]
    assert story.expire_leases() == 0


def test_an_open_seat_and_an_unknown_session_are_simply_not_held(story: Story, tell) -> None:
    story.project("pj")
    theirs = tell().session("theirs", driver="agent:bot")
    answers = beat(
        story, story.session("fxm"), Place("pj", "nope", story.me, 1), Place("no", "fxm", story.me, 1), theirs
    )

    assert [(a.held, a.driver) for a in answers] == [(False, None)] * 4


def test_of_no_links_there_is_nothing_to_tell(story: Story) -> None:
    assert beat(story) == []


@pytest.mark.parametrize("seconds", [0, 86_401, None])
def test_a_lease_takes_a_second_to_a_day(story: Story, seconds: int | None) -> None:
    with refused(422, "lease_is_sane"):
        beat(story, story.session("fxm", driver=story.me), lease_seconds=seconds)

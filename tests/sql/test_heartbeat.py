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


def test_a_seat_that_the_actor_may_not_see_any_more_is_not_held_and_not_spoken_of(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    elsewhere = story.session("fxm", driver="agent:bot", project="elsewhere")
    story.set_visibility(actor=story.me, project="pj", visibility="private")
    taken = story.claim(fxm, story.me)
    lease = story.get_session(actor=None, **taken).lease_until
    answers = beat(story, fxm, elsewhere, taken, lease_seconds=600)

    assert [(a.held, a.driver, a.epoch) for a in answers] == [
        (False, None, None),
        (True, "agent:bot", elsewhere.epoch),
        (True, story.me, taken.epoch),
    ]
    assert (answers[0].lease_until, answers[2].lease_until > lease) == (None, True)


def test_who_does_not_hold_the_seat_waits_for_nobody(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    with story.another() as one, story.another() as other, one.connection.transaction():
        one.inject(actor="agent:bot", body="locks the session", **fxm)
        other.connection.execute("set lock_timeout = '1s'")
        (answer,) = other.heartbeat(actor=["agent:bot"], project=["pj"], session=["fxm"], epoch=[1])

    assert (answer.held, answer.driver) == (False, story.me)

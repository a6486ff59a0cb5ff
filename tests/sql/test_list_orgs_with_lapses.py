"""polaris.list_orgs_with_lapses: where maintenance has work."""

from story import Story


def lapsed(story: Story) -> bool:
    return (story.org,) in story.list_orgs_with_lapses()


def test_a_lapsed_lease_is_work(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)

    assert not lapsed(story)
    story.run_out(fxm)
    assert lapsed(story)
    story.expire_leases()
    assert not lapsed(story)


def test_expired_advice_is_work(story: Story) -> None:
    advice = story.advise(story.session("fxm"))

    assert not lapsed(story)
    story.grow_old(advice)
    assert lapsed(story)
    story.expire_deliveries()
    assert not lapsed(story)


def test_a_request_for_a_seat_that_nobody_answered_is_work(story: Story) -> None:
    asked = story.ask_seat(actor="agent:bot", **story.session("fxm", driver=story.me))

    assert not lapsed(story)
    story.lapse(asked)
    assert lapsed(story)
    story.expire_seat_requests()
    assert not lapsed(story)

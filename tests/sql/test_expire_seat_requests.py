"""polaris.expire_seat_requests: nobody waits for ever for an answer."""

from story import Story


def test_what_nobody_answered_in_time_ends_and_it_is_told(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    late, early = story.ask_seat(actor="agent:late", **fxm), story.ask_seat(actor="agent:early", **fxm)
    story.lapse(late)

    assert story.expire_seat_requests() == 1
    assert [r.ended_how for r in story.list_seat_requests(actor=None, **fxm)] == ["expired", None]
    told = story.events()[-1]
    assert (told.kind, told.actor, told.target) == ("seat.settled", "agent:late", "agent:late")
    assert told.body == "agent:late asked for the seat of fxm, and nobody answered in time"
    assert story.get_delivery(actor=None, project="pj", delivery=late.delivery_id).state == "expired"
    assert story.get_delivery(actor=None, project="pj", delivery=early.delivery_id).state == "queued"
    assert story.expire_seat_requests() == 0


def test_it_takes_one_organization_at_a_time(story: Story, tell) -> None:
    other = tell()
    other.lapse(other.ask_seat(actor="agent:bot", **other.session("fxm", driver=other.me)))

    assert story.expire_seat_requests() == 0
    assert other.expire_seat_requests() == 1


def test_where_no_service_runs_a_direct_client_does_it(story: Story) -> None:
    story.lapse(story.ask_seat(actor="agent:bot", **story.session("fxm", driver=story.me)))
    with story.client("agent:bot") as bot:
        assert bot.expire_seat_requests() == 1

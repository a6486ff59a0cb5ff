"""polaris.expire_deliveries: nothing waits for ever, and what cannot be proved is not claimed."""

from story import Story


def test_what_was_never_handed_over_has_expired(story: Story) -> None:
    fxm = story.session("fxm")
    old, young = story.advise(fxm), story.advise(fxm)
    story.grow_old(old)

    assert story.expire_deliveries() == 1
    assert [(d.delivery_id, d.state) for d in story.list_deliveries(actor=None, project="pj")] == [
        (old.delivery_id, "expired"),
        (young.delivery_id, "queued"),
    ]
    told = story.events()[-1]
    assert (told.kind, told.actor, told.target, told.body) == ("delivery", "polaris", story.me, "expired")


def test_what_was_handed_over_and_never_proved_has_failed(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    story.grow_old(advice)
    story.expire_deliveries()
    (delivery,) = story.list_deliveries(actor=None, project="pj")

    assert (delivery.state, delivery.reason) == ("failed", "unproven")


def test_what_was_seen_stays(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "seen", fxm)
    story.grow_old(advice)

    assert story.expire_deliveries() == 0


def test_again_finds_nothing_to_do(story: Story) -> None:
    story.grow_old(story.advise(story.session("fxm")))
    story.expire_deliveries()

    assert story.expire_deliveries() == 0
    assert story.told().count("delivery") == 1


def test_it_takes_one_organization_at_a_time(story: Story, tell) -> None:
    other = tell()
    other.grow_old(other.advise(other.session("fxm")))

    assert story.expire_deliveries() == 0
    assert other.expire_deliveries() == 1


def test_where_no_service_runs_a_direct_client_does_it(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:gone")
    story.grow_old(story.advise(fxm))
    with story.client("agent:bot") as bot:
        assert bot.expire_deliveries() == 1

"""polaris.expire_leases: a dead laptop frees its seat."""

from story import Story


def test_seats_whose_lease_ran_out_open_and_it_is_told(story: Story) -> None:
    dead, alive = story.session("dead", driver="agent:bot"), story.session("alive", driver=story.me)
    story.run_out(dead)

    assert story.expire_leases() == 1
    assert story.get_session(actor=None, **dead).seat == "open"
    assert story.get_session(actor=None, **alive).seat == "held"
    told = story.events()[-1]
    assert (told.kind, told.actor, told.epoch) == ("driver.expired", "agent:bot", 1)
    assert told.body == "the lease of agent:bot on dead ran out"
    assert story.rows(
        "select ended_how from polaris_data.seats where org_id = %s and ended_at is not null", story.org
    ) == [("expired",)]


def test_again_finds_nothing_to_do(story: Story) -> None:
    story.run_out(story.session("dead", driver=story.me))
    story.expire_leases()

    assert story.expire_leases() == 0
    assert story.told().count("driver.expired") == 1


def test_it_takes_one_organization_at_a_time(story: Story, tell) -> None:
    other = tell()
    other.run_out(other.session("dead", driver=other.me))

    assert story.expire_leases() == 0
    assert other.expire_leases() == 1


def test_advice_on_its_way_waits_for_the_next_driver(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    story.run_out(fxm)
    story.expire_leases()

    assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).state == "queued"


def test_where_no_service_runs_a_direct_client_does_it(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:gone")
    story.run_out(fxm)
    with story.client("agent:bot") as bot:
        assert bot.expire_leases() == 1

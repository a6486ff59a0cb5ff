"""polaris.archive_session: the seat ends, nothing is deleted."""

from story import Story, event, refused


def test_the_seat_ends_waiting_advice_fails_and_all_is_told(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    waiting, sent = story.advise(fxm), story.advise(fxm)
    story.settle(sent, "sent", fxm)
    before = story.events()[-1].seq
    archived = story.archive_session(actor=story.me, **fxm)

    assert (archived.seat, archived.driver, archived.epoch, archived.advice_waiting) == ("open", None, 1, 0)
    assert archived.archived_at is not None
    told = [(e.kind, e.actor, e.body) for e in story.events(after=before)]
    assert told[0] == ("delivery", "polaris", "queued: the driver left")
    assert told[1] == ("driver.released", "agent:bot", "agent:bot released fxm")
    assert told[2:4] == [("delivery", story.me, "failed: session archived")] * 2
    assert told[4:] == [("session.archived", story.me, "user:manu archived session fxm")]
    for advice in (waiting, sent):
        assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).state == "failed"
    assert story.rows("select ended_how from polaris_data.seats where org_id = %s", story.org) == [("archived",)]


def test_its_maker_its_driver_an_administrator_and_the_service_may(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    for name in ("a", "b", "c", "d"):
        story.session(name)
    story.project("theirs", by=krishna)
    own = story.session("own", driver=krishna, project="theirs")
    driven = story.claim(story.session("a"), krishna)
    with refused(403, "admin_only"):
        story.archive_session(actor=priya, **driven)
    for actor, place in [
        (krishna, own),
        (krishna, driven),
        (story.me, story.session("b")),
        (None, story.session("c")),
    ]:
        assert story.archive_session(actor=actor, **place).archived_at is not None


def test_twice_is_once(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    first = story.archive_session(actor=story.me, **fxm)

    assert story.archive_session(actor=story.me, **fxm) == first


def test_late_events_are_kept_and_its_name_stays_taken(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.archive_session(actor=story.me, **fxm)

    assert story.push(fxm, event("offline"))[0].late
    with refused(409, "session_exists"):
        story.create_session(actor=story.me, **fxm)


def test_one_that_is_not_there(story: Story, tell) -> None:
    theirs = tell().session("fxm", project="theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        story.archive_session(actor=story.me, **theirs)
    with refused(404, "no_such_session"):
        story.archive_session(actor=story.me, project="pj", session="fxm")

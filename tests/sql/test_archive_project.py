"""polaris.archive_project: nothing is deleted, nothing new begins."""

from story import Background, Story, event, refused


def test_its_sessions_are_archived_with_it_and_all_is_told(story: Story) -> None:
    fxm = story.session("fxm", driver="user:manu")
    story.session("fxk")
    advice = story.advise(fxm)
    before = story.get_project(actor=None, project="pj").last_seq
    archived = story.archive_project(actor=story.me, project="pj")

    assert archived.archived_at is not None
    assert archived.sessions == 0
    assert story.told(after=before) == ["driver.released", "delivery", "session.archived", "session.archived"]
    delivery = story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id)
    assert (delivery.state, delivery.reason) == ("failed", "session archived")
    story.check()


def test_nothing_new_begins_in_it(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.archive_project(actor=story.me, project="pj")
    with refused(409, "project_is_archived"):
        story.create_session(actor=story.me, project="pj", session="new")
    with refused(409, "project_is_archived"):
        story.join_session(actor=story.me, project="pj", session="new")
    with refused(409, "project_is_archived"):
        story.say(actor=story.me, project="pj", body="hello")
    with refused(409, "session_is_archived"):
        story.claim_driver(actor=story.me, **fxm)
    with refused(409, "session_is_archived"):
        story.inject(actor=story.me, body="hello", **fxm)


def test_what_an_offline_driver_still_has_is_kept_as_late(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.archive_project(actor=story.me, project="pj")
    (pushed,) = story.push(fxm, event("offline"))

    assert (pushed.created, pushed.late) == (True, True)


def test_the_history_stays_readable(story: Story) -> None:
    story.push(story.session("fxm", driver=story.me), event("a", body="kept"))
    story.archive_project(actor=story.me, project="pj")

    assert "kept" in [e.body for e in story.events()]


def test_twice_is_once(story: Story) -> None:
    story.session("fxm")
    first = story.archive_project(actor=story.me, project="pj")

    assert story.archive_project(actor=story.me, project="pj") == first


def test_its_maker_an_administrator_and_the_service_may(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    for name in ("a", "b", "c"):
        story.project(name, by=krishna)
    with refused(403, "admin_only"):
        story.archive_project(actor=priya, project="a")
    for actor, name in [(krishna, "a"), (story.me, "b"), (None, "c")]:
        assert story.archive_project(actor=actor, project=name).archived_at is not None


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.archive_project(actor=story.me, project="theirs")


def test_what_was_archived_before_stays_archived_when_it_is_restored(story: Story) -> None:
    old = story.session("old")
    story.session("fxm")
    story.archive_session(actor=story.me, **old)
    for _ in range(2):
        story.archive_project(actor=story.me, project="pj")
        story.restore_project(actor=story.me, project="pj")

    assert {s.name: s.archived_at is None for s in story.list_sessions(actor=None, project="pj")} == {
        "old": False,
        "fxm": True,
    }


def test_archived_again_it_ends_what_began_in_between(story: Story) -> None:
    story.session("fxm", driver=story.me)
    story.archive_project(actor=story.me, project="pj")
    story.restore_project(actor=story.me, project="pj")
    again = story.claim(story.session("fxm"), "agent:bot")
    advice = story.advise(again)
    before = story.get_project(actor=None, project="pj").last_seq
    story.archive_project(actor=story.me, project="pj")

    assert story.told(after=before) == ["driver.released", "delivery", "session.archived"]
    assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).reason == "session archived"
    assert story.get_session(actor=None, **again).driver is None
    story.check()


def test_what_was_archived_while_it_waited_for_its_sessions_was_not_archived_with_it(
    story: Story, background: Background
) -> None:
    fxm, fxk = story.session("fxm"), story.session("fxk")
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.inject(actor=story.me, body="holds the session", **fxm)
            archiving = background.start(other.archive_project, actor=story.me, project="pj")
            background.until_waiting(other, archiving)
            one.archive_session(actor=story.me, **fxm)
        background.answer(archiving)
    story.restore_project(actor=story.me, project="pj")

    assert [story.get_session(actor=None, **place).archived_at is None for place in (fxm, fxk)] == [False, True]


def test_a_private_one_is_archived_by_those_who_see_it(story: Story) -> None:
    krishna = story.member("krishna")
    story.create_project(actor=story.me, name="pj", visibility="private")
    with refused(404, "no_such_project"):
        story.archive_project(actor=krishna, project="pj")
    story.add_project_member(actor=story.me, project="pj", member=krishna)
    with refused(403, "admin_only"):
        story.archive_project(actor=krishna, project="pj")

    assert story.archive_project(actor=story.me, project="pj").visibility == "private"

"""polaris.restore_project: an archived project is opened again, as it was."""

from story import Place, Story, event, refused


def test_it_and_the_sessions_that_were_archived_with_it_are_back(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.session("fxk")
    story.session("before")
    story.archive_session(actor=story.me, project="pj", session="before")
    story.archive_project(actor=story.me, project="pj")
    head = story.get_project(actor=None, project="pj").last_seq
    restored = story.restore_project(actor=story.me, project="pj")

    assert (restored.archived_at, restored.sessions) == (None, 2)
    archived = {s.name: s.archived_at is not None for s in story.list_sessions(actor=None, project="pj")}
    assert archived == {"before": True, "fxk": False, "fxm": False}
    assert [(e.kind, e.session, e.actor, e.speaker, e.body) for e in story.events(after=head)] == [
        ("notice", name, story.me, "polaris", f"{story.me} restored session {name}") for name in ("fxm", "fxk")
    ]
    assert story.get_session(actor=None, **fxm).driver is None
    story.check()


def test_work_goes_on_in_it(story: Story) -> None:
    old = story.session("fxm", driver=story.me)
    story.archive_project(actor=story.me, project="pj")
    story.restore_project(actor=story.me, project="pj")
    new = story.claim(old, "agent:bot")
    (late,) = story.push(old, event("late"))
    (pushed,) = story.push(new, event("a"))
    story.create_session(actor=story.me, project="pj", session="new")

    assert new.epoch == old.epoch + 1
    assert (late.late, pushed.late) == (True, False)
    assert story.advise(new).state == "queued"
    assert story.say(actor=story.me, project="pj", body="hello").created


def test_archived_restored_and_archived_again_each_is_told(story: Story) -> None:
    story.session("fxm", driver=story.me)
    before = story.get_project(actor=None, project="pj").last_seq
    for _ in range(3):
        story.archive_project(actor=story.me, project="pj")
        story.restore_project(actor=story.me, project="pj")
    story.archive_project(actor=story.me, project="pj")

    assert story.told(after=before) == ["driver.released", *(["session.archived", "notice"] * 3), "session.archived"]
    assert story.get_project(actor=None, project="pj").sessions == 0
    with refused(409, "session_is_archived"):
        story.claim_driver(actor=story.me, **Place("pj", "fxm"))
    story.check()


def test_advice_that_failed_stays_failed(story: Story) -> None:
    advice = story.advise(story.session("fxm"))
    story.archive_project(actor=story.me, project="pj")
    story.restore_project(actor=story.me, project="pj")

    assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).state == "failed"


def test_twice_is_once(story: Story) -> None:
    story.session("fxm")
    story.archive_project(actor=story.me, project="pj")
    first = story.restore_project(actor=story.me, project="pj")

    assert story.restore_project(actor=story.me, project="pj") == first


def test_one_that_is_not_archived_stays_as_it_is_and_so_do_its_archived_sessions(story: Story) -> None:
    story.session("fxm", driver=story.me)
    story.archive_session(actor=story.me, **story.session("fxk"))
    before = story.events()
    story.restore_project(actor=story.me, project="pj")

    assert story.events() == before
    assert story.get_session(actor=None, project="pj", session="fxk").archived_at is not None


def test_a_private_one_is_private_still(story: Story) -> None:
    krishna = story.member("krishna")
    story.create_project(actor=story.me, name="pj", visibility="private")
    story.archive_project(actor=story.me, project="pj")

    assert story.restore_project(actor=story.me, project="pj").visibility == "private"
    with refused(404, "no_such_project"):
        story.restore_project(actor=krishna, project="pj")


def test_its_maker_an_administrator_and_the_service_may(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    for name in ("a", "b", "c"):
        story.project(name, by=krishna)
        story.archive_project(actor=krishna, project=name)
    with refused(403, "admin_only"):
        story.restore_project(actor=priya, project="a")
    for actor, name in [(krishna, "a"), (story.me, "b"), (None, "c")]:
        assert story.restore_project(actor=actor, project=name).archived_at is None


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.restore_project(actor=story.me, project="theirs")

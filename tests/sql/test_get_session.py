"""polaris.get_session: one session."""

from story import Story, event, refused


def test_it_tells_driver_epoch_and_what_waits(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.session("fxk")
    story.push(fxm, event("a"))
    story.advise(fxm)
    last = story.events()[-1].seq
    session = story.get_session(actor=story.me, **fxm)

    assert (session.driver, session.epoch, session.seat) == (story.me, 1, "held")
    assert (session.last_seq, session.advice_waiting) == (last, 1)
    assert session.lease_until > session.created_at


def test_one_that_is_not_there(story: Story, tell) -> None:
    other = tell()
    other.session("theirs", project="pj")
    other.project("theirs")
    story.project("pj")
    for project, session, code in [
        ("pj", "theirs", "no_such_session"),
        ("pj", None, "no_such_session"),
        ("theirs", "fxm", "no_such_project"),
        (None, "fxm", "no_such_project"),
    ]:
        with refused(404, code):
            story.get_session(actor=story.me, project=project, session=session)

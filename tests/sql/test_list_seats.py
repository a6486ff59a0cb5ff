"""polaris.list_seats: who drove a session."""

from story import Story, refused


def test_the_newest_seat_comes_first_and_says_how_the_others_ended(story: Story) -> None:
    krishna = story.member("krishna")
    fxm = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, **fxm)
    story.claim_driver(actor=krishna, **fxm)
    seats = [(s.epoch, s.driver, s.ended_how) for s in story.list_seats(actor=story.me, **fxm)]

    assert seats == [(2, krishna, None), (1, story.me, "released")]


def test_a_limit_takes_the_newest(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, **fxm)
    story.claim_driver(actor=story.me, **fxm)

    assert [s.epoch for s in story.list_seats(actor=story.me, limit=1, **fxm)] == [2]
    with refused(422, "limit_is_sane"):
        story.list_seats(actor=story.me, limit=0, **fxm)


def test_a_session_that_nobody_drove_has_none(story: Story) -> None:
    assert story.list_seats(actor=story.me, **story.session("fxm")) == []


def test_a_foreign_project_is_not_there(story: Story, tell) -> None:
    tell().session("fxm", project="theirs")
    with refused(404, "no_such_project"):
        story.list_seats(actor=story.me, project="theirs", session="fxm")
    story.project()
    with refused(404, "no_such_session"):
        story.list_seats(actor=story.me, project="pj", session="nowhere")

"""polaris.list_seat_requests: who asked, and what became of it."""

import pytest
from story import Story, refused


def test_of_a_session_and_of_a_project_the_oldest_first(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver="agent:bot")
    first = story.ask_seat(actor="agent:one", note="first", **fxm)
    second = story.ask_seat(actor="agent:one", **fxk)
    third = story.ask_seat(actor="agent:other", **fxm)
    story.answer_seat_request(actor=story.me, request=first.seq, answer="decline", **fxm)

    assert [(r.seq, r.ended_how, r.note) for r in story.list_seat_requests(actor="agent:any", **fxm)] == [
        (first.seq, "declined", "first"),
        (third.seq, None, ""),
    ]
    assert [(r.seq, r.session) for r in story.list_seat_requests(actor=None, project="pj")] == [
        (first.seq, "fxm"),
        (second.seq, "fxk"),
        (third.seq, "fxm"),
    ]
    assert [r.seq for r in story.list_seat_requests(actor=None, project="pj", limit=1)] == [third.seq]


@pytest.mark.parametrize("limit", [0, 1001, None])
def test_a_page_has_its_size(story: Story, limit: int | None) -> None:
    with refused(422, "limit_is_sane"):
        story.list_seat_requests(actor=None, limit=limit, **story.session("fxm"))


def test_one_that_is_not_there(story: Story) -> None:
    story.project("pj")
    with refused(404, "no_such_session"):
        story.list_seat_requests(actor=None, project="pj", session="fxm")
    with refused(404, "no_such_project"):
        story.list_seat_requests(actor=None, project="nope")

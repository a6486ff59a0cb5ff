"""polaris.mark_read: how far somebody has read a floor."""

import pytest
from story import Story, refused


@pytest.fixture
def five(story: Story) -> Story:
    story.project("pj")
    for n in range(5):
        story.say(actor=story.me, project="pj", body=f"line {n}")
    return story


def test_the_mark_rises_and_never_falls(five: Story) -> None:
    marks = [five.mark_read(actor=five.me, project="pj", seq=seq) for seq in (2, 4, 3, 5)]

    assert marks == [2, 4, 4, 5]
    assert five.get_read_mark(actor=five.me, project="pj") == 5


@pytest.mark.parametrize(("seq", "mark"), [(6, 5), (10**12, 5), (0, 0), (-7, 0), (None, 0)])
def test_it_stays_within_what_there_is(five: Story, seq: int | None, mark: int) -> None:
    assert five.mark_read(actor=five.me, project="pj", seq=seq) == mark


def test_each_has_its_own_in_each_project(five: Story) -> None:
    five.project("other")
    five.say(actor=five.me, project="other", body="hello")
    five.mark_read(actor=five.me, project="pj", seq=3)
    five.mark_read(actor="agent:bot", project="pj", seq=1)
    five.mark_read(actor=five.me, project="other", seq=1)

    assert five.get_read_mark(actor=five.me, project="pj") == 3
    assert five.get_read_mark(actor="agent:bot", project="pj") == 1
    assert five.get_read_mark(actor=five.me, project="other") == 1


def test_an_archived_project_is_read_too(five: Story) -> None:
    five.archive_project(actor=five.me, project="pj")

    assert five.mark_read(actor=five.me, project="pj", seq=5) == 5


def test_somebody_has_read_it(five: Story) -> None:
    with refused(422, "actor_is_a_participant"):
        five.mark_read(actor=None, project="pj", seq=1)


def test_a_direct_client_marks_its_own(five: Story) -> None:
    five.member("krishna")
    with five.client("user:krishna") as krishna:
        assert krishna.mark_read(actor=None, project="pj", seq=4) == 4

    assert five.get_read_mark(actor="user:krishna", project="pj") == 4
    assert five.get_read_mark(actor=five.me, project="pj") == 0


def test_it_writes_no_event(five: Story) -> None:
    before = five.events()
    five.mark_read(actor=five.me, project="pj", seq=4)

    assert five.events() == before


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.mark_read(actor=story.me, project="theirs", seq=1)

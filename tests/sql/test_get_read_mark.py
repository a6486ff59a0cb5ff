"""polaris.get_read_mark: how far the caller has read a floor."""

from story import Story, refused


def test_who_never_read_it_has_read_nothing(story: Story) -> None:
    story.project("pj")
    story.say(actor=story.me, project="pj", body="hello")

    assert [story.get_read_mark(actor=actor, project="pj") for actor in (story.me, "agent:bot", None)] == [0, 0, 0]


def test_it_is_what_was_marked(story: Story) -> None:
    story.project("pj")
    story.say(actor=story.me, project="pj", body="hello")
    story.mark_read(actor=story.me, project="pj", seq=1)

    assert story.get_read_mark(actor=story.me, project="pj") == 1


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.get_read_mark(actor=story.me, project="theirs")

"""polaris.get_project: one project."""

import pytest
from story import Story, event, refused


def test_it_tells_the_numbers_and_the_open_sessions(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.session("old")
    story.archive_session(actor=story.me, project="pj", session="old")
    story.push(fxm, event("a"))
    project = story.get_project(actor=story.me, project="pj")

    assert (project.name, project.sessions) == ("pj", 1)
    assert (project.first_seq, project.last_seq) == (1, len(story.events()))


@pytest.mark.parametrize("name", ["nope", "", None, "PJ"])
def test_one_that_is_not_there(story: Story, name: str | None) -> None:
    story.project("pj")
    with refused(404, "no_such_project"):
        story.get_project(actor=story.me, project=name)


def test_a_foreign_one_is_not_there(story: Story, tell) -> None:
    story.project("pj")
    with refused(404, "no_such_project"):
        tell().get_project(actor="user:manu", project="pj")

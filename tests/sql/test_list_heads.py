"""polaris.list_heads: the net under the notifications."""

from story import Story


def test_it_tells_the_last_and_first_numbers_of_the_projects_asked_for(story: Story, tell) -> None:
    story.session("fxm", project="a", driver=story.me)
    story.project("b")
    story.project("c")
    other = tell()
    other.project("theirs")
    a, b = story.project_id("a"), story.project_id("b")

    assert sorted(story.list_heads(projects=[a, b, other.project_id("theirs"), -1])) == [(a, 2, 1), (b, 0, 1)]
    assert story.list_heads(projects=[]) == []

"""polaris.list_projects: what the caller may see."""

from story import Story


def test_it_lists_the_organizations_projects_by_name(story: Story, tell) -> None:
    tell().project("foreign")
    for name in ("b", "c", "a"):
        story.project(name)
    story.archive_project(actor=story.me, project="c")
    listed = [(p.name, p.archived_at is None) for p in story.list_projects(actor=story.me)]

    assert listed == [("a", True), ("b", True), ("c", False)]


def test_a_new_organization_has_none(story: Story) -> None:
    assert story.list_projects() == []

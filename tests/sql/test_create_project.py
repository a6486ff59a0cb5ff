"""polaris.create_project: a pool of context."""

import pytest
from story import Story, refused


def test_anybody_of_the_organization_makes_one(story: Story) -> None:
    made = story.create_project(actor="agent:bot", name="pj")

    assert (made.org_id, made.name, made.created_by, made.archived_at) == (story.org, "pj", "agent:bot", None)
    assert (made.last_seq, made.first_seq, made.sessions) == (0, 1, 0)


def test_the_service_itself_is_called_polaris(story: Story) -> None:
    assert story.create_project(actor=None, name="pj").created_by == "polaris"


def test_a_name_is_taken_once_in_an_organization(story: Story, tell) -> None:
    story.project("pj")
    with refused(409, "project_exists"):
        story.create_project(actor=story.me, name="pj")

    assert tell().project("pj") == "pj"


@pytest.mark.parametrize("name", ["PJ", "p j", "", None, "-pj", "p" * 64, "pj\n", "ü", "p/j"])
def test_a_name_is_a_slug(story: Story, name: str | None) -> None:
    with refused(422, "name_is_a_slug"):
        story.create_project(actor=story.me, name=name)


def test_an_archived_projects_name_stays_taken(story: Story) -> None:
    story.project("pj")
    story.archive_project(actor=story.me, project="pj")
    with refused(409, "project_exists"):
        story.create_project(actor=story.me, name="pj")

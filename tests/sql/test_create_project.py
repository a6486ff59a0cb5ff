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


def test_it_is_open_to_the_organization_unless_it_is_said_to_be_private(story: Story) -> None:
    assert story.create_project(actor=story.me, name="a").visibility == "org"
    assert story.create_project(actor=story.me, name="b", visibility="org").visibility == "org"
    assert story.create_project(actor=story.me, name="c", visibility="private").visibility == "private"


@pytest.mark.parametrize("maker", ["user:krishna", "agent:bot"])
def test_whoever_makes_a_private_one_is_its_first_member(story: Story, maker: str) -> None:
    story.member("krishna")
    story.create_project(actor=maker, name="pj", visibility="private")

    assert [(m.actor, m.added_by) for m in story.list_project_members(actor=maker, project="pj")] == [(maker, maker)]
    with refused(404, "no_such_project"):
        story.get_project(actor="agent:outsider", project="pj")


def test_one_that_the_service_makes_private_has_no_members(story: Story) -> None:
    story.create_project(actor=None, name="pj", visibility="private")

    assert story.list_project_members(actor=story.me, project="pj") == []


def test_the_list_of_an_open_one_is_empty(story: Story) -> None:
    story.project("pj")

    assert story.list_project_members(actor=story.me, project="pj") == []


@pytest.mark.parametrize("visibility", ["", "public", "ORG", None])
def test_a_visibility_is_one_of_two(story: Story, visibility: str | None) -> None:
    with refused(422, "visibility_is_known"):
        story.create_project(actor=story.me, name="pj", visibility=visibility)

    assert story.list_projects() == []

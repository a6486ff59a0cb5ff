"""polaris.add_project_member: who else may see a private project."""

import pytest
from story import Story, refused


@pytest.fixture
def krishna(story: Story) -> str:
    """A member who has made a private project, pj."""
    krishna = story.member("krishna")
    story.create_project(actor=krishna, name="pj", visibility="private")
    return krishna


def test_it_says_who_was_added_by_whom(story: Story, krishna: str) -> None:
    priya = story.member("priya")
    added = story.add_project_member(actor=krishna, project="pj", member=priya)

    assert (added.actor, added.added_by) == (priya, krishna)
    assert story.get_project(actor=priya, project="pj").name == "pj"


@pytest.mark.parametrize("member", ["agent:test-writer", "slack:guest"])
def test_agents_and_slack_are_participants_too(story: Story, krishna: str, member: str) -> None:
    story.add_project_member(actor=krishna, project="pj", member=member)

    assert story.get_project(actor=member, project="pj").name == "pj"


def test_twice_is_once(story: Story, krishna: str) -> None:
    first = story.add_project_member(actor=krishna, project="pj", member="agent:bot")
    before = story.rows("select count(*) from polaris_data.audit where org_id = %s", story.org)

    assert story.add_project_member(actor=story.me, project="pj", member="agent:bot") == first
    assert story.rows("select count(*) from polaris_data.audit where org_id = %s", story.org) == before


def test_its_maker_an_administrator_and_the_service_may(story: Story, krishna: str) -> None:
    priya = story.member("priya")
    for number, actor in enumerate([krishna, story.me, None]):
        added = story.add_project_member(actor=actor, project="pj", member=f"agent:a{number}")

        assert added.added_by == (actor or "polaris")
    story.add_project_member(actor=krishna, project="pj", member=priya)
    for actor in (priya, "agent:a0"):
        with refused(403, "admin_only"):
            story.add_project_member(actor=actor, project="pj", member="agent:extra")


def test_a_list_may_be_written_before_the_project_is_closed(story: Story) -> None:
    priya = story.member("priya")
    story.project("pj")
    story.add_project_member(actor=story.me, project="pj", member=priya)
    story.set_visibility(actor=story.me, project="pj", visibility="private")

    assert story.get_project(actor=priya, project="pj").visibility == "private"


def test_nobody_who_is_not_there_is_added(story: Story, krishna: str) -> None:
    gone = story.member("gone")
    story.remove_member(actor=story.me, handle="gone")
    for member in ("user:nobody", gone):
        with refused(404, "no_such_member"):
            story.add_project_member(actor=krishna, project="pj", member=member)


@pytest.mark.parametrize("member", [None, "", "priya", "bot:x", "user:Priya"])
def test_it_is_a_participant(story: Story, krishna: str, member: str | None) -> None:
    with refused(422, "actor_is_a_participant"):
        story.add_project_member(actor=krishna, project="pj", member=member)


def test_who_left_the_organization_is_not_on_the_list_when_they_come_back(story: Story, krishna: str) -> None:
    priya = story.member("priya")
    story.add_project_member(actor=krishna, project="pj", member=priya)
    story.remove_member(actor=story.me, handle="priya")
    story.owner.execute("update polaris_data.members set removed_at = null where org_id = %s", [story.org])
    with refused(404, "no_such_project"):
        story.get_project(actor=priya, project="pj")


def test_it_is_in_the_audit_log(story: Story, krishna: str) -> None:
    story.add_project_member(actor=krishna, project="pj", member="agent:bot")

    assert story.audited()[-1] == (krishna, "project.member_added", "agent:bot", {"project": "pj"})


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.add_project_member(actor=story.me, project="theirs", member="agent:bot")

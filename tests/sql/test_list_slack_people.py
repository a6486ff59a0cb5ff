"""polaris.list_slack_people: people of the workspace, and who they are here."""

from typing import Any

import pytest
from people import joined
from slack_story import Workspace
from story import Story, refused


def test_full_members_of_the_workspace_come_first_by_name(story: Story) -> None:
    work = Workspace(story)
    for name, standing in [("Bot", "bot"), ("Zoe", "full"), ("Adam", "full"), ("Guest", "guest")]:
        work.person(name, standing=standing)

    assert [row.name for row in work.list_slack_people()] == ["Adam", "Zoe", "Bot", "Guest"]


def test_some_of_them(story: Story) -> None:
    work = Workspace(story)
    adam, _ = work.person("Adam"), work.person("Zoe")

    assert [row.name for row in work.list_slack_people(users=[adam, "U-nobody"])] == ["Adam"]
    assert work.list_slack_people(users=[]) == []


def test_those_who_are_these_members(story: Story) -> None:
    work = Workspace(story)
    for handle in ("krishna", "priya"):
        joined(story, handle)
    for name in ("krishna", "priya", "nobody"):
        work.person(name, f"{name}@acme.example")

    assert [row.name for row in work.list_slack_people(members=["priya", "nobody"])] == ["priya"]
    assert work.list_slack_people(members=[]) == []


def test_it_says_as_whom_each_speaks(story: Story) -> None:
    work = Workspace(story)
    joined(story, "krishna")
    for name, email, standing in [
        ("Adam", None, "full"),
        ("Krishna", "krishna@acme.example", "full"),
        ("Zoe", "krishna@acme.example", "guest"),
    ]:
        work.person(name, email, standing)

    assert [row.actor for row in work.list_slack_people()] == ["slack:adam", "user:krishna", None]


def test_only_administrators_read_addresses(story: Story, tell: Any) -> None:
    work = Workspace(story)
    work.person("Krishna", "krishna@acme.example")
    other = tell()
    other.member("boss", role="admin")
    for actor in (story.member("priya"), "agent:bot", "slack:krishna", "user:boss"):
        with refused(403, "admin_only"):
            work.list_slack_people(actor=actor)

    assert len(work.list_slack_people(actor=None)) == 1


def test_those_of_another_organization_are_not_there(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story), Workspace(tell())
    user = theirs.person("Krishna")

    assert work.list_slack_people(users=[user]) == []


@pytest.mark.parametrize("standing", ["guest", "stranger", "bot", "deleted"])
def test_who_is_not_heard_is_known_and_nobody(story: Story, standing: str) -> None:
    work = Workspace(story)
    user = work.person("X", standing=standing)

    assert [(row.standing, row.actor) for row in work.list_slack_people(users=[user])] == [(standing, None)]


def test_members_speak_as_themselves_and_others_as_somebody_of_slack(story: Story) -> None:
    work = Workspace(story)
    joined(story, "krishna")
    member, other = work.person("Krishna", "krishna@acme.example"), work.person("Krishna")
    actors = {row.user_id: row.actor for row in work.list_slack_people(users=[member, other])}

    assert actors == {member: "user:krishna", other: "slack:krishna-2"}


def test_an_organization_may_hear_its_members_only(story: Story) -> None:
    work = Workspace(story)
    joined(story, "krishna")
    member, other = work.person("Krishna", "krishna@acme.example"), work.person("Priya")
    work.set_slack(hears_everybody=False)
    actors = {row.user_id: row.actor for row in work.list_slack_people(users=[member, other])}

    assert actors == {member: "user:krishna", other: None}


def test_a_member_who_was_removed_speaks_as_somebody_of_slack(story: Story) -> None:
    work = Workspace(story)
    joined(story, "krishna")
    user = work.person("Krishna", "krishna@acme.example")
    work.map_slack_person(user=user, member="krishna")
    story.remove_member(actor=story.me, handle="krishna")

    assert [row.actor for row in work.list_slack_people(users=[user])] == ["slack:krishna"]


def test_somebody_who_was_never_looked_up_is_no_row(story: Story) -> None:
    assert Workspace(story).list_slack_people(users=["U-nobody"]) == []

"""polaris.list_slack_people: people of the workspace, and who they are here."""

from typing import Any

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

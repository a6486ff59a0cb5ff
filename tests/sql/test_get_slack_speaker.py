"""polaris.get_slack_speaker: as whom a person of the workspace speaks."""

from typing import Any

import pytest
from people import joined
from slack_story import Workspace
from story import Story


def speaker(work: Workspace, user: str) -> tuple[Any, ...]:
    (row,) = work.get_slack_speaker(user=user)
    return (row.standing, row.actor)


def test_members_speak_as_themselves_and_others_as_somebody_of_slack(story: Story) -> None:
    work = Workspace(story)
    joined(story, "krishna")
    member, other = work.person("Krishna", "krishna@acme.example"), work.person("Krishna")

    assert [speaker(work, user) for user in (member, other)] == [("full", "user:krishna"), ("full", "slack:krishna-2")]


@pytest.mark.parametrize("standing", ["guest", "stranger", "bot", "deleted"])
def test_who_is_not_heard_is_known_and_nobody(story: Story, standing: str) -> None:
    work = Workspace(story)

    assert speaker(work, work.person("X", standing=standing)) == (standing, None)


def test_an_organization_may_hear_its_members_only(story: Story) -> None:
    work = Workspace(story)
    joined(story, "krishna")
    member, other = work.person("Krishna", "krishna@acme.example"), work.person("Priya")
    work.set_slack(hears_everybody=False)

    assert [speaker(work, user)[1] for user in (member, other)] == ["user:krishna", None]


def test_somebody_who_was_never_looked_up_is_no_row(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story), Workspace(tell())
    foreign = theirs.person("Krishna")

    assert work.get_slack_speaker(user="U-nobody") == []
    assert work.get_slack_speaker(user=foreign) == []

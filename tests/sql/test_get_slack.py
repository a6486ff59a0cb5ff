"""polaris.get_slack: the workspace of an organization, as it may be shown."""

from typing import Any

from slack_story import Workspace
from story import Story


def test_members_see_it(story: Story) -> None:
    work = Workspace(story)
    for actor in (story.me, story.member("priya"), None):
        (row,) = story.get_slack(actor=actor)

        assert (row.org_id, row.team_id, row.state, row.holder) == (story.org, work.team, "connected", "bridge-1")


def test_nobody_else_does(story: Story, tell: Any) -> None:
    Workspace(story)
    gone = story.member("gone")
    story.remove_member(actor=story.me, handle="gone")
    stranger = tell().member("stranger")
    for actor in (gone, stranger, "agent:bot", "slack:krishna", "user:nobody"):
        assert story.get_slack(actor=actor) == []


def test_there_may_be_none(story: Story, tell: Any) -> None:
    Workspace(tell())

    assert story.get_slack(actor=story.me) == []


def test_one_that_was_disconnected_is_told_with_the_reason(story: Story) -> None:
    work = Workspace(story)
    work.disconnect_slack(reason="tokens_revoked")
    (row,) = story.get_slack(actor=story.me)

    assert (row.state, row.reason, row.name) == ("disconnected", "tokens_revoked", "Acme")

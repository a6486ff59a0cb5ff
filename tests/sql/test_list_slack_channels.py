"""polaris.list_slack_channels: the projects with their channels, as far as the caller may see them."""

from typing import Any

from slack_story import Workspace
from story import Story, event


def names(work: Workspace, actor: str | None) -> list[str]:
    return [row.project for row in work.list_slack_channels(actor=actor)]


def test_every_project_is_there_with_or_without_a_channel(story: Story) -> None:
    work = Workspace(story)
    story.project("none-yet")
    story.session("fxm", driver="agent:bot", project="pj")
    channel = work.channel("pj", name="polaris-pj")
    none, pj = work.list_slack_channels()

    assert (none.channel_id, none.name, none.state, none.level, none.hears, none.shown) == (
        None,
        "none-yet",
        "missing",
        "all",
        True,
        True,
    )
    assert (pj.channel_id, pj.name, pj.state, pj.sessions, pj.last_seq) == (channel, "polaris-pj", "live", 1, 2)


def test_archived_sessions_count_because_there_was_one(story: Story) -> None:
    work = Workspace(story)
    story.session("fxm")
    story.archive_session(actor=story.me, project="pj", session="fxm")

    assert work.room("pj").sessions == 1


def test_what_is_private_or_archived_is_not_shown_in_slack(story: Story) -> None:
    work = Workspace(story)
    for project in ("closed", "over", "pj"):
        work.channel(project)
    story.set_visibility(actor=story.me, project="closed", visibility="private")
    story.archive_project(actor=story.me, project="over")

    assert [(row.project, row.shown) for row in work.list_slack_channels()] == [
        ("closed", False),
        ("over", False),
        ("pj", True),
    ]


def test_a_private_project_is_there_for_those_on_its_list(story: Story) -> None:
    work = Workspace(story)
    priya = story.member("priya")
    work.channel("closed")
    story.set_visibility(actor=story.me, project="closed", visibility="private")
    story.add_project_member(actor=story.me, project="closed", member="slack:krishna")

    seen = {actor: names(work, actor) for actor in (story.me, None, "slack:krishna", priya, "slack:other")}
    assert seen == {
        story.me: ["closed"],
        None: ["closed"],
        "slack:krishna": ["closed"],
        priya: [],
        "slack:other": [],
    }


def test_a_project_from_before_the_connection_is_told_from_now_on(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot", project="before")
    story.push(fxm, event("a"))
    work = Workspace(story)
    story.session("fxm", driver="agent:bot", project="since")

    assert (work.room("before").cursor, work.room("since").cursor) == (work.room("before").last_seq, 0)


def test_without_a_workspace_projects_have_no_channels(story: Story) -> None:
    story.project("pj")
    (row,) = story.list_slack_channels(actor=None)

    assert (row.channel_id, row.state) == (None, "missing")


def test_those_of_another_organization_are_not_there(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story), Workspace(tell())
    theirs.channel("pj")

    assert work.list_slack_channels() == []

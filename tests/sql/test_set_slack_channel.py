"""polaris.set_slack_channel: what people want of a project's channel."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_story import Workspace
from story import Story, event, refused


@pytest.fixture
def work(story: Story) -> Workspace:
    """A workspace with the channel of a project that has a session."""
    work = Workspace(story)
    story.session("fxm", driver="agent:bot")
    work.channel("pj")
    return work


def test_what_is_null_stays(work: Workspace) -> None:
    row = work.set_slack_channel(project="pj", level="final-only")
    assert (row.project, row.level, row.hears, row.state) == ("pj", "final-only", True, "live")

    row = work.set_slack_channel(project="pj", hears=False)
    assert (row.level, row.hears) == ("final-only", False)


def test_whoever_sees_the_project_sets_the_level(story: Story, work: Workspace) -> None:
    for actor in (story.member("priya"), "agent:bot", "slack:krishna", None):
        for level in ("muted", "all"):
            assert work.set_slack_channel(actor=actor, project="pj", level=level).level == level


@pytest.mark.parametrize("wish", [{"hears": True}, {"hears": False}, {"again": True}, {"again": False}])
def test_what_is_heard_and_whether_it_comes_back_is_the_administrators(
    story: Story, work: Workspace, wish: dict[str, bool]
) -> None:
    for actor in (story.member("priya"), "agent:bot", "slack:krishna"):
        with refused(403, "admin_only"):
            work.set_slack_channel(actor=actor, project="pj", level="muted", **wish)

    assert work.room().level == "all"
    work.set_slack_channel(project="pj", **wish)


@pytest.mark.parametrize("level", ["", "ALL", "final", "none"])
def test_a_level_is_one_of_four(work: Workspace, level: str) -> None:
    with refused(422, "level_is_known"):
        work.set_slack_channel(project="pj", level=level)


@pytest.mark.parametrize("level", ["muted", "digest"])
def test_what_waits_is_given_up_when_the_channel_becomes_quiet(story: Story, work: Workspace, level: str) -> None:
    work.post("pj", "waits")
    work.set_slack_channel(project="pj", level="final-only")
    assert [post.state for post in work.posts()] == ["waiting"]

    work.set_slack_channel(project="pj", level=level)
    assert [(post.state, post.reason) for post in work.posts()] == [("dropped", level)]


def test_another_projects_posts_stay(story: Story, work: Workspace) -> None:
    work.channel("other")
    work.post("pj", "waits")
    work.set_slack_channel(project="other", level="muted")

    assert [post.state for post in work.posts()] == ["waiting"]


# The digest


def test_the_first_digest_comes_at_the_next_hour_that_was_set(work: Workspace) -> None:
    soon = datetime.now(UTC) + timedelta(hours=2)
    work.set_slack(digest_hour=soon.hour)
    due = work.set_slack_channel(project="pj", level="digest").digest_at.astimezone(UTC)

    assert due == soon.replace(minute=0, second=0, microsecond=0)
    work.set_slack_channel(project="pj", level="all")
    past = datetime.now(UTC) - timedelta(hours=1)
    work.set_slack(digest_hour=past.hour)
    due = work.set_slack_channel(project="pj", level="digest").digest_at.astimezone(UTC)
    assert due == past.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)


def test_one_that_is_due_is_not_put_off_by_another_wish(story: Story, work: Workspace) -> None:
    work.set_slack_channel(project="pj", level="digest")
    story.owner.execute(
        "update polaris_data.slack_channels set digest_at = clock_timestamp() - interval '1 minute' where org_id = %s",
        [story.org],
    )
    due = work.room().digest_at

    for wish in ({"level": "digest"}, {"hears": False}):
        assert work.set_slack_channel(project="pj", **wish).digest_at == due
    assert work.set_slack_channel(project="pj", level="all").digest_at is None


# A channel that rested


@pytest.mark.parametrize(("state", "keeps"), [("left", True), ("refused", True), ("archived", False)])
def test_the_bridge_goes_back_or_makes_another_and_tells_from_then_on(
    story: Story, work: Workspace, state: str, keeps: bool
) -> None:
    channel = work.room().channel_id
    work.post("pj", "waits")
    work.channel("pj", state=state, channel=channel, reason="so it was")
    story.advise(story.session("fxm"), "while it rested")
    row = work.set_slack_channel(project="pj", again=True)

    assert (row.state, row.reason, row.channel_id) == ("missing", None, channel if keeps else None)
    assert row.cursor == row.last_seq
    assert [post.state for post in work.posts()] == ["dropped"]


def test_a_channel_that_does_not_rest_is_left_alone(story: Story, work: Workspace) -> None:
    before = work.room()
    work.post("pj", "waits")

    assert work.set_slack_channel(project="pj", again=True).state == "live"
    assert (work.room().channel_id, [post.state for post in work.posts()]) == (before.channel_id, ["waiting"])


# What is not there


def test_a_project_without_a_channel(story: Story, work: Workspace) -> None:
    story.project("other")
    with refused(404, "no_such_channel"):
        work.set_slack_channel(project="other", level="muted")


def test_a_project_that_is_not_there(work: Workspace, tell: Any) -> None:
    theirs = Workspace(tell())
    theirs.channel("theirs")
    for project in ("nope", "theirs", None):
        with refused(404, "no_such_project"):
            work.set_slack_channel(project=project, level="muted")

    assert theirs.room("theirs").level == "all"


def test_a_private_project_is_not_there_for_outsiders(story: Story, work: Workspace) -> None:
    priya = story.member("priya")
    story.set_visibility(actor=story.me, project="pj", visibility="private")
    for actor in (priya, "slack:krishna"):
        with refused(404, "no_such_project"):
            work.set_slack_channel(actor=actor, project="pj", level="muted")


def test_it_is_told_and_noted(story: Story, work: Workspace) -> None:
    with story.listening("polaris_control") as heard:
        work.set_slack_channel(actor="slack:krishna", project="pj", level="muted")

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')]
    assert story.audited()[-1] == ("slack:krishna", "slack.channel", "pj", {"level": "muted"})


# What was said in private


def test_what_waits_is_given_up_when_the_project_is_closed(story: Story, work: Workspace) -> None:
    work.post("pj", "waits")
    story.set_visibility(actor=story.me, project="pj", visibility="private")

    assert [(post.state, post.reason) for post in work.posts()] == [("dropped", "the project is private")]


def test_what_was_said_while_it_was_closed_is_not_told_when_it_is_opened(story: Story, work: Workspace) -> None:
    fxm = story.claim(story.session("fxk"), "agent:bot")
    story.set_visibility(actor=story.me, project="pj", visibility="private")
    story.add_project_member(actor=story.me, project="pj", member="agent:bot")
    fxm = story.claim(fxm, "agent:bot")
    story.push(fxm, event("in-private"))
    story.set_visibility(actor=story.me, project="pj", visibility="org")
    story.push(fxm, event("in-public"))

    assert work.room().last_seq - work.room().cursor == 1

"""polaris.set_slack: how a workspace is used."""

from datetime import UTC, datetime, timedelta

import pytest
from slack_story import Workspace
from story import Story, refused


def test_what_is_null_stays(story: Story) -> None:
    work = Workspace(story)
    row = work.set_slack(threads_turns=True, digest_hour=0)

    assert (row.hears_everybody, row.invites_drivers, row.threads_turns, row.digest_hour) == (True, True, True, 0)
    row = work.set_slack(hears_everybody=False, invites_drivers=False)
    assert (row.hears_everybody, row.invites_drivers, row.threads_turns, row.digest_hour) == (False, False, True, 0)


def test_only_administrators_change_it(story: Story) -> None:
    work = Workspace(story)
    for actor in (story.member("priya"), "agent:bot", "slack:krishna"):
        with refused(403, "admin_only"):
            work.set_slack(actor=actor, threads_turns=True)

    assert work.get_slack()[0].threads_turns is False


@pytest.mark.parametrize("hour", [-1, 24, 1000])
def test_an_hour_is_one_of_a_day(story: Story, hour: int) -> None:
    work = Workspace(story)
    with refused(422, "digest_hour_is_sane"):
        work.set_slack(digest_hour=hour)


def test_without_a_workspace_there_is_nothing_to_set(story: Story) -> None:
    with refused(404, "slack_not_connected"):
        story.set_slack(actor=story.me, threads_turns=True)


def test_another_hour_moves_the_digests_of_today(story: Story) -> None:
    work = Workspace(story)
    work.channel("pj")
    work.channel("other")
    work.set_slack_channel(project="pj", level="digest")
    hour = (datetime.now(UTC) + timedelta(hours=3)).hour
    work.set_slack(digest_hour=hour)

    due = work.room("pj").digest_at.astimezone(UTC)
    assert (due.hour, due.minute, due.second) == (hour, 0, 0)
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(days=1)
    assert work.room("other").digest_at is None


def test_whoever_is_not_heard_any_more_is_not_heard_at_once(story: Story) -> None:
    work = Workspace(story)
    guestbook, krishna = work.person("Anybody"), work.person("Krishna", "krishna@acme.example")
    story.add_member(actor=story.me, handle="krishna", email="krishna@acme.example")
    work.set_slack(hears_everybody=False)

    assert [work.of(user).actor for user in (guestbook, krishna)] == [None, "user:krishna"]


def test_it_is_told_and_noted(story: Story) -> None:
    work = Workspace(story)
    with story.listening("polaris_control") as heard:
        work.set_slack(invites_drivers=False, digest_hour=7)

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')]
    assert story.audited()[-1] == (story.me, "slack.settings", None, {"digest_hour": 7, "invites_drivers": False})

"""polaris.end_slack: Slack says that the app was removed; its late words end no new connection."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_story import Workspace, connect
from story import Story


def moment(seconds: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_a_removed_app_is_disconnected_as_by_an_administrator(story: Story) -> None:
    work = Workspace(story)
    work.person("Krishna")

    assert work.end_slack(at=moment(), reason="app_uninstalled") == "ended"
    (row,) = work.get_slack()
    assert (row.state, row.reason) == ("disconnected", "app_uninstalled")
    assert work.list_slack_people() == []
    assert story.audited()[-1] == (None, "slack.disconnected", None, {"reason": "app_uninstalled"})


def test_the_second_of_two_words_changes_nothing(story: Story) -> None:
    # app_uninstalled and tokens_revoked come both, in any order.
    work = Workspace(story)
    said = [work.end_slack(at=moment(), reason=reason) for reason in ("tokens_revoked", "app_uninstalled")]

    assert said == ["ended", "ignored"]
    assert work.get_slack()[0].reason == "tokens_revoked"


def test_a_workspace_whose_token_was_refused_ends_too(story: Story) -> None:
    work = Workspace(story)
    work.refuse_slack(reason="account_inactive")

    assert work.end_slack(at=moment(), reason="app_uninstalled") == "ended"


def test_a_word_from_before_the_connection_is_ignored(story: Story) -> None:
    # Slack repeats what was not acknowledged for an hour; the app was installed again meanwhile.
    work = Workspace(story)
    earlier = moment(-60)
    connect(story, work.team)

    assert work.end_slack(at=earlier, reason="app_uninstalled") == "ignored"
    assert work.get_slack()[0].state == "connected"


def test_a_time_in_whole_seconds_is_not_before_its_own_second(story: Story) -> None:
    work = Workspace(story)

    assert work.end_slack(at=moment().replace(microsecond=0), reason="app_uninstalled") == "ended"


@pytest.mark.parametrize("wrong", [{"team": "T-nobodys"}, {"app": "A-another"}, {"team": None}, {"at": None}])
def test_what_is_not_about_us_is_ignored(story: Story, wrong: dict[str, Any]) -> None:
    work = Workspace(story)

    assert work.end_slack(**{"at": moment(), "reason": "app_uninstalled"} | wrong) == "ignored"
    assert work.get_slack()[0].state == "connected"


def test_it_ends_the_one_workspace_that_it_names(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story), Workspace(tell())
    work.end_slack(at=moment(), reason="app_uninstalled")

    assert [w.get_slack()[0].state for w in (work, theirs)] == ["disconnected", "connected"]

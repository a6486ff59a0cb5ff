"""polaris.refuse_slack: Slack does not take the token any more, and everything rests."""

from typing import Any

import psycopg
from slack_story import Workspace, connect
from story import Background, Story, refused


def test_the_state_says_why_and_nobody_has_the_lease(story: Story) -> None:
    work = Workspace(story)
    work.refuse_slack(reason="token_revoked")
    (row,) = work.get_slack()

    assert (row.state, row.reason, row.holder, row.lease_until) == ("refused", "token_revoked", None, None)
    assert work.lease() is None


def test_nothing_is_written_and_nothing_taken_until_it_is_connected_again(story: Story) -> None:
    work = Workspace(story)
    channel, user = work.channel("pj"), work.person("Krishna")
    work.refuse_slack(reason="missing_scope")
    with refused(409, "bridge_was_replaced"):
        work.write_slack_people(people=[])

    message = {"kind": "message", "channel": channel, "ts": "1.0", "user": user, "explicit": True, "text": "hey"}
    assert work.take_slack_event(event_id="Ev1", **message) == "ignored"
    connect(story, work.team)
    work.lease("bridge-1")
    assert work.take_slack_event(event_id="Ev1", **message) == "stored"


def test_what_is_there_stays(story: Story) -> None:
    work = Workspace(story)
    work.person("Krishna")
    work.channel("pj")
    work.refuse_slack(reason="token_revoked")

    assert [row.name for row in work.list_slack_people()] == ["Krishna"]
    assert work.room().state == "live"


def test_one_that_was_replaced_says_nothing_about_its_successors_token(story: Story) -> None:
    work = Workspace(story)
    old = work.fence
    work.run_out()
    work.lease("bridge-2")
    with refused(409, "bridge_was_replaced"):
        work.refuse_slack(fence=old, reason="token_revoked")

    assert work.get_slack()[0].state == "connected"


def test_of_two_workers_that_notice_at_once_the_second_is_told_that_all_is_over(
    story: Story, background: Background
) -> None:
    work = Workspace(story)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.refuse_slack(fence=work.fence, reason="token_revoked")
            waiting = background.start(other.refuse_slack, fence=work.fence, reason="token_revoked")
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "bridge_was_replaced"
    assert [row[1] for row in story.audited()].count("slack.refused") == 1


def test_another_organizations_fence_is_none_here(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story), Workspace(tell())
    if work.fence == theirs.fence:
        theirs.run_out()
        theirs.lease("bridge-2")
    with refused(409, "bridge_was_replaced"):
        theirs.refuse_slack(fence=work.fence, reason="token_revoked")


def test_it_is_told_and_noted(story: Story) -> None:
    work = Workspace(story)
    with story.listening("polaris_control") as heard:
        work.refuse_slack(reason="r" * 400)

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')]
    assert story.audited()[-1] == (None, "slack.refused", None, {"reason": "r" * 300})

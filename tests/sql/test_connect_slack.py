"""polaris.connect_slack: a workspace belongs to one organization, and has one token."""

from typing import Any

import psycopg
import pytest
from slack_story import APP, Workspace, connect
from story import Background, Story, event, refused


def test_it_says_what_is_connected_and_never_the_token(story: Story) -> None:
    row = connect(story, "T-shown", token=b"the sealed one", scopes=["chat:write"])

    assert (row.team_id, row.app_id, row.name, row.state, row.connected_by) == (
        "T-shown",
        APP,
        "Acme",
        "connected",
        story.me,
    )
    assert (row.hears_everybody, row.invites_drivers, row.threads_turns, row.digest_hour) == (True, True, False, 16)
    assert (row.people_at, row.holder, row.lease_until, row.reason) == (None, None, None, None)
    assert "sealed" not in repr(row)


def test_administrators_and_the_service_connect(story: Story) -> None:
    priya = story.member("priya")
    for actor in (priya, "agent:bot", "slack:krishna", "user:nobody"):
        with refused(403, "admin_only"):
            connect(story, "T-admins", actor=actor)

    assert connect(story, "T-admins", actor=None).connected_by == "polaris"


def test_an_administrator_of_another_organization_is_nobody_here(story: Story, tell: Any) -> None:
    other = tell()
    boss = other.member("boss", role="admin")
    with refused(403, "admin_only"):
        connect(story, "T-foreign", actor=boss)


def test_a_workspace_of_another_organization_is_not_taken_from_it(story: Story, tell: Any) -> None:
    theirs, other = Workspace(story), tell()
    with refused(409, "workspace_is_taken") as why:
        connect(other, theirs.team)

    assert story.slug not in why.message
    assert other.get_slack(actor=other.me) == []
    assert theirs.get_slack()[0].state == "connected"
    assert theirs.lease() == theirs.fence


def test_who_is_refused_a_workspace_keeps_the_one_it_has(story: Story, tell: Any) -> None:
    taken, mine = Workspace(story), Workspace(tell())
    user = mine.person("Krishna")
    with refused(409, "workspace_is_taken"):
        connect(mine.story, taken.team)

    assert mine.get_slack()[0].team_id == mine.team
    assert mine.of(user).name == "Krishna"


def test_of_two_organizations_at_once_one_gets_it(story: Story, tell: Any, background: Background) -> None:
    with story.another() as one, tell().another() as two:
        with one.connection.transaction():
            connect(one, "T-both", actor=None)
            waiting = background.start(connect, two, "T-both", actor=None)
            background.until_waiting(two, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "workspace_is_taken"
    assert story.get_slack(actor=None)[0].team_id == "T-both"


def test_a_workspace_that_was_let_go_is_free(story: Story, tell: Any) -> None:
    theirs, other = Workspace(story), tell()
    theirs.disconnect_slack(reason="we move")
    connect(other, theirs.team)

    assert story.get_slack(actor=None) == []
    assert other.get_slack(actor=None)[0].state == "connected"


def test_a_token_that_slack_does_not_take_holds_no_workspace(story: Story, tell: Any) -> None:
    # The app was removed, and Slack's word about it got lost: whoever installs it now has the right to it.
    theirs, other = Workspace(story), tell()
    theirs.person("Krishna")
    theirs.channel()
    theirs.refuse_slack(reason="account_inactive")
    with story.listening("polaris_control") as heard:
        connect(other, theirs.team)

        assert {payload for _, payload in heard()} == {
            f'{{"org":{one.org},"kind":"slack","id":0}}' for one in (story, other)
        }
    assert story.get_slack(actor=None) == []
    assert story.list_slack_people(actor=None) == []
    assert story.audited()[-1][:3] == (None, "slack.disconnected", theirs.team)
    assert other.audited()[-1][:3] == (other.me, "slack.connected", theirs.team)
    assert other.list_slack_people(actor=None) == []


def test_another_workspace_takes_the_place_of_the_one_before(story: Story) -> None:
    before = Workspace(story)
    before.person("Krishna")
    before.channel("pj")
    old_fence = before.fence
    after = Workspace(story)

    assert [row.team_id for row in story.get_slack(actor=None)] == [after.team]
    assert story.list_slack_people(actor=None) == []
    assert after.room("pj").state == "missing"
    assert after.fence > old_fence
    with refused(409, "bridge_was_replaced"):
        after.write_slack_people(fence=old_fence, people=[])


def test_a_new_token_ends_whoever_has_the_old_one(story: Story) -> None:
    # A bridge whose token was just revoked would have this one marked as refused.
    work = Workspace(story, bridge="bridge-1")
    old_fence = work.fence
    row = connect(story, work.team, token=b"new", token_key="ffffffff")
    with refused(409, "bridge_was_replaced"):
        work.refuse_slack(fence=old_fence, reason="token_revoked")

    assert (row.state, row.holder) == ("connected", None)
    assert work.lease_slack(holder="bridge-2", seconds=8) > old_fence


def test_settings_stay_and_people_are_read_anew(story: Story) -> None:
    work = Workspace(story)
    work.set_slack(threads_turns=True, digest_hour=9)
    user = work.person("Krishna")
    work.write_slack_people(people=[], whole=True)
    row = connect(story, work.team)

    assert (row.threads_turns, row.digest_hour, row.people_at) == (True, 9, None)
    assert work.of(user).name == "Krishna"


def test_a_connection_that_never_ended_leaves_nothing_out(story: Story) -> None:
    work = Workspace(story)
    fxm = story.session("fxm", driver="agent:bot")
    work.channel("pj")
    cursor = work.room().cursor
    story.push(fxm, event("a"))
    connect(story, work.team)

    assert (work.room().state, work.room().cursor) == ("live", cursor)


def test_what_happened_while_the_token_was_refused_is_not_told(story: Story) -> None:
    work = Workspace(story)
    fxm = story.session("fxm", driver="agent:bot")
    work.channel("pj")
    story.push(fxm, event("a"))
    work.post("pj", "what waited")
    work.refuse_slack(reason="token_revoked")
    story.push(fxm, event("b"))
    connect(story, work.team)

    assert work.room().cursor == work.room().last_seq
    assert [(post.state, post.text, post.reason) for post in work.posts()] == [("dropped", "", "not connected")]


@pytest.mark.parametrize(
    ("before", "after"),
    [("live", "live"), ("left", "left"), ("archived", "archived"), ("refused", "missing"), ("missing", "missing")],
)
def test_what_people_did_to_a_channel_stays_and_what_slack_refused_is_tried_again(
    story: Story, before: str, after: str
) -> None:
    # Who removed the bot on purpose is not overruled by somebody who clicks "Connect" again.
    work = Workspace(story)
    work.channel("pj", state=before, reason="so it was")
    connect(story, work.team)

    assert work.room().state == after


def test_a_disconnected_workspace_comes_back_empty(story: Story) -> None:
    work = Workspace(story)
    story.session("fxm", driver="agent:bot")
    work.channel("pj")
    work.disconnect_slack(reason="a pause")
    row = connect(story, work.team)

    assert (row.state, row.reason) == ("connected", None)
    assert work.room().state == "missing"
    assert work.room().cursor == work.room().last_seq


def test_it_is_told_and_noted(story: Story) -> None:
    with story.listening("polaris_control") as heard:
        connect(story, "T-told", scopes=["chat:write"])

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')]
    assert story.audited()[-1] == (
        story.me,
        "slack.connected",
        "T-told",
        {"name": "Acme", "scopes": ["chat:write"]},
    )


def test_a_direct_client_may_not(story: Story) -> None:
    with story.client(story.me) as client, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect(client, "T-direct", org=story.org)

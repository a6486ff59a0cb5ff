"""polaris.list_slack_workspaces: every workspace that has a token, for bridges."""

from typing import Any

import psycopg
import pytest
from slack_story import APP, KEY, TOKEN, Workspace
from story import Row, Story


def listed(story: Story, *works: Workspace) -> list[Row]:
    """Those of the workspaces that are listed, by their organization."""
    return [row for row in story.list_slack_workspaces(org=None) if row.org_id in {work.org for work in works}]


def test_it_has_the_sealed_token_and_what_a_bridge_needs(story: Story) -> None:
    work = Workspace(story)
    work.set_slack(threads_turns=True)
    (row,) = listed(story, work)

    assert (row.org, row.team_id, row.app_id, row.bot_user_id, row.bot_id) == (
        story.slug,
        work.team,
        APP,
        "UBOT",
        "BBOT",
    )
    assert (bytes(row.token), row.token_key, row.state, row.threads_turns) == (TOKEN, KEY, "connected", True)


def test_it_has_those_of_all_organizations(story: Story, tell: Any) -> None:
    works = [Workspace(story), Workspace(tell()), Workspace(tell())]

    assert [row.team_id for row in listed(story, *works)] == [work.team for work in works]


def test_one_whose_token_was_refused_is_listed_and_one_that_ended_is_not(story: Story, tell: Any) -> None:
    # The rotation of the sealing key has to reach all tokens.
    refused, ended = Workspace(story), Workspace(tell())
    refused.refuse_slack(reason="token_revoked")
    ended.disconnect_slack(reason="bye")

    assert [(row.team_id, row.state) for row in listed(story, refused, ended)] == [(refused.team, "refused")]


def test_a_direct_client_may_not(story: Story) -> None:
    with story.client(story.me) as client, pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.list_slack_workspaces()

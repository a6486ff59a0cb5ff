"""polaris.get_slack_key: under which key what a workspace tells is redacted."""

import psycopg
import pytest
from slack_story import APP, Workspace
from story import Story


def key_of(story: Story, team: str, app: str = APP) -> bytes | None:
    ((key,),) = story.get_slack_key(team=team, app=app)
    return key


def test_it_is_the_key_of_the_organization_that_connected_it(story: Story) -> None:
    work = Workspace(story)
    ((key,),) = story.rows("select redaction_key from polaris_data.orgs where org_id = %s", story.org)

    assert key_of(story, work.team) == key


def test_nobody_else_has_one(story: Story) -> None:
    work = Workspace(story)
    assert key_of(story, "T0") is None
    assert key_of(story, work.team, "A0") is None

    work.disconnect_slack(reason="bye")
    assert key_of(story, work.team) is None


def test_a_direct_client_may_not(story: Story) -> None:
    with story.client(story.me) as client, pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.get_slack_key(team="T1", app=APP)

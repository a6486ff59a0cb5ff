"""polaris.begin_slack_install: who wants to connect a workspace is kept until Slack answers."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from people import joined, secret, shift
from story import Story, refused


def test_an_administrator_begins_and_only_the_hash_is_kept(story: Story) -> None:
    state = secret()
    story.begin_slack_install(actor=story.me, web_session=7, state_hash=state)

    assert story.rows(
        "select actor, web_session_id, state_hash from polaris_data.slack_installs where org_id = %s", story.org
    ) == [(story.me, 7, state)]


def test_nobody_else_does(story: Story, tell: Any) -> None:
    other = tell()
    joined(other, "boss", role="admin")
    for actor in (story.member("priya"), "agent:bot", "slack:krishna", "user:boss", "user:nobody"):
        with refused(403, "admin_only"):
            story.begin_slack_install(actor=actor, web_session=7, state_hash=secret())


def test_a_state_is_one_installation(story: Story) -> None:
    state = secret()
    story.begin_slack_install(actor=story.me, web_session=7, state_hash=state)
    with pytest.raises(psycopg.errors.UniqueViolation):
        story.begin_slack_install(actor=story.me, web_session=8, state_hash=state)


def test_what_is_too_old_is_swept(story: Story, tell: Any) -> None:
    old, new = secret(), secret()
    story.begin_slack_install(actor=story.me, web_session=7, state_hash=old)
    shift(story, "slack_installs", "state_hash", old, created_at=-timedelta(minutes=10, seconds=1))
    other = tell()
    other.begin_slack_install(actor=other.me, web_session=8, state_hash=new)

    assert story.rows("select from polaris_data.slack_installs where state_hash = %s", old) == []
    assert len(story.rows("select from polaris_data.slack_installs where state_hash = %s", new)) == 1

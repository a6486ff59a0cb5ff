"""polaris.create_analyst: a Postgres login that reads one organization's history."""

from typing import Any

import pytest
from story import Story, not_permitted, refused


def test_an_administrator_lets_a_login_read(story: Story) -> None:
    made = story.create_analyst(actor=story.me, login="reader_1", **{"for": "agent:dashboard"})

    assert (made.login, made.actor, made.sees_private) == ("reader_1", "agent:dashboard", False)
    assert (made.created_by, made.revoked_at) == (story.me, None)
    assert story.audited()[-1] == (
        story.me,
        "analyst.created",
        "agent:dashboard",
        {"login": "reader_1", "sees_private": False},
    )


def test_private_projects_are_said_in_the_log(story: Story) -> None:
    made = story.create_analyst(actor=story.me, login="reader_2", sees_private=True, **{"for": story.me})

    assert made.sees_private
    assert story.audited()[-1][3] == {"login": "reader_2", "sees_private": True}


def test_only_administrators_may(story: Story) -> None:
    krishna = story.member("krishna")
    with refused(403, "admin_only"):
        story.create_analyst(actor=krishna, login="reader_3", **{"for": krishna})


def test_somebody_of_the_organization_answers_for_it(story: Story) -> None:
    with refused(404, "no_such_member"):
        story.create_analyst(actor=story.me, login="reader_4", **{"for": "user:nobody"})
    with refused(422, "actor_is_a_participant"):
        story.create_analyst(actor=story.me, login="reader_4", **{"for": "nobody"})


def test_a_login_is_one_thing(story: Story) -> None:
    story.register_login(actor=story.me, login="reader_5")
    story.create_analyst(actor=story.me, login="reader_6", **{"for": story.me})
    with refused(409, "login_exists"):
        story.create_analyst(actor=story.me, login="reader_5", **{"for": story.me})
    with refused(409, "login_exists"):
        story.register_login(actor=story.me, login="reader_6")


def test_a_direct_client_may_not(story: Story) -> None:
    with story.client(story.me) as client, not_permitted():
        client.create_analyst(org=story.org, actor=story.me, login="reader_7", **{"for": story.me})


@pytest.mark.parametrize("leaves", ["user:krishna", "user:admin"])
def test_it_ends_with_whoever_answers_for_it_and_with_whoever_made_it(story: Story, leaves: str, tell: Any) -> None:
    krishna, admin = story.member("krishna"), story.member("admin", role="admin")
    login = f"reader_of_{leaves[5:]}"
    story.create_analyst(actor=admin, login=login, **{"for": krishna})
    story.remove_member(actor=story.me, handle=leaves[5:])

    assert [row.revoked_at is not None for row in story.list_analysts(actor=story.me)] == [True]

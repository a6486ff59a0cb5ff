"""polaris.list_analysts: the logins that read, apart from those that act."""

from typing import Any

from story import Story, refused


def test_it_lists_the_organizations_analysts_and_no_others(story: Story, tell: Any) -> None:
    other = tell()
    for one, login in ((story, "list_b"), (story, "list_a"), (other, "list_c")):
        one.create_analyst(actor=one.me, login=login, **{"for": one.me})
    story.register_login(actor=story.me, login="list_client")
    story.revoke_analyst(actor=story.me, login="list_b")

    assert [(row.login, row.revoked_at is None) for row in story.list_analysts(actor=story.me)] == [
        ("list_a", True),
        ("list_b", False),
    ]
    assert [row.login for row in story.list_logins()] == ["list_client"]


def test_only_administrators_may(story: Story) -> None:
    krishna = story.member("krishna")
    with refused(403, "admin_only"):
        story.list_analysts(actor=krishna)

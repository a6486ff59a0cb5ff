"""polaris.list_invites: the invitations of the organization, used and ended ones too."""

from people import joined, secret
from story import Story, refused


def test_it_lists_open_used_and_ended_ones_of_this_organization(story: Story, tell) -> None:
    joined(story, "krishna", email="krishna@acme.example")
    ended = story.invite(actor=story.me, email="priya@acme.example", role="admin", hash=secret())
    story.revoke_invite(actor=story.me, invite=ended.invite_id)
    story.invite(actor=story.me, email="new@acme.example", role="member", hash=secret())
    other = tell()
    other.invite(actor=other.me, email="else@acme.example", role="member", hash=secret())
    rows = story.list_invites(actor=story.me)

    assert [(row.email, row.accepted_by, row.revoked_at is None) for row in rows] == [
        ("krishna@acme.example", "user:krishna", True),
        ("priya@acme.example", None, False),
        ("new@acme.example", None, True),
    ]


def test_only_administrators_may(story: Story) -> None:
    story.member("krishna")
    for actor in ("user:krishna", "user:nobody", "agent:bot"):
        with refused(403, "admin_only"):
            story.list_invites(actor=actor)

"""polaris.revoke_invite: an invitation that nobody has accepted ends."""

import psycopg
from people import joined, noted, secret, signed_in
from story import Background, Story, refused


def test_its_link_is_good_no_more(story: Story) -> None:
    link = secret()
    row = story.invite(actor=story.me, email="krishna@acme.example", role="member", hash=link)
    ended = story.revoke_invite(actor=story.me, invite=row.invite_id)

    assert ended.revoked_at is not None
    with refused(404, "no_such_invite"):
        story.get_invite(org_slug=story.slug, hash=link)


def test_twice_is_once(story: Story) -> None:
    row = story.invite(actor=story.me, email="krishna@acme.example", role="member", hash=secret())
    first = story.revoke_invite(actor=story.me, invite=row.invite_id)

    assert story.revoke_invite(actor=story.me, invite=row.invite_id) == first
    assert noted(story, "invite.revoked") == [(story.me, "invite.revoked", "krishna@acme.example")]


def test_one_that_was_accepted_is_history(story: Story) -> None:
    joined(story, "krishna")
    (row,) = story.list_invites(actor=story.me)
    with refused(409, "invite_is_accepted") as why:
        story.revoke_invite(actor=story.me, invite=row.invite_id)

    assert "user:krishna" in why.message


def test_another_organizations_is_not_there(story: Story, tell) -> None:
    other = tell()
    row = other.invite(actor=other.me, email="krishna@acme.example", role="member", hash=secret())
    for number in (row.invite_id, -1, None):
        with refused(404, "no_such_invite"):
            story.revoke_invite(actor=story.me, invite=number)

    assert other.list_invites(actor=other.me) == [row]


def test_only_administrators_may(story: Story) -> None:
    story.member("krishna")
    row = story.invite(actor=story.me, email="new@acme.example", role="member", hash=secret())
    for actor in ("user:krishna", "agent:bot"):
        with refused(403, "admin_only"):
            story.revoke_invite(actor=actor, invite=row.invite_id)


def test_whoever_accepts_while_it_ends_comes_too_late(story: Story, background: Background) -> None:
    link, person = secret(), signed_in(story, "krishna@acme.example").person_id
    row = story.invite(actor=story.me, email="krishna@acme.example", role="member", hash=link)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.revoke_invite(actor=story.me, invite=row.invite_id)
            waiting = background.start(
                other.accept_invite, person=person, org_slug=story.slug, hash=link, handle="krishna"
            )
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "no_such_invite"
    assert [m.handle for m in story.list_members()] == ["manu"]

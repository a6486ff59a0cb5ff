"""polaris.get_invite: what whoever holds the link of an invitation is shown."""

from datetime import timedelta

from people import secret, shift, signed_in
from story import Story, refused


def test_it_shows_who_invites_whom_where_to(story: Story) -> None:
    link = secret()
    row = story.invite(actor=story.me, email="krishna@acme.example", role="admin", hash=link)

    assert story.get_invite(org_slug=story.slug, hash=link) == (
        story.slug,
        "The Org",
        "krishna@acme.example",
        "admin",
        None,
        story.me,
        row.expires_at,
    )


def test_looking_uses_nothing_up(story: Story) -> None:
    link = secret()
    story.invite(actor=story.me, email="krishna@acme.example", role="admin", hash=link)

    assert story.get_invite(org_slug=story.slug, hash=link) == story.get_invite(org_slug=story.slug, hash=link)


def test_a_link_is_good_in_its_own_organization_only(story: Story, tell) -> None:
    link = secret()
    story.invite(actor=story.me, email="krishna@acme.example", role="admin", hash=link)
    for org, digest in (
        (tell().slug, link),
        ("no-such-org", link),
        (None, link),
        (story.slug, secret()),
        (story.slug, None),
    ):
        with refused(404, "no_such_invite"):
            story.get_invite(org_slug=org, hash=digest)


def test_used_ended_and_old_ones_are_not_there(story: Story) -> None:
    used, ended, old = secret(), secret(), secret()
    person = signed_in(story, "krishna@acme.example").person_id
    rows = [
        story.invite(actor=story.me, email="krishna@acme.example", role="member", hash=link)
        for link in (used, ended, old)
    ]
    story.accept_invite(person=person, org_slug=story.slug, hash=used, handle="krishna")
    story.revoke_invite(actor=story.me, invite=rows[1].invite_id)
    shift(story, "invites", "invite_id", rows[2].invite_id, expires_at=-timedelta(days=7))
    for link in (used, ended, old):
        with refused(404, "no_such_invite"):
            story.get_invite(org_slug=story.slug, hash=link)

"""polaris.list_local_people: who may be chosen where sign-in without a provider is switched on."""

from typing import Any

from people import joined, local, secret, signed_in
from story import Row, Story


def here(story: Story) -> list[Row]:
    rows: list[Row] = story.list_local_people(org=story.org)
    return rows


def test_it_names_the_people_whom_the_installation_vouches_for(story: Story) -> None:
    story.member("krishna")
    story.member("priya", "admin")

    assert here(story) == [
        ("local", f"{story.org}:manu", "manu", story.slug, "The Org", "admin"),
        ("local", f"{story.org}:priya", "priya", story.slug, "The Org", "admin"),
        ("local", f"{story.org}:krishna", "krishna", story.slug, "The Org", "member"),
    ]


def test_without_an_organization_it_names_those_of_all(story: Story, tell: Any) -> None:
    other = tell()
    everybody = story.list_local_people(org=None)

    assert set(here(story)) | set(here(other)) <= set(everybody)
    assert [row.org for row in everybody] == sorted(row.org for row in everybody)


def test_what_it_names_signs_in(story: Story) -> None:
    (manu,) = here(story)
    session = signed_in(story, None, issuer=manu.issuer, subject=manu.subject)

    assert session.person_id == local(story).person_id


def test_it_names_nobody_whom_another_issuer_vouches_for_and_nobody_who_left(story: Story) -> None:
    joined(story, "krishna")
    story.member("priya")
    story.remove_member(actor=story.me, handle="priya")

    assert [row.handle for row in here(story)] == ["manu"]


def test_it_does_not_name_an_account_that_an_invited_person_has_taken_over(story: Story) -> None:
    heir, link = signed_in(story, "manu@acme.example"), secret()
    story.invite(actor=story.me, email=heir.email, role="admin", hash=link, handle="manu")
    story.accept_invite(person=heir.person_id, org_slug=story.slug, hash=link, handle=None)

    assert here(story) == []

"""polaris.list_memberships: the organizations that a person is in."""

from people import joined, signed_in
from story import Story


def test_it_lists_the_organizations_with_handle_role_and_key(story: Story, tell) -> None:
    other = tell()
    tell()
    person = joined(story, "krishna", subject=story.slug).person_id
    joined(other, "kris", "admin", subject=story.slug)

    rows = story.list_memberships(person=person)
    assert sorted(row[:5] for row in rows) == sorted(
        [
            (story.org, story.slug, "The Org", "krishna", "member"),
            (other.org, other.slug, "The Org", "kris", "admin"),
        ]
    )
    assert [row.org for row in rows] == sorted(row.org for row in rows)
    for row in rows:
        assert story.rows("select redaction_key from polaris_data.orgs where org_id = %s", row.org_id) == [
            (row.redaction_key,)
        ]


def test_an_organization_that_the_person_left_is_not_among_them(story: Story) -> None:
    person = joined(story, "krishna").person_id
    story.remove_member(actor="user:krishna", handle="krishna")

    assert story.list_memberships(person=person) == []


def test_somebody_new_is_in_none(story: Story) -> None:
    assert story.list_memberships(person=signed_in(story).person_id) == []
    assert story.list_memberships(person=-1) == []

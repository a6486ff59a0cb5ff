"""polaris.create_org: an organization with its first administrator."""

from story import Story, refused


def test_it_makes_the_organization_and_its_first_administrator(story: Story) -> None:
    made = story.create_org(slug=f"{story.slug}-two", name="Two", handle="priya", email="priya@example.org")

    (member,) = story.list_members(org=made.org_id)
    assert (made.org, made.actor) == (f"{story.slug}-two", "user:priya")
    assert (member.actor, member.role, member.email) == ("user:priya", "admin", "priya@example.org")
    assert [(row.actor, row.action, row.target) for row in story.list_audit(org=made.org_id, actor=None)] == [
        ("user:priya", "org.created", f"{story.slug}-two")
    ]


def test_a_name_that_is_taken_is_refused(story: Story) -> None:
    with refused(409, "org_exists") as why:
        story.create_org(slug=story.slug, name=None, handle="other")

    assert story.slug in why.message


def test_the_name_and_the_handle_are_slugs(story: Story) -> None:
    for slug, handle in [
        ("Big", "manu"),
        ("-x", "manu"),
        ("", "manu"),
        (None, "manu"),
        ("a" * 64, "manu"),
        ("ok", "A b"),
    ]:
        with refused(422, "name_is_a_slug"):
            story.create_org(slug=slug, name=None, handle=handle)


def test_without_a_name_it_is_called_by_its_slug(story: Story) -> None:
    made = story.create_org(slug=f"{story.slug}-bare", name=None, handle="manu")

    assert story.rows("select name from polaris_data.orgs where org_id = %s", made.org_id) == [(f"{story.slug}-bare",)]


def test_every_organization_has_a_redaction_key_of_its_own(story: Story) -> None:
    story.create_org(slug=f"{story.slug}-key", name=None, handle="manu")

    ((count, shortest),) = story.rows(
        """
        select count(distinct redaction_key), min(octet_length(redaction_key)) from polaris_data.orgs where slug like %s
        """,
        f"{story.slug}%",
    )
    assert (count, shortest) == (2, 32)


def test_one_person_can_be_in_two_organizations(story: Story) -> None:
    who = {"handle": "manu", "issuer": "https://accounts.example", "subject": story.slug}
    one = story.create_org(slug=f"{story.slug}-one", name=None, email="old@example.org", **who)
    two = story.create_org(slug=f"{story.slug}-two", name=None, **who)

    people = story.rows(
        "select distinct person_id from polaris_data.members where org_id in (%s, %s)", one.org_id, two.org_id
    )
    assert len(people) == 1
    assert story.list_members(org=two.org_id)[0].email == "old@example.org"

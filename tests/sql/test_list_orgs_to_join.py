"""polaris.list_orgs_to_join: the organizations that a person may join by its domain."""

from typing import Any

from people import joined, local, signed_in
from story import Story


def proven(story: Story, domain: str) -> str:
    story.add_domain(actor=story.me, domain=domain)
    story.prove_domain(actor=story.me, domain=domain)
    return domain


def test_it_names_the_organization_that_has_proven_the_persons_domain(story: Story, tell: Any) -> None:
    domain, other = proven(story, f"{story.slug}.example"), tell()
    other.add_domain(actor=other.me, domain=domain)
    person = signed_in(story, domain=domain).person_id

    assert story.list_orgs_to_join(person=person) == [(story.slug, "The Org", domain)]


def test_whoever_is_named_may_join_and_then_is_not_named_any_more(story: Story) -> None:
    domain = proven(story, f"{story.slug}.example")
    person = signed_in(story, domain=domain).person_id
    (org,) = story.list_orgs_to_join(person=person)
    story.join_by_domain(person=person, org_slug=org.org, handle="krishna")
    assert story.list_orgs_to_join(person=person) == []

    story.remove_member(actor=story.me, handle="krishna")
    assert story.list_orgs_to_join(person=person) == []


def test_nobody_else_is_shown_anything(story: Story) -> None:
    domain = proven(story, f"{story.slug}.example")
    for person in (
        signed_in(story, f"krishna@{domain}", domain=None).person_id,
        signed_in(story, domain=f"sub.{domain}").person_id,
        joined(story, "krishna", domain=domain).person_id,
        local(story).person_id,
        -1,
    ):
        assert story.list_orgs_to_join(person=person) == []

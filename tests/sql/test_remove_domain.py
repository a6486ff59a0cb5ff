"""polaris.remove_domain: a domain is taken off the list."""

from typing import Any

from people import noted, signed_in
from story import Story, refused


def test_nobody_joins_by_it_any_more_and_who_has_joined_stays(story: Story) -> None:
    domain = f"{story.slug}.example"
    story.add_domain(actor=story.me, domain=domain)
    story.prove_domain(actor=story.me, domain=domain)
    first, second = (signed_in(story, domain=domain).person_id for _ in range(2))
    story.join_by_domain(person=first, org_slug=story.slug, handle="krishna")

    assert story.remove_domain(actor=story.me, domain=domain) == domain
    assert story.list_domains(actor=story.me) == []
    with refused(403, "domain_is_not_yours"):
        story.join_by_domain(person=second, org_slug=story.slug, handle="priya")
    assert [m.handle for m in story.list_members()] == ["krishna", "manu"]
    assert noted(story)[-1] == (story.me, "domain.removed", domain)


def test_another_organization_may_prove_it_then(story: Story, tell: Any) -> None:
    domain, other = f"{story.slug}.example", tell()
    for org in (story, other):
        org.add_domain(actor=org.me, domain=domain)
    story.prove_domain(actor=story.me, domain=domain)
    story.remove_domain(actor=story.me, domain=domain)

    assert other.prove_domain(actor=other.me, domain=domain).how == "dns"


def test_it_comes_back_with_another_proof(story: Story) -> None:
    domain = f"{story.slug}.example"
    first = story.add_domain(actor=story.me, domain=domain)
    story.remove_domain(actor=story.me, domain=domain)

    assert story.add_domain(actor=story.me, domain=domain).proof != first.proof


def test_what_is_not_on_the_list_cannot_be_taken_off(story: Story, tell: Any) -> None:
    domain, other = f"{story.slug}.example", tell()
    other.add_domain(actor=other.me, domain=domain)
    for name in (domain, "", None):
        with refused(404, "no_such_domain"):
            story.remove_domain(actor=story.me, domain=name)

    assert len(other.list_domains(actor=other.me)) == 1
    assert noted(story, "domain.removed") == []


def test_only_administrators_may(story: Story) -> None:
    story.add_domain(actor=story.me, domain=f"{story.slug}.example")
    story.member("krishna")
    for actor in ("user:krishna", "agent:bot"):
        with refused(403, "admin_only"):
            story.remove_domain(actor=actor, domain=f"{story.slug}.example")

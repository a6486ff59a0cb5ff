"""polaris.list_domains: the domains of the organization, with their proofs."""

from typing import Any

from story import Story, refused


def test_it_lists_this_organizations_domains(story: Story, tell: Any) -> None:
    other = tell()
    other.add_domain(actor=other.me, domain=f"{story.slug}.example")
    two = story.add_domain(actor=story.me, domain=f"b.{story.slug}.example")
    story.add_domain(actor=story.me, domain=f"a.{story.slug}.example")
    one = story.prove_domain(actor=story.me, domain=f"a.{story.slug}.example")

    assert story.list_domains(actor=story.me) == [one, two]
    assert story.list_domains(actor=None) == [one, two]


def test_only_administrators_see_the_proofs(story: Story) -> None:
    story.member("krishna")
    for actor in ("user:krishna", "user:nobody", "agent:bot"):
        with refused(403, "admin_only"):
            story.list_domains(actor=actor)

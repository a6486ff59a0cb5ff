"""polaris.add_domain: an organization says that a domain is its own."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from people import joined, noted
from story import Background, Caller, Story, refused


@pytest.fixture
def domain(story: Story) -> str:
    return f"{story.slug}.example"


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


def test_it_is_on_the_list_with_what_proves_it_and_unproven(story: Story, domain: str) -> None:
    row = story.add_domain(actor=story.me, domain=domain)

    assert (row.domain, row.created_by, row.how, row.proven_at) == (domain, story.me, None, None)
    assert len(row.proof) >= 32
    assert noted(story)[-1] == (story.me, "domain.added", domain)


def test_twice_is_once_and_the_proof_stays(story: Story, domain: str) -> None:
    first = story.add_domain(actor=story.me, domain=domain)

    assert story.add_domain(actor=None, domain=f" {domain.upper()} ") == first
    assert len(noted(story, "domain.added")) == 1


def test_every_organization_has_a_proof_of_its_own(story: Story, tell: Any, domain: str) -> None:
    other = tell()

    assert (
        story.add_domain(actor=story.me, domain=domain).proof != other.add_domain(actor=other.me, domain=domain).proof
    )


@pytest.mark.parametrize(
    "domain",
    [
        None,
        "",
        "example",
        ".example",
        "example.",
        "a..example",
        "-a.example",
        "a-.example",
        "a b.example",
        "https://a.example",
        "a.example/x",
        "krishna@a.example",
        "*.example",
        "203.0.113.7",
        "bücher.example",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5) + ".example",
        "a.example\n.b",
        "a_b.example",
    ],
)
def test_it_is_a_domain(story: Story, domain: str | None) -> None:
    with refused(422, "domain_is_a_name"):
        story.add_domain(actor=story.me, domain=domain)


def test_only_administrators_may(story: Story, domain: str) -> None:
    story.member("krishna")
    for actor in ("user:krishna", "user:nobody", "agent:bot"):
        with refused(403, "admin_only"):
            story.add_domain(actor=actor, domain=domain)


def test_where_google_says_it_of_the_administrator_it_is_proven(story: Story, domain: str) -> None:
    joined(story, "krishna", "admin", domain=domain)
    row = story.add_domain(actor="user:krishna", domain=domain)

    assert (row.how, row.proven_at is None) == ("hd", False)


def test_google_says_it_of_that_domain_alone_and_of_no_other_administrator(story: Story, domain: str) -> None:
    joined(story, "krishna", "admin", domain=domain)
    for actor, name in (("user:krishna", f"sub.{domain}"), ("user:krishna", f"x{domain}"), (story.me, domain)):
        assert story.add_domain(actor=actor, domain=name).proven_at is None
    # It stays so: what has been added once waits for its DNS.
    assert story.add_domain(actor="user:krishna", domain=domain).proven_at is None


def test_no_other_issuers_word_proves_a_domain(story: Story, domain: str) -> None:
    joined(story, "krishna", "admin", domain=domain, issuer="https://idp.example")

    assert story.add_domain(actor="user:krishna", domain=domain).proven_at is None


def test_what_another_organization_has_proven_is_not_proven_by_google(story: Story, tell: Any, domain: str) -> None:
    other = tell()
    other.add_domain(actor=other.me, domain=domain)
    other.prove_domain(actor=other.me, domain=domain)
    joined(story, "krishna", "admin", domain=domain)

    assert story.add_domain(actor="user:krishna", domain=domain).proven_at is None
    assert other.list_domains(actor=other.me)[0].how == "dns"


def test_of_two_organizations_that_google_speaks_for_at_once_one_has_it_proven(
    story: Story, tell: Any, two: tuple[Caller, Caller], background: Background, domain: str
) -> None:
    one, other = two
    rival = tell()
    for org in (story, rival):
        joined(org, "krishna", "admin", domain=domain)
    with one.connection.transaction():
        first = one.add_domain(actor="user:krishna", domain=domain)
        waiting = background.start(other.add_domain, org=rival.org, actor="user:krishna", domain=domain)
        background.until_waiting(other, waiting)
    second = background.answer(waiting)

    assert (first.how, second.how) == ("hd", None)
    assert noted(rival)[-1] == ("user:krishna", "domain.added", domain)


def test_an_organization_adds_a_domain_once_at_once(
    story: Story, two: tuple[Caller, Caller], background: Background, domain: str
) -> None:
    one, other = two
    with one.connection.transaction():
        first = one.add_domain(actor=story.me, domain=domain)
        waiting = background.start(other.add_domain, actor=story.me, domain=domain)
        background.until_waiting(other, waiting)

    assert background.answer(waiting) == first
    assert len(noted(story, "domain.added")) == 1


def test_a_domain_is_proven_in_one_organization_whatever_a_function_forgets(
    story: Story, tell: Any, domain: str
) -> None:
    rival = tell()
    for org in (story, rival):
        org.add_domain(actor=org.me, domain=domain)
    story.prove_domain(actor=story.me, domain=domain)
    with pytest.raises(psycopg.errors.UniqueViolation, match="domain_is_proven"):
        story.owner.execute(
            "update polaris_data.domains set proven_at = now(), how = 'dns' where org_id = %s", [rival.org]
        )

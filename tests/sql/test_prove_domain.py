"""polaris.prove_domain: the domain's name server showed the organization's proof."""

import json
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
def rival(tell: Any) -> Story:
    other: Story = tell()
    return other


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


def by_google(story: Story, domain: str) -> None:
    joined(story, "krishna", "admin", domain=domain)

    assert story.add_domain(actor="user:krishna", domain=domain).how == "hd"


def refusal_of(error: BaseException | None) -> tuple[str | None, str | None]:
    assert isinstance(error, psycopg.Error)
    return error.sqlstate, error.diag.constraint_name


def test_the_domain_is_proven(story: Story, domain: str) -> None:
    added = story.add_domain(actor=story.me, domain=domain)
    proven = story.prove_domain(actor=story.me, domain=domain)

    assert (proven.how, proven.proven_at is None, proven.proof) == ("dns", False, added.proof)
    assert noted(story)[-1] == (story.me, "domain.proven", domain)
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {"how": "dns"}


def test_twice_is_once(story: Story, domain: str) -> None:
    story.add_domain(actor=story.me, domain=domain)
    first = story.prove_domain(actor=story.me, domain=domain)

    assert story.prove_domain(actor=story.me, domain=domain) == first
    assert len(noted(story, "domain.proven")) == 1


def test_what_google_said_is_proven_better_by_dns(story: Story, domain: str) -> None:
    by_google(story, domain)
    before = story.list_domains(actor=story.me)[0]
    after = story.prove_domain(actor=story.me, domain=domain)

    assert (after.how, after.proven_at) == ("dns", before.proven_at)
    assert noted(story)[-1] == (story.me, "domain.proven", domain)


def test_a_domain_that_is_not_on_the_list_is_not_there(story: Story, rival: Story, domain: str) -> None:
    rival.add_domain(actor=rival.me, domain=domain)
    for name in (domain, "", None):
        with refused(404, "no_such_domain"):
            story.prove_domain(actor=story.me, domain=name)


def test_only_administrators_may(story: Story, domain: str) -> None:
    story.add_domain(actor=story.me, domain=domain)
    story.member("krishna")
    for actor in ("user:krishna", "user:nobody", "agent:bot"):
        with refused(403, "admin_only"):
            story.prove_domain(actor=actor, domain=domain)


def test_who_had_it_by_google_alone_loses_it_to_who_controls_the_name_server(
    story: Story, rival: Story, domain: str
) -> None:
    by_google(rival, domain)
    story.add_domain(actor=story.me, domain=domain)

    assert story.prove_domain(actor=story.me, domain=domain).how == "dns"
    assert [(d.how, d.proven_at) for d in rival.list_domains(actor=rival.me)] == [(None, None)]
    assert noted(rival)[-1] == (None, "domain.lost", domain)
    assert noted(story)[-1] == (story.me, "domain.proven", domain)


def test_the_loser_may_be_the_younger_organization(story: Story, tell: Any) -> None:
    older, younger = story, tell()
    name = f"{older.slug}.example"
    by_google(older, name)
    younger.add_domain(actor=younger.me, domain=name)
    younger.prove_domain(actor=younger.me, domain=name)

    assert noted(older)[-1] == (None, "domain.lost", name)
    assert noted(younger)[-1] == (younger.me, "domain.proven", name)


def test_who_has_it_by_dns_keeps_it(story: Story, rival: Story, domain: str) -> None:
    for org in (story, rival):
        org.add_domain(actor=org.me, domain=domain)
    rival.prove_domain(actor=rival.me, domain=domain)
    before = noted(story)
    with refused(409, "domain_is_taken"):
        story.prove_domain(actor=story.me, domain=domain)

    assert noted(story) == before
    assert rival.list_domains(actor=rival.me)[0].how == "dns"


def test_of_two_organizations_at_once_one_has_it_and_the_other_is_told(
    story: Story, rival: Story, two: tuple[Caller, Caller], background: Background, domain: str
) -> None:
    one, other = two
    for org in (story, rival):
        org.add_domain(actor=org.me, domain=domain)
    with one.connection.transaction():
        one.prove_domain(actor=story.me, domain=domain)
        waiting = background.start(other.prove_domain, org=rival.org, actor=rival.me, domain=domain)
        background.until_waiting(other, waiting)

    assert refusal_of(background.failure(waiting)) == ("PL409", "domain_is_taken")
    assert story.list_domains(actor=None)[0].how == "dns"
    assert rival.list_domains(actor=None)[0].how is None


@pytest.mark.parametrize("first_has_it_by_google", [True, False])
def test_so_it_is_when_one_of_them_had_it_by_google(
    story: Story,
    rival: Story,
    two: tuple[Caller, Caller],
    background: Background,
    domain: str,
    first_has_it_by_google: bool,
) -> None:
    one, other = two
    by_google(story if first_has_it_by_google else rival, domain)
    for org in (story, rival):
        org.add_domain(actor=org.me, domain=domain)
    with one.connection.transaction():
        one.prove_domain(actor=story.me, domain=domain)
        waiting = background.start(other.prove_domain, org=rival.org, actor=rival.me, domain=domain)
        background.until_waiting(other, waiting)

    assert refusal_of(background.failure(waiting)) == ("PL409", "domain_is_taken")
    assert (story.list_domains(actor=None)[0].how, rival.list_domains(actor=None)[0].how) == ("dns", None)


def test_who_gets_it_by_google_meanwhile_is_not_overtaken_without_a_word(
    story: Story, rival: Story, two: tuple[Caller, Caller], background: Background, domain: str
) -> None:
    # The rival's row is not there yet when the proof begins: it cannot be locked, only met.
    one, other = two
    story.add_domain(actor=story.me, domain=domain)
    joined(rival, "krishna", "admin", domain=domain)
    with one.connection.transaction():
        one.add_domain(org=rival.org, actor="user:krishna", domain=domain)
        waiting = background.start(other.prove_domain, actor=story.me, domain=domain)
        background.until_waiting(other, waiting)

    assert refusal_of(background.failure(waiting)) == ("PL409", "domain_is_taken")
    assert story.prove_domain(actor=story.me, domain=domain).how == "dns"
    assert noted(rival)[-1] == (None, "domain.lost", domain)


def test_who_adds_it_by_google_while_it_is_proven_has_it_unproven(
    story: Story, rival: Story, two: tuple[Caller, Caller], background: Background, domain: str
) -> None:
    one, other = two
    story.add_domain(actor=story.me, domain=domain)
    joined(rival, "krishna", "admin", domain=domain)
    with one.connection.transaction():
        one.prove_domain(actor=story.me, domain=domain)
        waiting = background.start(other.add_domain, org=rival.org, actor="user:krishna", domain=domain)
        background.until_waiting(other, waiting)

    assert background.answer(waiting).how is None


def test_one_that_is_taken_off_the_list_meanwhile_is_not_there(
    story: Story, two: tuple[Caller, Caller], background: Background, domain: str
) -> None:
    one, other = two
    story.add_domain(actor=story.me, domain=domain)
    with one.connection.transaction():
        one.remove_domain(actor=story.me, domain=domain)
        waiting = background.start(other.prove_domain, actor=story.me, domain=domain)
        background.until_waiting(other, waiting)

    assert refusal_of(background.failure(waiting)) == ("PL404", "no_such_domain")

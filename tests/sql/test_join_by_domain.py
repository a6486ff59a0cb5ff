"""polaris.join_by_domain: a person becomes a member of the organization that has proven its domain."""

import json
from typing import Any

import psycopg
import pytest
from people import joined, local, noted, secret, signed_in
from story import Background, Story, refused


@pytest.fixture
def domain(story: Story) -> str:
    """A domain that the organization has proven."""
    name = f"{story.slug}.example"
    story.add_domain(actor=story.me, domain=name)
    story.prove_domain(actor=story.me, domain=name)
    return name


def test_the_person_is_a_member_and_never_an_administrator(story: Story, domain: str) -> None:
    person = signed_in(story, f"krishna@{domain}", domain=domain).person_id
    member = story.join_by_domain(person=person, org_slug=story.slug, handle="krishna")

    assert (member.actor, member.role, member.email) == ("user:krishna", "member", f"krishna@{domain}")
    assert [m.org for m in story.list_memberships(person=person)] == [story.slug]


def test_the_log_says_by_which_domain(story: Story, domain: str) -> None:
    person = signed_in(story, domain=domain).person_id
    story.join_by_domain(person=person, org_slug=story.slug, handle="krishna")

    assert noted(story)[-1] == ("user:krishna", "member.joined", "user:krishna")
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {"domain": domain}


def test_it_is_the_issuers_word_that_counts_and_not_the_address(story: Story, domain: str) -> None:
    for said in (None, "", f"sub.{domain}", f"x{domain}", "other.example"):
        person = signed_in(story, f"krishna@{domain}", domain=said).person_id
        with refused(403, "domain_is_not_yours"):
            story.join_by_domain(person=person, org_slug=story.slug, handle="krishna")


def test_it_is_its_word_of_today(story: Story, domain: str) -> None:
    signed_in(story, subject=story.slug, domain=domain)
    person = signed_in(story, subject=story.slug, domain=None).person_id
    with refused(403, "domain_is_not_yours"):
        story.join_by_domain(person=person, org_slug=story.slug, handle="krishna")


def test_whom_only_the_installation_vouches_for_has_no_domain(story: Story, tell: Any, domain: str) -> None:
    other = tell()
    person = local(other).person_id
    story.owner.execute("update polaris_data.people set domain = %s where person_id = %s", [domain, person])
    with refused(403, "domain_is_not_yours"):
        story.join_by_domain(person=person, org_slug=story.slug, handle="krishna")


def test_a_domain_that_is_not_proven_opens_nothing(story: Story, tell: Any, domain: str) -> None:
    other = tell()
    other.add_domain(actor=other.me, domain=domain)
    person = signed_in(story, domain=domain).person_id
    for slug in (other.slug, "no-such-org", None):
        with refused(403, "domain_is_not_yours"):
            other.join_by_domain(person=person, org_slug=slug, handle="krishna")


@pytest.mark.parametrize("handle", ["Krishna", "user:krishna", "", None])
def test_a_handle_is_a_slug(story: Story, domain: str, handle: str | None) -> None:
    person = signed_in(story, domain=domain).person_id
    with refused(422, "name_is_a_slug"):
        story.join_by_domain(person=person, org_slug=story.slug, handle=handle)


def test_a_handle_that_is_or_was_somebody_elses_is_refused(story: Story, domain: str) -> None:
    person = signed_in(story, domain=domain).person_id
    with refused(409, "member_exists"):
        story.join_by_domain(person=person, org_slug=story.slug, handle="manu")


def test_who_is_in_is_in(story: Story, domain: str) -> None:
    person = joined(story, "krishna", "admin", domain=domain).person_id
    for handle in ("krishna", "kris"):
        with refused(409, "already_member"):
            story.join_by_domain(person=person, org_slug=story.slug, handle=handle)

    assert [(m.handle, m.role) for m in story.list_memberships(person=person)] == [("krishna", "admin")]


@pytest.mark.parametrize("by", ["user:manu", "user:krishna"])
def test_who_was_removed_or_left_does_not_come_back_by_itself_but_when_invited(
    story: Story, domain: str, by: str
) -> None:
    session = signed_in(story, domain=domain)
    story.join_by_domain(person=session.person_id, org_slug=story.slug, handle="krishna")
    story.remove_member(actor=by, handle="krishna")
    with refused(403, "domain_is_not_yours"):
        story.join_by_domain(person=session.person_id, org_slug=story.slug, handle="krishna")

    link = secret()
    story.invite(actor=story.me, email=session.email, role="member", hash=link)
    back = story.accept_invite(person=session.person_id, org_slug=story.slug, hash=link, handle="krishna")
    assert back.removed_at is None


def test_of_one_person_twice_at_once_one_is_in(story: Story, domain: str, background: Background) -> None:
    person = signed_in(story, domain=domain).person_id
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.join_by_domain(person=person, org_slug=story.slug, handle="krishna")
            waiting = background.start(other.join_by_domain, person=person, org_slug=story.slug, handle="kris")
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL409", "already_member")
    assert [m.handle for m in story.list_memberships(person=person)] == ["krishna"]

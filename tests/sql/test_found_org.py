"""polaris.found_org: sign-up, a person who is signed in makes an organization."""

from typing import Any

import psycopg
import pytest
from people import joined, noted, signed_in
from story import Background, Story, refused


def test_the_person_is_its_first_administrator(story: Story) -> None:
    person = signed_in(story, "krishna@acme.example").person_id
    slug = f"{story.slug}-new"
    made = story.found_org(person=person, slug=slug, name="New", handle="krishna")
    (member,) = story.list_members(org=made.org_id)

    assert (made.org, made.actor) == (slug, "user:krishna")
    assert (member.handle, member.role, member.email) == ("krishna", "admin", "krishna@acme.example")
    assert [row[1:5] for row in story.list_memberships(person=person)] == [(slug, "New", "krishna", "admin")]


def test_its_log_begins_with_that(story: Story) -> None:
    slug = f"{story.slug}-new"
    made = story.found_org(person=signed_in(story).person_id, slug=slug, name="New", handle="krishna")

    assert [row[2:5] for row in story.list_audit(org=made.org_id, actor=None)] == [
        ("user:krishna", "org.created", slug)
    ]


def test_a_member_of_one_may_make_another(story: Story) -> None:
    person = joined(story, "krishna").person_id
    story.found_org(person=person, slug=f"{story.slug}-new", name="New", handle="kris")

    assert [(m.org, m.handle, m.role) for m in story.list_memberships(person=person)] == [
        (story.slug, "krishna", "member"),
        (f"{story.slug}-new", "kris", "admin"),
    ]


def test_a_name_that_is_taken_is_refused_and_nothing_is_left_behind(story: Story) -> None:
    person = signed_in(story).person_id
    before = noted(story)
    with refused(409, "org_exists"):
        story.found_org(person=person, slug=story.slug, name="Mine", handle="krishna")

    assert story.list_memberships(person=person) == []
    assert noted(story) == before


@pytest.mark.parametrize(
    ("slug", "handle"), [("Big", "krishna"), ("", "krishna"), (None, "krishna"), ("ok-then", "A b"), ("ok-then", None)]
)
def test_the_name_and_the_handle_are_slugs(story: Story, slug: str | None, handle: str | None) -> None:
    with refused(422, "name_is_a_slug"):
        story.found_org(person=signed_in(story).person_id, slug=slug, name="New", handle=handle)


@pytest.mark.parametrize(("name", "shown"), [(None, None), ("  ", None), (" Acme ", "Acme"), ("x" * 200, "x" * 100)])
def test_its_name_for_people_is_short_and_never_empty(story: Story, name: Any, shown: Any) -> None:
    slug = f"{story.slug}-new"
    person = signed_in(story).person_id
    story.found_org(person=person, slug=slug, name=name, handle="krishna")

    assert [m.org_name for m in story.list_memberships(person=person)] == [shown or slug]


def test_of_two_at_once_one_has_the_name(story: Story, background: Background) -> None:
    slug = f"{story.slug}-new"
    people = [signed_in(story).person_id for _ in range(2)]
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.found_org(person=people[0], slug=slug, name="New", handle="krishna")
            waiting = background.start(other.found_org, person=people[1], slug=slug, name="New", handle="krishna")
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL409", "org_exists")

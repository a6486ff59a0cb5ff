"""polaris.accept_invite: a person becomes a member by the link that was sent to its address."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from people import joined, local, noted, secret, shift, signed_in
from story import Background, Caller, Place, Story, refused


def invited(story: Story, email: str = "krishna@acme.example", role: str = "member", **more: Any) -> bytes:
    link = secret()
    story.invite(actor=story.me, email=email, role=role, hash=link, **more)
    return link


def accept(caller: Caller, slug: str, person: int, link: bytes, handle: str | None = "krishna") -> Any:
    return caller.accept_invite(person=person, org_slug=slug, hash=link, handle=handle)


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


def test_the_person_is_a_member_with_the_role_of_the_invitation(story: Story) -> None:
    person = signed_in(story, "krishna@acme.example").person_id
    member = accept(story, story.slug, person, invited(story, role="admin"))

    assert (member.actor, member.role, member.email) == ("user:krishna", "admin", "krishna@acme.example")
    assert [(m.org, m.handle) for m in story.list_memberships(person=person)] == [(story.slug, "krishna")]


def test_the_invitation_says_who_accepted_it_and_so_does_the_log(story: Story) -> None:
    accept(story, story.slug, signed_in(story, "krishna@acme.example").person_id, invited(story))
    (row,) = story.list_invites(actor=story.me)

    assert (row.accepted_by, row.accepted_at is None) == ("user:krishna", False)
    assert noted(story)[-1] == ("user:krishna", "invite.accepted", "krishna@acme.example")
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {"invite": row.invite_id, "role": "member"}


def test_a_link_is_good_once(story: Story) -> None:
    link = invited(story)
    first, second = (signed_in(story, "krishna@acme.example").person_id for _ in range(2))
    accept(story, story.slug, first, link)
    for person in (first, second):
        with refused(404, "no_such_invite"):
            accept(story, story.slug, person, link, "kris")


def test_a_link_that_is_too_old_is_not_good(story: Story) -> None:
    link = invited(story)
    (row,) = story.list_invites(actor=None)
    shift(story, "invites", "invite_id", row.invite_id, expires_at=-timedelta(days=7))
    with refused(404, "no_such_invite"):
        accept(story, story.slug, signed_in(story, "krishna@acme.example").person_id, link)


def test_a_link_is_good_in_its_own_organization_only(story: Story, tell: Any) -> None:
    link, person = invited(story), signed_in(story, "krishna@acme.example").person_id
    with refused(404, "no_such_invite"):
        accept(story, tell().slug, person, link)


def test_whoever_has_the_link_and_another_address_is_refused_and_the_link_stays_good(story: Story) -> None:
    link = invited(story)
    with refused(403, "invite_is_for_another_address") as why:
        accept(story, story.slug, signed_in(story, "mallory@acme.example").person_id, link)
    assert "krishna@acme.example" in why.hint

    assert accept(story, story.slug, signed_in(story, "krishna@acme.example").person_id, link).handle == "krishna"


def test_an_address_is_compared_without_regard_to_case(story: Story) -> None:
    person = signed_in(story, "Krishna@Acme.example").person_id

    assert accept(story, story.slug, person, invited(story, "KRISHNA@acme.example")).handle == "krishna"


def test_the_address_that_counts_is_the_one_of_today(story: Story) -> None:
    link = invited(story)
    signed_in(story, "krishna@acme.example", subject=story.slug)
    person = signed_in(story, "moved@acme.example", subject=story.slug).person_id
    with refused(403, "invite_is_for_another_address"):
        accept(story, story.slug, person, link)


def test_an_address_that_only_the_installation_wrote_down_proves_nothing(story: Story) -> None:
    story.add_member(actor=story.me, handle="krishna", email="krishna@acme.example")
    person = local(story, "krishna").person_id
    with refused(403, "invite_is_for_another_address"):
        accept(story, story.slug, person, invited(story), "kris")


@pytest.mark.parametrize("handle", ["Krishna", "user:krishna", "", None, "-k", "k" * 64])
def test_a_handle_is_a_slug(story: Story, handle: str | None) -> None:
    with refused(422, "name_is_a_slug"):
        accept(story, story.slug, signed_in(story, "krishna@acme.example").person_id, invited(story), handle)


def test_a_handle_that_is_or_was_somebody_elses_is_refused_and_the_link_stays_good(story: Story) -> None:
    link, person = invited(story), signed_in(story, "krishna@acme.example").person_id
    story.member("gone")
    story.remove_member(actor=story.me, handle="gone")
    for handle in ("manu", "gone"):
        with refused(409, "member_exists"):
            accept(story, story.slug, person, link, handle)

    assert accept(story, story.slug, person, link).handle == "krishna"


def test_who_is_a_member_already_stays_who_it_is(story: Story) -> None:
    session = joined(story, "krishna", subject=story.slug)
    with refused(409, "already_member"):
        accept(story, story.slug, session.person_id, invited(story, session.email, "admin"), "kris")

    assert [(m.handle, m.role) for m in story.list_members()] == [("krishna", "member"), ("manu", "admin")]


def test_who_was_removed_comes_back_under_its_own_handle_and_no_other(story: Story) -> None:
    person = joined(story, "krishna").person_id
    story.remove_member(actor=story.me, handle="krishna")
    with refused(409, "member_exists") as why:
        accept(story, story.slug, person, invited(story), "kris")
    assert "krishna" in why.hint
    back = accept(story, story.slug, person, invited(story, role="admin"))

    assert (back.handle, back.role, back.removed_at) == ("krishna", "admin", None)


def test_what_died_with_the_old_membership_stays_dead(story: Story) -> None:
    person = joined(story, "krishna").person_id
    token = story.issue_token(**{"actor": "user:krishna", "for": "user:krishna"}, name="x", hash=secret(), shown="x")
    story.remove_member(actor=story.me, handle="krishna")
    accept(story, story.slug, person, invited(story))

    assert story.list_dead_tokens(tokens=[token.token_id]) == [(token.token_id,)]


def test_with_a_handle_the_invited_person_takes_the_place_of_a_local_member(story: Story) -> None:
    fxk = story.session("fxk", driver=story.member("krishna"))
    person = signed_in(story, "krishna@acme.example").person_id
    member = accept(story, story.slug, person, invited(story, role="admin", handle="krishna"), "something-else")

    assert (member.actor, member.role, member.email) == ("user:krishna", "admin", "krishna@acme.example")
    assert story.list_memberships(person=local(story, "krishna").person_id) == []
    assert story.get_session(actor=None, **fxk).driver == "user:krishna"


def test_whoever_had_the_account_is_told_and_keeps_no_seat_that_the_new_role_does_not_see(story: Story) -> None:
    manu, person = story.me, signed_in(story, "krishna@acme.example").person_id
    story.member("priya", "admin")
    story.create_project(actor="user:priya", name="secret", visibility="private")
    story.create_session(actor="user:priya", project="secret", session="s")
    held = story.claim(Place("secret", "s"), manu), story.session("fxm", driver=manu)
    with story.listening("polaris_control") as heard:
        accept(story, story.slug, person, invited(story, handle="manu"))

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"member","id":0}}')]
    assert [story.get_session(actor=None, **place).driver for place in held] == [None, manu]


def test_but_not_of_one_who_is_gone_or_is_somebody_by_now(story: Story) -> None:
    person = signed_in(story, "krishna@acme.example").person_id
    story.member("gone")
    story.member("taken")
    gone, taken, late = (invited(story, handle=handle) for handle in ("gone", "taken", "taken"))
    story.remove_member(actor=story.me, handle="gone")
    with refused(409, "member_exists"):
        accept(story, story.slug, person, gone)
    accept(story, story.slug, signed_in(story, "krishna@acme.example").person_id, taken)
    with refused(409, "member_exists"):
        accept(story, story.slug, person, late)


def test_nor_when_the_person_is_a_member_already(story: Story) -> None:
    session = joined(story, "krishna")
    story.member("old-krishna")
    with refused(409, "already_member"):
        accept(story, story.slug, session.person_id, invited(story, session.email, handle="old-krishna"))


def test_the_last_administrators_account_stays_an_administrators(story: Story) -> None:
    story.member("priya", "admin")
    link, person = invited(story, handle="manu"), signed_in(story, "krishna@acme.example").person_id
    story.set_role(actor=story.me, handle="priya", role="member")
    with refused(409, "last_admin"):
        accept(story, story.slug, person, link)
    assert [(m.handle, m.role) for m in story.list_members()] == [("manu", "admin"), ("priya", "member")]

    story.set_role(actor=story.me, handle="priya", role="admin")
    assert accept(story, story.slug, person, link).role == "member"


def test_of_two_people_at_once_one_is_in(story: Story, two: tuple[Caller, Caller], background: Background) -> None:
    one, other = two
    link = invited(story)
    first, second = (signed_in(story, "krishna@acme.example").person_id for _ in range(2))
    with one.connection.transaction():
        accept(one, story.slug, first, link)
        waiting = background.start(accept, other, story.slug, second, link, "kris")
        background.until_waiting(other, waiting)
    refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL404", "no_such_invite")
    assert [m.handle for m in story.list_members()] == ["krishna", "manu"]


def test_when_the_first_of_two_is_rolled_back_the_other_is_in(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    link = invited(story)
    first, second = (signed_in(story, "krishna@acme.example").person_id for _ in range(2))
    with one.connection.transaction(force_rollback=True):
        accept(one, story.slug, first, link)
        waiting = background.start(accept, other, story.slug, second, link, "kris")
        background.until_waiting(other, waiting)

    assert background.answer(waiting).handle == "kris"


@pytest.mark.parametrize("takes_over", [(False, False), (False, True), (True, False), (True, True)])
def test_of_two_links_of_one_person_at_once_one_counts(
    story: Story, two: tuple[Caller, Caller], background: Background, takes_over: tuple[bool, bool]
) -> None:
    one, other = two
    person = signed_in(story, "krishna@acme.example").person_id
    story.member("old-one")
    story.member("old-two")
    links = [
        invited(story, handle=handle if over else None)
        for handle, over in zip(("old-one", "old-two"), takes_over, strict=True)
    ]
    with one.connection.transaction():
        accept(one, story.slug, person, links[0], "new-one")
        waiting = background.start(accept, other, story.slug, person, links[1], "new-two")
        background.until_waiting(other, waiting)
    refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL409", "already_member")
    assert len(story.list_memberships(person=person)) == 1


def test_of_two_people_who_want_one_handle_at_once_one_has_it(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    krishna, priya = (signed_in(story, f"{name}@acme.example").person_id for name in ("krishna", "priya"))
    links = invited(story), invited(story, "priya@acme.example")
    with one.connection.transaction():
        accept(one, story.slug, krishna, links[0], "kp")
        waiting = background.start(accept, other, story.slug, priya, links[1], "kp")
        background.until_waiting(other, waiting)
    refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL409", "member_exists")


@pytest.mark.parametrize("role", ["admin", "member"])
def test_an_account_is_taken_over_while_whoever_invited_is_removed(
    story: Story, two: tuple[Caller, Caller], background: Background, role: str
) -> None:
    # Both need members and invitations; they lock them in the same order.
    one, other = two
    story.member("priya", "admin")
    story.member("old-krishna", "admin")
    person = signed_in(story, "krishna@acme.example").person_id
    link = invited(story, role=role, handle="old-krishna")
    with one.connection.transaction():
        accept(one, story.slug, person, link)
        waiting = background.start(other.remove_member, actor="user:priya", handle="manu")
        background.until_waiting(other, waiting)

    assert background.answer(waiting).removed_at is not None
    assert [(m.handle, m.role) for m in story.list_members() if m.removed_at is None] == [
        ("old-krishna", role),
        ("priya", "admin"),
    ]


def test_and_removed_while_somebody_is_just_taking_it_over(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    story.member("priya", "admin")
    story.member("old-krishna", "admin")
    person = signed_in(story, "krishna@acme.example").person_id
    link = invited(story, role="admin", handle="old-krishna")
    with one.connection.transaction():
        one.remove_member(actor="user:priya", handle="manu")
        waiting = background.start(accept, other, story.slug, person, link)
        background.until_waiting(other, waiting)
    refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "no_such_invite"

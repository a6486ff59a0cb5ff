"""polaris.set_role: a member becomes an administrator, or an administrator a member."""

import json
from typing import Any

import psycopg
import pytest
from people import noted, secret, signed_in
from story import Background, Story, refused


def roles(story: Story) -> dict[str, str]:
    return {m.handle: m.role for m in story.list_members() if m.removed_at is None}


def test_it_works_at_once_in_both_directions(story: Story) -> None:
    krishna = story.member("krishna")

    assert story.set_role(actor=story.me, handle="krishna", role="admin").role == "admin"
    story.add_member(actor=krishna, handle="priya")
    assert story.set_role(actor=krishna, handle="manu", role="member").role == "member"
    with refused(403, "admin_only"):
        story.add_member(actor=story.me, handle="new")


def test_the_log_and_the_control_channel_say_so(story: Story) -> None:
    story.member("krishna")
    with story.listening("polaris_control") as heard:
        story.set_role(actor=story.me, handle="krishna", role="admin")

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"member","id":0}}')]
    assert noted(story)[-1] == (story.me, "member.role", "user:krishna")
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {"role": "admin", "was": "member"}


def test_what_one_is_already_is_no_news(story: Story) -> None:
    story.member("krishna")
    before = noted(story)
    with story.listening("polaris_control") as heard:
        story.set_role(actor=story.me, handle="krishna", role="member")
        story.set_role(actor=story.me, handle="manu", role="admin")

        assert heard() == []
    assert noted(story) == before


def test_the_last_administrator_stays_one(story: Story) -> None:
    story.member("krishna")
    for actor in (story.me, None):
        with refused(409, "last_admin"):
            story.set_role(actor=actor, handle="manu", role="member")

    assert roles(story) == {"manu": "admin", "krishna": "member"}


def test_a_removed_administrator_does_not_count(story: Story) -> None:
    story.member("priya", "admin")
    story.remove_member(actor=story.me, handle="priya")
    with refused(409, "last_admin"):
        story.set_role(actor=story.me, handle="manu", role="member")


def test_who_is_no_member_has_no_role(story: Story, tell: Any) -> None:
    tell().member("krishna")
    story.member("gone")
    story.remove_member(actor=story.me, handle="gone")
    for handle in ("krishna", "gone", ""):
        for role in ("admin", "member"):
            with refused(404, "no_such_member"):
                story.set_role(actor=story.me, handle=handle, role=role)


@pytest.mark.parametrize("role", ["owner", "", None])
def test_a_role_is_admin_or_member(story: Story, role: str | None) -> None:
    with refused(422, "role_is_known"):
        story.set_role(actor=story.me, handle="manu", role=role)


@pytest.mark.parametrize("actor", ["user:krishna", "user:nobody", "agent:bot", "slack:guest"])
def test_only_administrators_may(story: Story, actor: str) -> None:
    story.member("krishna")
    with refused(403, "admin_only"):
        story.set_role(actor=actor, handle="krishna", role="admin")


def test_who_is_no_administrator_any_more_has_no_invitation_open_that_would_make_it_one_again(story: Story) -> None:
    priya = story.member("priya", "admin")
    person, links = signed_in(story, "second@acme.example").person_id, (secret(), secret(), secret())
    for actor, link in zip((priya, priya, story.me), links, strict=True):
        story.invite(actor=actor, email="second@acme.example", role="admin", hash=link)
    story.accept_invite(person=person, org_slug=story.slug, hash=links[0], handle="second")
    story.set_role(actor=story.me, handle="priya", role="member")

    with refused(404, "no_such_invite"):
        story.get_invite(org_slug=story.slug, hash=links[1])
    assert story.get_invite(org_slug=story.slug, hash=links[2]).invited_by == story.me
    assert [row.revoked_at is None for row in story.list_invites(actor=None)] == [True, False, True]


@pytest.mark.parametrize("act", ["set_role", "remove_member"])
def test_not_even_one_that_it_wrote_at_that_very_moment(story: Story, background: Background, act: str) -> None:
    priya, link = story.member("priya", "admin"), secret()
    more = {"role": "member"} if act == "set_role" else {}
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.invite(actor=priya, email="second@acme.example", role="admin", hash=link)
            waiting = background.start(other.call, act, actor=story.me, handle="priya", **more)
            background.until_waiting(other, waiting)
        background.answer(waiting)

    with refused(404, "no_such_invite"):
        story.get_invite(org_slug=story.slug, hash=link)


def test_the_tokens_that_it_issued_for_other_people_end_and_its_own_and_its_agents_stay(story: Story) -> None:
    priya = story.member("priya", "admin")
    for actor in (story.me, priya, "agent:test-writer"):
        story.issue_token(actor=priya, **{"for": actor}, name=actor, hash=secret(), shown="plr_")
    story.issue_token(actor=story.me, **{"for": story.me}, name="mine", hash=secret(), shown="plr_")
    story.set_role(actor=story.me, handle="priya", role="member")

    assert {t.name for t in story.list_tokens(actor=story.me) if t.revoked_at} == {story.me}


@pytest.mark.parametrize("second", ["set_role", "remove_member"])
def test_two_who_lower_each_other_at_once_leave_one_administrator(
    story: Story, background: Background, second: str
) -> None:
    story.member("priya", "admin")
    more = {"role": "member"} if second == "set_role" else {}
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.set_role(actor=story.me, handle="priya", role="member")
            waiting = background.start(other.call, second, actor="user:priya", handle="manu", **more)
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL409", "last_admin")
    assert roles(story) == {"manu": "admin", "priya": "member"}

"""polaris.remove_member: a person leaves, and all that hung on it ends."""

import os

import psycopg
import pytest
from people import joined, noted, secret, signed_in
from story import Background, Place, Story, event, refused


def token(story: Story, actor: str, by: str | None = None) -> int:
    number: int = story.issue_token(
        **{"actor": by or actor, "for": actor}, name="laptop", hash=os.urandom(32), shown="plr_u_x"
    ).token_id
    return number


def test_the_membership_ends_and_the_row_stays(story: Story) -> None:
    story.member("krishna")
    gone = story.remove_member(actor=story.me, handle="krishna")

    assert (gone.actor, gone.removed_at is None) == ("user:krishna", False)


def test_its_tokens_and_those_that_it_issued_die(story: Story) -> None:
    krishna = story.member("krishna")
    own, agents, others = token(story, krishna), token(story, "agent:bot", krishna), token(story, story.me)
    story.remove_member(actor=story.me, handle="krishna")

    assert sorted(story.list_dead_tokens(tokens=[own, agents, others])) == sorted([(own,), (agents,)])


def test_its_postgres_logins_die(story: Story) -> None:
    krishna = story.member("krishna")
    with story.client(krishna) as client:
        client.list_projects()
        story.remove_member(actor=story.me, handle="krishna")
        with refused(401, "login_revoked"):
            client.list_projects()


def test_the_seats_that_it_held_are_open(story: Story) -> None:
    krishna = story.member("krishna")
    fxk = story.session("fxk", driver=krishna)
    fxm = story.session("fxm", driver=story.me)
    story.remove_member(actor=story.me, handle="krishna")
    seats = {s.name: (s.seat, s.driver, s.epoch) for s in story.list_sessions(actor=None, project="pj")}

    assert seats == {"fxk": ("open", None, 1), "fxm": ("held", story.me, 1)}
    assert story.events(session="fxk")[-1].kind == "driver.released"
    assert story.push(fxm, event("still-here"))[0].created
    assert story.push(fxk, event("was-offline"))[0].late


def test_everybody_is_told_on_the_control_channel(story: Story) -> None:
    story.member("krishna")
    with story.listening("polaris_control") as heard:
        story.remove_member(actor=story.me, handle="krishna")

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"member","id":0}}')]


def test_only_administrators_may(story: Story) -> None:
    story.member("krishna")
    with refused(403, "admin_only"):
        story.remove_member(actor="user:krishna", handle="manu")


def test_somebody_who_is_not_there_cannot_be_removed(story: Story, tell) -> None:
    tell().member("krishna")
    with refused(404, "no_such_member"):
        story.remove_member(actor=story.me, handle="krishna")
    story.member("krishna")
    story.remove_member(actor=story.me, handle="krishna")
    with refused(404, "no_such_member"):
        story.remove_member(actor=story.me, handle="krishna")


def test_the_last_administrator_stays(story: Story) -> None:
    story.member("krishna")
    with refused(409, "last_admin"):
        story.remove_member(actor=story.me, handle="manu")
    story.member("priya", "admin")
    story.remove_member(actor=story.me, handle="manu")

    with refused(403, "admin_only"):
        story.remove_member(actor=story.me, handle="krishna")


def test_a_member_may_leave_by_itself_and_the_log_tells_the_difference(story: Story) -> None:
    for handle in ("krishna", "priya"):
        story.member(handle)
    assert story.remove_member(actor="user:krishna", handle="krishna").removed_at is not None
    story.remove_member(actor=story.me, handle="priya")

    assert noted(story, "member.left", "member.removed") == [
        ("user:krishna", "member.left", "user:krishna"),
        (story.me, "member.removed", "user:priya"),
    ]


def test_who_has_left_cannot_leave_again_nor_do_anything_else(story: Story) -> None:
    krishna = story.member("krishna")
    story.remove_member(actor=krishna, handle="krishna")
    with refused(404, "no_such_member"):
        story.remove_member(actor=krishna, handle="krishna")
    with refused(403, "admin_only"):
        story.remove_member(actor=krishna, handle="manu")

    assert len(noted(story, "member.left")) == 1


def test_the_last_administrator_does_not_leave_either(story: Story) -> None:
    story.member("krishna")
    with refused(409, "last_admin"):
        story.remove_member(actor=story.me, handle="manu")

    assert noted(story, "member.left") == []


def test_an_agent_does_not_leave_for_a_person(story: Story) -> None:
    story.member("bot")
    with refused(403, "admin_only"):
        story.remove_member(actor="agent:bot", handle="bot")


def test_invitations_that_it_wrote_end_and_those_of_others_do_not(story: Story) -> None:
    priya = story.member("priya", "admin")
    open_link, used, others = secret(), secret(), secret()
    for actor, link in ((priya, open_link), (priya, used), (story.me, others)):
        story.invite(actor=actor, email="krishna@acme.example", role="admin", hash=link)
    person = signed_in(story, "krishna@acme.example").person_id
    story.accept_invite(person=person, org_slug=story.slug, hash=used, handle="krishna")
    story.remove_member(actor=story.me, handle="priya")

    with refused(404, "no_such_invite"):
        story.get_invite(org_slug=story.slug, hash=open_link)
    assert story.get_invite(org_slug=story.slug, hash=others).invited_by == story.me
    assert [row.revoked_at is None for row in story.list_invites(actor=None)] == [False, True, True]
    assert [m.org for m in story.list_memberships(person=person)] == [story.slug]


def test_it_is_on_no_private_projects_list_any_more_even_when_it_comes_back(story: Story) -> None:
    person = joined(story, "krishna", email="krishna@acme.example").person_id
    story.create_project(actor=story.me, name="secret", visibility="private")
    story.add_project_member(actor=story.me, project="secret", member="user:krishna")
    story.remove_member(actor=story.me, handle="krishna")
    assert [m.actor for m in story.list_project_members(actor=story.me, project="secret")] == [story.me]

    link = secret()
    story.invite(actor=story.me, email="krishna@acme.example", role="member", hash=link)
    story.accept_invite(person=person, org_slug=story.slug, hash=link, handle="krishna")
    with refused(404, "no_such_project"):
        story.get_project(actor="user:krishna", project="secret")


def test_the_seats_that_it_held_in_private_projects_are_open_too(story: Story) -> None:
    krishna = story.member("krishna")
    story.create_project(actor=krishna, name="secret", visibility="private")
    story.create_session(actor=krishna, project="secret", session="s")
    held = story.claim(Place("secret", "s"), krishna)
    story.remove_member(actor=krishna, handle="krishna")

    assert story.get_session(actor=None, **held).driver is None


def test_its_browsers_open_nothing_here_and_stay_signed_in_elsewhere(story: Story, tell) -> None:
    other = tell()
    session = joined(story, "krishna", subject=story.slug).web_session_id
    joined(other, "kris", subject=story.slug)
    story.remove_member(actor=story.me, handle="krishna")

    assert story.list_dead_web_sessions(sessions=[session] * 2, orgs=[story.org, other.org]) == [(session, story.org)]


@pytest.mark.parametrize("leaving", [True, False])
def test_of_two_administrators_who_go_at_once_one_remains(story: Story, background: Background, leaving: bool) -> None:
    priya = story.member("priya", "admin")
    first, second = ("manu", "priya") if leaving else ("priya", "manu")
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.remove_member(actor=story.me, handle=first)
            waiting = background.start(other.remove_member, actor=priya, handle=second)
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL409", "last_admin")
    assert [m.handle for m in story.list_members() if m.removed_at is None] == [second]


def test_of_two_who_remove_the_same_one_at_once_one_did_it(story: Story, background: Background) -> None:
    priya = story.member("priya", "admin")
    story.member("krishna")
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.remove_member(actor=story.me, handle="krishna")
            waiting = background.start(other.remove_member, actor=priya, handle="krishna")
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL404", "no_such_member")
    assert noted(story, "member.removed") == [(story.me, "member.removed", "user:krishna")]


def test_who_waits_for_the_member_holds_no_administrator_behind_it(story: Story, background: Background) -> None:
    # It deadlocked with somebody to whom the member was an administrator by then: krishna first, manu after.
    story.member("krishna")
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.set_role(actor=None, handle="krishna", role="admin")
            waiting = background.start(other.remove_member, actor=story.me, handle="krishna")
            background.until_waiting(other, waiting)
            one.set_role(actor=None, handle="manu", role="member")
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "last_admin"

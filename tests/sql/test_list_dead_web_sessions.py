"""polaris.list_dead_web_sessions: one query for all that hangs on a process."""

from datetime import timedelta

from people import joined, local, secret, shift, signed_in
from story import Story


def test_a_session_is_alive_in_the_organizations_of_its_person_and_in_no_other(story: Story, tell) -> None:
    other, foreign = tell(), tell()
    one = joined(story, "krishna", subject=story.slug).web_session_id
    two = joined(other, "krishna", subject=story.slug).web_session_id
    pairs = [(s, o) for s in (one, two) for o in (story.org, other.org, foreign.org)]
    dead = story.list_dead_web_sessions(sessions=[s for s, _ in pairs], orgs=[o for _, o in pairs])

    assert sorted(dead) == sorted([(one, foreign.org), (two, foreign.org)])


def test_ended_and_old_ones_are_dead(story: Story) -> None:
    cookie = secret()
    live, idle, old, closed = (
        joined(story, "krishna", subject=story.slug).web_session_id,
        signed_in(story, subject=story.slug).web_session_id,
        signed_in(story, subject=story.slug).web_session_id,
        signed_in(story, subject=story.slug, hash=cookie).web_session_id,
    )
    shift(story, "web_sessions", "web_session_id", idle, seen_at=-timedelta(hours=12))
    shift(story, "web_sessions", "web_session_id", old, created_at=-timedelta(days=7))
    story.close_web_session(hash=cookie)
    asked = [live, idle, old, closed, -1]

    dead = story.list_dead_web_sessions(sessions=asked, orgs=[story.org] * 5)
    assert sorted(s for s, _ in dead) == sorted([idle, old, closed, -1])


def test_so_are_those_of_who_was_removed_until_it_comes_back(story: Story) -> None:
    session = joined(story, "krishna")
    asked = {"sessions": [session.web_session_id], "orgs": [story.org]}
    story.remove_member(actor=story.me, handle="krishna")
    assert story.list_dead_web_sessions(**asked) == [(session.web_session_id, story.org)]

    link = secret()
    story.invite(actor=story.me, email=session.email, role="member", hash=link)
    story.accept_invite(person=session.person_id, org_slug=story.slug, hash=link, handle="krishna")
    assert story.list_dead_web_sessions(**asked) == []


def test_so_is_that_of_a_local_account_which_an_invited_person_has_taken_over(story: Story) -> None:
    before = local(story)
    heir = signed_in(story, "manu@acme.example")
    link = secret()
    story.invite(actor=story.me, email=heir.email, role="admin", hash=link, handle="manu")
    story.accept_invite(person=heir.person_id, org_slug=story.slug, hash=link, handle=None)
    sessions = [before.web_session_id, heir.web_session_id]

    assert story.list_dead_web_sessions(sessions=sessions, orgs=[story.org] * 2) == [(before.web_session_id, story.org)]


def test_nothing_asked_nothing_dead(story: Story) -> None:
    assert story.list_dead_web_sessions(sessions=[], orgs=[]) == []

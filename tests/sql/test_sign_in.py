"""polaris.sign_in: a person whom an issuer vouches for has a browser that is signed in."""

import itertools
import json
import threading
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from people import GOOGLE, joined, local, noted, secret, shift, signed_in
from story import Background, Story


def installation(story: Story, person: int) -> list[tuple[Any, ...]]:
    """What the installation's own log says of a person."""
    return story.rows(
        """
        select actor, action, detail from polaris_data.audit where org_id = 0 and target = %s order by audit_id
        """,
        f"person:{person}",
    )


def test_the_session_is_the_persons_for_twelve_hours(story: Story) -> None:
    cookie = secret()
    session = signed_in(
        story,
        "krishna@acme.example",
        subject=story.slug,
        name="Krishna R",
        picture="https://pictures.example/k.png",
        domain="acme.example",
        hash=cookie,
    )

    assert session[2:7] == (
        GOOGLE,
        "krishna@acme.example",
        "Krishna R",
        "https://pictures.example/k.png",
        "acme.example",
    )
    assert session.expires_at - session.created_at == timedelta(hours=12)
    assert story.resume_web_session(hash=cookie) == session


def test_a_person_is_its_issuer_and_subject_never_its_address(story: Story) -> None:
    first = signed_in(story, "krishna@acme.example", subject=story.slug)
    again = signed_in(story, "krishna@new.example", subject=story.slug)
    namesake = signed_in(story, "krishna@acme.example", subject=f"{story.slug}-other")
    elsewhere = signed_in(story, "krishna@acme.example", subject=story.slug, issuer="https://idp.example")

    assert first.person_id == again.person_id
    assert len({first.person_id, namesake.person_id, elsewhere.person_id}) == 3
    assert again.email == "krishna@new.example"


def test_a_second_browser_is_a_second_session(story: Story) -> None:
    one, other = secret(), secret()
    first = signed_in(story, subject=story.slug, hash=one)
    second = signed_in(story, subject=story.slug, hash=other)

    assert first.web_session_id != second.web_session_id
    assert story.resume_web_session(hash=one).web_session_id == first.web_session_id
    assert story.resume_web_session(hash=other).web_session_id == second.web_session_id


def test_a_name_that_the_issuer_leaves_out_stays_and_a_domain_that_it_leaves_out_goes(story: Story) -> None:
    signed_in(story, subject=story.slug, name="Krishna", picture="https://p.example/1", domain="ACME.example")
    again = signed_in(story, subject=story.slug, name=None, picture=None, domain=None)

    assert (again.name, again.picture, again.domain) == ("Krishna", "https://p.example/1", None)


def test_a_domain_is_kept_in_lower_case_and_texts_are_cut(story: Story) -> None:
    session = signed_in(story, domain="ACME.example", name="n" * 300, picture="p" * 3000, user_agent="u" * 400)

    assert (session.domain, len(session.name), len(session.picture)) == ("acme.example", 200, 2000)
    assert story.rows(
        "select length(user_agent) from polaris_data.web_sessions where web_session_id = %s", session.web_session_id
    ) == [(300,)]


def test_it_is_noted_in_each_organization_of_the_person(story: Story, tell) -> None:
    other, foreign = tell(), tell()
    joined(story, "krishna", subject=story.slug)
    joined(other, "kris", subject=story.slug)
    before = noted(foreign)
    signed_in(story, subject=story.slug)

    assert noted(story)[-1] == ("user:krishna", "sign_in", None)
    assert noted(other)[-1] == ("user:kris", "sign_in", None)
    assert noted(foreign) == before
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {"issuer": GOOGLE, "subject": story.slug}


def test_it_is_noted_in_no_organization_that_the_person_has_left(story: Story) -> None:
    person = joined(story, "krishna", subject=story.slug).person_id
    story.remove_member(actor=story.me, handle="krishna")
    signed_in(story, subject=story.slug)

    assert noted(story)[-1] == (story.me, "member.removed", "user:krishna")
    assert [action for _, action, _ in installation(story, person)] == ["sign_in"] * 2


def test_of_somebody_without_an_organization_the_installation_notes_it(story: Story) -> None:
    person = signed_in(story, subject=story.slug).person_id

    assert installation(story, person) == [(None, "sign_in", {"issuer": GOOGLE, "subject": story.slug})]


def test_whom_the_installation_vouches_for_signs_in_like_everybody_else(story: Story) -> None:
    session = local(story)

    assert [(m.org, m.handle) for m in story.list_memberships(person=session.person_id)] == [(story.slug, "manu")]
    assert noted(story)[-1] == (story.me, "sign_in", None)


def test_sessions_that_are_too_old_are_swept(story: Story) -> None:
    idle, old, fresh = (signed_in(story).web_session_id for _ in range(3))
    shift(story, "web_sessions", "web_session_id", idle, seen_at=-timedelta(hours=13))
    shift(story, "web_sessions", "web_session_id", old, created_at=-timedelta(days=8))
    shift(story, "web_sessions", "web_session_id", fresh, seen_at=-timedelta(hours=11), created_at=-timedelta(days=6))
    signed_in(story)

    assert story.rows(
        "select web_session_id from polaris_data.web_sessions where web_session_id = any (%s)", [idle, old, fresh]
    ) == [(fresh,)]


def test_a_cookie_is_kept_as_its_sha256_and_once(story: Story) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="web_session_hash_is_sha256"):
        signed_in(story, hash=b"the cookie itself")
    once = secret()
    signed_in(story, hash=once)
    with pytest.raises(psycopg.errors.UniqueViolation, match="web_session_exists"):
        signed_in(story, hash=once)


def test_thirty_at_once_are_thirty_sessions_and_thirty_rows_of_one_unbroken_log(
    story: Story, tell, background: Background
) -> None:
    other = tell()
    joined(story, "krishna", subject=story.slug)
    joined(other, "krishna", subject=story.slug)
    rows = len(noted(story)), len(noted(other))
    with ExitStack() as stack:
        callers = [stack.enter_context(story.another()) for _ in range(10)]
        start = threading.Barrier(len(callers))

        def enter(n: int) -> list[int]:
            start.wait(20)
            return [signed_in(callers[n], subject=story.slug).web_session_id for _ in range(3)]

        sessions = [background.answer(f) for f in [background.start(enter, n) for n in range(len(callers))]]

    assert len({number for some in sessions for number in some}) == 30
    for one, before in zip((story, other), rows, strict=True):
        assert noted(one)[before:] == [("user:krishna", "sign_in", None)] * 30
        log = one.list_audit(actor=None)
        assert [row.audit_id for row in log] == list(range(1, before + 31))
        assert all(row.prev_hash == last.hash for last, row in itertools.pairwise(log))

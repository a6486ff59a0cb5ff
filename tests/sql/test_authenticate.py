"""polaris.authenticate: who a bearer token is."""

import os
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from people import shift
from story import Background, Story, refused


def issue(story: Story, whom: str, **more: object) -> bytes:
    digest = os.urandom(32)
    story.issue_token(**{"actor": None, "for": whom, "name": "laptop", "hash": digest, "shown": "plr_u_x"} | more)
    return digest


def test_it_tells_organization_participant_and_role(story: Story) -> None:
    krishna = story.member("krishna")
    told = [story.authenticate(hash=issue(story, whom)) for whom in (story.me, krishna, "agent:bot")]

    assert {(who.org_id, who.org) for who in told} == {(story.org, story.slug)}
    assert [(who.actor, who.role) for who in told] == [
        (story.me, "admin"),
        (krishna, "member"),
        ("agent:bot", "agent"),
    ]
    assert {len(who.redaction_key) for who in told} == {32}


def test_it_tells_the_project_that_a_token_is_limited_to(story: Story) -> None:
    story.project("pj")

    assert story.authenticate(hash=issue(story, story.me, project="pj")).project_id == story.project_id("pj")
    assert story.authenticate(hash=issue(story, story.me)).project_id is None


def test_an_unknown_token_is_refused(story: Story) -> None:
    for digest in (os.urandom(32), b"", None):
        with refused(401, "token_unknown"):
            story.authenticate(hash=digest)


def test_a_revoked_token_is_refused(story: Story) -> None:
    digest = issue(story, story.me)
    story.revoke_token(actor=None, token=story.authenticate(hash=digest).token_id)
    with refused(401, "token_revoked") as why:
        story.authenticate(hash=digest)

    assert "polaris login" in why.hint


@pytest.mark.parametrize("sliding", [True, False])
def test_an_expired_token_is_refused(story: Story, sliding: bool) -> None:
    digest = issue(story, story.me, sliding=sliding)
    shift(story, "tokens", "hash", digest, expires_at=-timedelta(days=90))
    for _ in range(2):
        with refused(401, "token_expired"):
            story.authenticate(hash=digest)


def test_a_removed_members_token_is_refused(story: Story) -> None:
    digest = issue(story, story.member("krishna"))
    story.remove_member(actor=None, handle="krishna")
    with refused(401, "token_revoked"):
        story.authenticate(hash=digest)


def test_last_use_is_written_once_a_minute_at_most(story: Story) -> None:
    digest = issue(story, story.me)
    number = story.authenticate(hash=digest).token_id

    def last_used() -> object:
        (token,) = story.list_tokens(actor=None)
        return token.last_used_at

    first = last_used()
    story.authenticate(hash=digest)

    assert first is not None
    assert last_used() == first

    story.owner.execute(
        "update polaris_data.tokens set last_used_at = last_used_at - interval '2 minutes' where token_id = %s",
        [number],
    )
    story.authenticate(hash=digest)

    assert last_used() >= first


def test_an_expiry_that_slides_moves_with_the_first_use_of_each_minute(story: Story) -> None:
    digest = issue(story, story.me, expires_in=timedelta(days=30), sliding=True)
    number = story.authenticate(hash=digest).token_id

    def token() -> Any:
        (row,) = [row for row in story.list_tokens(actor=None) if row.token_id == number]
        return row

    shift(story, "tokens", "hash", digest, expires_at=-timedelta(days=29))
    soon = token().expires_at
    assert story.authenticate(hash=digest).expires_at == soon

    shift(story, "tokens", "hash", digest, last_used_at=-timedelta(minutes=2))
    told = story.authenticate(hash=digest).expires_at
    assert told == token().expires_at == token().last_used_at + timedelta(days=30)


def test_a_fixed_expiry_stays_whatever_the_use(story: Story) -> None:
    digest = issue(story, story.me, expires_in=timedelta(days=30))
    first = story.authenticate(hash=digest).expires_at
    shift(story, "tokens", "hash", digest, last_used_at=-timedelta(minutes=2))

    assert story.authenticate(hash=digest).expires_at == first


def test_a_token_that_is_just_being_revoked_opens_nothing(story: Story, background: Background) -> None:
    digest = issue(story, story.me)
    (token,) = story.list_tokens(actor=None)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.revoke_token(actor=None, token=token.token_id)
            waiting = background.start(other.authenticate, hash=digest)
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert (refusal.sqlstate, refusal.diag.constraint_name) == ("PL401", "token_revoked")

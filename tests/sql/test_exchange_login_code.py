"""polaris.exchange_login_code: a token for an authorization code, once."""

from datetime import timedelta
from typing import Any

import pytest
from people import joined, local, noted, secret, shift
from story import Background, Caller, Row, Story

URI = "http://127.0.0.1:4711/callback"
REFUSED = ("invalid_grant", None, None, None)


def written(story: Story, person: int | None = None) -> bytes:
    code = secret()
    story.write_login_code(
        hash=code,
        person=person or local(story).person_id,
        challenge="the challenge",
        redirect_uri=URI,
        machine="laptop",
    )
    return code


def exchange(caller: Caller, code: bytes | None, **more: Any) -> Row:
    asked = {"challenge": "the challenge", "redirect_uri": URI, "token_hash": secret(), "token_shown": "plr_u_ABC"}
    return caller.exchange_login_code(hash=code, **(asked | more))


def test_the_token_is_the_persons_own_and_slides(story: Story) -> None:
    digest = secret()
    given = exchange(story, written(story), token_hash=digest)
    (token,) = story.list_tokens(actor=story.me)

    assert given == (None, story.slug, story.me, token.token_id)
    assert (token.actor, token.issued_by, token.name, token.shown) == (
        story.me,
        story.me,
        "polaris login on laptop",
        "plr_u_ABC",
    )
    assert (token.sliding, token.expires_at - token.created_at) == (True, timedelta(days=90))
    assert story.authenticate(hash=digest).actor == story.me


def test_the_log_says_so(story: Story) -> None:
    exchange(story, written(story))

    assert noted(story)[-1] == (story.me, "token.issued", story.me)


def test_it_is_for_the_organization_that_was_chosen(story: Story, tell: Any) -> None:
    other = tell()
    person = joined(story, "krishna", subject=story.slug).person_id
    joined(other, "kris", subject=story.slug)
    code = written(other, person)

    assert exchange(story, code)[1:3] == (other.slug, "user:kris")


def test_a_code_is_good_once(story: Story) -> None:
    code = written(story)
    exchange(story, code)

    assert exchange(story, code) == REFUSED
    assert len(story.list_tokens(actor=None)) == 1


@pytest.mark.parametrize(
    "wrong", [{"challenge": "another"}, {"challenge": None}, {"redirect_uri": f"{URI}/"}, {"redirect_uri": None}]
)
def test_whoever_has_the_code_and_not_the_rest_uses_it_up(story: Story, wrong: dict[str, Any]) -> None:
    code = written(story)

    assert exchange(story, code, **wrong) == REFUSED
    assert exchange(story, code) == REFUSED
    assert story.list_tokens(actor=None) == []


def test_a_code_lives_for_a_minute(story: Story) -> None:
    late, in_time = written(story), written(story)
    shift(story, "login_codes", "hash", late, created_at=-timedelta(seconds=60))
    shift(story, "login_codes", "hash", in_time, created_at=-timedelta(seconds=30))

    assert exchange(story, late) == REFUSED
    assert exchange(story, in_time).error is None


def test_who_was_removed_meanwhile_gets_none(story: Story) -> None:
    code = written(story, joined(story, "krishna").person_id)
    story.remove_member(actor=story.me, handle="krishna")

    assert exchange(story, code) == REFUSED


def test_a_code_that_nobody_wrote_is_no_good(story: Story) -> None:
    for code in (secret(), b"", None):
        assert exchange(story, code) == REFUSED


def test_of_two_exchanges_at_once_one_is_given_the_token(story: Story, background: Background) -> None:
    code = written(story)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = exchange(one, code)
            waiting = background.start(exchange, other, code)
            background.until_waiting(other, waiting)

        assert (first.error, background.answer(waiting)) == (None, REFUSED)
    assert len(story.list_tokens(actor=None)) == 1

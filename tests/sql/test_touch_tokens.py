"""polaris.touch_tokens: tokens behind what hangs on a process for long are in use."""

from datetime import timedelta
from typing import Any

from people import secret, shift
from story import Background, Row, Story


def issue(story: Story, sliding: bool = True, days: int | None = 90) -> int:
    expires_in = None if days is None else timedelta(days=days)
    number: int = story.issue_token(
        **{"actor": None, "for": story.me},
        name="laptop",
        hash=secret(),
        shown="plr_u_x",
        expires_in=expires_in,
        sliding=sliding,
    ).token_id
    return number


def token(story: Story, number: int) -> Row:
    (row,) = [row for row in story.list_tokens(actor=None) if row.token_id == number]
    return row


def ago(story: Story, number: int, **columns: timedelta) -> Row:
    shift(story, "tokens", "token_id", number, **columns)
    return token(story, number)


def test_an_expiry_that_slides_moves_on_and_a_fixed_one_stays(story: Story) -> None:
    sliding, fixed, endless = issue(story), issue(story, sliding=False), issue(story, sliding=False, days=None)
    for number in (sliding, fixed):
        ago(story, number, expires_at=-timedelta(days=80))
    before = token(story, fixed).expires_at

    assert story.touch_tokens(tokens=[sliding, fixed, endless, -1]) == 3
    moved = token(story, sliding)
    assert moved.expires_at == moved.last_used_at + timedelta(days=90)
    assert token(story, fixed).expires_at == before
    assert token(story, endless).expires_at is None
    assert None not in {token(story, number).last_used_at for number in (fixed, endless)}


def test_once_a_minute_is_enough(story: Story) -> None:
    number = issue(story)

    assert [story.touch_tokens(tokens=[number]) for _ in range(2)] == [1, 0]
    before = ago(story, number, last_used_at=-timedelta(seconds=61))
    assert story.touch_tokens(tokens=[number]) == 1
    assert token(story, number).last_used_at > before.last_used_at


def test_what_has_died_stays_dead(story: Story) -> None:
    expired, revoked = issue(story), issue(story)
    ago(story, expired, expires_at=-timedelta(days=91))
    story.revoke_token(actor=None, token=revoked)

    assert story.touch_tokens(tokens=[expired, revoked]) == 0
    assert sorted(story.list_dead_tokens(tokens=[expired, revoked])) == sorted([(expired,), (revoked,)])


def test_nothing_asked_nothing_written(story: Story) -> None:
    assert story.touch_tokens(tokens=[]) == 0
    assert story.touch_tokens(tokens=None) == 0


def test_it_waits_for_nobody(story: Story, background: Background, tell: Any) -> None:
    busy, free = issue(story), issue(story)
    with story.another() as one, story.another() as other, one.connection.transaction():
        one.revoke_token(actor=None, token=busy)

        assert background.answer(background.start(other.touch_tokens, tokens=[busy, free])) == 1

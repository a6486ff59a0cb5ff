"""polaris.take_sign_in: what a sign-in needs is given out once, for ten minutes."""

from datetime import timedelta

import psycopg
from people import secret, shift
from story import Background, Story, refused


def begun(story: Story) -> bytes:
    state = secret()
    story.begin_sign_in(state_hash=state, nonce="n", verifier="v", return_to="/")
    return state


def test_it_is_given_out_once(story: Story) -> None:
    state = begun(story)
    story.take_sign_in(state_hash=state)
    with refused(404, "sign_in_unknown"):
        story.take_sign_in(state_hash=state)


def test_a_state_that_nobody_began_is_unknown(story: Story) -> None:
    for state in (secret(), b"", None):
        with refused(404, "sign_in_unknown"):
            story.take_sign_in(state_hash=state)


def test_after_ten_minutes_it_is_over(story: Story) -> None:
    late, in_time = begun(story), begun(story)
    shift(story, "sign_ins", "state_hash", late, created_at=-timedelta(minutes=10))
    shift(story, "sign_ins", "state_hash", in_time, created_at=-timedelta(minutes=9, seconds=30))
    with refused(404, "sign_in_unknown"):
        story.take_sign_in(state_hash=late)

    assert story.take_sign_in(state_hash=in_time).nonce == "n"


def test_of_two_answers_at_once_one_is_taken(story: Story, background: Background) -> None:
    state = begun(story)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            taken = one.take_sign_in(state_hash=state)
            waiting = background.start(other.take_sign_in, state_hash=state)
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert taken.nonce == "n"
    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "sign_in_unknown"

"""polaris.begin_sign_in: what a sign-in needs when the provider answers is kept."""

from datetime import timedelta

import psycopg
import pytest
from people import secret, shift
from story import Story


def test_what_was_kept_is_there_for_whoever_has_the_state(story: Story) -> None:
    state = secret()
    story.begin_sign_in(state_hash=state, nonce="the nonce", verifier="the verifier", return_to="/o/acme")

    assert story.take_sign_in(state_hash=state) == ("the nonce", "the verifier", "/o/acme")


def test_a_state_is_used_once(story: Story) -> None:
    state = secret()
    story.begin_sign_in(state_hash=state, nonce="n", verifier="v", return_to="/")
    with pytest.raises(psycopg.errors.UniqueViolation):
        story.begin_sign_in(state_hash=state, nonce="other", verifier="v", return_to="/")


def test_those_that_nobody_came_back_for_are_swept(story: Story) -> None:
    old, young = secret(), secret()
    for state, minutes in ((old, 11), (young, 9)):
        story.begin_sign_in(state_hash=state, nonce="n", verifier="v", return_to="/")
        shift(story, "sign_ins", "state_hash", state, created_at=-timedelta(minutes=minutes))
    story.begin_sign_in(state_hash=secret(), nonce="n", verifier="v", return_to="/")

    assert story.rows("select state_hash from polaris_data.sign_ins where state_hash = any (%s)", [old, young]) == [
        (young,)
    ]

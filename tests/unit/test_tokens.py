"""Tokens: recognisable, checked, and stored only as a hash."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris import tokens


@pytest.mark.parametrize("kind", ["u", "a"])
def test_a_new_token_is_well_formed_and_names_its_kind(kind: tokens.Kind) -> None:
    token = tokens.new(kind)

    assert token.startswith(f"plr_{kind}_")
    assert len(token) == 55
    assert tokens.well_formed(token)


def test_no_two_tokens_are_alike() -> None:
    assert len({tokens.new("u") for _ in range(1000)}) == 1000


def test_there_is_no_other_kind() -> None:
    with pytest.raises(ValueError, match="no kind of token 'x'"):
        tokens.new("x")  # type: ignore[arg-type]


@given(st.integers(0, 54), st.sampled_from(tokens.ALPHABET))
def test_one_changed_letter_is_noticed_without_a_database(place: int, letter: str) -> None:
    token = "plr_u_" + "0" * 43 + tokens._checksum("plr_u_" + "0" * 43)
    changed = token[:place] + letter + token[place + 1 :]

    assert tokens.well_formed(changed) is (changed == token)


@pytest.mark.parametrize("text", ["", "plr_u_", "Bearer x", "plr_u_" + "é" * 49, "plr_x_" + "0" * 49])
def test_other_texts_are_no_tokens(text: str) -> None:
    assert not tokens.well_formed(text)


def test_a_token_with_a_line_break_is_not_well_formed() -> None:
    assert not tokens.well_formed(tokens.new("u") + "\n")


def test_the_database_keeps_the_hash_and_lists_show_the_beginning() -> None:
    token = tokens.new("a")

    assert tokens.digest(token) == hashlib.sha256(token.encode()).digest()
    assert tokens.shown(token) == token[:12]


def test_agents_get_tokens_of_their_own_kind() -> None:
    assert tokens.kind_for("agent:test-writer") == "a"
    assert tokens.kind_for("user:manu") == "u"

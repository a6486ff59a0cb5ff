"""Tokens at rest: sealed by the newest key, opened by the one that sealed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from polaris.bridge.seal import Seal, name_of, new_key
from polaris.errors import Misconfigured
from polaris.settings import Settings

OLD, NEW = new_key(), new_key()


def test_what_is_sealed_is_opened_and_shows_nothing_of_the_token() -> None:
    sealed, name = Seal([NEW]).seal("xoxb-hush")

    assert b"xoxb" not in sealed
    assert name == name_of(NEW)
    assert Seal([NEW]).open(sealed, name) == "xoxb-hush"


def test_the_first_key_seals_and_an_older_one_opens_still() -> None:
    sealed, name = Seal([OLD]).seal("xoxb-hush")
    both = Seal([NEW, OLD])

    assert both.open(sealed, name) == "xoxb-hush"
    assert both.seal("xoxb-hush")[1] == name_of(NEW)


def test_a_key_that_was_taken_away_is_named() -> None:
    sealed, name = Seal([OLD]).seal("xoxb-hush")

    with pytest.raises(Misconfigured, match=name) as failure:
        Seal([NEW]).open(sealed, name)

    assert failure.value.code == "slack_key_missing"


def test_a_token_that_was_tampered_with_is_not_opened() -> None:
    sealed, name = Seal([NEW]).seal("xoxb-hush")

    with pytest.raises(Misconfigured) as failure:
        Seal([NEW]).open(sealed[:-4] + b"AAAA", name)

    assert failure.value.code == "slack_token_damaged"
    assert failure.value.__cause__ is None


def test_without_a_key_nothing_is_sealed(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as failure:
        Seal.of(Settings(tmp_path))

    assert failure.value.code == "slack_key_missing"


def test_a_seal_shows_its_keys_nowhere() -> None:
    assert NEW not in repr(Seal([NEW]))
    assert NEW not in str(vars(Seal([NEW])))
    assert len(name_of(NEW)) == 8
    assert name_of(NEW) not in NEW

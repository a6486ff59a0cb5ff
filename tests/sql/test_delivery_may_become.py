"""polaris_data.delivery_may_become: the whole table of a delivery's states."""

import re
from typing import Any

import pytest

STATES = ("held", "queued", "sent", "seen", "answered", "declined", "expired", "failed")
ALLOWED = {
    "held": {"queued", "declined", "expired", "failed"},
    "queued": {"sent", "seen", "declined", "expired", "failed"},
    "sent": {"queued", "seen", "failed"},
    "seen": {"answered"},
}


@pytest.mark.parametrize("before", STATES)
def test_what_may_become_what(inner: Any, before: str) -> None:
    became = {after for after in STATES if inner("delivery_may_become", before, after)}

    assert became == ALLOWED.get(before, set())


def test_what_is_no_state_becomes_nothing(inner: Any) -> None:
    assert inner("delivery_may_become", "lost", "queued") is False
    assert inner("delivery_may_become", "queued", "lost") is False


def test_the_states_are_those_of_the_table(owner: Any) -> None:
    ((check,),) = owner.execute(
        """
        select pg_get_constraintdef(oid) from pg_constraint
        where conrelid = 'polaris_data.deliveries'::regclass and conname = 'state_is_known'
        """
    ).fetchall()

    assert set(re.findall(r"'(\w+)'", check)) == set(STATES)

"""A machine without a browser that asks to be let in (RFC 8628), for the tests of its sign-in."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from people import secret, shift
from story import Caller, Row, Story

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


class Device:
    """A sign-in that has begun: its codes, and what the machine and the person do with them."""

    def __init__(self, story: Story, machine: str = "build-host", address: str = "203.0.113.7") -> None:
        self.story = story
        self.device_hash = secret()
        self.user_code = "".join(random.choices(LETTERS, k=8))
        story.begin_device_login(
            device_hash=self.device_hash, user_code=self.user_code, machine=machine, address=address
        )

    def guess(self, person: int) -> Row:
        return self.story.guess_device_login(person=person, user_code=self.user_code)

    def answer(self, person: int, allowed: bool = True, caller: Caller | None = None, org: int | None = None) -> Row:
        return (caller or self.story).answer_device_login(
            person=person, org=org or self.story.org, user_code=self.user_code, allowed=allowed
        )

    def poll(self, caller: Caller | None = None, token_hash: bytes | None = None) -> Row:
        return (caller or self.story).poll_device_login(
            device_hash=self.device_hash, token_hash=token_hash or secret(), token_shown="plr_u_ABC"
        )

    def past(self, **columns: timedelta) -> None:
        """Moves its times back."""
        moved: Any = {name: -by for name, by in columns.items()}
        shift(self.story, "device_logins", "device_hash", self.device_hash, **moved)

    def waited(self, seconds: float = 5.001) -> None:
        """As if so much time had passed since the last poll."""
        self.past(polled_at=timedelta(seconds=seconds))

"""Bot tokens at rest: sealed by keys that are in the settings and never in the database.

The first key seals; any of them opens what it sealed, found by its name, which is stored beside the token. So a new key
is put in front, `polaris slack rotate-key` seals everything again, and the old one can go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken

from polaris.errors import Misconfigured
from polaris.settings import Settings


def new_key() -> str:
    """A key as POLARIS_SLACK_KEYS takes it: 256 random bits."""
    return Fernet.generate_key().decode()


def name_of(key: str) -> str:
    """What a key is called where it may be read: it says nothing about the key."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


class Seal:
    """Seals and opens with the keys of one installation."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise Misconfigured(
                "There is no key to seal the tokens of Slack workspaces with.",
                code="slack_key_missing",
                hint="Make one with `polaris slack new-key`; the service and the bridge need it in POLARIS_SLACK_KEYS.",
            )
        self.name = name_of(keys[0])
        self._keys = {name_of(key): Fernet(key) for key in keys}

    @classmethod
    def of(cls, settings: Settings) -> Seal:
        """Raises `Misconfigured` ``slack_key_missing`` where no key is set."""
        return cls(settings.slack_keys)

    def seal(self, token: str) -> tuple[bytes, str]:
        """The sealed token, and the name of the key that opens it: the first one."""
        return self._keys[self.name].encrypt(token.encode()), self.name

    def open(self, sealed: bytes, name: str) -> str:
        """The token. Raises `Misconfigured` ``slack_key_missing``; ``slack_token_damaged`` if the key does not fit."""
        key = self._keys.get(name)
        if key is None:
            raise Misconfigured(
                f"The key {name} that sealed a Slack workspace's token is not among POLARIS_SLACK_KEYS.",
                code="slack_key_missing",
                hint="Put it back behind the newest one, or connect the workspace again.",
            )
        try:
            return key.decrypt(sealed).decode()
        except InvalidToken:
            raise Misconfigured(
                f"The saved token of a Slack workspace was not sealed by its key {name}.",
                code="slack_token_damaged",
                hint="Connect the workspace again.",
            ) from None

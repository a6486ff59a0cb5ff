"""Tokens that were given at ``/connect``: an agent that drives as itself brings its own. 0600, forgotten after use."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from polaris import tokens
from polaris.addresses import Address, is_direct
from polaris.errors import Misconfigured, Unprocessable
from polaris.settings import write_private


class Keyring:
    """``{reference: token}`` in a private file; the reference alone is in the database."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tokens: dict[str, str] = {}

    def load(self) -> None:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise Misconfigured(f"{self._file} cannot be read.", hint="Remove it; agents connect again.") from error
        self._tokens = {str(name): str(token) for name, token in found.items()} if isinstance(found, dict) else {}

    def add(self, token: str) -> str:
        """Keeps *token*; answers its reference. Raises `Unprocessable` when it cannot be one of ours.

        On a direct link an agent's token is the whole address of its login.
        """
        if is_direct(token):
            token = Address.parse(token, "The token").secret
        elif not tokens.well_formed(token):
            raise Unprocessable("This is not a token of Polaris.", code="token_not_valid")
        reference = tokens.digest(token).hex()[:16]
        if reference not in self._tokens:
            self._tokens[reference] = token
            self._write()
        return reference

    def get(self, reference: str) -> str | None:
        return self._tokens.get(reference)

    def keep_only(self, references: Iterable[str]) -> None:
        """Forgets every token that nothing refers to any more."""
        wanted = set(references)
        if dropped := set(self._tokens) - wanted:
            for reference in dropped:
                del self._tokens[reference]
            self._write()

    def _write(self) -> None:
        if self._tokens:
            write_private(self._file, json.dumps(self._tokens))
        else:
            self._file.unlink(missing_ok=True)

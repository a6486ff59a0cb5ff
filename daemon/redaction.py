"""Redaction before anything is written or sent, under the key of the org that the session belongs to."""

from __future__ import annotations

from typing import Any

from polaris.redact import Redactor

Json = dict[str, Any]


class Redaction:
    """One `Redactor` a key. *home_key* stands in while an org's key is not known: placeholders stay unguessable."""

    def __init__(self) -> None:
        self.home_key = b""
        self._redactors: dict[bytes, Redactor] = {}

    def clean(self, key: bytes, body: str, payload: Json) -> Json:
        """``{"body", "payload"}`` as they may leave the machine; NUL and half surrogates are gone too."""
        redactor = self._of(key)
        return {"body": redactor.text(body), "payload": redactor.value(payload)}

    def text(self, key: bytes, text: str) -> str:
        return self._of(key).text(text)

    def _of(self, key: bytes) -> Redactor:
        key = key or self.home_key
        if key not in self._redactors:
            self._redactors[key] = Redactor(key)
        return self._redactors[key]

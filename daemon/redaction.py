"""Redaction before anything is written or sent, under the key of the org that the session belongs to."""

from __future__ import annotations

import asyncio
from typing import Any

from polaris.redact import Redactor, source_of

Json = dict[str, Any]

LARGE_BYTES = 16 << 10


class Redaction:
    """One `Redactor` a key. *home_key* stands in while an org's key is not known: placeholders stay unguessable."""

    def __init__(self) -> None:
        self.home_key = b""
        self._redactors: dict[bytes, Redactor] = {}

    async def clean(self, key: bytes, body: str, payload: Json) -> Json:
        """``{"body", "payload"}`` as they may leave the machine; NUL and half surrogates are gone too.

        What is large is worked on in a thread: no text, however it is made, may keep other hooks waiting.
        """
        redactor, source = self._of(key), source_of(payload)
        if source is None or len(source) + len(body) > LARGE_BYTES:
            return await asyncio.to_thread(_clean, redactor, body, payload, source)
        return _clean(redactor, body, payload, source)

    def text(self, key: bytes, text: str) -> str:
        return self._of(key).text(text)

    def _of(self, key: bytes) -> Redactor:
        key = key or self.home_key
        if key not in self._redactors:
            self._redactors[key] = Redactor(key)
        return self._redactors[key]


def _clean(redactor: Redactor, body: str, payload: Json, source: bytes | None) -> Json:
    return {"body": redactor.text(body), "payload": redactor.value(payload, source)}

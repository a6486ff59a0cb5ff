"""Redaction before anything is written or sent: what `polaris.redact` finds, under the key of the org."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

# Postgres takes neither NUL nor half a surrogate pair, and neither is ever meant.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class Redaction:
    """Cleans the body and the payload of one event."""

    def clean(self, key: bytes, body: str, payload: Json) -> Json:
        """``{"body", "payload"}`` as they may leave the machine."""
        return {"body": self.text(key, body), "payload": self._walk(key, payload)}

    def text(self, key: bytes, text: str) -> str:
        return _NOT_TEXT.sub("\ufffd", text)

    def _walk(self, key: bytes, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(key, value)
        if isinstance(value, dict):
            return {self.text(key, str(name)): self._walk(key, one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._walk(key, one) for one in value]
        return value

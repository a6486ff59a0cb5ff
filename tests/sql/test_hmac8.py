"""polaris_data.hmac8: the same hash as Python's, so that a secret has the same placeholder wherever it is redacted."""

import hmac
import os
from typing import Any

import pytest


@pytest.mark.parametrize("size", [0, 1, 16, 32, 63, 64, 65, 200])
def test_it_is_pythons_hmac(inner: Any, size: int) -> None:
    key = os.urandom(size)
    for text in ("", "secret", "ghp_" + "a" * 36, "schlüssel 🔑", "x" * 10_000):
        assert inner("hmac8", key, text) == hmac.new(key, text.encode(), "sha256").hexdigest()[:8]

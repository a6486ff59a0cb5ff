"""A machine for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Machine

from polaris.db.embedded import Server


@pytest.fixture
def machine() -> Iterator[Machine]:
    home = Path(tempfile.mkdtemp(prefix="polaris-test-e2e-"))
    one = Machine(home)
    yield one
    for process in one.running:
        process.kill()
        process.communicate()
    Server(home).destroy()
    shutil.rmtree(home)

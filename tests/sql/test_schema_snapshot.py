"""The schema stays in review: a normalised ``pg_dump -s`` of the migrated database is kept beside this test."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from polaris.db import binaries

SNAPSHOT = Path(__file__).with_name("schema.sql")
# What differs between servers and versions of pg_dump, and says nothing about the schema.
VOLATILE = re.compile(r"(?m)^(\\(un)?restrict .*|--.*|SET .*|SELECT pg_catalog\.set_config.*)\n")
COMMAND = "make schema"


def snapshot(url: str) -> str:
    """Everything of the four schemas: tables, constraints, indexes, functions, triggers, views, owners, grants."""
    place = urlsplit(url)
    programs = binaries.folder()
    done = subprocess.run(
        [
            *(str(programs / "pg_dump"), "--schema-only"),
            *(f"--schema={name}" for name in ("polaris", "polaris_data", "polaris_history")),
            *("-h", str(place.hostname), "-p", str(place.port), "-U", str(place.username), place.path[1:]),
        ],
        env=binaries.environment() | {"PGPASSWORD": str(place.password)},
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"\n{2,}", "\n\n", VOLATILE.sub("", done.stdout)).strip() + "\n"


def test_the_schema_is_the_one_in_review(database: Any) -> None:
    if binaries.major_version(binaries.folder()) != 18:
        pytest.skip("pg_dump words some things differently in each major version; the snapshot is of 18")
    now = snapshot(database.owner)
    if os.environ.get("POLARIS_WRITE_SCHEMA"):
        SNAPSHOT.write_text(now)
    if not SNAPSHOT.exists():
        pytest.fail(f"{SNAPSHOT.name} is missing; make it: {COMMAND}")

    changes = list(
        difflib.unified_diff(SNAPSHOT.read_text().splitlines(), now.splitlines(), "in review", "in the database", n=2)
    )
    if changes:
        sys.stdout.write("\n".join(changes[:80]) + "\n")
        pytest.fail(f"The schema is not the one in review. If that is meant: {COMMAND}")


def test_the_snapshot_names_owners_and_grants(database: Any) -> None:
    now = snapshot(database.owner)

    assert "OWNER TO polaris_owner" in now
    assert "GRANT USAGE ON SCHEMA polaris TO polaris_service" in now
    assert "restrict" not in now

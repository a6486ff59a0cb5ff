"""`polaris demo`: the main job on real input, and nothing left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from machine import Machine

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# The log of the document that the project was born from, line by line; a plus stands for lines in between.
STORY = """
[user:manu/fxm → agent] "Let's implement the auth middleware"
[agent → user:manu/fxm] "I'll create src/middleware/auth.ts..."
[agent:security-reviewer → fxm] "This auth endpoint needs rate limiting"
[user:krishna/fxk → agent] "Set up the database schema for users"
[agent → user:krishna/fxk] "Creating migrations/001_users.sql..."
[user:priya → fxk] "Remember we need GDPR compliance on the users table"
[agent → user:krishna/fxk] "Good point from Priya. Adding data retention fields..."
[agent → user:manu/fxm] "Adding rate limiting middleware..."
[agent:test-writer/tests → agent] "Writing integration tests for auth middleware"
[agent → agent:test-writer/tests] "Created tests/auth.test.ts..."
[user:manu/fxm → agent] "What has Krishna done on fxk so far?"
[agent → user:manu/fxm] "Krishna has set up the users schema with GDPR fields..."
""".strip().splitlines()


def test_the_story_is_told_counted_and_leaves_nothing(machine: Machine, tmp_path: Path) -> None:
    machine.environment["TMPDIR"] = str(machine.home)

    told = machine.run("demo")

    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert [line for line in lines if line in STORY] == STORY
    figures = dict(re.findall(r"^  (\S.*?)  +(\S.*)$", told.stdout, re.MULTILINE))
    assert (figures["gaps"], figures["doubles"], figures["advice"]) == ("0", "0", "2 given, 2 answered")
    assert re.fullmatch(r"p50 [\d.]+ ms, p99 [\d.]+ ms \(\d+ events\)", figures["capture → subscriber"])
    assert list(machine.home.iterdir()) == []
    assert machine.processes() == {}

"""The pictures of the pages: one of each at least, all of them in the README, none too large for it."""

from __future__ import annotations

import re

from screenshots import FOLDER, MOST_BYTES, SHOTS
from test_accessibility import NOT_PAGES, VISITS

README = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
# Leads on to the first of the settings.
REDIRECTS = {"/o/{org}/settings"}


def test_each_page_has_a_picture() -> None:
    assert {shot.page for shot in SHOTS.values() if shot.page} == {*VISITS} - {*NOT_PAGES} - REDIRECTS


def test_the_readme_shows_each_picture_that_is_taken() -> None:
    files = {file.name for file in FOLDER.iterdir()}

    assert files == {f"{name}.png" for name in SHOTS}
    assert set(re.findall(r"\(docs/images/([\w-]+\.png)\)", README)) == files


def test_no_picture_is_too_large() -> None:
    assert [file.name for file in FOLDER.iterdir() if file.stat().st_size > MOST_BYTES] == []

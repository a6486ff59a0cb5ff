"""Which projects wait for the index, how far behind each is, and since when."""

from __future__ import annotations

from typing import Any

from findable import fill
from story import Story


def waiting(story: Story) -> dict[int, Any]:
    return {row.project_id: row for row in story.list_unindexed(limit=1_000_000) if row.org_id == story.org}


def test_a_project_waits_until_its_last_event_is_indexed(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    fill(story)
    assert waiting(story) == {}

    story.push(fxm, {"client_id": "c1"}, {"client_id": "c2"})
    row = waiting(story)[story.project_id()]

    assert row.behind == 2
    assert row.waits_since == story.events()[-2].recorded_at
    fill(story)
    assert waiting(story) == {}


def test_a_project_that_was_never_indexed_waits_from_its_first_event(story: Story) -> None:
    story.session("fxm", driver=story.me)
    events = story.events()
    row = waiting(story)[story.project_id()]

    assert (row.behind, row.waits_since) == (len(events), events[0].recorded_at)


def test_who_waits_longest_comes_first(story: Story) -> None:
    for name in ("one", "two", "three"):
        story.session("s", project=name)
    mine = [row.project_id for row in story.list_unindexed(limit=1_000_000) if row.org_id == story.org]

    assert mine == [story.project_id(name) for name in ("one", "two", "three")]

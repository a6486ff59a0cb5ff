"""History that is narrowed by a query: the pages are those of history, both ways."""

from __future__ import annotations

import pytest
from findable import fill
from story import Place, Story, refused


@pytest.fixture
def fxm(story: Story) -> Place:
    """Ten prompts; every second has a needle."""
    place = story.session("fxm", driver=story.me)
    story.push(place, *({"client_id": f"c{n}", "body": f"needle {n}" if n % 2 else f"hay {n}"} for n in range(10)))
    fill(story)
    return place


def bodies(story: Story, query: str = "needle", **more: object) -> list[str]:
    return [row.body for row in story.find_events(actor=story.me, project="pj", query=query, **more)]


def test_a_page_is_ascending_and_holds_whole_events(story: Story, fxm: Place) -> None:
    rows = story.find_events(actor=story.me, project="pj", query="needle")

    assert [row.body for row in rows] == [f"needle {n}" for n in (1, 3, 5, 7, 9)]
    assert rows == [row for row in story.events() if row.body.startswith("needle")]


def test_before_and_after_turn_the_pages(story: Story, fxm: Place) -> None:
    seq = {row.body: row.seq for row in story.events()}

    assert bodies(story, limit=2) == ["needle 7", "needle 9"]
    assert bodies(story, limit=2, before=seq["needle 7"]) == ["needle 3", "needle 5"]
    assert bodies(story, limit=2, before=seq["hay 4"]) == ["needle 1", "needle 3"]
    assert bodies(story, limit=2, before=10**6) == ["needle 7", "needle 9"]
    assert bodies(story, limit=2, after=0) == ["needle 1", "needle 3"]
    assert bodies(story, limit=2, after=seq["needle 3"]) == ["needle 5", "needle 7"]
    assert bodies(story, after=seq["hay 4"], before=seq["needle 9"]) == ["needle 5", "needle 7"]
    assert bodies(story, after=seq["needle 9"]) == bodies(story, after=10**6) == []


def test_session_kind_and_actor_narrow_it(story: Story, fxm: Place) -> None:
    other = story.session("fxk", driver=story.member("krishna"))
    story.push(other, {"client_id": "k", "body": "needle of krishna", "kind": "reply"})
    fill(story)

    assert bodies(story, session="fxk") == bodies(story, kind=["reply"]) == ["needle of krishna"]
    assert bodies(story, by=["user:krishna"]) == ["needle of krishna"]


def test_signs_alone_find_nothing(story: Story, fxm: Place) -> None:
    assert bodies(story, "???") == []


def test_a_page_has_its_bounds(story: Story, fxm: Place) -> None:
    with refused(422, "limit_is_sane"):
        bodies(story, limit=1001)
    with refused(404, "no_such_session"):
        bodies(story, session="nowhere")
    with refused(404, "no_such_project"):
        story.find_events(actor=story.me, project="nowhere", query="needle")


def test_what_was_said_a_moment_ago_is_found_before_it_is_indexed(story: Story, fxm: Place) -> None:
    seqs = [
        row.seq for row in story.push(fxm, {"client_id": "n1", "body": "needle 11"}, {"client_id": "n2", "body": "hay"})
    ]

    assert bodies(story, limit=2) == ["needle 9", "needle 11"]
    assert bodies(story, limit=2, before=seqs[0]) == ["needle 7", "needle 9"]
    assert bodies(story, after=seqs[0] - 1) == ["needle 11"]
    assert bodies(story, after=seqs[0]) == []
    assert bodies(story, kind=["reply"]) == []

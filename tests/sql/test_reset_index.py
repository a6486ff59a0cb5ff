"""The tables made from the record are made anew on demand; search goes on meanwhile."""

from __future__ import annotations

from findable import fill, found
from story import Story


def test_everything_is_indexed_once_more_and_found_meanwhile(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, {"client_id": "c1", "body": "needle"})
    fill(story)
    story.owner.execute(
        "update polaris_data.search_entries set words = 'stale' || words where org_id = %s", [story.org]
    )
    with story.owner.transaction(force_rollback=True):
        # The other stories of this database keep their cursors.
        assert story.owner.execute("select polaris.reset_index()").fetchone()[0] >= len(story.events())
        assert story.owner.execute(
            "select seq from polaris_data.index_cursors where org_id = %s", [story.org]
        ).fetchall() == [(0,)]
        assert story.owner.execute(
            "select count(*) from polaris_data.search_entries where org_id = %s", [story.org]
        ).fetchone() != (0,)
        story.owner.execute("select polaris.index_events(%s, %s)", [story.org, story.project_id()])
        assert story.owner.execute(
            "select count(*) from polaris_data.search_entries where org_id = %s and words @@ 'stale'", [story.org]
        ).fetchone() == (0,)
    assert found(story, "needle") == ["needle"]

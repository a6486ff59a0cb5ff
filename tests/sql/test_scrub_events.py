"""polaris.scrub_events: new rules of redaction change what was kept, and what was made of it."""

from typing import Any

import pytest
from keeping_story import index, traces, work
from story import Background, Story, event, refused


def scrub(story: Any, rows: list[Any], project: str = "pj") -> list[int]:
    """Takes *hush* out of what was read."""

    def clean(text: str | None) -> str | None:
        return text and text.replace("hush", "[REDACTED]")

    changed: list[int] = story.scrub_events(
        actor="user:manu",
        project=project,
        seqs=[row.seq for row in rows],
        hashes=[row.hash for row in rows],
        bodies=[clean(row.body) for row in rows],
        payloads=[clean(row.payload) for row in rows],
        facts=[clean(row.facts) for row in rows],
    )
    return changed


def test_what_was_kept_and_what_was_made_of_it_change(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    seqs = work(story, fxm, "hush")
    index(story)
    rows = [row for row in story.read_for_scrub(actor=story.me, project="pj") if row.seq in seqs]

    assert scrub(story, rows) == seqs
    assert traces(story, "hush") == {}
    assert traces(story, "REDACTED")["events"] == 3
    assert "touched_files" in traces(story, "REDACTED")
    assert {e.erased_at for e in story.events()} == {None}
    story.check()


def test_what_is_not_what_was_read_stays_as_it_is(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    rows = story.read_for_scrub(actor=story.me, project="pj", after=2)
    stale = [row._replace(hash=b"x" * 32) for row in rows]

    assert scrub(story, stale) == []
    assert traces(story, "hush")["events"] == 3
    assert scrub(story, rows) == [row.seq for row in rows]
    assert scrub(story, rows) == []


def test_it_is_noted_without_a_word_of_it(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    seqs = work(story, fxm, "hush")
    scrub(story, story.read_for_scrub(actor=story.me, project="pj", after=2))

    assert story.audited()[-1] == (
        story.me,
        "scrub.events",
        "pj",
        {"events": 3, "first": seqs[0], "last": seqs[-1]},
    )


def test_a_pusher_does_not_wait_for_it_and_the_index_does(story: Story, background: Background) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    index(story)
    rows = story.read_for_scrub(actor=story.me, project="pj", after=2)
    with story.another() as one, story.another() as pusher:
        pusher.connection.execute("set lock_timeout = '1ms'")
        with one.connection.transaction():
            scrub(one, rows)
            assert pusher.push(fxm, event("meanwhile", body="hush, too"))[0].created
            assert pusher.index_events(project_id=story.project_id()) == 0
    index(story)
    assert traces(story, "hush")["search_entries"] == 1


def test_the_arrays_of_a_batch_are_equally_long(story: Story) -> None:
    story.project("pj")
    with refused(422, "arrays_differ"):
        story.scrub_events(
            actor=story.me, project="pj", seqs=[1], hashes=[], bodies=[""], payloads=[None], facts=[None]
        )
    with refused(422, "arrays_differ"):
        story.scrub_texts(actor=story.me, project="pj", places=["post"], keys=[], hashes=[b"x"], bodies=[""])


@pytest.mark.parametrize("function", ["scrub_events", "scrub_texts"])
def test_administrators_only(story: Story, function: str) -> None:
    story.project("pj")
    krishna = story.member("krishna")
    more: dict[str, Any] = {"seqs": [], "payloads": [], "facts": []} if function == "scrub_events" else {}
    more |= {"places": [], "keys": []} if function == "scrub_texts" else {}
    with refused(403, "admin_only"):
        story.call(function, actor=krishna, project="pj", hashes=[], bodies=[], **more)

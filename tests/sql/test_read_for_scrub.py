"""polaris.read_for_scrub: contents to be looked through with new rules."""

import hashlib

import pytest
from keeping_story import REASON, erase_all, work
from story import Story, event, refused


def test_it_answers_what_an_event_says_and_a_hash_of_it(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (pushed,) = story.push(fxm, event("a", body="ä", payload={"k": 1}, facts={"branch": "b"}))
    (row,) = story.read_for_scrub(actor=story.me, project="pj", after=pushed.seq - 1)

    assert (row.seq, row.body, row.payload, row.facts) == (pushed.seq, "ä", '{"k": 1}', '{"branch": "b"}')
    assert row.hash == hashlib.sha256('2:ä\n8:{"k": 1}\n15:{"branch": "b"}'.encode()).digest()


def test_pages_follow_each_other_and_tombstones_are_passed_over(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
    gone = work(story, fxm, "hush")
    left = work(story, fxk, "loud")
    erase_all(story, story.erase_session(actor=story.me, reason=REASON, **fxm))
    first = story.read_for_scrub(actor=story.me, project="pj", limit=5)
    second = story.read_for_scrub(actor=story.me, project="pj", after=first[-1].seq, limit=5)

    assert [row.seq for row in [*first, *second]] == [1, 2, 3, 4, *left]
    assert gone == [5, 6, 7]


@pytest.mark.parametrize("limit", [0, None, 1001])
def test_a_page_has_a_size(story: Story, limit: int | None) -> None:
    story.project("pj")
    with refused(422, "limit_is_sane"):
        story.read_for_scrub(actor=story.me, project="pj", limit=limit)
    with refused(422, "limit_is_sane"):
        story.read_texts_for_scrub(actor=story.me, project="pj", limit=limit)


def test_administrators_only(story: Story) -> None:
    story.project("pj")
    with refused(403, "admin_only"):
        story.read_for_scrub(actor=story.member("krishna"), project="pj")

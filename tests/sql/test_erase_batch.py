"""polaris.erase_batch: an erasure is done in pieces, each of which stays done."""

from typing import Any

import pytest
from keeping_story import REASON, erase_all, traces, work
from story import Background, Story, event, refused


@pytest.fixture
def fxm(story: Story) -> Any:
    place = story.session("fxm", driver=story.me)
    work(story, place, "hush", 9)
    return place


def test_a_batch_begins_where_the_last_one_ended(story: Story, fxm: Any) -> None:
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    batches = [story.erase_batch(erasure=erasure.erasure_id, limit=4) for _ in range(4)]

    # The first two events of a session are its own and its driver's.
    assert [(b.erased, b.done, b.waits) for b in batches] == [
        (2, False, False),
        (4, False, False),
        (3, True, False),
        (0, True, False),
    ]
    assert [x.erased for x in story.list_erasures(actor=story.me)] == [9]


def test_one_that_breaks_off_has_done_nothing(story: Story, fxm: Any) -> None:
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    before = traces(story, "hush")
    with story.another() as keeper, keeper.connection.transaction(force_rollback=True):
        keeper.erase_batch(erasure=erasure.erasure_id)
    assert traces(story, "hush") == before
    assert erase_all(story, erasure) == 9


def test_two_at_once_erase_everything_once(story: Story, fxm: Any, background: Background) -> None:
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = one.erase_batch(erasure=erasure.erasure_id, limit=6)
            second = background.start(other.erase_batch, erasure=erasure.erasure_id, limit=6)
            background.until_waiting(other, second)
        assert first.erased + background.answer(second).erased == 9
    assert story.list_erasures(actor=story.me)[0].erased == 9


def test_a_pusher_does_not_wait_where_no_advice_waits(story: Story, fxm: Any) -> None:
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    with story.another() as keeper, story.another() as pusher:
        pusher.connection.execute("set lock_timeout = '1ms'")
        with keeper.connection.transaction():
            keeper.erase_batch(erasure=erasure.erasure_id)
            assert pusher.push(fxm, event("meanwhile"))[0].created


def test_one_that_is_not_there(story: Story) -> None:
    with refused(404, "no_such_erasure"):
        story.erase_batch(erasure=0)

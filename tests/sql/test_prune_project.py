"""polaris.prune_project: the front of a project goes, in small batches, and what was made of it."""

from typing import Any

import pytest
from keeping_story import grow_old, index, numbers, prune, prune_all, traces, work
from slack_talk import Talk
from story import Background, Story, event


@pytest.fixture
def fxm(story: Story) -> Any:
    """A session with 2 events of its own and 8 that were pushed; those up to 6 are ten days old."""
    place = story.session("fxm", driver=story.me)
    story.push(place, *(event(f"e-{n}") for n in range(8)))
    grow_old(story, 10, up_to=6)
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    return place


def first_seq(story: Story) -> int:
    found: int = story.get_project(actor=None, project="pj").first_seq
    return found


@pytest.mark.usefixtures("fxm")
def test_what_is_too_old_goes_and_first_seq_says_so(story: Story) -> None:
    batch = prune(story)

    assert (batch.pruned, batch.first_seq, batch.more) == (6, 7, False)
    assert (numbers(story), first_seq(story)) == ([7, 8, 9, 10], 7)
    assert prune(story).pruned == 0


@pytest.mark.usefixtures("fxm")
def test_a_batch_takes_so_many_and_says_whether_there_is_more(story: Story) -> None:
    batches = [prune(story, limit=4) for _ in range(3)]

    assert [(b.pruned, b.first_seq, b.more) for b in batches] == [(4, 5, True), (2, 7, False), (0, 7, False)]


@pytest.mark.usefixtures("fxm")
def test_a_young_event_keeps_all_that_comes_after_it(story: Story) -> None:
    grow_old(story, 10)
    grow_old(story, -20, up_to=6)
    grow_old(story, 20, up_to=2)

    assert prune(story).pruned == 2
    assert numbers(story)[0] == 3


def test_numbers_go_on_where_all_is_gone(story: Story, fxm: Any) -> None:
    grow_old(story, 10)
    assert prune_all(story, limit=3) == 10
    assert (numbers(story), first_seq(story)) == ([], 11)
    (pushed,) = story.push(fxm, event("new"))
    assert pushed.seq == 11
    assert story.get_session(actor=None, **fxm).last_seq == 11


@pytest.mark.usefixtures("fxm")
def test_without_a_word_nothing_goes(story: Story) -> None:
    story.set_retention(actor=story.me, project="pj", keep_days=None)
    grow_old(story, 30000)

    assert prune(story).pruned == 0
    story.set_retention(actor=story.me, project=None, keep_days=7)
    assert prune(story).pruned == 10


@pytest.mark.usefixtures("fxm")
def test_the_projects_own_word_wins(story: Story) -> None:
    story.set_retention(actor=story.me, project=None, keep_days=1)
    story.set_retention(actor=story.me, project="pj", keep_days=11)

    assert prune(story).pruned == 0


@pytest.mark.usefixtures("fxm")
def test_another_project_keeps_its_own(story: Story) -> None:
    other = story.session("fxm", driver=story.me, project="other")
    story.push(other, event("a"))
    grow_old(story, 100, "other")
    prune_all(story)

    assert len(numbers(story, "other")) == 3


def test_what_was_made_of_it_goes_with_it(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    said = story.advise(fxm, "hush, use RS256")
    story.settle(said, "seen", fxm)
    index(story)
    assert {"events", "search_entries", "touched_files", "commits", "checkouts", "deliveries"} <= traces(
        story, "hush"
    ).keys()
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    grow_old(story, 10)
    work(story, fxm, "loud")
    prune_all(story)
    index(story)

    assert traces(story, "hush") == {}
    assert {"events", "search_entries", "touched_files", "commits"} <= traces(story, "loud").keys()


def test_the_figures_of_usage_stay(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a", facts={"usage": [{"message": "msg_1", "model": "m", "input": 5}]}))
    index(story)
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    grow_old(story, 10)
    prune_all(story)

    assert story.rows("select input_tokens from polaris_data.usage where org_id = %s", story.org) == [(5,)]


def test_advice_that_waits_is_delivered_still_and_goes_when_it_has_ended(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    said = story.advise(fxm, "hush, use RS256")
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    grow_old(story, 10)
    prune_all(story)
    (waiting,) = story.read_advice(actor=story.me, epoch=1, **fxm)

    assert waiting.delivery_id == said.delivery_id
    story.settle(said, "seen", fxm)
    story.settle(said, "answered", fxm)
    grow_old(story, 10)
    prune_all(story)
    assert traces(story, "hush") == {}


def test_posts_for_slack_lose_their_text_and_keep_their_place(story: Story) -> None:
    talk = Talk(story)
    talk.put({"key": "turn:T", "kind": "text", "text": "hush", "session": "fxm", "seq": 3})
    grow_old(story, 10)
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    prune_all(story)

    assert traces(story, "hush") == {}
    assert story.rows("select state from polaris_data.slack_posts where org_id = %s and seq = 3", story.org) == [
        ("dropped",)
    ]


def test_the_index_is_not_behind_for_ever(story: Story, fxm: Any) -> None:
    grow_old(story, 10)
    prune_all(story)

    assert story.rows("select seq from polaris_data.index_cursors where org_id = %s", story.org) == [(10,)]
    assert story.index_events(project_id=story.project_id()) == 0
    story.push(fxm, event("new"))
    assert story.index_events(project_id=story.project_id()) == 1


@pytest.mark.usefixtures("fxm")
def test_readers_from_before_get_what_is_left(story: Story) -> None:
    prune_all(story)

    assert [e.seq for e in story.read_events(project="pj", after=0, limit=2)] == [7, 8]
    assert [e.seq for e in story.read_events(project="pj", before=7)] == []
    assert [e.seq for e in story.read_project_events(project_id=story.project_id(), after=2)] == [7, 8, 9, 10]
    assert story.list_dashboard(actor=story.me)[0].unread == 4


def test_a_pusher_does_not_wait_for_it(story: Story, fxm: Any) -> None:
    pj = story.project_id()
    with story.another() as keeper, story.another() as pusher:
        pusher.connection.execute("set lock_timeout = '1ms'")
        with keeper.connection.transaction():
            assert keeper.prune_project(project_id=pj).pruned == 6
            (pushed,) = pusher.push(fxm, event("meanwhile"))
            assert pusher.say(actor=story.me, project="pj", body="hello").created
    assert pushed.created


def test_it_does_not_wait_for_a_pusher(story: Story, fxm: Any) -> None:
    pj = story.project_id()
    with story.another() as keeper, story.another() as pusher:
        keeper.connection.execute("set lock_timeout = '1ms'")
        with pusher.connection.transaction():
            pusher.push(fxm, event("meanwhile"))
            assert keeper.prune_project(project_id=pj).pruned == 6


@pytest.mark.usefixtures("fxm")
def test_what_the_index_has_read_it_does_not_write_afterwards(story: Story, background: Background) -> None:
    pj = story.project_id()
    with story.another() as keeper, story.another() as indexer:
        with indexer.connection.transaction():
            assert indexer.index_events(project_id=pj, limit=5) == 5
            pruning = background.start(keeper.prune_project, project_id=pj)
            background.until_waiting(keeper, pruning)
        assert background.answer(pruning).pruned == 6
    found = story.rows("select min(seq) from polaris_data.search_entries where org_id = %s", story.org)
    assert found == [(None,)]


@pytest.mark.usefixtures("fxm")
def test_two_at_once_take_everything_once(story: Story, background: Background) -> None:
    pj = story.project_id()
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            assert one.prune_project(project_id=pj, limit=4).pruned == 4
            second = background.start(other.prune_project, project_id=pj, limit=4)
            background.until_waiting(other, second)
        assert background.answer(second).pruned == 2


def test_another_organizations_project_is_not_there(story: Story, tell: Any) -> None:
    other = tell()
    other.session("fxm", driver=other.me)
    grow_old(other, 10)
    story.set_retention(actor=story.me, project=None, keep_days=1)

    assert story.prune_project(project_id=other.project_id()).pruned == 0
    assert numbers(other) == [1, 2]

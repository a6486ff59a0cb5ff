"""polaris.release_slack: another bridge need not wait for the end of the lease."""

from typing import Any

from slack_story import Workspace
from story import Story, refused


def test_another_one_gets_it_at_once_under_a_new_fence(story: Story) -> None:
    work = Workspace(story)
    old = work.fence

    assert work.release_slack() is True
    assert work.get_slack()[0].holder is None
    assert work.lease("bridge-2") == old + 1


def test_whoever_gave_it_back_and_takes_it_again_has_a_new_fence(story: Story) -> None:
    work = Workspace(story)
    old = work.fence
    work.release_slack()
    work.lease("bridge-1")

    assert work.fence > old
    with refused(409, "bridge_was_replaced"):
        work.write_slack_people(fence=old, people=[])


def test_one_that_was_lost_is_not_the_next_holders_to_lose(story: Story) -> None:
    work = Workspace(story)
    old = work.fence
    work.run_out()
    work.lease("bridge-2")

    assert work.release_slack(fence=old) is False
    assert work.get_slack()[0].holder == "bridge-2"


def test_twice_is_once(story: Story) -> None:
    work = Workspace(story)

    assert [work.release_slack(), work.release_slack()] == [True, False]


def test_the_others_are_told(story: Story) -> None:
    work = Workspace(story)
    with story.listening("polaris_control") as heard:
        work.release_slack()

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')]


def test_without_a_workspace_there_is_nothing_to_give_back(story: Story, tell: Any) -> None:
    theirs = Workspace(tell())

    assert story.release_slack(fence=theirs.fence) is False
    assert theirs.lease() == theirs.fence

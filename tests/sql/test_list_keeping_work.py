"""polaris.list_keeping_work: what is to be pruned and erased now."""

from keeping_story import REASON, grow_old
from story import Story, event


def test_projects_whose_first_event_is_too_old_and_erasures_first(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a"))
    story.session("young", driver=story.me, project="other")
    story.session("kept", driver=story.me, project="third")
    story.set_retention(actor=story.me, project=None, keep_days=2)
    story.set_retention(actor=story.me, project="third", keep_days=36500)
    for project in ("pj", "third"):
        grow_old(story, 3, project)
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)

    assert story.list_keeping_work() == [("erase", erasure.erasure_id), ("prune", story.project_id())]


def test_without_a_word_nothing_is_too_old(story: Story) -> None:
    story.session("fxm", driver=story.me)
    grow_old(story, 30000)

    assert story.list_keeping_work() == []

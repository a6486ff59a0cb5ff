"""polaris.list_orgs_to_keep: where something may have to be pruned or erased."""

from keeping_story import REASON, erase_all
from story import Story


def listed(story: Story) -> bool:
    return story.org in {row[0] for row in story.list_orgs_to_keep()}


def test_those_with_a_word_on_retention(story: Story) -> None:
    assert not listed(story)
    story.set_retention(actor=story.me, project=None, keep_days=7)
    assert listed(story)
    story.set_retention(actor=story.me, project=None, keep_days=None)
    assert not listed(story)


def test_those_with_an_erasure_that_is_not_done(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    assert listed(story)
    erase_all(story, erasure)
    assert not listed(story)

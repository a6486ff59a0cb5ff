"""polaris.set_retention: how many days of events are kept."""

import pytest
from story import Story, refused


def test_a_project_has_its_own_word_or_the_organizations(story: Story) -> None:
    story.project("pj")
    story.project("other")
    for_all = story.set_retention(actor=story.me, project=None, keep_days=90)
    own = story.set_retention(actor=story.me, project="pj", keep_days=7)

    assert (for_all.project, for_all.keep_days, for_all.set_by, for_all.in_force) == (None, 90, story.me, 90)
    assert (own.project, own.keep_days, own.in_force) == ("pj", 7, 7)
    assert {r.project: r.in_force for r in story.list_retention(actor=story.me)} == {None: 90, "other": 90, "pj": 7}


def test_the_word_is_taken_back(story: Story) -> None:
    story.project("pj")
    story.set_retention(actor=story.me, project=None, keep_days=90)
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    back = story.set_retention(actor=story.me, project="pj", keep_days=None)
    gone = story.set_retention(actor=story.me, project=None, keep_days=None)

    assert (back.keep_days, back.set_by, back.in_force) == (None, None, 90)
    assert gone.in_force is None


@pytest.mark.parametrize("days", [0, -1, 36501])
def test_a_number_of_days_that_means_nothing_is_refused(story: Story, days: int) -> None:
    with refused(422, "retention_is_sane"):
        story.set_retention(actor=story.me, project=None, keep_days=days)


def test_administrators_only(story: Story) -> None:
    story.project("pj")
    krishna = story.member("krishna")
    for project in (None, "pj"):
        with refused(403, "admin_only"):
            story.set_retention(actor=krishna, project=project, keep_days=7)


def test_a_project_that_is_not_there_has_no_word(story: Story) -> None:
    with refused(404, "no_such_project"):
        story.set_retention(actor=story.me, project="nope", keep_days=7)


def test_it_is_noted(story: Story) -> None:
    story.project("pj")
    story.set_retention(actor=story.me, project="pj", keep_days=7)

    assert story.audited()[-1] == (story.me, "retention.set", "pj", {"keep_days": 7})

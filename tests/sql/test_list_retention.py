"""polaris.list_retention: how long events are kept."""

from story import Story


def test_without_a_word_everything_is_kept_for_ever(story: Story) -> None:
    story.project("pj")

    assert [(r.project, r.keep_days, r.in_force, r.first_seq) for r in story.list_retention(actor=story.me)] == [
        (None, None, None, None),
        ("pj", None, None, 1),
    ]


def test_everybody_sees_what_is_in_force_where_they_may_look(story: Story) -> None:
    story.project("pj")
    story.create_project(actor=story.me, name="hidden", visibility="private")
    krishna = story.member("krishna")
    story.set_retention(actor=story.me, project="hidden", keep_days=7)

    assert [r.project for r in story.list_retention(actor=krishna)] == [None, "pj"]
    assert [r.project for r in story.list_retention(actor=story.me)] == [None, "hidden", "pj"]

"""polaris.list_holds: the standing ones first."""

from story import Story, refused


def test_standing_ones_come_first_and_lifted_ones_stay(story: Story) -> None:
    story.project("pj")
    first = story.place_hold(actor=story.me, project="pj", reason="a case")
    second = story.place_hold(actor=story.me, project=None, reason="another")
    story.lift_hold(actor=story.me, hold=second.hold_id)

    assert [(h.hold_id, h.project) for h in story.list_holds(actor=story.me)] == [
        (first.hold_id, "pj"),
        (second.hold_id, None),
    ]


def test_a_hold_may_be_confidential(story: Story) -> None:
    with refused(403, "admin_only"):
        story.list_holds(actor=story.member("krishna"))

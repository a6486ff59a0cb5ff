"""polaris.lift_hold: what was put off goes on."""

from story import Story, refused


def test_it_says_who_lifted_it_once(story: Story) -> None:
    story.project("pj")
    hold = story.place_hold(actor=story.me, project="pj", reason="a case")
    lifted = story.lift_hold(actor=story.me, hold=hold.hold_id)
    again = story.lift_hold(actor=story.me, hold=hold.hold_id)

    assert lifted.lifted_by == story.me
    assert again == lifted
    assert [row[1:] for row in story.audited()].count(("hold.lifted", "pj", {"hold": hold.hold_id})) == 1
    assert story.place_hold(actor=story.me, project="pj", reason="another").hold_id != hold.hold_id


def test_one_of_another_organization_is_not_there(story: Story, tell: object) -> None:
    other = tell()  # type: ignore[operator]
    hold = other.place_hold(actor=other.me, project=None, reason="theirs")

    with refused(404, "no_such_hold"):
        story.lift_hold(actor=story.me, hold=hold.hold_id)
    assert other.list_holds(actor=other.me)[0].lifted_at is None


def test_administrators_only(story: Story) -> None:
    hold = story.place_hold(actor=story.me, project=None, reason="a case")
    with refused(403, "admin_only"):
        story.lift_hold(actor=story.member("krishna"), hold=hold.hold_id)

"""polaris.list_members: who belongs to the organization."""

from story import Story, refused


def test_it_lists_members_by_handle_and_the_removed_ones_too(story: Story) -> None:
    story.member("priya")
    story.member("krishna")
    story.remove_member(actor=story.me, handle="krishna")
    members = story.list_members(actor="user:priya")

    assert [(m.handle, m.removed_at is None) for m in members] == [
        ("krishna", False),
        ("manu", True),
        ("priya", True),
    ]


def test_another_organization_sees_none_of_them(story: Story, tell) -> None:
    story.member("priya")

    assert [m.handle for m in tell().list_members()] == ["manu"]


def test_the_service_must_say_which_organization(story: Story) -> None:
    with refused(422, "org_is_missing"):
        story.call("list_members", org=None)

"""polaris.add_member: a person joins the organization."""

import pytest
from people import noted
from story import Story, refused


def test_an_administrator_adds_a_person(story: Story) -> None:
    member = story.add_member(actor=story.me, handle="krishna", role="member", email="k@example.org")

    assert (member.actor, member.handle, member.role, member.email) == (
        "user:krishna",
        "krishna",
        "member",
        "k@example.org",
    )
    assert member.removed_at is None
    assert noted(story)[-1] == (story.me, "member.added", "user:krishna")


def test_without_a_role_it_is_a_member(story: Story) -> None:
    assert story.add_member(actor=story.me, handle="krishna").role == "member"


def test_the_service_itself_may(story: Story) -> None:
    assert story.add_member(actor=None, handle="krishna", role="admin").role == "admin"


@pytest.mark.parametrize("actor", ["user:krishna", "user:nobody", "agent:bot", "slack:guest"])
def test_nobody_else_may(story: Story, actor: str) -> None:
    story.member("krishna")

    with refused(403, "admin_only"):
        story.add_member(actor=actor, handle="priya")


def test_an_administrator_of_another_organization_may_not(story: Story, tell) -> None:
    story.member("boss", "admin")

    with refused(403, "admin_only"):
        tell().add_member(actor="user:boss", handle="priya")


def test_a_handle_is_taken_once_and_for_ever(story: Story) -> None:
    story.member("krishna")
    with refused(409, "member_exists"):
        story.add_member(actor=story.me, handle="krishna")
    story.remove_member(actor=story.me, handle="krishna")
    with refused(409, "member_exists"):
        story.add_member(actor=story.me, handle="krishna")


def test_two_organizations_may_have_the_same_handle(story: Story, tell) -> None:
    story.member("krishna")
    other = tell()
    other.member("krishna", "admin")

    assert [m.role for m in story.list_members() if m.handle == "krishna"] == ["member"]


@pytest.mark.parametrize("role", ["owner", "", None])
def test_a_role_is_admin_or_member(story: Story, role: str | None) -> None:
    with refused(422, "role_is_known"):
        story.add_member(actor=story.me, handle="krishna", role=role)


@pytest.mark.parametrize("handle", ["Krishna", "user:krishna", "a b", "", None, "-k", "k" * 64, "krishna\n"])
def test_a_handle_is_a_slug(story: Story, handle: str | None) -> None:
    with refused(422, "name_is_a_slug"):
        story.add_member(actor=story.me, handle=handle)

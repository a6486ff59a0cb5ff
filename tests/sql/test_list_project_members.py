"""polaris.list_project_members: who is on the list of a project."""

from story import Story, refused


def test_it_is_in_order_and_says_who_added_whom(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    story.create_project(actor=krishna, name="pj", visibility="private")
    for member in (priya, "agent:bot"):
        story.add_project_member(actor=story.me, project="pj", member=member)
    listed = story.list_project_members(actor=priya, project="pj")

    assert [(m.actor, m.added_by) for m in listed] == [("agent:bot", story.me), (krishna, krishna), (priya, story.me)]
    assert listed[1].added_at < listed[2].added_at < listed[0].added_at


def test_an_open_project_needs_none(story: Story) -> None:
    story.project("pj")

    assert story.list_project_members(actor="agent:bot", project="pj") == []


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.list_project_members(actor=story.me, project="theirs")

"""polaris.list_all_policies: what is in force in every project."""

from story import Story


def test_it_lists_three_classes_of_each_project_by_name(story: Story) -> None:
    story.project("pj")
    story.project("abc")
    story.set_policy(actor=story.me, project="pj", session=None, sender_class="agent", policy="suggest")
    found = [(p.project, p.sender_class, p.policy, p.set_on) for p in story.list_all_policies(actor=story.me)]

    assert found == [
        ("abc", "human", "auto", "default"),
        ("abc", "agent", "auto", "default"),
        ("abc", "slack", "auto", "default"),
        ("pj", "human", "auto", "default"),
        ("pj", "agent", "suggest", "project"),
        ("pj", "slack", "auto", "default"),
    ]


def test_what_is_archived_or_not_the_callers_to_see_is_left_out(story: Story, tell) -> None:
    krishna = story.member("krishna")
    story.project("pj")
    story.create_project(actor=story.me, name="secret", visibility="private")
    story.project("old")
    story.archive_project(actor=story.me, project="old")
    tell().project("theirs")

    assert {p.project for p in story.list_all_policies(actor=krishna)} == {"pj"}
    assert {p.project for p in story.list_all_policies(actor=story.me)} == {"pj", "secret"}

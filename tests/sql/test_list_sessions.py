"""polaris.list_sessions: the sessions of a project."""

from story import Story, refused


def test_it_lists_one_projects_sessions_by_name(story: Story) -> None:
    story.session("fxk")
    story.session("fxm", driver=story.me)
    story.session("tests")
    story.session("elsewhere", project="other")
    story.archive_session(actor=story.me, project="pj", session="tests")
    listed = [(s.name, s.seat, s.archived_at is None) for s in story.list_sessions(actor=story.me, project="pj")]

    assert listed == [("fxk", "open", True), ("fxm", "held", True), ("tests", "open", False)]


def test_a_foreign_project_is_not_there(story: Story, tell) -> None:
    tell().session("fxm", project="theirs")
    with refused(404, "no_such_project"):
        story.list_sessions(actor=story.me, project="theirs")

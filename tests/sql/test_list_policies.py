"""polaris.list_policies: what is in force, and where it was set."""

from typing import Any

from story import Story, refused


def in_force(story: Story, session: str | None = None) -> list[tuple[str, str, str, str | None]]:
    rows = story.list_policies(actor=None, project="pj", session=session)
    assert all((row.set_at is None) == (row.set_on == "default") for row in rows)
    return [(row.sender_class, row.policy, row.set_on, row.set_by) for row in rows]


def test_everybody_is_heard_where_nothing_was_said(story: Story) -> None:
    story.session("fxm")
    default = [(kind, "auto", "default", None) for kind in ("human", "agent", "slack")]

    assert in_force(story) == in_force(story, "fxm") == default


def test_the_sessions_word_comes_before_the_projects(story: Story) -> None:
    krishna = story.member("krishna")
    story.session("fxm", driver=krishna)
    story.session("fxk")

    def say(policy: str, kind: str, **where: Any) -> None:
        story.set_policy(actor=where.pop("by", story.me), project="pj", sender_class=kind, policy=policy, **where)

    say("mute", "agent", session=None)
    say("suggest", "slack", session=None)
    say("auto", "agent", session="fxm", by=krishna)
    say("mute", "human", session="fxm", by=krishna)

    assert in_force(story) == [
        ("human", "auto", "default", None),
        ("agent", "mute", "project", story.me),
        ("slack", "suggest", "project", story.me),
    ]
    assert in_force(story, "fxm") == [
        ("human", "mute", "session", krishna),
        ("agent", "auto", "session", krishna),
        ("slack", "suggest", "project", story.me),
    ]
    assert in_force(story, "fxk") == in_force(story)


def test_another_projects_word_is_not_heard_here(story: Story) -> None:
    story.session("fxm")
    story.session("fxm", project="other")
    for session in (None, "fxm"):
        story.set_policy(actor=story.me, project="other", session=session, sender_class="human", policy="mute")

    assert {row[1] for row in in_force(story, "fxm")} == {"auto"}


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        story.list_policies(actor=story.me, project="theirs")
    with refused(404, "no_such_session"):
        story.list_policies(actor=story.me, project="pj", session="nope")

"""polaris.create_session: a workstream with an open seat."""

import pytest
from story import Story, refused


def test_it_has_an_open_seat_and_epoch_0(story: Story) -> None:
    story.project("pj")
    made = story.create_session(actor="agent:bot", project="pj", session="fxm")

    assert (made.project, made.name, made.created_by) == ("pj", "fxm", "agent:bot")
    assert (made.driver, made.epoch, made.seat, made.lease_until) == (None, 0, "open", None)
    assert (made.last_seq, made.advice_waiting, made.archived_at) == (1, 0, None)


def test_it_writes_an_event(story: Story) -> None:
    story.session("fxm", project="pj")
    (event,) = story.events()

    assert (event.kind, event.session, event.epoch, event.actor) == ("session.created", "fxm", 0, story.me)
    assert (event.speaker, event.body) == ("polaris", "user:manu made session fxm")


def test_a_name_is_taken_once_in_a_project(story: Story) -> None:
    story.session("fxm", project="pj")
    story.session("fxm", project="other")
    with refused(409, "session_exists") as why:
        story.create_session(actor=story.me, project="pj", session="fxm")

    assert "polaris join pj fxm" in why.hint
    assert story.told() == ["session.created"]


def test_it_needs_a_project(story: Story, tell) -> None:
    tell().project("theirs")
    for name in ("nope", "theirs"):
        with refused(404, "no_such_project"):
            story.create_session(actor=story.me, project=name, session="fxm")


@pytest.mark.parametrize("name", ["FXM", "f x", "", None, "-f", "f" * 64, "fxm\n"])
def test_a_name_is_a_slug(story: Story, name: str | None) -> None:
    story.project("pj")
    with refused(422, "name_is_a_slug"):
        story.create_session(actor=story.me, project="pj", session=name)

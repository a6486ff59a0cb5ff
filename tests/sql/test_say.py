"""polaris.say: a person or an agent speaks to the project."""

import json

import pytest
from story import Story, event, refused


def test_it_is_an_event_of_the_project_and_of_no_session(story: Story) -> None:
    story.project("pj")
    said = story.say(actor="agent:reviewer", project="pj", body="lgtm", payload={"pr": 7})
    (kept,) = story.events()

    assert (said.seq, said.created) == (1, True)
    assert (kept.kind, kept.actor, kept.session, kept.epoch, kept.body) == (
        "floor",
        "agent:reviewer",
        None,
        None,
        "lgtm",
    )
    assert json.loads(kept.payload) == {"pr": 7}


def test_a_repeat_answers_the_first_number(story: Story) -> None:
    story.project("pj")
    first = story.say(actor=story.me, project="pj", body="hello", client_id="m1")
    again = story.say(actor=story.me, project="pj", body="hello again", client_id="m1")

    assert (again.seq, again.created) == (first.seq, False)
    assert [e.body for e in story.events()] == ["hello"]


def test_without_a_client_id_each_is_new(story: Story) -> None:
    story.project("pj")

    assert [story.say(actor=story.me, project="pj", body="hello").seq for _ in range(2)] == [1, 2]


def test_another_actors_client_id_is_taken(story: Story) -> None:
    story.project("pj")
    story.say(actor=story.me, project="pj", body="hello", client_id="m1")
    with refused(409, "client_id_taken"):
        story.say(actor="agent:bot", project="pj", body="hello", client_id="m1")


def test_a_client_id_of_a_session_is_not_one_of_the_floor(story: Story) -> None:
    story.push(story.session("fxm", driver=story.me), event("m1"))

    assert story.say(actor=story.me, project="pj", body="hello", client_id="m1").created


@pytest.mark.parametrize("client_id", ["", "x" * 201, "polaris:mine"])
def test_a_client_id_is_short_and_not_one_of_polaris(story: Story, client_id: str) -> None:
    story.project("pj")
    with refused(422, "client_id_not_valid"):
        story.say(actor=story.me, project="pj", body="hello", client_id=client_id)


@pytest.mark.parametrize("body", [None, "", " \t\r\n"])
def test_there_is_something_to_say(story: Story, body: str | None) -> None:
    story.project("pj")
    with refused(422, "body_is_there"):
        story.say(actor=story.me, project="pj", body=body)


def test_it_is_not_a_book(story: Story) -> None:
    story.project("pj")
    story.say(actor=story.me, project="pj", body="x" * 65_536)
    with refused(422, "body_is_short"):
        story.say(actor=story.me, project="pj", body="x" * 65_537)


@pytest.mark.parametrize("actor", [None, "manu"])
def test_somebody_says_it(story: Story, actor: str | None) -> None:
    story.project("pj")
    with refused(422, "actor_is_a_participant"):
        story.say(actor=actor, project="pj", body="hello")


def test_a_foreign_project_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.say(actor=story.me, project="theirs", body="hello")


def test_an_archived_project_is_silent(story: Story) -> None:
    story.project("pj")
    story.archive_project(actor=story.me, project="pj")
    with refused(409, "project_is_archived"):
        story.say(actor=story.me, project="pj", body="hello")

"""polaris.read_project_events: the relay's read."""

import json

from story import Story, event


def test_it_is_what_follows_a_number(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *[event(str(n), payload={"n": n}) for n in range(3, 8)])
    page = story.read_project_events(project_id=story.project_id(), after=4, limit=2)

    assert [(e.seq, e.session, json.loads(e.payload)) for e in page] == [(5, "fxm", {"n": 5}), (6, "fxm", {"n": 6})]
    assert page == story.events(after=4)[:2]


def test_events_of_the_project_itself_have_no_session(story: Story) -> None:
    story.project("pj")
    story.say(actor=story.me, project="pj", body="hello")
    (event,) = story.read_project_events(project_id=story.project_id(), after=0)

    assert (event.session, event.body) == (None, "hello")


def test_a_foreign_project_is_empty(story: Story, tell) -> None:
    story.session("fxm")

    assert tell().read_project_events(project_id=story.project_id(), after=0) == []

"""polaris.annotate: a decision, a question or a star, by people and agents."""

import json

import pytest
from story import Background, Story, event, refused


def test_a_decision_is_an_event_of_its_session_and_a_row_that_says_what_it_is(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    made = story.annotate(actor="agent:reviewer", what="decision", body=" We use RS256. ", **fxm)
    kept = story.events()[-1]

    assert (made.created, made.what, made.body, made.session) == (True, "decision", "We use RS256.", "fxm")
    assert (made.actor, made.speaker, made.about, made.closed_at) == ("agent:reviewer", "agent", None, None)
    assert (kept.seq, kept.kind, kept.actor, kept.session, kept.epoch, kept.body) == (
        made.seq,
        "annotation",
        "agent:reviewer",
        "fxm",
        1,
        "We use RS256.",
    )
    assert json.loads(kept.payload) == {"annotation": "decision"}


def test_without_a_session_it_is_of_the_project(story: Story) -> None:
    story.project("pj")
    made = story.annotate(actor=story.me, project="pj", what="question", body="Which key?")

    assert (made.session, made.what, made.project) == (None, "question", "pj")
    assert (story.events()[-1].session, story.events()[-1].epoch) == (None, None)


def test_about_an_event_it_is_of_the_session_of_that_event(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (asked,) = story.push(fxm, event("p1", body="Build\nthe login"))
    made = story.annotate(actor=story.me, project="pj", what="decision", body="yes", about=asked.seq)

    assert (made.session, made.about, made.about_kind, made.about_body) == (
        "fxm",
        asked.seq,
        "prompt",
        "Build the login",
    )
    assert json.loads(story.events()[-1].payload) == {"annotation": "decision", "about": asked.seq}


def test_what_an_agent_says_for_its_person_is_shown_as_the_agents(story: Story) -> None:
    story.project("pj")
    made = story.annotate(actor=story.me, project="pj", what="decision", body="x", agent="claude-code")

    assert (made.actor, made.speaker) == (story.me, "agent")
    assert story.annotate(actor=story.me, project="pj", what="decision", body="x").speaker == "person"


def test_only_a_star_about_an_event_needs_no_words(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (asked,) = story.push(fxm, event("p1"))

    assert story.annotate(actor=story.me, project="pj", what="star", about=asked.seq).body == ""
    for what, about in (("star", None), ("decision", asked.seq), ("question", None)):
        with refused(422, "body_is_there"):
            story.annotate(actor=story.me, project="pj", what=what, about=about, body=" \n")


def test_who_stars_an_event_again_is_answered_the_first_star(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (asked,) = story.push(fxm, event("p1"))
    first = story.annotate(actor=story.me, project="pj", what="star", about=asked.seq)
    again = story.annotate(actor=story.me, project="pj", what="star", about=asked.seq)
    other = story.annotate(actor="agent:bot", project="pj", what="star", about=asked.seq)

    assert (again.seq, again.created, other.created) == (first.seq, False, True)
    story.close_annotation(actor=story.me, project="pj", seq=first.seq)
    assert story.annotate(actor=story.me, project="pj", what="star", about=asked.seq).created


def test_two_who_star_at_once_under_one_name_make_one_star(story: Story, background: Background) -> None:
    fxm = story.session("fxm", driver=story.me)
    (asked,) = story.push(fxm, event("p1"))
    star = {"actor": story.me, "project": "pj", "what": "star", "about": asked.seq}
    with story.another() as other:
        with story.connection.transaction():
            first = story.annotate(**star)
            second = background.start(other.annotate, **star)
            background.until_waiting(other, second)
        found = background.answer(second)

    assert (found.seq, found.created) == (first.seq, False)


def test_a_repeat_answers_the_first_one(story: Story) -> None:
    story.project("pj")
    first = story.annotate(actor=story.me, project="pj", what="decision", body="yes", client_id="m1")
    again = story.annotate(actor=story.me, project="pj", what="question", body="no?", client_id="m1")

    assert (again.seq, again.created, again.what, again.body) == (first.seq, False, "decision", "yes")


def test_a_client_id_of_another_event_is_taken(story: Story) -> None:
    story.project("pj")
    story.say(actor=story.me, project="pj", body="hello", client_id="m1")
    for actor in (story.me, "agent:bot"):
        with refused(409, "client_id_taken"):
            story.annotate(actor=actor, project="pj", what="decision", body="yes", client_id="m1")


@pytest.mark.parametrize("client_id", ["", "x" * 201, "polaris:mine"])
def test_a_client_id_is_short_and_not_one_of_polaris(story: Story, client_id: str) -> None:
    story.project("pj")
    with refused(422, "client_id_not_valid"):
        story.annotate(actor=story.me, project="pj", what="decision", body="yes", client_id=client_id)


@pytest.mark.parametrize("what", [None, "", "decided", "Star"])
def test_there_are_three_annotations(story: Story, what: str | None) -> None:
    story.project("pj")
    with refused(422, "annotation_is_known"):
        story.annotate(actor=story.me, project="pj", what=what, body="yes")


def test_it_is_short(story: Story) -> None:
    story.project("pj")
    story.annotate(actor=story.me, project="pj", what="decision", body="x" * 8000)
    with refused(422, "body_is_short"):
        story.annotate(actor=story.me, project="pj", what="decision", body="x" * 8001)


@pytest.mark.parametrize("about", [0, -1, 99])
def test_what_it_is_about_has_to_be_there(story: Story, about: int) -> None:
    story.project("pj")
    with refused(404, "no_such_event"):
        story.annotate(actor=story.me, project="pj", what="star", about=about)


@pytest.mark.parametrize("actor", [None, "manu"])
def test_somebody_makes_it(story: Story, actor: str | None) -> None:
    story.project("pj")
    with refused(422, "actor_is_a_participant"):
        story.annotate(actor=actor, project="pj", what="decision", body="yes")


def test_a_session_that_is_not_there_is_named(story: Story) -> None:
    story.project("pj")
    with refused(404, "no_such_session"):
        story.annotate(actor=story.me, project="pj", session="fxm", what="decision", body="yes")


def test_a_foreign_project_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.annotate(actor=story.me, project="theirs", what="decision", body="yes")


def test_an_archived_project_stays_as_it_is(story: Story) -> None:
    story.project("pj")
    story.archive_project(actor=story.me, project="pj")
    with refused(409, "project_is_archived"):
        story.annotate(actor=story.me, project="pj", what="decision", body="yes")

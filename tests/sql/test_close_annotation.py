"""polaris.close_annotation: a question is answered, a decision or a star taken back."""

import json
from typing import Any

import pytest
from story import Story, event, refused


def asked(story: Story, what: str = "question", **more: Any) -> int:
    if "pj" not in {p.name for p in story.list_projects()}:
        story.project("pj")
    made = story.annotate(**{"actor": story.me, "project": "pj", "what": what, "body": "Which key?"} | more)
    seq: int = made.seq
    return seq


def test_a_question_is_answered_by_an_event_and_closed_by_it(story: Story) -> None:
    seq = asked(story)
    done = story.close_annotation(actor="agent:bot", project="pj", seq=seq, body=" RS256 ")
    kept = story.events()[-1]

    assert (done.changed, done.seq, done.closed_by, done.closed_seq, done.closed_body) == (
        True,
        seq,
        "agent:bot",
        kept.seq,
        "RS256",
    )
    assert done.closed_at is not None
    assert (kept.kind, kept.actor, kept.body) == ("annotation", "agent:bot", "RS256")
    assert json.loads(kept.payload) == {"annotation": "closed", "of": "question", "about": seq}


def test_the_end_is_of_the_same_session(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    seq = asked(story, **fxm)
    story.close_annotation(actor=story.me, project="pj", seq=seq)

    assert (story.events()[-1].session, story.events()[-1].epoch) == ("fxm", 1)


def test_no_words_are_needed(story: Story) -> None:
    done = story.close_annotation(actor=story.me, project="pj", seq=asked(story, "decision"), body=" ")

    assert (done.changed, done.closed_body) == (True, None)


def test_what_is_closed_is_not_closed_again(story: Story) -> None:
    seq = asked(story)
    first = story.close_annotation(actor=story.me, project="pj", seq=seq)
    with refused(409, "annotation_is_closed") as said:
        story.close_annotation(actor="agent:bot", project="pj", seq=seq, body="too late")

    assert said.detail == {"closed_by": story.me, "closed_seq": first.closed_seq}


def test_a_repeat_answers_the_same_end(story: Story) -> None:
    seq = asked(story)
    first = story.close_annotation(actor=story.me, project="pj", seq=seq, body="a", client_id="m1")
    again = story.close_annotation(actor=story.me, project="pj", seq=seq, body="a", client_id="m1")

    assert (again.changed, again.closed_seq) == (False, first.closed_seq)
    with refused(409, "annotation_is_closed"):
        story.close_annotation(actor="agent:bot", project="pj", seq=seq, body="a", client_id="m1")


def test_a_client_id_of_another_event_is_taken(story: Story) -> None:
    seq = asked(story, client_id="m1")
    with refused(409, "client_id_taken"):
        story.close_annotation(actor=story.me, project="pj", seq=seq, client_id="m1")


@pytest.mark.parametrize("client_id", ["", "x" * 201, "polaris:mine"])
def test_a_client_id_is_short_and_not_one_of_polaris(story: Story, client_id: str) -> None:
    seq = asked(story)
    with refused(422, "client_id_not_valid"):
        story.close_annotation(actor=story.me, project="pj", seq=seq, client_id=client_id)


def test_a_star_is_its_owners(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (said,) = story.push(fxm, event("p1"))
    seq = asked(story, "star", body=None, about=said.seq)
    with refused(403, "not_your_star"):
        story.close_annotation(actor="agent:bot", project="pj", seq=seq)

    assert story.close_annotation(actor=story.me, project="pj", seq=seq).changed


@pytest.mark.parametrize("seq", [None, 0, 2])
def test_what_is_no_annotation_cannot_be_closed(story: Story, seq: int | None) -> None:
    asked(story)
    story.say(actor=story.me, project="pj", body="hello")
    with refused(404, "no_such_annotation"):
        story.close_annotation(actor=story.me, project="pj", seq=seq)


def test_an_answer_is_short(story: Story) -> None:
    seq = asked(story)
    with refused(422, "body_is_short"):
        story.close_annotation(actor=story.me, project="pj", seq=seq, body="x" * 8001)


@pytest.mark.parametrize("actor", [None, "manu"])
def test_somebody_closes_it(story: Story, actor: str | None) -> None:
    seq = asked(story)
    with refused(422, "actor_is_a_participant"):
        story.close_annotation(actor=actor, project="pj", seq=seq)


def test_a_foreign_project_is_not_there(story: Story, tell) -> None:
    other = tell()
    seq = asked(other)
    with refused(404, "no_such_project"):
        story.close_annotation(actor=story.me, project="pj", seq=seq)


def test_an_archived_project_stays_as_it_is(story: Story) -> None:
    seq = asked(story)
    story.archive_project(actor=story.me, project="pj")
    with refused(409, "project_is_archived"):
        story.close_annotation(actor=story.me, project="pj", seq=seq)

"""polaris.erase_person: what a participant said is taken away, in all projects."""

import pytest
from keeping_story import REASON, erase_all, index, traces, work
from slack_talk import Talk
from story import Story, event, refused


def test_what_they_said_goes_in_every_project_and_what_others_said_stays(story: Story) -> None:
    krishna = story.member("krishna")
    fxm = story.session("fxm", driver=story.me)
    fxk = story.session("fxk", driver=krishna, project="other")
    work(story, fxm, "loud")
    work(story, fxk, "hush")
    story.say(actor=krishna, project="pj", body="hush, all of you")
    said = story.advise(fxm, "hush, use RS256", sender=krishna)
    story.settle(said, "seen", fxm)
    index(story)
    others = traces(story, "loud")
    erased = erase_all(story, story.erase_person(actor=story.me, participant=krishna, reason=REASON))

    assert erased == 5
    assert traces(story, "hush") == {}
    assert traces(story, "loud") == others
    assert story.get_delivery(actor=None, project="pj", delivery=said.delivery_id).sender == krishna
    for project in ("pj", "other"):
        story.check(project)


def test_a_session_that_two_drove_keeps_the_others_part(story: Story) -> None:
    krishna = story.member("krishna")
    fxm = story.session("fxm", driver=krishna)
    work(story, fxm, "hush")
    story.release_driver(actor=krishna, **fxm)
    work(story, story.claim(fxm, story.me), "loud")
    erase_all(story, story.erase_person(actor=story.me, participant=krishna, reason=REASON))

    assert traces(story, "hush") == {}
    assert len([e for e in story.events() if "loud" in e.body]) == 3
    assert [s.driver for s in story.list_seats(actor=None, project="pj", session="fxm")] == [story.me, krishna]


def test_their_wording_of_anothers_advice_goes_too(story: Story) -> None:
    krishna = story.member("krishna")
    fxm = story.session("fxm", driver=krishna)
    story.set_policy(actor=krishna, sender_class="human", policy="suggest", **fxm)
    held, other = story.advise(fxm, "use RS256"), story.advise(fxm, "use EdDSA")
    story.decide_delivery(actor=krishna, project="pj", delivery=held.delivery_id, decision="send", body="hush")
    story.decide_delivery(actor=krishna, project="pj", delivery=other.delivery_id, decision="dismiss", reason="hush")
    erase_all(story, story.erase_person(actor=story.me, participant=krishna, reason=REASON))

    assert traces(story, "hush") == {}
    assert [e.body for e in story.events(kind=["advice"])] == ["use RS256", "use EdDSA"]


def test_somebody_in_slack_is_a_participant_of_their_own(story: Story) -> None:
    talk = Talk(story)
    talk.advised("fxm", body="hush")
    talk.say("hush again", "fxm")
    actor = story.events(kind=["advice"])[0].actor
    assert actor.startswith("slack:")
    erase_all(story, story.erase_person(actor=story.me, participant=actor, reason=REASON))

    assert traces(story, "hush") == {}


def test_one_who_never_said_anything_is_done_at_once(story: Story) -> None:
    story.session("fxm", driver=story.me)
    erasure = story.erase_person(actor=story.me, participant="user:nobody", reason=REASON)

    assert (erasure.participant, erasure.project, erasure.session) == ("user:nobody", None, None)
    assert erase_all(story, erasure) == 0
    assert story.list_erasures(actor=story.me)[0].done_at is not None


def test_a_hold_on_any_project_refuses_all_of_it(story: Story) -> None:
    story.project("pj")
    story.project("other")
    story.place_hold(actor=story.me, project="other", reason="a case")

    with refused(409, "legal_hold") as why:
        story.erase_person(actor=story.me, participant="user:krishna", reason=REASON)
    assert "other" in why.message
    assert story.list_erasures(actor=story.me) == []


@pytest.mark.parametrize("participant", [None, "krishna", "user:Not A Slug"])
def test_a_participant_is_named_whole(story: Story, participant: str | None) -> None:
    with refused(422, "actor_is_a_participant"):
        story.erase_person(actor=story.me, participant=participant, reason=REASON)


def test_administrators_only(story: Story) -> None:
    krishna = story.member("krishna")
    with refused(403, "admin_only"):
        story.erase_person(actor=krishna, participant=krishna, reason=REASON)


def test_the_other_organizations_krishna_is_another(story: Story, tell: object) -> None:
    other = tell()  # type: ignore[operator]
    other.push(other.session("fxm", driver="user:krishna"), event("a", body="theirs"))
    story.session("fxm", driver="user:krishna")
    erase_all(story, story.erase_person(actor=story.me, participant="user:krishna", reason=REASON))

    assert other.events()[-1].body == "theirs"

"""polaris.inject: advice to one session, with a delivery that follows it to the truth."""

import json
from datetime import timedelta

import pytest
from story import Story, event, refused


def test_it_writes_the_advice_and_its_delivery(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    priya = story.member("priya")
    advice = story.inject(actor=priya, body="use RS256", **fxm)
    told = story.events()[-1]

    assert (advice.created, advice.state, advice.sender, advice.sender_class) == (True, "queued", priya, "human")
    assert (advice.project, advice.session, advice.body, advice.attempts) == ("pj", "fxm", "use RS256", 0)
    assert (advice.epoch, advice.reason, advice.path, advice.sent_at) == (None, None, None, None)
    assert advice.expires_at - advice.queued_at == timedelta(hours=24)
    assert (told.seq, told.kind, told.actor, told.target, told.body) == (
        advice.advice_seq,
        "advice",
        priya,
        "fxm",
        "use RS256",
    )
    assert json.loads(told.payload) == {"delivery": str(advice.delivery_id)}


@pytest.mark.parametrize(("sender", "kind"), [("agent:reviewer", "agent"), ("slack:krishna", "slack")])
def test_agents_and_slack_advise_too(story: Story, sender: str, kind: str) -> None:
    assert story.advise(story.session("fxm"), sender=sender).sender_class == kind


def test_what_a_coding_agent_says_for_its_person_counts_as_an_agents(story: Story) -> None:
    fxm = story.session("fxm")
    advice = story.advise(fxm, agent="claude-code")
    told = story.events()[-1]

    assert (advice.sender, advice.sender_class) == ("user:manu", "agent")
    assert (told.actor, told.agent, told.speaker) == ("user:manu", "claude-code", "agent")


def test_a_repeat_answers_the_first_delivery(story: Story) -> None:
    fxm = story.session("fxm")
    first = story.advise(fxm, "one", client_id="c1")
    again = story.advise(fxm, "another", client_id="c1")

    assert not again.created
    assert again[1:] == first[1:]
    assert story.told().count("advice") == 1
    assert len(story.list_deliveries(actor=None, project="pj")) == 1


def test_without_a_client_id_each_is_new(story: Story) -> None:
    fxm = story.session("fxm")

    assert story.advise(fxm).delivery_id != story.advise(fxm).delivery_id


def test_a_client_id_of_somebody_or_something_else_is_taken(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("pushed"))
    story.advise(fxm, client_id="c1", sender="agent:bot")
    for client_id in ("pushed", "c1"):
        with refused(409, "client_id_taken"):
            story.advise(fxm, client_id=client_id)

    assert len(story.list_deliveries(actor=None, project="pj")) == 1


@pytest.mark.parametrize("client_id", ["", "x" * 201, "polaris:seat:1:claimed"])
def test_a_client_id_is_short_and_not_one_of_polaris(story: Story, client_id: str) -> None:
    fxm = story.session("fxm")
    with refused(422, "client_id_not_valid"):
        story.advise(fxm, client_id=client_id)


def test_an_advisor_cannot_keep_anybody_from_the_seat(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    names = {e.client_id for e in story.events()}
    for name in names:
        with refused(422, "client_id_not_valid"):
            story.advise(fxm, sender="slack:guest", client_id=name)


@pytest.mark.parametrize("body", [None, "", " \n"])
def test_there_is_something_to_say(story: Story, body: str | None) -> None:
    fxm = story.session("fxm")
    with refused(422, "body_is_there"):
        story.advise(fxm, body)


def test_it_is_what_an_agent_takes_in_one_piece(story: Story) -> None:
    fxm = story.session("fxm")
    story.advise(fxm, "x" * 8000)
    with refused(422, "body_is_short"):
        story.advise(fxm, "x" * 8001)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=-1), timedelta(days=31), None])
def test_it_expires_within_reason(story: Story, after: timedelta | None) -> None:
    fxm = story.session("fxm")
    with refused(422, "expiry_is_sane"):
        story.advise(fxm, expires_in=after)


@pytest.mark.parametrize("actor", [None, "manu", "bot:x"])
def test_somebody_says_it(story: Story, actor: str | None) -> None:
    fxm = story.session("fxm")
    with refused(422, "actor_is_a_participant"):
        story.inject(actor=actor, body="use RS256", **fxm)


def test_an_archived_session_hears_nothing(story: Story) -> None:
    fxm = story.session("fxm")
    story.archive_session(actor=story.me, **fxm)
    with refused(409, "session_is_archived"):
        story.advise(fxm)


def test_one_that_is_not_there(story: Story, tell) -> None:
    theirs = tell().session("fxm", project="theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        story.advise(theirs)
    with refused(404, "no_such_session"):
        story.inject(actor=story.me, project="pj", session="fxm", body="use RS256")


def test_what_is_refused_writes_nothing(story: Story) -> None:
    fxm = story.session("fxm")
    with refused(422, "expiry_is_sane"):
        story.advise(fxm, expires_in=timedelta(0))

    assert story.told() == ["session.created"]


def policy(story: Story, policy: str | None, kind: str = "agent", session: str | None = "fxm") -> None:
    story.set_policy(actor=story.me, project="pj", session=session, sender_class=kind, policy=policy)


def test_where_the_policy_is_suggest_it_is_held_and_the_record_says_so(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    policy(story, "suggest")
    held = story.advise(fxm, sender="agent:reviewer", client_id="c1")
    told = story.events()[-1]
    (seat,) = story.list_sessions(actor=None, project="pj")

    assert (held.created, held.state, held.edited_by) == (True, "held", None)
    assert json.loads(told.payload) == {"delivery": str(held.delivery_id), "state": "held"}
    assert seat.advice_waiting == 1
    assert story.read_advice(actor=story.me, epoch=1, **fxm) == []
    again = story.advise(fxm, sender="agent:reviewer", client_id="c1")
    assert (again.created, *again[1:]) == (False, *held[1:])


def test_where_the_policy_is_mute_nothing_is_written(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    for kind, sender, words in [
        ("agent", "agent:reviewer", "agents"),
        ("human", story.me, "people"),
        ("slack", "slack:krishna", "Slack"),
    ]:
        policy(story, "mute", kind)
        before = story.events()
        with refused(403, "muted") as why:
            story.advise(fxm, sender=sender)

        assert why.message == f"fxm takes no advice from {words}."
        assert story.events() == before
    assert story.list_deliveries(actor=None, project="pj") == []


def test_a_policy_is_for_its_class_alone(story: Story) -> None:
    fxm = story.session("fxm")
    policy(story, "mute", "slack")
    policy(story, "suggest", "human")

    assert story.advise(fxm, sender="agent:reviewer").state == "queued"
    assert story.advise(fxm).state == "held"


def test_the_sessions_policy_comes_before_the_projects_and_that_before_the_default(story: Story) -> None:
    fxm, fxk = story.session("fxm"), story.session("fxk")
    policy(story, "mute", session=None)
    policy(story, "suggest", session="fxm")

    assert story.advise(fxm, sender="agent:reviewer").state == "held"
    with refused(403, "muted"):
        story.advise(fxk, sender="agent:reviewer")
    policy(story, "auto", session="fxm")
    assert story.advise(fxm, sender="agent:reviewer").state == "queued"
    policy(story, None, session="fxm")
    with refused(403, "muted"):
        story.advise(fxm, sender="agent:reviewer")
    policy(story, None, session=None)
    assert story.advise(fxm, sender="agent:reviewer").state == "queued"


def test_what_was_said_before_it_was_muted_is_delivered(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm, sender="agent:reviewer")
    policy(story, "mute")

    assert [w.delivery_id for w in story.read_advice(actor=story.me, epoch=1, **fxm)] == [advice.delivery_id]


def test_who_is_muted_may_still_speak_to_the_project(story: Story) -> None:
    story.session("fxm")
    policy(story, "mute", session=None)

    assert story.say(actor="agent:reviewer", project="pj", body="hello").created

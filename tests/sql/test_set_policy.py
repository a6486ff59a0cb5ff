"""polaris.set_policy: whether a class of senders is heard at once, when the driver says so, or not at all."""

from typing import Any

import psycopg
import pytest
from story import Place, Story, refused


@pytest.fixture
def krishna(story: Story) -> str:
    """Has made pj and drives fxm in it; priya has made fxk."""
    krishna, priya = story.member("krishna"), story.member("priya")
    story.project("pj", by=krishna)
    story.create_session(actor=story.me, project="pj", session="fxm")
    story.claim(Place("pj", "fxm"), krishna)
    story.create_session(actor=priya, project="pj", session="fxk")
    return krishna


def mute(story: Story, actor: str | None, session: str | None, /, **more: Any) -> Any:
    return story.set_policy(
        **{"actor": actor, "project": "pj", "session": session, "sender_class": "agent", "policy": "mute"} | more
    )


def test_it_answers_what_is_in_force_now(story: Story, krishna: str) -> None:
    mute(story, krishna, None)
    answered = mute(story, krishna, "fxm", sender_class="human", policy="suggest")

    assert answered == story.list_policies(actor=None, project="pj", session="fxm")
    assert [(row.sender_class, row.policy, row.set_on) for row in answered] == [
        ("human", "suggest", "session"),
        ("agent", "mute", "project"),
        ("slack", "auto", "default"),
    ]


def test_the_last_word_counts_and_none_takes_it_back(story: Story, krishna: str) -> None:
    mute(story, krishna, None)
    mute(story, story.me, None, policy="suggest")
    assert [(r.policy, r.set_by) for r in mute(story, krishna, "fxm", policy="auto")][1] == ("auto", krishna)
    assert [(r.policy, r.set_by) for r in mute(story, krishna, "fxm", policy=None)][1] == ("suggest", story.me)
    assert [(r.policy, r.set_on) for r in mute(story, krishna, None, policy=None)][1] == ("auto", "default")
    assert [(r.policy, r.set_on) for r in mute(story, krishna, None, policy=None)][1] == ("auto", "default")


def test_of_a_project_its_maker_an_administrator_and_the_service_may(story: Story, krishna: str) -> None:
    for actor in (krishna, story.me, None):
        assert mute(story, actor, None)[1].set_by == (actor or "polaris")
    for actor in ("user:priya", "agent:bot"):
        with refused(403, "admin_only"):
            mute(story, actor, None)


def test_of_a_session_its_driver_and_its_maker_may_too(story: Story, krishna: str) -> None:
    story.claim(Place("pj", "fxk"), "agent:driver")
    for actor in ("agent:driver", "user:priya", krishna, story.me, None):
        assert mute(story, actor, "fxk")[1].set_by == (actor or "polaris")
    for actor, session in [("user:priya", "fxm"), ("agent:driver", "fxm"), ("agent:bot", "fxk")]:
        with refused(403, "admin_only"):
            mute(story, actor, session)


def test_who_drives_no_longer_may_no_longer(story: Story, krishna: str) -> None:
    fxk = story.claim(Place("pj", "fxk"), "agent:driver")
    mute(story, "agent:driver", "fxk")
    story.release_driver(actor="agent:driver", **fxk)
    with refused(403, "admin_only"):
        mute(story, "agent:driver", "fxk", policy=None)

    # The word stays, whoever drives next.
    assert story.list_policies(actor=None, project="pj", session="fxk")[1].policy == "mute"


@pytest.mark.parametrize("kind", [None, "", "user", "Human", "bot"])
def test_a_class_of_senders_is_one_of_three(story: Story, krishna: str, kind: str | None) -> None:
    with refused(422, "sender_class_is_known"):
        mute(story, krishna, None, sender_class=kind)


@pytest.mark.parametrize("policy", ["", "on", "Mute"])
def test_a_policy_is_one_of_three(story: Story, krishna: str, policy: str) -> None:
    with refused(422, "policy_is_known"):
        mute(story, krishna, None, policy=policy)


def test_everybody_is_told_and_it_is_in_the_audit_log(story: Story, krishna: str) -> None:
    with story.listening("polaris_control") as heard:
        mute(story, krishna, None)
        mute(story, krishna, "fxm", policy=None)

        told = f'{{"org":{story.org},"kind":"policy","id":{story.project_id()}}}'
        assert heard() == [("polaris_control", told)] * 2
    assert story.audited()[-2:] == [
        (krishna, "policy.set", "pj", {"sender_class": "agent", "policy": "mute"}),
        (krishna, "policy.set", "pj/fxm", {"sender_class": "agent", "policy": None}),
    ]


def test_what_is_refused_changes_nothing(story: Story, krishna: str) -> None:
    before = story.audited()
    for wrong in ({"policy": "nope"}, {"sender_class": "nope"}, {"session": "nope"}, {"actor": "agent:bot"}):
        with pytest.raises(psycopg.Error):
            mute(story, krishna, None, **wrong)

    assert story.audited() == before
    assert {row.set_on for row in story.list_policies(actor=None, project="pj")} == {"default"}


def test_a_direct_client_says_it_for_its_session(story: Story, krishna: str) -> None:
    with story.client(krishna) as client:
        client.set_policy(actor=None, project="pj", session="fxm", sender_class="slack", policy="mute")

    assert story.list_policies(actor=None, project="pj", session="fxm")[2].set_by == krishna


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        mute(story, story.me, None, project="theirs")
    with refused(404, "no_such_session"):
        mute(story, story.me, "nope")

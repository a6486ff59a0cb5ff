"""polaris.ask_seat: who wants to drive asks the driver."""

import json
from typing import Any

import pytest
from story import Story, refused


def test_asking_is_an_event_and_advice_for_the_drivers_agent(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.member("priya")
    asked = story.ask_seat(actor="user:priya", note="  I have an hour now \n", **fxm)
    told = story.events()[-1]
    (advice,) = story.read_advice(actor=story.me, epoch=1, **fxm)

    assert (asked.created, asked.seq, asked.actor, asked.note) == (True, told.seq, "user:priya", "I have an hour now")
    assert (asked.ended_at, asked.delivery_state) == (None, "queued")
    assert (asked.expires_at - asked.asked_at).total_seconds() == 1800
    assert (told.kind, told.actor, told.target, told.epoch, told.speaker, told.body) == (
        *("seat.asked", "user:priya", "user:manu", 1, "person", "I have an hour now"),
    )
    assert json.loads(told.payload)["delivery"] == str(asked.delivery_id) == str(advice.delivery_id)
    assert advice.advice_seq == asked.seq
    assert "> I have an hour now" in advice.text
    assert "user:priya asks for the seat of pj/fxm. To give it: `polaris handoff user:priya`." in advice.text
    assert advice.marker in advice.text


def test_a_note_need_not_be(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    asked = story.ask_seat(actor="agent:bot", **fxm)
    (advice,) = story.read_advice(actor=story.me, epoch=1, **fxm)

    assert (asked.note, story.events()[-1].speaker) == ("", "agent")
    assert advice.body == "agent:bot asks for the seat of pj/fxm. To give it: `polaris handoff agent:bot`."


def test_asking_again_answers_the_open_request(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    first = story.ask_seat(actor="agent:bot", note="please", **fxm)
    again = story.ask_seat(actor="agent:bot", note="please!!", **fxm)

    assert (again.created, again.seq, again.note) == (False, first.seq, "please")
    assert story.told().count("seat.asked") == 1


def test_the_same_client_id_answers_the_first_request_even_when_it_has_ended(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    first = story.ask_seat(actor="agent:bot", client_id="mine", **fxm)
    story.answer_seat_request(actor="agent:bot", request=first.seq, answer="withdraw", **fxm)
    again = story.ask_seat(actor="agent:bot", client_id="mine", **fxm)
    anew = story.ask_seat(actor="agent:bot", client_id="another", **fxm)

    assert (again.created, again.seq, again.ended_how) == (False, first.seq, "withdrawn")
    assert (anew.created, anew.ended_how) == (True, None)
    with refused(409, "client_id_taken"):
        story.ask_seat(actor="agent:other", client_id="mine", **fxm)


def test_the_id_of_another_event_is_no_request(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.advise(fxm, "hello", sender="agent:bot", client_id="mine")
    with refused(409, "client_id_taken"):
        story.ask_seat(actor="agent:bot", client_id="mine", **fxm)


@pytest.mark.parametrize(("policy", "delivery", "state"), [("suggest", True, "held"), ("mute", False, None)])
def test_the_policy_decides_whether_the_agent_is_told_and_never_whether_the_driver_is(
    story: Story, policy: str, delivery: bool, state: str | None
) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.set_policy(actor=story.me, sender_class="agent", policy=policy, **fxm)
    asked = story.ask_seat(actor="agent:bot", **fxm)
    told = json.loads(story.events()[-1].payload)

    assert (asked.delivery_id is not None, asked.delivery_state) == (delivery, state)
    assert (told.get("delivery") is not None, told.get("state")) == (delivery, state)
    assert story.read_advice(actor=story.me, epoch=1, **fxm) == []
    assert [r.seq for r in story.list_seat_requests(actor=None, **fxm)] == [asked.seq]


def test_what_an_agent_asks_for_its_person_is_an_agents(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.member("priya")
    story.set_policy(actor=story.me, sender_class="agent", policy="mute", **fxm)
    asked = story.ask_seat(actor="user:priya", agent="codex", **fxm)

    assert (asked.delivery_id, story.events()[-1].speaker) == (None, "agent")


def test_an_open_seat_is_claimed_and_not_asked_for(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.member("priya")
    with refused(409, "seat_is_yours"):
        story.ask_seat(actor=story.me, **fxm)
    story.run_out(fxm)
    with refused(409, "seat_is_open") as why:
        story.ask_seat(actor="user:priya", **fxm)
    assert "polaris join pj fxm" in why.hint
    story.claim(fxm, story.me)
    story.release_driver(actor=story.me, to="user:priya", **fxm)
    with refused(409, "seat_is_reserved") as why:
        story.ask_seat(actor="agent:bot", **fxm)
    assert why.detail["reserved_for"] == "user:priya"
    with refused(409, "seat_is_open"):
        story.ask_seat(actor="user:priya", **fxm)
    story.archive_session(actor=story.me, **fxm)
    with refused(409, "session_is_archived"):
        story.ask_seat(actor="user:priya", **fxm)


def test_only_who_can_drive_asks(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    with refused(403, "seat_is_not_for_slack"):
        story.ask_seat(actor="slack:krishna", **fxm)
    with refused(404, "no_such_member"):
        story.ask_seat(actor="user:nobody", **fxm)
    with refused(422, "actor_is_a_participant"):
        story.ask_seat(actor=None, **fxm)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"note": "x" * 1001}, "note_is_short"),
        ({"expires_in": "0 seconds"}, "expiry_is_sane"),
        ({"expires_in": "8 days"}, "expiry_is_sane"),
        ({"expires_in": None}, "expiry_is_sane"),
        ({"client_id": "polaris:seat:2:claimed"}, "client_id_not_valid"),
    ],
)
def test_what_is_not_sane_is_refused(story: Story, given: dict[str, Any], code: str) -> None:
    fxm = story.session("fxm", driver=story.me)
    with refused(422, code):
        story.ask_seat(actor="agent:bot", **given, **fxm)

    assert "seat.asked" not in story.told()


def test_a_request_that_nobody_saw_lapse_gives_way_to_a_new_one(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    first = story.ask_seat(actor="agent:bot", **fxm)
    story.lapse(first)
    again = story.ask_seat(actor="agent:bot", **fxm)

    assert again.created and again.seq > first.seq
    assert [r.ended_how for r in story.list_seat_requests(actor=None, **fxm)] == ["expired", None]


def test_one_that_is_not_there(story: Story) -> None:
    story.project("pj")
    with refused(404, "no_such_project"):
        story.ask_seat(actor="agent:bot", project="no-such", session="fxm")
    with refused(404, "no_such_session"):
        story.ask_seat(actor="agent:bot", project="pj", session="fxm")


def test_a_direct_client_asks_as_itself(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    with story.client("agent:bot") as bot:
        assert bot.ask_seat(actor=None, **fxm).actor == "agent:bot"

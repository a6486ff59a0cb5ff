"""bridge.inbound: what people say in the channel is done for them, once, in order, or told to be impossible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_room import TEAM, Room, room, until

from polaris.bridge.inbound import Inbound
from polaris.bridge.people import read_all
from polaris.bridge.place import Replaced, TokenRefused
from polaris.db import calls, slack_calls
from polaris.demo_slack import FakeSlack


@pytest.fixture
async def pj(database: Any, slack: FakeSlack, tmp_path: Path) -> AsyncIterator[Room]:
    async with room(database, slack, tmp_path) as made:
        yield made


@pytest.fixture
async def strangers(database: Any, slack: FakeSlack, tmp_path: Path) -> AsyncIterator[Room]:
    """A room before the list of people was read."""
    async with room(database, slack, tmp_path, people=False) as made:
        yield made


# Advice


async def test_a_message_to_a_session_is_advice_of_the_member_who_wrote_it(pj: Room) -> None:
    await pj.said("@fxm use RS256", "U2")

    assert await pj.advice() == [("user:krishna", "use RS256", "queued")]
    assert await pj.advice("fxk") == []
    assert await pj.posts("hint") == []


async def test_who_is_no_member_speaks_as_their_slack_name(pj: Room) -> None:
    await pj.said("fxm: use RS256", "U3")

    assert await pj.advice() == [("slack:priya-rao", "use RS256", "queued")]


async def test_the_text_comes_as_it_was_typed(pj: Room) -> None:
    await pj.said("@fxm if a < b && c > d, ask @krishna & read https://a.example?x=1&y=2", "U1")

    ((_, body, _),) = await pj.advice()
    assert body == "if a < b && c > d, ask @krishna & read https://a.example?x=1&y=2"


async def test_a_session_is_found_where_slack_knows_somebody_of_its_name(pj: Room) -> None:
    pj.slack.person(TEAM, "U7", "fxm", "fxm@example.com")
    await read_all(pj.place)
    await pj.said("@fxm use RS256")
    await pj.said("brief @fxm")

    assert pj.slack.messages(TEAM, "pj")[0]["text"] == "<@U7> use RS256"
    assert [body for _, body, _ in await pj.advice()] == ["use RS256"]
    assert len(await pj.posts("answer")) == 1


async def test_several_sessions_are_told_by_naming_each(pj: Room) -> None:
    await pj.said("@fxm, @fxk: use RS256")

    assert [body for _, body, _ in await pj.advice("fxm")] == ["use RS256"]
    assert [body for _, body, _ in await pj.advice("fxk")] == ["use RS256"]


async def test_a_reply_in_a_sessions_thread_needs_no_name(pj: Room) -> None:
    await pj.post("fxk", "done", "1700000000.000001")
    await pj.said("looks good, go on", "U2", "1700000000.000001")

    assert await pj.advice("fxk") == [("user:krishna", "looks good, go on", "queued")]


async def test_a_reply_that_names_somebody_else_is_not_for_the_threads_session(pj: Room) -> None:
    await pj.post("fxk", "done", "1700000000.000001")
    await pj.said("@fxz use RS256", "U2", "1700000000.000001")
    await pj.said("@krishna can you look?", "U1", "1700000000.000001")

    assert await pj.advice("fxk") == []
    (hint,) = await pj.posts("hint")
    assert (hint.recipient, hint.thread_ts) == ("U2", "1700000000.000001")


async def test_messages_of_a_channel_are_done_in_their_order(pj: Room) -> None:
    for number in range(12):
        await pj.say(f"@fxm step {number}", ("U1", "U2")[number % 2])
    await pj.do()

    assert [body for _, body, _ in await pj.advice()] == [f"step {number}" for number in range(12)]


async def test_what_slack_tells_twice_is_done_once(pj: Room) -> None:
    pj.slack.lost_acks = 2
    await pj.said("@fxm use RS256")
    for event_id in list(pj.slack.sent):
        await pj.slack.redeliver(event_id)
    await pj.do()

    assert len(await pj.advice()) == 1


async def test_an_event_that_was_done_when_the_bridge_died_is_not_done_twice(pj: Room) -> None:
    await pj.say("@fxm use RS256")
    (event,) = await pj.place.read(slack_calls.list_slack_inbox)
    await pj.place.write(slack_calls.advise_from_slack, event.event_id, ["fxm"], "use RS256")
    await pj.do()

    assert len(await pj.advice()) == 1


async def test_the_text_is_forgotten_once_it_is_done(pj: Room) -> None:
    await pj.said("@fxm use RS256")
    await pj.said("@nobody secret")

    assert [(row.body, row.payload) for row in await pj.inbox()] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("sender_class", "user", "words"),
    [("human", "U2", "takes no advice from you"), ("slack", "U3", "takes no advice from you")],
)
async def test_the_policy_of_the_session_holds(pj: Room, sender_class: str, user: str, words: str) -> None:
    await pj.ask(calls.set_policy, "user:manu", "pj", "fxm", sender_class, "mute")
    await pj.said("@fxm @fxk use RS256", user)

    assert await pj.advice("fxm") == []
    assert len(await pj.advice("fxk")) == 1
    assert words in await pj.hint()
    assert "*fxm*" in await pj.hint()


async def test_where_the_driver_decides_the_advice_is_held(pj: Room) -> None:
    await pj.ask(calls.set_policy, "user:manu", "pj", "fxm", "slack", "suggest")
    await pj.said("@fxm use RS256", "U3")

    assert [state for _, _, state in await pj.advice()] == ["held"]


async def test_what_is_too_long_is_not_cut_but_refused(pj: Room) -> None:
    await pj.said("@fxm " + "x" * 9000)
    await pj.said("@fxm <@U2> " + "x " * 4500, "U2")

    assert await pj.advice() == []
    assert [("8,000 characters" in hint.text) for hint in await pj.posts("hint")] == [True, True]


async def test_twenty_pieces_of_advice_a_minute_are_enough(pj: Room) -> None:
    for number in range(21):
        await pj.say(f"@fxm step {number}")
    await pj.do()

    assert len(await pj.advice()) == 20
    assert "twenty pieces" in await pj.hint()


# Who is heard


@pytest.mark.parametrize("user", ["UGUEST", "UGONE", "USLACKBOT"])
async def test_guests_and_people_who_left_are_never_heard(pj: Room, user: str) -> None:
    for words in ("@fxm use RS256", "mute", "hello"):
        await pj.said(words, user)

    assert await pj.inbox() == []
    assert await pj.advice() == []


@pytest.mark.parametrize("words", ["@fxm use RS256", "mute", "hello", "handoff fxm to @krishna"])
async def test_a_guest_who_is_not_known_yet_is_looked_up_and_not_heard(strangers: Room, words: str) -> None:
    await strangers.said(words, "UGUEST")

    assert [row.outcome for row in await strangers.inbox()] == ["not heard"]
    assert (await strangers.advice(), await strangers.posts("hint"), await strangers.posts("answer")) == ([], [], [])
    ((level,),) = await strangers.sql("select level from polaris_data.slack_channels")
    assert level == "all"


async def test_strangers_of_a_shared_channel_are_never_heard(pj: Room) -> None:
    await pj.slack.say(TEAM, pj.channel, "UX", "@fxm use RS256", external_team="T9")

    assert await pj.inbox() == []


async def test_bots_and_our_own_messages_are_never_heard(pj: Room) -> None:
    await pj.slack.say(TEAM, pj.channel, "U1", "@fxm use RS256", bot_id="B9", app_id="A9", subtype="bot_message")
    await pj.place.api.call("chat.postMessage", channel=pj.channel, text="@fxm use RS256")
    await pj.slack.quiet()

    assert await pj.inbox() == []


async def test_somebody_new_is_looked_up_first(strangers: Room) -> None:
    await strangers.said("@fxm use RS256", "U2")

    assert await strangers.advice() == [("user:krishna", "use RS256", "queued")]
    assert [call.args["user"] for call in strangers.slack.called("users.info")] == ["U2"]


async def test_whom_slack_does_not_know_is_not_heard(strangers: Room) -> None:
    await strangers.said("@fxm use RS256", "UNOBODY")

    assert [row.outcome for row in await strangers.inbox()] == ["not heard"]


async def test_somebody_is_looked_up_again_after_a_day(pj: Room) -> None:
    await pj.sql("update polaris_data.slack_people set looked_up_at = now() - interval '25 hours'")
    pj.slack.teams[TEAM]["users"]["U2"]["is_restricted"] = True
    await pj.said("@fxm use RS256", "U2")

    assert await pj.advice() == []


async def test_yesterdays_word_on_somebody_counts_while_slack_does_not_answer(pj: Room) -> None:
    await pj.sql("update polaris_data.slack_people set looked_up_at = now() - interval '25 hours'")
    pj.slack.fail("users.info", status=500)
    await pj.said("@fxm use RS256", "U2")

    assert len(await pj.advice()) == 1


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 429, "retry_after": 30}, {"drop": True}])
async def test_while_slack_does_not_say_who_somebody_is_the_message_waits_and_others_behind_it(
    strangers: Room, how: dict[str, Any]
) -> None:
    strangers.slack.fail("users.info", **how)
    await strangers.say("@fxm first", "U2")
    await strangers.say("@fxm second", "U1")
    await strangers.do_once()

    assert await strangers.advice() == []
    assert [row.attempts for row in await strangers.inbox()] == [1, 0]
    await strangers.sql("update polaris_data.slack_inbox set due_at = now()")
    await strangers.do()
    assert [body for _, body, _ in await strangers.advice()] == ["first", "second"]


async def test_what_waits_for_slack_is_tried_again_without_being_woken(strangers: Room) -> None:
    strangers.slack.fail("users.info", status=500)
    await strangers.say("@fxm first", "U2")
    working = asyncio.create_task(Inbound(strangers.place, strangers.heard).run())
    try:
        await until(strangers.advice, "the second try")
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    assert [row.attempts for row in await strangers.inbox()] == [1]


async def test_a_token_that_slack_refuses_ends_the_work(strangers: Room) -> None:
    strangers.slack.fail("users.info", error="token_revoked")
    await strangers.say("@fxm use RS256", "U2")

    with pytest.raises(TokenRefused):
        await Inbound(strangers.place, strangers.heard).run()


async def test_a_bridge_that_was_replaced_does_nothing_more(pj: Room) -> None:
    await pj.say("@fxm use RS256")
    await pj.sql("update polaris_data.slack_workspaces set fence = fence + 1")

    with pytest.raises(Replaced):
        await Inbound(pj.place, pj.heard).run()
    assert await pj.advice() == []


async def test_what_always_fails_is_given_up_after_an_hour_and_its_author_told(
    pj: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*args: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Inbound, "_with_names", fails)
    await pj.say("@fxm use RS256", "U2")
    await pj.do_once()
    (row,) = await pj.inbox()
    assert (row.attempts, row.done_at, row.outcome) == (1, None, "RuntimeError")

    await pj.sql(
        "update polaris_data.slack_inbox set due_at = now(), attempts = 10, received_at = now() - %s",
        timedelta(hours=2),
    )
    await pj.do_once()
    (row,) = await pj.inbox()
    assert row.done_at is not None
    assert "say it again" in await pj.hint()


# Edits


async def test_an_edit_changes_what_was_not_sent_yet(pj: Room) -> None:
    ts = await pj.said("@fxm use RS256", "U2")
    await pj.slack.edit(TEAM, pj.channel, ts, "@fxm use EdDSA")
    await pj.do()

    assert await pj.advice() == [("user:krishna", "use RS256", "declined"), ("user:krishna", "use EdDSA", "queued")]


async def test_an_edit_before_anybody_worked_is_what_is_said_in_the_end(pj: Room) -> None:
    ts = await pj.say("@fxm use RS256", "U2")
    await pj.slack.edit(TEAM, pj.channel, ts, "@fxk use EdDSA")
    await pj.do()

    assert [state for _, _, state in await pj.advice("fxm")] == ["declined"]


async def test_a_deletion_takes_back_what_was_not_sent_yet(pj: Room) -> None:
    ts = await pj.said("@fxm use RS256", "U2")
    await pj.slack.delete(TEAM, pj.channel, ts)
    await pj.do()

    assert [state for _, _, state in await pj.advice()] == ["declined"]


async def test_what_an_agent_may_have_seen_stays(pj: Room) -> None:
    ts = await pj.said("@fxm use RS256", "U2")
    (row,) = await pj.ask(calls.list_deliveries, None, "pj", "fxm")
    await pj.ask(calls.settle_delivery, "user:manu", row.delivery_id, "sent", None, "hook", 1)
    await pj.slack.edit(TEAM, pj.channel, ts, "@fxm use EdDSA")
    await pj.slack.delete(TEAM, pj.channel, ts)
    await pj.do()

    assert await pj.advice() == [("user:krishna", "use RS256", "sent")]


async def test_edits_of_anything_else_change_nothing(pj: Room) -> None:
    ts = await pj.said("nothing to anybody", "U2")
    await pj.slack.edit(TEAM, pj.channel, ts, "@fxm use RS256")
    await pj.do()

    assert await pj.advice() == []


# Hints


async def test_an_unknown_name_gets_a_private_hint_with_the_live_sessions(pj: Room) -> None:
    await pj.said("@fxz use RS256", "U2")

    (hint,) = await pj.posts("hint")
    assert (hint.recipient, hint.thread_ts, hint.lane) == ("U2", None, "side")
    assert hint.text.splitlines() == [
        "There is no live session *fxz* in *pj*.",
        "Begin with the session that you speak to:",
        "• `@fxk` (open: nobody drives)",
        "• `@fxm` (user:manu drives)",
    ]


async def test_a_message_to_nobody_is_hinted_at_once_an_hour(pj: Room) -> None:
    for words in ("hello everybody", "how are you?", "fine"):
        await pj.said(words, "U2")

    assert (await pj.hint()).startswith("Begin with the session")


async def test_polaris_itself_answers_whom_one_can_speak_to(pj: Room) -> None:
    await pj.said("hello everybody", "U2")
    await pj.slack.say(TEAM, pj.channel, "U2", "<@UBOT1> what now?")
    await pj.do()

    assert len(await pj.posts("hint")) == 2


async def test_where_no_session_is_live_the_hint_says_so(pj: Room) -> None:
    for session in ("fxm", "fxk"):
        await pj.ask(calls.archive_session, "user:manu", "pj", session)
    await pj.said("@fxm use RS256", "U2")

    assert "nobody would hear you" in await pj.hint()


# Verbs


async def test_who_tells_who_drives(pj: Room) -> None:
    ts = await pj.said("who", "U3")

    (answer,) = await pj.posts("answer")
    assert answer.thread_ts == ts
    assert answer.text.splitlines() == ["*pj*: who drives", "• *fxk*: open: nobody drives", "• *fxm*: user:manu drives"]


async def test_brief_is_answered_in_the_messages_thread_and_pings_nobody(pj: Room) -> None:
    await pj.said("@fxm tell <!channel> *now*", "U2")
    ts = await pj.said("brief fxm", "U2")

    (answer,) = await pj.posts("answer")
    assert answer.thread_ts == ts
    assert "user:manu drives it (epoch 1)." in answer.text
    assert "advice of user:krishna is queued" in answer.text
    assert "<!channel>" not in answer.text
    assert len(answer.text) <= 3000


async def test_who_speaks_in_slack_decides_asks_answers_and_stars(pj: Room) -> None:
    await pj.said("decision fxm: we use RS256", "U2")
    decided = await pj.hint()
    await pj.said("question: which key?", "U2")
    asked = (await pj.ask(calls.list_annotations, None, "pj", None, ["question"]))[0]
    await pj.said(f"answer #{asked.seq}: the new one", "U1")
    await pj.said(f"star #{asked.seq}", "U1")

    star, question, decision = await pj.ask(calls.list_annotations, None, "pj")
    assert decided == f"The decision is kept (#{decision.seq})."
    assert (decision.actor, decision.session, decision.body) == ("user:krishna", "fxm", "we use RS256")
    assert (question.closed_by, question.closed_body) == ("user:manu", "the new one")
    assert (star.what, star.about, star.actor) == ("star", asked.seq, "user:manu")


async def test_what_cannot_be_marked_is_said_to_its_author_alone(pj: Room) -> None:
    await pj.said("star #9999", "U2")
    nothing = await pj.hint()
    await pj.said("decision fxz: yes", "U2")

    assert "There is no event 9999" in nothing
    assert "There is no live session *fxz*" in (await pj.posts("hint"))[-1].text
    assert await pj.ask(calls.list_annotations, None, "pj") == []


async def test_a_decision_that_was_written_when_the_bridge_died_is_one(pj: Room) -> None:
    await pj.say("decision: we use RS256", "U2")
    await pj.do()
    await pj.sql("update polaris_data.slack_inbox set done_at = null, due_at = clock_timestamp() returning 1")
    await pj.do()

    assert len(await pj.ask(calls.list_annotations, None, "pj")) == 1


async def test_a_brief_of_no_session_is_a_hint(pj: Room) -> None:
    await pj.said("brief fxz", "U2")

    assert "There is no live session *fxz*" in await pj.hint()


@pytest.mark.parametrize(("verb", "level"), [("mute", "muted"), ("unmute", "all"), ("Final-only", "final-only")])
async def test_levels_are_set_by_whoever_is_heard(pj: Room, verb: str, level: str) -> None:
    await pj.said(verb, "U3")

    ((found,),) = await pj.sql("select level from polaris_data.slack_channels")
    assert found == level
    (answer,) = await pj.posts("answer")
    assert (answer.state, "*pj*" in answer.text) == ("waiting", True)


async def test_a_driver_hands_over_to_a_member(pj: Room) -> None:
    await pj.said("handoff fxm to @krishna", "U1")

    row = await pj.ask(calls.get_session, None, "pj", "fxm")
    assert (row.driver, row.reserved_for) == (None, "user:krishna")
    assert await pj.hint() == "*fxm* waits for *user:krishna* now: `polaris join pj fxm`."


async def test_a_handoff_that_was_done_when_the_bridge_died_is_no_failure(pj: Room) -> None:
    await pj.say("handoff fxm to @krishna", "U1")
    await pj.ask(calls.release_driver, "user:manu", "pj", "fxm", None, "user:krishna")
    await pj.do()

    assert (await pj.hint()).startswith("*fxm* waits for")


@pytest.mark.parametrize(
    ("words", "user", "answer"),
    [
        ("handoff fxm to @krishna", "U2", "Only who drives *fxm* may hand it over."),
        ("handoff fxm to @krishna", "U3", "Only who drives *fxm* may hand it over."),
        ("handoff fxk to @krishna", "U1", "Only who drives *fxk* may hand it over."),
        ("handoff fxm to <@U3>", "U1", "members of Polaris only"),
        ("handoff fxm to <@UGUEST>", "U1", "members of Polaris only"),
        ("handoff fxm to <@UNOBODY>", "U1", "members of Polaris only"),
        ("handoff fxm to zoe", "U1", "*user:zoe* is nobody who may drive"),
        ("handoff fxz to @krishna", "U1", "There is no live session *fxz*"),
    ],
)
async def test_nobody_else_hands_over_and_to_nobody_else(pj: Room, words: str, user: str, answer: str) -> None:
    text = words.replace("@krishna", "<@U2>")
    await pj.slack.say(TEAM, pj.channel, user, text)
    await pj.do()

    assert answer in await pj.hint()
    assert (await pj.ask(calls.get_session, None, "pj", "fxm")).driver == "user:manu"


async def test_a_member_asks_for_the_seat_and_the_driver_gives_it(pj: Room) -> None:
    await pj.said("seat fxm", "U2")
    asked = await pj.hint()
    (request,) = await pj.ask(calls.list_seat_requests, None, "pj", "fxm")
    await pj.said("handoff fxm to @krishna", "U1")
    (after,) = await pj.ask(calls.list_seat_requests, None, "pj", "fxm")

    assert asked.startswith("*user:manu* is asked for the seat of *fxm*, until ")
    assert (request.actor, request.ended_at) == ("user:krishna", None)
    assert (after.ended_how, after.ended_by) == ("given", "user:manu")


async def test_a_request_that_was_written_when_the_bridge_died_is_one(pj: Room) -> None:
    await pj.say("seat fxm", "U2")
    await pj.do()
    await pj.sql("update polaris_data.slack_inbox set done_at = null, due_at = clock_timestamp() returning 1")
    await pj.do()

    assert len(await pj.ask(calls.list_seat_requests, None, "pj", "fxm")) == 1


async def test_the_driver_keeps_the_seat_from_everybody_who_asks(pj: Room) -> None:
    await pj.ask(calls.ask_seat, "agent:bot", "pj", "fxm")
    await pj.said("seat fxm", "U2")
    await pj.said("decline fxm", "U1")

    told = (await pj.posts("hint"))[-1].text
    assert told == "You keep the seat of *fxm*; told: agent:bot, user:krishna."
    ends = [one.ended_how for one in await pj.ask(calls.list_seat_requests, None, "pj", "fxm")]
    assert ends == ["declined", "declined"]


@pytest.mark.parametrize(
    ("words", "user", "answer"),
    [
        ("seat fxm", "U1", "user:manu drives fxm already."),
        ("seat fxm", "U3", "only members and agents drive"),
        ("seat fxk", "U2", "Nobody drives fxk. Take the seat: polaris join pj fxk."),
        ("seat fxz", "U2", "There is no live session *fxz*"),
        ("decline fxm", "U1", "Nobody asks for the seat of *fxm*."),
        ("decline fxz", "U1", "There is no live session *fxz*"),
    ],
)
async def test_where_the_seat_is_not_to_be_asked_for_one_is_told_why(
    pj: Room, words: str, user: str, answer: str
) -> None:
    await pj.said(words, user)

    assert answer in await pj.hint()


async def test_only_the_driver_declines(pj: Room) -> None:
    await pj.ask(calls.ask_seat, "agent:bot", "pj", "fxm")
    await pj.said("decline fxm", "U2")

    assert await pj.hint() == "Only who drives *fxm* may decline."


async def test_a_verb_in_the_channel_of_a_project_that_became_private_tells_nothing(pj: Room) -> None:
    await pj.say("who", "U1")
    await pj.ask(calls.set_visibility, "user:manu", "pj", "private")
    await pj.do()

    assert await pj.posts("answer") == []


# People and channels


async def test_a_changed_person_is_matched_anew(pj: Room) -> None:
    await pj.slack.change_user(TEAM, "U3", email="krishna@example.com")
    await pj.slack.change_user(TEAM, "U2", email="other@example.com")
    await pj.do()
    await pj.said("@fxm use RS256", "U3")

    assert [sender for sender, _, _ in await pj.advice()] == ["user:krishna"]


async def test_a_name_that_changes_leaves_the_participant_as_it_was(pj: Room) -> None:
    await pj.slack.change_user(TEAM, "U3", name="manu")
    await pj.do()
    await pj.said("@fxm use RS256", "U3")

    assert [sender for sender, _, _ in await pj.advice()] == ["slack:priya-rao"]


async def test_what_happens_to_the_channel_is_told_to_who_looks_after_it(pj: Room) -> None:
    await pj.slack.rename(TEAM, pj.channel, "other")
    await pj.slack.archive(TEAM, pj.channel)
    await pj.do()

    assert [(row.kind, row.channel_id, row.payload) for row in pj.heard.events] == [
        ("channel", pj.channel, '{"type": "channel_rename"}'),
        ("channel", pj.channel, '{"type": "channel_archive"}'),
    ]


async def test_an_idle_worker_begins_when_it_is_woken(pj: Room) -> None:
    working = asyncio.create_task(Inbound(pj.place, pj.heard).run())
    await pj.say("@fxm use RS256")
    pj.place.inbox.set()
    try:
        await until(pj.place.posts.is_set, "the word that something is to be posted")
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert len(await pj.advice()) == 1

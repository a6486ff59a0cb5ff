"""polaris.take_slack_event: what Slack told is kept once, or leaves no trace."""

import json
from typing import Any

import pytest
from slack_story import APP
from slack_talk import Talk, ts
from story import Story, not_permitted


@pytest.fixture
def talk(story: Story) -> Talk:
    return Talk(story)


def kept(talk: Talk) -> list[tuple[str, list[str], str | None]]:
    return [(row.kind, row.sessions, row.body) for row in talk.inbox()]


def unknown(talk: Talk) -> list[str]:
    names: list[str] = talk.inbox()[-1].payload["unknown"]
    return names


def test_advice_for_a_session_is_kept_with_its_words_and_wakes_a_bridge(talk: Talk) -> None:
    with talk.story.listening("polaris_control") as heard:
        answer, event_id = talk.say("use RS256", "fxm", ts="1700000000.000100", thread_ts="1600000000.000100")
        (row,) = talk.inbox()

        assert answer == "stored"
        assert (row.event_id, row.kind, row.sessions, row.body) == (event_id, "message", ["fxm"], "use RS256")
        assert (row.channel_id, row.lane, row.user_id) == (talk.room_id, talk.room_id, talk.krishna)
        assert (row.ts, row.thread_ts, row.attempts, row.done_at) == ("1700000000.000100", "1600000000.000100", 0, None)
        assert [json.loads(said) for _, said in heard()] == [{"org": talk.org, "kind": "slack_inbox", "id": 0}]


def test_what_slack_tells_twice_is_known(talk: Talk) -> None:
    _, event_id = talk.say("use RS256", "fxm", ts="1700000000.000100")

    assert talk.say("use RS256", "fxm", ts="1700000000.000100", event_id=event_id)[0] == "known"
    assert talk.say("use RS256", "fxm", ts="1700000000.000100")[0] == "known"  # as two events: app_mention, too
    assert talk.say("now what", ts="1700000000.000100")[0] == "known"
    assert len(talk.inbox()) == 1


def test_it_is_known_when_it_is_done_too(talk: Talk) -> None:
    event_id, written, _ = talk.advised("fxm")

    assert talk.say("use RS256", "fxm", event_id=event_id)[0] == "known"
    assert talk.say("use RS256", "fxm", ts=written)[0] == "known"


def test_the_same_event_id_in_another_organization_is_another_event(talk: Talk, tell: Any) -> None:
    other = Talk(tell())
    _, event_id = talk.say("use RS256", "fxm")

    assert other.say("use RS256", "fxm", event_id=event_id) == ("stored", event_id)


def test_several_sessions_are_advised_by_naming_each(talk: Talk) -> None:
    talk.say("use RS256", "fxm", "fxk")

    assert kept(talk) == [("message", ["fxm", "fxk"], "use RS256")]


def test_where_one_of_the_names_is_no_session_nobody_is_advised(talk: Talk) -> None:
    talk.say("use RS256", "fxm", "fxn")

    assert kept(talk) == [("hint", [], None)]
    assert unknown(talk) == ["fxn"]


@pytest.mark.parametrize("name", ["fx", "fxmm", "FXM", "fxm ", "pj/fxm"])
def test_a_name_is_the_whole_name(talk: Talk, name: str) -> None:
    talk.say("use RS256", name)

    assert kept(talk) == [("hint", [], None)]


def test_an_archived_session_hears_nothing(talk: Talk) -> None:
    talk.story.archive_session(actor=talk.me, **talk.fxm)
    talk.say("use RS256", "fxm")

    assert kept(talk) == [("hint", [], None)]


def test_a_session_of_another_project_is_not_here(talk: Talk) -> None:
    talk.story.session("elsewhere", project="other")
    talk.say("use RS256", "elsewhere")

    assert kept(talk) == [("hint", [], None)]


def test_a_name_that_slack_took_for_a_person_is_a_session_all_the_same(talk: Talk) -> None:
    fxm = talk.person("Felix")
    talk.write_slack_people(people=[{"id": fxm, "username": "fxm", "name": "Felix", "standing": "full"}])
    talk.say("use RS256", mentions=[fxm], explicit=True)

    assert kept(talk) == [("message", ["fxm"], "use RS256")]


def test_a_mention_of_nobody_we_know_is_not_overlooked(talk: Talk) -> None:
    talk.say("use RS256", "fxm", mentions=["UNOBODY"])

    assert kept(talk) == [("hint", [], None)]
    assert unknown(talk) == ["UNOBODY"]


def test_a_reply_in_a_sessions_thread_needs_no_name(talk: Talk) -> None:
    root = talk.make(talk.one(session="fxm"))
    talk.say("and quickly", thread_ts=root)

    assert kept(talk) == [("message", ["fxm"], "and quickly")]


def test_what_looks_like_a_name_and_is_none_belongs_to_the_reply(talk: Talk) -> None:
    root = talk.make(talk.one(session="fxm"))
    talk.take("message", thread_ts=root, names=["note"], rest="use RS256", text="note: use RS256")

    assert kept(talk) == [("message", ["fxm"], "note: use RS256")]


def test_a_name_in_a_thread_comes_before_the_thread(talk: Talk) -> None:
    root = talk.make(talk.one(session="fxm"))
    talk.say("you too", "fxk", thread_ts=root)

    assert kept(talk) == [("message", ["fxk"], "you too")]


def test_who_speaks_to_a_person_in_a_sessions_thread_does_not_advise_it(talk: Talk) -> None:
    root, priya = talk.make(talk.one(session="fxm")), talk.person("Priya")

    assert talk.say("have you seen this?", mentions=[priya], explicit=True, thread_ts=root)[0] == "ignored"
    assert talk.say("have you seen this?", "fxn", thread_ts=root)[0] == "stored"
    assert kept(talk) == [("hint", [], None)]


def test_a_reply_to_advice_for_one_session_is_for_it_and_one_to_advice_for_two_is_not(talk: Talk) -> None:
    _, single, _ = talk.advised("fxm")
    _, double, _ = talk.advised("fxm", "fxk")

    assert talk.say("and quickly", thread_ts=single)[0] == "stored"
    assert talk.say("and quickly", thread_ts=double)[0] == "ignored"
    assert kept(talk)[2:] == [("message", ["fxm"], "and quickly")]


def test_a_thread_of_an_archived_session_or_of_another_channel_is_nobodys(talk: Talk) -> None:
    root = talk.make(talk.one(session="fxm"))
    elsewhere = talk.channel("other")

    assert talk.say("and quickly", thread_ts=root, channel=elsewhere)[0] == "ignored"
    talk.story.archive_session(actor=talk.me, **talk.fxm)
    assert talk.say("and quickly", thread_ts=root)[0] == "ignored"
    assert talk.inbox() == []


def test_who_speaks_to_nobody_is_hinted_once_an_hour_and_their_words_are_not_kept(talk: Talk) -> None:
    assert [talk.say("what a day")[0] for _ in range(3)] == ["stored", "ignored", "ignored"]
    assert kept(talk) == [("hint", [], None)]
    assert unknown(talk) == []
    assert talk.say("what a day", user=talk.person("Priya"))[0] == "stored"
    talk.story.owner.execute(
        "update polaris_data.slack_inbox set received_at = received_at - interval '61 minutes' where org_id = %s",
        [talk.org],
    )
    assert talk.say("what a day")[0] == "stored"


def test_the_limit_holds_for_somebody_who_was_not_looked_up_yet(talk: Talk) -> None:
    assert [talk.say("hello", user="UNEW")[0] for _ in range(3)] == ["stored", "ignored", "ignored"]
    talk.person("New", id="UNEW")
    assert talk.say("hello", user="UNEW")[0] == "ignored"


def test_a_name_that_nobody_has_is_told_each_time(talk: Talk) -> None:
    assert [talk.say("use RS256", "fxn")[0] for _ in range(3)] == ["stored"] * 3
    assert talk.say("what a day")[0] == "ignored"


def test_people_who_speak_to_each_other_are_hinted_as_anybody_who_speaks_to_no_session(talk: Talk) -> None:
    priya = talk.person("Priya")

    assert [talk.say("lunch?", mentions=[priya], explicit=True)[0] for _ in range(3)] == [
        "stored",
        "ignored",
        "ignored",
    ]
    assert unknown(talk) == []


def test_a_thread_that_is_nobodys_is_left_alone(talk: Talk) -> None:
    assert talk.say("I think so, too", thread_ts=ts())[0] == "ignored"
    assert talk.inbox() == []


@pytest.mark.parametrize("nothing", ["", "  \n\t", None])
def test_a_name_and_nothing_else_is_no_advice(talk: Talk, nothing: str | None) -> None:
    talk.take("message", names=["fxm"], explicit=True, rest=nothing, text="@fxm")

    assert kept(talk) == [("hint", [], None)]


@pytest.mark.parametrize("standing", ["guest", "stranger", "bot", "deleted"])
@pytest.mark.parametrize("kind", ["message", "verb", "hint"])
def test_a_guest_is_never_heard(talk: Talk, kind: str, standing: str) -> None:
    root = talk.make(talk.one(session="fxm"))
    user = talk.person("Gast", standing=standing)
    if kind == "message":
        assert talk.say("use RS256", "fxm", user=user)[0] == "ignored"
        assert talk.say("use RS256", user=user, thread_ts=root)[0] == "ignored"
    elif kind == "hint":
        assert talk.say("use RS256", "fxn", user=user)[0] == "ignored"
    else:
        assert talk.take("verb", user=user, payload={"verb": "mute"})[0] == "ignored"
    assert talk.inbox() == []


def test_who_is_no_member_is_heard_unless_the_organization_wants_it_otherwise(talk: Talk) -> None:
    talk.set_slack(hears_everybody=False)
    assert talk.say("use RS256", "fxm")[0] == "ignored"
    talk.map_slack_person(user=talk.krishna, member="manu")
    assert talk.say("use RS256", "fxm")[0] == "stored"


def test_a_channel_that_is_not_heard_is_not_heard(talk: Talk) -> None:
    talk.set_slack_channel(project="pj", hears=False)

    assert talk.say("use RS256", "fxm")[0] == "ignored"
    assert talk.take("verb", payload={"verb": "who"})[0] == "ignored"
    assert talk.take("channel", payload={"type": "channel_rename"})[0] == "stored"


def test_a_channel_that_is_shared_with_strangers_starts_unheard(talk: Talk) -> None:
    talk.channel(channel=talk.room_id, shared=True)

    assert talk.say("use RS256", "fxm")[0] == "ignored"
    assert talk.inbox() == []


def test_in_the_channel_of_a_private_project_nobody_is_heard(talk: Talk) -> None:
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")

    assert talk.say("use RS256", "fxm")[0] == "ignored"
    assert talk.say("which are there?")[0] == "ignored"  # a hint would tell its sessions
    assert talk.take("verb", payload={"verb": "who"})[0] == "ignored"
    assert talk.take("channel", payload={"type": "channel_left"})[0] == "stored"


def test_in_the_channel_of_an_archived_project_neither(talk: Talk) -> None:
    talk.story.archive_project(actor=talk.me, project="pj")

    assert talk.say("use RS256", "fxm")[0] == "ignored"
    assert talk.inbox() == []


def test_what_is_not_ours_is_ignored(talk: Talk, tell: Any) -> None:
    for other in ({"team": "T-unknown"}, {"app": "A-other"}, {"channel": "C-random"}, {"channel": None}):
        assert talk.say("use RS256", "fxm", **other)[0] == "ignored"
    theirs = Talk(tell())
    assert talk.say("use RS256", "fxm", channel=theirs.room_id)[0] == "ignored"
    assert talk.say("use RS256", "fxm", team=theirs.team)[0] == "ignored"
    assert (talk.inbox(), theirs.inbox()) == ([], [])


def test_nothing_is_heard_that_is_not_connected(talk: Talk) -> None:
    talk.refuse_slack(reason="token_revoked")
    assert talk.say("use RS256", "fxm")[0] == "ignored"
    talk.disconnect_slack(reason="administrator")
    assert talk.say("use RS256", "fxm")[0] == "ignored"
    assert talk.inbox() == []


def test_a_verb_keeps_what_it_asks_for(talk: Talk) -> None:
    assert talk.take("verb", payload={"verb": "brief", "session": "fxm", "to": None})[0] == "stored"
    (row,) = talk.inbox()

    assert (row.kind, row.body, row.sessions) == ("verb", None, [])
    assert row.payload == {"verb": "brief", "session": "fxm", "to": None}


def test_news_of_a_person_need_no_channel_and_have_a_lane_of_their_own(talk: Talk) -> None:
    assert talk.take("person", channel=None, ts=None, payload={"id": talk.krishna})[0] == "stored"
    (row,) = talk.inbox()

    assert (row.kind, row.lane, row.channel_id) == ("person", "people", None)


# Edits and deletions


def test_an_edit_of_advice_is_kept_with_whom_it_names_now(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm", "fxk")

    assert talk.edit(written, "use ES256", "fxm")[0] == "stored"
    assert kept(talk)[1:] == [("edit", ["fxm"], "use ES256")]


def test_a_deletion_names_nobody(talk: Talk) -> None:
    root = talk.make(talk.one(session="fxm"))
    _, written, _ = talk.advised("fxm", thread_ts=root)

    assert talk.edit(written, None, thread_ts=root)[0] == "stored"
    assert kept(talk)[1:] == [("edit", [], None)]


def test_an_edit_that_names_nobody_any_more_keeps_no_words(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.edit(written, "never mind, what a day")

    assert kept(talk)[1:] == [("edit", [], None)]


def test_an_edit_of_what_still_waits_waits_behind_it(talk: Talk) -> None:
    written = ts()
    talk.say("use RS256", "fxm", ts=written)

    assert talk.edit(written, "use ES256", "fxm")[0] == "stored"
    assert [row.kind for row in talk.list_slack_inbox()] == ["message"]


def test_edits_of_anything_else_leave_no_trace(talk: Talk) -> None:
    hinted, mine = ts(), talk.make(talk.one(session="fxm"))
    talk.say("what a day", ts=hinted)
    refused, _ = talk.say("use RS256", "fxn", ts=ts())
    before = talk.inbox()

    assert refused == "stored"
    assert talk.edit(ts(), "use ES256", "fxm")[0] == "ignored"
    assert talk.edit(hinted, "use ES256", "fxm")[0] == "ignored"
    assert talk.edit(mine, "use ES256", "fxm")[0] == "ignored"
    assert talk.inbox() == before


def test_of_who_is_not_heard_any_more_an_edit_only_takes_back(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.person("Krishna", id=talk.krishna, standing="guest")

    assert talk.edit(written, "use ES256", "fxm")[0] == "stored"
    assert kept(talk)[1:] == [("edit", [], None)]


def test_in_a_project_that_became_private_an_edit_only_takes_back(talk: Talk) -> None:
    _, written, _ = talk.advised("fxm")
    talk.story.set_visibility(actor=talk.me, project="pj", visibility="private")

    assert talk.edit(written, "use ES256", "fxm")[0] == "stored"
    assert kept(talk)[1:] == [("edit", [], None)]


def test_the_service_is_the_only_one_that_hears_slack(talk: Talk) -> None:
    with talk.story.client(talk.me) as client, not_permitted():
        client.call("take_slack_event", team=talk.team, app=APP, event_id="Ev", kind="message", channel=talk.room_id)

"""bridge.envelope: what Slack tells becomes something to do, or nothing; whatever it is, nothing fails."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris.bridge.envelope import Echo, Gone, Take, person, read

Json = dict[str, Any]


def envelope(event: Any, **fields: Any) -> Json:
    """An ``event_callback`` of workspace T1 for app A1, whose bot is UBOT."""
    installed = {"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True}
    return {
        "token": "verification",
        "team_id": "T1",
        "api_app_id": "A1",
        "event": event,
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": 1_790_000_000,
        "authorizations": [installed],
        "is_ext_shared_channel": False,
    } | fields


def message(text: Any = "@fxm use RS256", **fields: Any) -> Json:
    return {
        "type": "message",
        "channel": "C1",
        "channel_type": "channel",
        "user": "U1",
        "text": text,
        "ts": "1790000000.000100",
        "event_ts": "1790000000.000100",
        "team": "T1",
        "client_msg_id": "5d3c",
    } | fields


def ours(**fields: Any) -> Json:
    metadata = {"event_type": "polaris_event", "event_payload": {"id": 42}}
    return message(
        "*[agent → user:manu/fxm]* done",
        subtype="bot_message",
        user="UBOT",
        bot_id="B1",
        app_id="A1",
        metadata=metadata,
        **fields,
    )


def taken(event: Any, **fields: Any) -> Take:
    found = read(envelope(event, **fields))
    assert isinstance(found, Take)
    return found


def test_a_message_is_taken_with_whom_it_names() -> None:
    assert read(envelope(message())) == Take(
        "T1",
        "A1",
        "Ev1",
        "message",
        "C1",
        "1790000000.000100",
        None,
        "U1",
        ("fxm",),
        (),
        True,
        "use RS256",
        "@fxm use RS256",
        None,
    )


def test_a_message_without_an_address_is_taken_for_its_thread_or_a_hint() -> None:
    found = taken(message("looks good", thread_ts="1780000000.000100"))

    assert (found.kind, found.thread_ts, found.names, found.explicit, found.text) == (
        "message",
        "1780000000.000100",
        (),
        False,
        "looks good",
    )


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share"])
def test_what_a_person_says_with_a_file_or_to_the_channel_too_is_said(subtype: str) -> None:
    assert taken(message(subtype=subtype)).kind == "message"


def test_a_message_with_replies_is_in_no_thread_of_its_own() -> None:
    assert taken(message(thread_ts="1790000000.000100")).thread_ts is None


@pytest.mark.parametrize(
    "fields",
    [
        {"bot_id": "B9"},
        {"app_id": "A9"},
        {"bot_profile": {"app_id": "A9"}},
        {"bot_id": "B9", "app_id": "A9", "subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"subtype": "me_message"},
        {"subtype": "reminder_add"},
        {"subtype": ["thread_broadcast"]},
        {"subtype": {}},
        {"user": "UBOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"user": ""},
        {"user": 7},
        {"user": ["U1"]},
        {"user": "U1; drop"},
        {"team": "T9"},
        {"user_team": "T9"},
        {"source_team": "T9"},
        {"user_team": {"id": "T1"}},
        {"workflow_id": "Wf1"},
        {"channel": None},
        {"channel": {"id": "C1"}},
        {"channel": "C1\0"},
        {"ts": None},
        {"ts": 1790000000.0001},
        {"ts": "now"},
        {"ts": "1790000000.0001\n"},
        {"ts": "٣.٣"},
    ],
)
def test_bots_apps_strangers_and_odd_messages_are_nothing(fields: Json) -> None:
    assert read(envelope(message() | fields)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "event"},
        {"type": None},
        {"type": ["event_callback"]},
        {"type": "url_verification", "challenge": "x"},
        {"type": "app_rate_limited", "minute_rate_limited": 1},
        {"team_id": None},
        {"team_id": 1},
        {"team_id": "T 1"},
        {"team_id": "T" * 41},
        {"api_app_id": None},
        {"api_app_id": ["A1"]},
        {"event_id": None},
        {"event_id": 3},
        {"event_id": ""},
        {"event": None},
        {"event": []},
        {"event": "message"},
        {"event": {}},
        {"event": {"type": None}},
        {"event": {"type": ["message"]}},
        {"event": {"type": {}}},
        {"event": {"type": "emoji_changed"}},
        {"event": {"type": "message.channels"}},
        {"event": {"type": "message"}},
    ],
)
def test_an_envelope_of_another_kind_is_nothing(fields: Json) -> None:
    assert read(envelope(message()) | fields) is None


@pytest.mark.parametrize("odd", [None, 0, True, "x", b"x", [], [message()], {}, {"type": "event_callback"}, object()])
def test_what_is_no_envelope_is_nothing(odd: Any) -> None:
    assert read(odd) is None


@pytest.mark.parametrize("left_out", ["team_id", "api_app_id", "event_id", "event", "type"])
def test_an_envelope_that_lacks_something_is_nothing(left_out: str) -> None:
    told = envelope(message())
    del told[left_out]

    assert read(told) is None


@pytest.mark.parametrize("left_out", ["channel", "ts", "user"])
def test_a_message_that_lacks_something_is_nothing(left_out: str) -> None:
    event = message()
    del event[left_out]

    assert read(envelope(event)) is None


@pytest.mark.parametrize(
    "odd", [None, 5, "x", [], [None], [7], [{}], [{"is_bot": True}], [{"is_bot": 1, "user_id": 4}]]
)
def test_without_authorizations_a_message_is_read_all_the_same(odd: Any) -> None:
    assert taken(message(), authorizations=odd).names == ("fxm",)


@pytest.mark.parametrize("text", [None, 5, [], {}])
def test_a_text_that_is_none_is_empty(text: Any) -> None:
    assert (taken(message(text)).text, taken(message(text)).names) == ("", ())


def test_a_text_is_what_postgres_can_keep() -> None:
    found = taken(message("@fxm a\0b \ud83d\ude00 \ud800 \udc00"))

    assert found.rest == "ab 😀 \ufffd \ufffd"


def test_a_long_text_is_cut_one_character_above_what_an_agent_takes() -> None:
    found = taken(message("@fxm " + "x" * 100_000))

    assert (len(found.rest or ""), len(found.text or "")) == (8001, 8001)


def test_a_verb_is_taken_with_its_words_only() -> None:
    found = taken(message("<@UBOT> handoff fxm to <@U2>"))

    assert (found.kind, found.payload) == ("verb", {"verb": "handoff", "session": "fxm", "to": "U2"})
    assert (found.text, found.rest, found.names) == (None, None, ())


# Our own messages


def test_our_own_message_is_an_echo_with_its_number() -> None:
    assert read(envelope(ours())) == Echo("T1", "A1", "C1", "1790000000.000100", 42, "*[agent → user:manu/fxm]* done")


@pytest.mark.parametrize(
    ("metadata", "number"),
    [
        (None, None),
        ({}, None),
        ("polaris_event", None),
        ({"event_type": "polaris_event"}, None),
        ({"event_type": "polaris_event", "event_payload": "42"}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": "42"}}, 42),
        ({"event_type": "polaris_event", "event_payload": {"id": True}}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": -1}}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": 4.5}}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": "x"}}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": "٤"}}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": 10**30}}, None),
        ({"event_type": "polaris_event", "event_payload": {"id": "9" * 5000}}, None),
        ({"event_type": "another", "event_payload": {"id": 42}}, None),
        ([], None),
    ],
)
def test_an_echo_without_a_number_keeps_its_text(metadata: Any, number: int | None) -> None:
    found = read(envelope(ours() | {"metadata": metadata}))

    assert isinstance(found, Echo)
    assert (found.post_id, found.text) == (number, "*[agent → user:manu/fxm]* done")


@pytest.mark.parametrize(
    "fields",
    [
        {"subtype": None},
        {"app_id": None, "bot_profile": {"app_id": "A1"}},
        {"app_id": None},  # by the bot's user id alone
        {"thread_ts": "1780000000.000100"},
    ],
)
def test_an_echo_is_known_by_app_profile_or_bot_user(fields: Json) -> None:
    assert isinstance(read(envelope(ours() | fields)), Echo)


@pytest.mark.parametrize(
    "fields",
    [
        {"app_id": "A9"},
        {"app_id": None, "user": "U9"},
        {"app_id": ["A1"]},
        {"subtype": "channel_join"},
        {"ts": None},
    ],
)
def test_a_message_of_another_bot_with_our_metadata_is_no_echo(fields: Json) -> None:
    assert read(envelope(ours() | fields)) is None


# Edits and deletions


def changed(new: Any, old: Any = None) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": "C1",
        "ts": "1790000009.000100",
        "message": new,
        "previous_message": old,
    }


def deleted(old: Any, ts: Any = "1790000000.000100") -> Json:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": "C1",
        "ts": "1790000009.000100",
        "deleted_ts": ts,
        "previous_message": old,
    }


def test_an_edit_is_taken_for_the_message_that_it_changes() -> None:
    found = taken(changed(message("@fxm use EdDSA"), message()))

    assert (found.kind, found.ts, found.user, found.names, found.rest) == (
        "edit",
        "1790000000.000100",
        "U1",
        ("fxm",),
        "use EdDSA",
    )


def test_an_edit_into_a_verb_is_an_edit() -> None:
    assert taken(changed(message("mute"), message())).kind == "edit"


def test_an_edit_that_does_not_say_what_was_there_is_taken() -> None:
    assert taken(changed(message("@fxm use EdDSA"))).rest == "use EdDSA"


def test_a_preview_that_was_added_is_no_edit() -> None:
    assert read(envelope(changed(message() | {"attachments": [{}]}, message()))) is None


@pytest.mark.parametrize(
    "new",
    [
        None,
        [],
        "x",
        {},
        message(user=None),
        message(ts=None),
        message(bot_id="B9"),
        message(subtype="channel_topic"),
        ours(),
    ],
)
def test_edits_of_what_nobody_said_are_nothing(new: Any) -> None:
    assert read(envelope(changed(new, message("before")))) is None


def test_a_deletion_is_an_edit_without_a_text() -> None:
    found = taken(deleted(message()))

    assert (found.kind, found.ts, found.user, found.text, found.names) == ("edit", "1790000000.000100", "U1", None, ())


def test_a_deleted_message_with_replies_is_deleted() -> None:
    stone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": "1790000000.000100", "text": "gone"}
    found = taken(changed(stone, message()))

    assert (found.kind, found.ts, found.text) == ("edit", "1790000000.000100", None)


@pytest.mark.parametrize("old", [None, [], {}, message(user=None), ours()])
def test_deletions_of_what_nobody_said_are_nothing(old: Any) -> None:
    assert read(envelope(deleted(old))) is None


@pytest.mark.parametrize("ts", [None, 5, "x", []])
def test_a_deletion_of_nothing_is_nothing(ts: Any) -> None:
    assert read(envelope(deleted(message(), ts))) is None


# Channels


@pytest.mark.parametrize(
    ("event", "channel", "payload"),
    [
        (
            {"type": "channel_rename", "channel": {"id": "C1", "name": "new", "created": 1}},
            "C1",
            {"type": "channel_rename"},
        ),
        ({"type": "channel_archive", "channel": "C1", "user": "U1"}, "C1", {"type": "channel_archive"}),
        ({"type": "channel_unarchive", "channel": "C1", "user": "U1"}, "C1", {"type": "channel_unarchive"}),
        ({"type": "channel_deleted", "channel": "C1"}, "C1", {"type": "channel_deleted"}),
        ({"type": "channel_left", "channel": "C1", "actor_id": "U1"}, "C1", {"type": "channel_left"}),
        (
            {"type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C2"},
            "C1",
            {"type": "channel_id_changed", "new_channel_id": "C2"},
        ),
        ({"type": "channel_shared", "channel": "C1", "connected_team_id": "T9"}, "C1", {"type": "channel_shared"}),
        (
            {"type": "channel_unshared", "channel": "C1", "is_ext_shared": False},
            "C1",
            {"type": "channel_unshared"},
        ),
        (
            {"type": "member_left_channel", "user": "UBOT", "channel": "C1", "team": "T1"},
            "C1",
            {"type": "member_left_channel"},
        ),
    ],
)
def test_what_happens_to_a_channel_is_taken(event: Json, channel: str, payload: Json) -> None:
    found = taken(event)

    assert (found.kind, found.channel, found.payload, found.user) == ("channel", channel, payload, None)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "channel_rename"},
        {"type": "channel_rename", "channel": {"name": "x"}},
        {"type": "channel_rename", "channel": ["C1"]},
        {"type": "channel_archive", "channel": 5},
        {"type": "channel_id_changed", "old_channel_id": "C1"},
        {"type": "channel_id_changed", "new_channel_id": "C1"},
        {"type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": {}},
        {"type": "member_left_channel", "user": "U1", "channel": "C1"},
        {"type": "member_left_channel", "channel": "C1"},
    ],
)
def test_what_says_not_which_channel_or_is_about_others_is_nothing(event: Json) -> None:
    assert read(envelope(event)) is None


def test_without_knowing_our_bot_nobody_who_leaves_is_it() -> None:
    assert read(envelope({"type": "member_left_channel", "user": "UBOT", "channel": "C1"}, authorizations=[])) is None


# The end


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "app_uninstalled"}, "app_uninstalled"),
        ({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT"]}}, "tokens_revoked"),
    ],
)
def test_the_end_is_told_with_its_time(event: Json, reason: str) -> None:
    assert read(envelope(event)) == Gone("T1", "A1", reason, datetime.fromtimestamp(1_790_000_000, UTC))


@pytest.mark.parametrize("tokens", [None, [], {}, {"oauth": ["U1"]}, {"oauth": ["U1"], "bot": []}, "x"])
def test_somebody_elses_token_that_is_revoked_is_nothing(tokens: Any) -> None:
    assert read(envelope({"type": "tokens_revoked", "tokens": tokens})) is None


@pytest.mark.parametrize("time", [None, "1790000000", -1, 0, 2**40, 10**30, 1.5, []])
def test_a_time_that_is_none_is_now(time: Any) -> None:
    found = read(envelope({"type": "app_uninstalled"}, event_time=time))

    assert isinstance(found, Gone)
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 60


# People

MANU = {
    "id": "U1",
    "team_id": "T1",
    "name": "manu",
    "deleted": False,
    "real_name": "Manu B",
    "is_bot": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
    "is_email_confirmed": True,
    "profile": {
        "display_name": "Manu",
        "real_name": "Manu B",
        "email": "Manu@example.com",
        "image_192": "https://avatars.slack-edge.com/1.png",
    },
}


def test_a_person_is_taken_as_the_database_takes_people() -> None:
    found = taken({"type": "user_change", "user": MANU, "cache_ts": 1})

    assert (found.kind, found.user, found.channel) == ("person", "U1", None)
    assert found.payload == {
        "id": "U1",
        "username": "manu",
        "name": "Manu",
        "email": "Manu@example.com",
        "picture": "https://avatars.slack-edge.com/1.png",
        "standing": "full",
    }


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({"is_restricted": True}, "guest"),
        ({"is_ultra_restricted": True}, "guest"),
        ({"is_stranger": True}, "stranger"),
        ({"team_id": "T9"}, "stranger"),
        ({"team_id": "T9", "deleted": True}, "stranger"),
        ({"deleted": True}, "deleted"),
        ({"is_bot": True}, "bot"),
        ({"is_bot": True, "deleted": True}, "bot"),
        ({"is_workflow_bot": True}, "bot"),
        ({"id": "USLACKBOT"}, "bot"),
        ({"team_id": None}, "full"),
    ],
)
def test_a_persons_standing(fields: Json, standing: str) -> None:
    found = person(MANU | fields, "T1")

    assert found is not None
    assert found["standing"] == standing


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"display_name": " Kris ", "real_name": "Krishna"}, "Kris"),
        ({"display_name": "", "real_name": "Krishna"}, "Krishna"),
        ({"display_name": None, "real_name": 5}, "Manu B"),
        ({}, "Manu B"),
        (None, "Manu B"),
        ("x", "Manu B"),
    ],
)
def test_a_persons_name_is_the_one_that_is_shown(profile: Any, name: str) -> None:
    found = person(MANU | {"profile": profile}, "T1")

    assert found is not None
    assert found["name"] == name


def test_an_address_that_nobody_confirmed_counts_for_nothing() -> None:
    found = person(MANU | {"is_email_confirmed": False}, "T1")

    assert found is not None
    assert found["email"] is None


def test_a_picture_comes_over_https_or_not_at_all() -> None:
    found = person(MANU | {"profile": {"image_192": "javascript:alert(1)"}}, "T1")

    assert found is not None
    assert found["picture"] is None


@pytest.mark.parametrize("user", [None, "U1", 5, [], {}, {"id": None}, {"id": 5}, {"id": "U 1"}])
def test_who_is_no_user_is_nobody(user: Any) -> None:
    assert person(user, "T1") is None
    assert read(envelope({"type": "user_change", "user": user})) is None


# Anything at all

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
WHOLE = [
    envelope(message()),
    envelope(ours()),
    envelope(changed(message("@fxm b"), message())),
    envelope(deleted(message())),
    envelope({"type": "user_change", "user": MANU}),
    envelope({"type": "channel_rename", "channel": {"id": "C1", "name": "x"}}),
    envelope({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything inside *value*."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


@given(st.data(), st.sampled_from(WHOLE), ANYTHING)
def test_anything_at_any_place_makes_it_answer_and_not_fail(data: st.DataObject, whole: Json, odd: Any) -> None:
    told: Any = {"whole": copy.deepcopy(whole)}
    *path, last = ("whole", *data.draw(st.sampled_from(places(whole))))
    spot = told
    for key in path:
        spot = spot[key]
    spot[last] = odd

    found = read(told["whole"])

    assert found is None or isinstance(found, (Take, Echo, Gone))


@given(ANYTHING)
def test_anything_at_all_is_read_without_failing(odd: Any) -> None:
    read(odd)
    read(envelope(odd))

"""Events as posts: attribution, authors, threads, levels; and bodies that can neither ping nor forge anything."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polaris.bridge import format
from polaris.bridge.format import LIMIT, Room, posts, shown_text, who
from polaris.bridge.guard import guarded
from polaris.db.rows import EventRow
from polaris.db.slack_rows import PersonRow, PostRow

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DELIVERY = UUID("6b1f6f0e-0000-4000-8000-000000000001")
URL = "https://polaris.example"
ASKED = ("prompt", "advice", "floor", "annotation")


def event(kind: str, body: str | None = None, **more: Any) -> EventRow:
    """An event as the database tells it."""
    actor, agent = more.get("actor", "user:manu"), more.get("agent")
    speaker = "polaris"
    if kind in ("message", "reply", "tool.call", "tool.result"):
        speaker = "agent"
    elif kind in ASKED:
        speaker = "agent" if actor.startswith("agent:") or (kind != "prompt" and agent) else "person"
    told = {
        "seq": 12,
        "project": "pj",
        "session": None if kind == "floor" else "fxm",
        "epoch": 2,
        "kind": kind,
        "actor": actor,
        "speaker": speaker,
        "target": None,
        "turn": "t1",
        "agent": agent,
        "body": body,
        "payload": None,
        "client_id": None,
        "late": False,
        "occurred_at": NOW,
        "recorded_at": NOW,
    }
    return EventRow(**told | more)


def person(name: str, member: str | None = None, **more: Any) -> PersonRow:
    known = {
        "user_id": "U1",
        "handle": "manu",
        "username": "manu",
        "name": name,
        "email": None,
        "picture": "https://pictures.example/manu.png",
        "standing": "full",
        "member": member,
        "member_by": "email" if member else None,
        "actor": f"user:{member}",
        "looked_up_at": NOW,
    }
    return PersonRow(**known | more)


def room(**more: Any) -> Room:
    return Room(**{"org": "acme", "public_url": URL} | more)


def post_of(row: EventRow, **more: Any) -> dict[str, Any]:
    (item,) = posts([row], room(**more)).items
    return item


def delivery(state: str, **more: Any) -> EventRow:
    payload = {"delivery": str(DELIVERY), "advice_seq": 3, "state": state, **more}
    return event("delivery", state, payload=json.dumps(payload), target="user:priya", turn=None)


def test_the_story_is_told_as_in_the_seed() -> None:
    story = [
        event("prompt", "Let's implement the auth middleware"),
        event("reply", "I'll create src/middleware/auth.ts...", agent="claude-code"),
        event("advice", "Remember we need GDPR compliance", actor="user:priya", session="fxk"),
        event("advice", "This auth endpoint needs rate limiting", actor="agent:security-reviewer"),
        event("prompt", "Writing integration tests", actor="agent:test-writer", session="tests"),
        event("reply", "Created tests/auth.test.ts...", actor="agent:test-writer", session="tests"),
        event("floor", "Lunch", actor="user:priya"),
        event("floor", "Tests are green", actor="user:priya", agent="codex"),
        event("annotation", "We decided RS256"),
    ]

    texts = [item["text"] for item in posts(story, room()).items]

    assert texts == [
        "*[user:manu/fxm → agent]* Let's implement the auth middleware",
        "*[agent → user:manu/fxm]* I'll create src/middleware/auth.ts...",
        "*[user:priya → fxk]* Remember we need GDPR compliance",
        "*[agent:security-reviewer → fxm]* This auth endpoint needs rate limiting",
        "*[agent:test-writer/tests → agent]* Writing integration tests",
        "*[agent → agent:test-writer/tests]* Created tests/auth.test.ts...",
        "*[user:priya → #pj]* Lunch",
        "*[agent of user:priya → #pj]* Tests are green",
        "*[user:manu notes on fxm]* We decided RS256",
    ]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (event("session.created"), "◆ user:manu/fxm made the session"),
        (event("session.archived"), "◆ user:manu/fxm archived the session"),
        (event("driver.claimed"), "◆ user:manu/fxm drives (epoch 2)"),
        (event("driver.released"), "◆ user:manu/fxm left the seat"),
        (event("driver.released", target="user:krishna"), "◆ user:manu/fxm left the seat to user:krishna"),
        (event("driver.expired"), "◆ user:manu/fxm lost the seat: the lease ran out"),
        (event("turn.interrupted", "Esc"), "◆ user:manu/fxm interrupted the turn"),
        (event("notice", "Claude needs your permission"), "*[notice on fxm]* Claude needs your permission"),
    ],
)
def test_seats_and_notices_are_told_by_polaris(row: EventRow, text: str) -> None:
    item = post_of(row)

    assert item["text"] == text
    assert "author" not in item and "emoji" not in item


def test_seat_changes_that_follow_each_other_are_one_message() -> None:
    items = posts([event("session.created"), event("driver.claimed"), event("prompt", "Go")], room()).items

    assert [item["kind"] for item in items] == ["seat", "text"]
    assert items[0]["text"].splitlines() == ["◆ user:manu/fxm made the session", "◆ user:manu/fxm drives (epoch 2)"]


@pytest.mark.parametrize("kind", ASKED)
def test_what_a_mapped_person_wrote_has_their_name_and_picture(kind: str) -> None:
    item = post_of(event(kind, "Hello"), people=who([person("Manu Sharma", "manu")]))

    assert (item["author"], item["picture"]) == ("Manu Sharma", "https://pictures.example/manu.png")
    assert "emoji" not in item
    assert item["text"].startswith("*[user:manu")


@pytest.mark.parametrize("kind", ASKED)
def test_what_somebody_wrote_who_is_nobody_in_slack_stands_under_polaris_own_name(kind: str) -> None:
    item = post_of(event(kind, "Hello"), people=who([person("Krishna", "krishna")]))

    assert not {"author", "picture", "emoji"} & item.keys()


@pytest.mark.parametrize("kind", ["message", "reply", "tool.call", "advice", "floor", "annotation"])
def test_what_an_agent_wrote_never_has_a_persons_name(kind: str) -> None:
    item = post_of(event(kind, "Done", agent="claude-code"), people=who([person("Manu Sharma", "manu")]))

    assert item["author"].startswith("Claude Code")
    assert item["emoji"] == ":robot_face:"
    assert "picture" not in item


def test_an_agent_that_calls_itself_a_person_is_just_an_agent() -> None:
    assert post_of(event("reply", "Done", agent="Manu Sharma"))["author"] == "Agent · fxm"
    assert post_of(event("prompt", "Go", actor="agent:manu"))["author"] == "agent:manu · fxm"


def test_a_person_is_a_full_or_invited_one_whom_an_administrator_named_rather_than_an_address() -> None:
    people = [
        person("By mail", "manu", user_id="U9"),
        person("By admin", "manu", user_id="U1", member_by="admin"),
        person("Gone", "krishna", standing="deleted"),
        person("Guest", "priya", standing="guest"),
        person("Nobody"),
    ]

    assert {actor: p.name for actor, p in who(people).items()} == {"user:manu": "By admin", "user:priya": "Guest"}


def test_a_name_is_one_short_line_and_a_picture_is_on_the_web() -> None:
    odd = person("Manu\n\u202e*Sharma*" + "x" * 100, "manu", picture="javascript:alert(1)")
    item = post_of(event("prompt", "Hello"), people=who([odd]))

    assert item["author"].startswith("Manu ⏎ \\u202e*Sharma*x")
    assert len(item["author"]) == 80
    assert "picture" not in item


def test_keys_are_those_of_turns_events_and_deliveries() -> None:
    advised = event("advice", "x", payload=json.dumps({"delivery": str(DELIVERY)}))

    assert post_of(event("prompt", "x"))["key"] == "turn:fxm:t1"
    assert post_of(event("prompt", "x", turn=None))["key"] == "e:12"
    assert post_of(event("reply", "x"))["key"] == "e:12"
    assert post_of(event("tool.call", "Bash: ls"))["key"] == "tools:fxm:t1"
    item = post_of(advised)
    assert (item["key"], item["kind"], item["delivery"]) == (f"advice:{DELIVERY}", "advice", str(DELIVERY))
    assert item["session"] == "fxm"


def test_steps_of_a_turn_go_into_its_thread_and_answers_if_it_is_wanted() -> None:
    steps = [event(kind, "x") for kind in ("message", "tool.call", "notice", "turn.interrupted")]

    assert {item["thread_key"] for item in posts(steps, room()).items} == {"turn:fxm:t1"}
    assert "thread_key" not in post_of(event("reply", "x"))
    assert post_of(event("reply", "x"), threads_turns=True)["thread_key"] == "turn:fxm:t1"
    assert "thread_key" not in post_of(event("prompt", "x"), threads_turns=True)


def test_what_names_no_turn_belongs_to_the_last_prompt_of_its_session() -> None:
    place = room(since=5)
    before = posts([event("tool.call", "Bash: ls", turn=None)], place).items[0]
    after = posts([event("prompt", "Go", turn=None), event("tool.call", "Bash: ls", turn=None, seq=13)], place).items[1]
    other = posts([event("tool.call", "Bash: ls", turn=None, session="fxk")], place).items[0]

    assert (before["key"], "thread_key" in before) == ("tools:fxm:-5", False)
    assert (after["key"], after["thread_key"]) == ("tools:fxm:e:12", "e:12")
    assert "thread_key" not in other


def test_tool_calls_of_a_turn_are_one_running_line() -> None:
    calls = [event("tool.call", body, seq=20 + n) for n, body in enumerate(["Read: a.py", "Bash: npm test\nnpm run"])]
    results = [event("tool.result", "ok", seq=30)]

    (item,) = posts(calls + results, room()).items

    assert (item["kind"], item["calls"]) == ("tools", 2)
    assert shown(item) == "*[agent of user:manu/fxm]* 🔧 2 calls · newest: `Bash` `npm test ⏎ npm run`"
    assert shown(item | {"calls": 1}).startswith("*[agent of user:manu/fxm]* 🔧 1 call · newest: ")


def shown(item: dict[str, Any]) -> str:
    blank = dict.fromkeys(PostRow._fields)
    return shown_text(PostRow(**blank | {"kind": item["kind"], "text": item["text"], "calls": item.get("calls", 0)}))


def test_a_late_event_says_so_with_its_epoch() -> None:
    late = event("prompt", "Hello", late=True, epoch=2)
    assert post_of(late)["text"] == "*[user:manu/fxm → agent]* (late, epoch 2) Hello"
    calls = event("tool.call", "Bash: ls", turn="a", late=True, epoch=2)
    assert post_of(calls)["text"].startswith("*[agent of user:manu/fxm]* (late, epoch 2)\n")


def test_deliveries_are_named_and_the_reason_of_a_bad_end_is_told_in_the_thread() -> None:
    ends = [delivery("sent"), delivery("failed", reason="no <!channel> path"), delivery("declined")]

    found = posts(ends, room())

    assert found.deliveries == [DELIVERY] * 3
    assert [(i["key"], i["kind"], i["text"], i["delivery"]) for i in found.items] == [
        (
            f"why:{DELIVERY}:failed",
            "note",
            "◆ advice for fxm: failed: no &lt;!channel&gt; path",
            str(DELIVERY),
        ),
        (f"why:{DELIVERY}:declined", "note", "◆ advice for fxm: declined", str(DELIVERY)),
    ]


EVERYTHING = [
    event(kind, "x")
    for kind in (
        *("session.created", "prompt", "message", "tool.call", "tool.result", "reply", "notice", "turn.interrupted"),
        *("advice", "floor", "annotation", "driver.released"),
    )
] + [delivery("failed", reason="gone")]


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        ("all", 12),
        ("final-only", 5),
        ("muted", 0),
        ("digest", 0),
    ],
)
def test_a_level_decides_what_is_posted_but_reactions_go_on(level: str, kinds: int) -> None:
    found = posts(EVERYTHING, room(level=level))

    assert len(found.items) == kinds
    assert found.deliveries == [DELIVERY]


def test_final_only_is_answers_advice_and_seats() -> None:
    keys = [item["text"][:9] for item in posts(EVERYTHING, room(level="final-only")).items]

    assert keys == ["◆ user:ma", "*[agent →", "*[user:ma", "◆ user:ma", "◆ advice "]


def test_who_drives_is_invited_if_it_is_wanted_and_they_are_in_the_workspace() -> None:
    claimed = event("driver.claimed")
    known = who([person("Manu", "manu")])

    def invited(**more: Any) -> list[dict[str, Any]]:
        return [i for i in posts([claimed], room(**more)).items if i["kind"] == "invite"]

    (item,) = invited(people=known, invites_drivers=True)
    assert (item["key"], item["recipient"]) == ("invite:U1", "U1")
    assert invited(people=known, invites_drivers=True, level="digest")
    assert not invited(people=known, invites_drivers=False)
    assert not invited(people=known, invites_drivers=True, level="muted")
    assert not invited(people={}, invites_drivers=True)
    assert not invited(people=who([person("Manu", "manu", standing="guest")]), invites_drivers=True)


def test_a_long_text_is_cut_with_the_way_to_the_whole() -> None:
    long = event("reply", "word " * 3000, seq=77)

    assert post_of(long)["text"].endswith(f"\n… <{URL}/o/acme/p/pj/e/77|see full message>")
    assert post_of(long, public_url=None)["text"].endswith("\n… see event #77")
    assert len(post_of(long)["text"]) <= LIMIT


def test_markup_that_shrinks_does_not_hide_that_something_was_cut() -> None:
    text = post_of(event("reply", "**a** " * 2000))["text"]

    assert text.endswith("see full message>")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("```\nls\n```", "*[agent → user:manu/fxm]*\n```\nls\n```"),
        ("- one\n- two", "*[agent → user:manu/fxm]*\n• one\n• two"),
        ("> quoted", "*[agent → user:manu/fxm]*\n> quoted"),
        ("# Done\n\nAll **good**", "*[agent → user:manu/fxm]* *Done*\n\nAll *good*"),
        ("", "*[agent → user:manu/fxm]*"),
        (None, "*[agent → user:manu/fxm]*"),
    ],
)
def test_markdown_stands_below_or_behind_its_attribution(body: str | None, text: str) -> None:
    assert post_of(event("reply", body))["text"] == text


@pytest.mark.parametrize(
    "line",
    [
        "[user:krishna/fxk → agent] delete it all",
        "**[user:krishna/fxk → agent]** delete it all",
        "- **[user:krishna → fxm]** yes",
        "> [user:krishna -> fxm] yes",
        "［user:krishna → fxm］ yes",
        "【user:krishna ➜ fxm】 yes",
        "[[user:krishna → fxm] yes](https://example.com)",
        "[user:krishna :arrow_right: fxm] yes",
        "`[user:krishna → fxm]` yes",
        "1. *[user:krishna notes on fxm]* yes",
        "◆ user:krishna/fxk drives (epoch 9)",
        "_◆ user:krishna/fxk_ drives (epoch 9)",
        "\u200b\u2060◆ user:krishna/fxk drives (epoch 9)",
    ],
)
def test_no_line_of_a_body_begins_like_a_line_of_ours(line: str) -> None:
    for body in (line, f"Sure.\n\n{line}"):
        text = post_of(event("reply", body))["text"].removeprefix("*[agent → user:manu/fxm]*")
        forged = next(part for part in text.split("\n") if "krishna" in part)

        assert "\\" in forged.partition("user:krishna")[0]


@pytest.mark.parametrize("line", ["[1] see below", "(a → b)", "a → b", "[x] done", "{a → b}", "```\n[a → b]\n```"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert guarded(line) == line


PIECES = [
    *"<>@!#|&*_~`[](){}→◆\\\n\r\t\u2028\u202e\u200b :/.-ax1",
    "<!channel>",
    "```",
    "https://e.example/",
    "[user:x → fxm]",
]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
LINK = re.compile(r"<(?:https?://|mailto:)[^<>|\n]+(?:\|[^<>|]*)?>")


@given(
    st.sampled_from([*ASKED, "reply", "message", "notice", "tool.call", "delivery", "turn.interrupted"]),
    HOSTILE,
    st.booleans(),
)
@example("reply", "<!channel|x> <@U1> &lt;!here&gt;", False)
@example("tool.call", "<!here>: `<@U1>`", False)
@example("delivery", "<!channel>\n◆ user:krishna/fxk drives", False)
def test_nothing_that_anybody_writes_can_ping_link_in_disguise_or_forge(kind: str, body: str, linked: bool) -> None:
    row = delivery("failed", reason=body) if kind == "delivery" else event(kind, body)

    item = post_of(row, public_url=URL if linked else None)

    text = shown(item)
    assert "<" not in LINK.sub("", text)
    assert len(text.encode("utf-16-le")) // 2 <= LIMIT
    first, *rest = text.split("\n")
    assert first.startswith(("*[", "◆ "))
    if kind in ("tool.call", "delivery", "turn.interrupted"):
        assert not rest
    assert guarded("\n".join(rest)) == "\n".join(rest)


def test_an_event_that_cannot_be_shown_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: str) -> str:
        raise RecursionError

    monkeypatch.setattr(format.mrkdwn, "render", broken)

    assert post_of(event("reply", "a secret"))["text"] == "◆ reply, event #12"
    assert "a secret" not in caplog.text


def asked(note: str = "", *, told: bool = True, **more: Any) -> EventRow:
    payload = json.dumps({"delivery": str(DELIVERY)} if told else {})
    given = {"actor": "user:priya", "target": "user:manu", "payload": payload, "turn": None, "speaker": "person"}
    return event("seat.asked", note, **given | more)


def test_who_asks_for_the_seat_calls_the_driver_and_says_how_to_answer() -> None:
    driver = person("Manu", member="manu")
    item = post_of(asked("I have an *hour*"), people={"user:manu": driver})

    assert (item["kind"], item["key"], item["delivery"]) == ("advice", f"advice:{DELIVERY}", str(DELIVERY))
    first, last = item["text"].split("\n")
    assert first.startswith("*[user:priya asks user:manu for the seat of fxm]* I have an")
    assert last == "◆ <@U1>, `handoff fxm to priya` gives it, `decline fxm` keeps it."


def test_whom_slack_does_not_know_well_is_not_called_and_nothing_in_a_note_calls_anybody() -> None:
    guest = person("Manu", member="manu", standing="guest")
    for people in ({}, {"user:manu": guest}):
        text = post_of(asked("<@U1> <!channel> @here"), people=people)["text"]

        assert "<@" not in text and "<!" not in text


def test_a_request_that_the_agent_is_not_told_of_is_posted_without_reactions() -> None:
    item = post_of(asked(told=False, actor="agent:bot", speaker="agent"))

    assert (item["kind"], "delivery" in item) == ("text", False)
    assert "`/polaris give` gives it" in item["text"]


@pytest.mark.parametrize("level", ["all", "final-only"])
def test_how_a_request_ended_and_who_took_a_seat_over_is_told(level: str) -> None:
    def ends(how: str, reason: str | None = None) -> EventRow:
        payload = json.dumps({"how": how, "reason": reason})
        return event("seat.settled", target="user:priya", payload=payload, turn=None)

    taken = event("driver.taken", target="user:priya", payload=json.dumps({"reason": "on leave"}), turn=None)
    (item,) = posts([ends("declined", "soon"), ends("withdrawn"), ends("expired"), taken], room(level=level)).items

    assert item["kind"] == "seat"
    assert item["text"].split("\n") == [
        "◆ user:manu/fxm keeps the seat that user:priya asked for: soon",
        "◆ user:manu/fxm does not ask for the seat any more",
        "◆ user:manu/fxm asked for the seat, and nobody answered",
        "◆ user:manu/fxm took the seat from user:priya: on leave",
    ]

"""polaris_data.index_usage and tokens_of: one row a message of a model, however often and wherever it is told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from story import Place, Story, event

NAMES = itertools.count(1)


def used(message: str = "msg_1", **more: Any) -> dict[str, Any]:
    return {"message": message, "model": "claude-opus-5-5", "input": 100, "output": 20} | more


def say(story: Story, place: Place, *usage: Any, **more: Any) -> str:
    """One more event of a session that carries *usage*; answers its client id."""
    name = f"e{next(NAMES)}"
    story.push(place, event(name, facts={"usage": list(usage)}, **more))
    return name


def index(story: Story, project: str = "pj") -> None:
    while story.index_events(project_id=story.project_id(project)):
        pass


def again(story: Story, project: str = "pj") -> None:
    """The tables made from the record are made once more."""
    number = story.project_id(project)
    story.owner.execute(
        "select polaris_data.write_index(%s, %s, array_agg(seq)) from polaris_data.events"
        " where org_id = %s and project_id = %s",
        [story.org, number, story.org, number],
    )


def kept(story: Story, *columns: str) -> list[tuple[Any, ...]]:
    names = ", ".join(columns or ("message", "input_tokens", "output_tokens"))
    return story.rows(f"select {names} from polaris_data.usage where org_id = %s order by message, agent", story.org)


def test_an_event_tells_what_messages_used_and_who_drove(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    say(story, fxm, used("a", cache_read=3, cache_write=4, cost_usd=0.25), used("b"), turn="t1")
    index(story)

    assert kept(story, "message", "agent", "model", "actor", "turn", "cache_read_tokens", "cache_write_tokens") == [
        ("a", "claude-code", "claude-opus-5-5", story.me, "t1", 3, 4),
        ("b", "claude-code", "claude-opus-5-5", story.me, "t1", 0, 0),
    ]
    assert [str(cost) for (cost,) in kept(story, "cost_usd")] == ["0.250000", "None"]


def test_a_message_that_is_told_again_is_counted_once_with_the_larger_counts(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    say(story, fxm, used(output=1), used(output=2))
    index(story)
    say(story, fxm, used(output=20, model=None))
    index(story)
    say(story, fxm, used(input=7, output=3))
    index(story)

    assert kept(story) == [("msg_1", 100, 20)]
    assert kept(story, "model") == [("claude-opus-5-5",)]


def test_making_the_index_anew_changes_nothing(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    say(story, fxm, used("a", output=1))
    say(story, fxm, used("a", output=20), used("b"))
    index(story)
    columns = ("message", "seq", "input_tokens", "output_tokens", "at", "session_id")
    before = kept(story, *columns)
    again(story)

    assert kept(story, *columns) == before


def test_a_later_telling_under_another_session_does_not_move_the_row(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
    elsewhere = story.session("fxm", driver=story.me, project="other")
    say(story, fxm, used())
    index(story)
    (row,) = kept(story, "session_id", "project_id", "seq", "at")
    say(story, fxk, used(output=30))
    say(story, elsewhere, used(output=40))
    index(story)
    index(story, "other")

    assert kept(story, "session_id", "project_id", "seq", "at") == [row]
    assert kept(story) == [("msg_1", 100, 40)]


def test_the_same_id_of_another_agent_is_another_message(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    say(story, fxm, used())
    say(story, fxm, used(), agent="codex")
    say(story, fxm, used(), agent=None)
    index(story)

    assert [agent for (agent,) in kept(story, "agent")] == ["", "claude-code", "codex"]


def test_organizations_do_not_share_messages(tell_two: tuple[Story, Story]) -> None:
    for number, story in enumerate(tell_two):
        say(story, story.session("fxm", driver=story.me), used(output=number + 1))
        index(story)

    assert [kept(story) for story in tell_two] == [[("msg_1", 100, 1)], [("msg_1", 100, 2)]]


@pytest.fixture
def tell_two(tell: Any) -> tuple[Story, Story]:
    return tell(), tell()


def test_what_was_erased_goes_from_the_figures(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    name = say(story, fxm, used("a"))
    say(story, fxm, used("b"))
    index(story)
    story.owner.execute("begin")
    story.owner.execute("set local session_replication_role = replica")
    story.owner.execute(
        "update polaris_data.events set body = '', facts = null, erased_at = clock_timestamp()"
        " where org_id = %s and client_id = %s",
        [story.org, name],
    )
    story.owner.execute("commit")
    again(story)

    assert [message for (message,) in kept(story, "message")] == ["b"]


@pytest.mark.parametrize(
    "facts",
    [
        {"usage": "much"},
        {"usage": {"message": "a"}},
        {"usage": [1, None, "a", [], {}, {"message": None}, {"message": 7}, {"message": ""}, {"message": "x" * 201}]},
        {},
        None,
    ],
)
def test_facts_of_any_shape_do_not_stop_the_index(story: Story, facts: Any) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("odd", facts=facts))
    say(story, fxm, used("good"))
    index(story)

    assert [message for (message,) in kept(story, "message")] == ["good"]


@pytest.mark.parametrize(
    ("value", "tokens"),
    [(7, 7), (7.6, 8), (-1, 0), ("7", 0), (None, 0), (True, 0), ([7], 0), (10**30, 10**12), (1e300, 10**12)],
)
def test_a_count_is_a_number_of_tokens_or_none(story: Story, value: Any, tokens: int) -> None:
    fxm = story.session("fxm", driver=story.me)
    say(story, fxm, used(input=value, cost_usd=value if isinstance(value, str) else None))
    index(story)

    assert kept(story) == [("msg_1", tokens, 20)]


def test_it_happened_when_the_machine_says_but_never_later_than_it_was_recorded(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    say(story, fxm, used("early"), occurred_at="2026-01-02T03:04:05+00:00")
    say(story, fxm, used("late"), occurred_at="2099-01-02T03:04:05+00:00")
    index(story)
    recorded = story.rows("select max(recorded_at) from polaris_data.events where org_id = %s", story.org)[0][0]
    early, late = (at for (at,) in kept(story, "at"))

    assert early.isoformat().startswith("2026-01-02")
    assert late <= recorded


def test_as_much_as_an_event_may_carry_is_taken(story: Story) -> None:
    """The daemon's own bound: 64 messages, and a text of 6 KiB, whatever Postgres makes of it."""
    fxm = story.session("fxm", driver=story.me)
    many = [{"message": f"m{n}", "input": 1, "output": 1, "cache_read": 1, "cache_write": 1} for n in range(64)]
    git = {"repository": "r" * 300, "branch": "b" * 300, "commit": "c" * 40}
    (answer,) = story.push(fxm, event("full", facts=git | {"usage": many}))
    index(story)

    assert answer.code is None
    assert len(kept(story)) == 64

"""polaris.push_events: what drivers captured is kept, in order, once, under its epoch."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from story import EVENT, Place, Story, event, refused

PUSHABLE = ["prompt", "message", "reply", "tool.call", "tool.result", "turn.interrupted", "notice"]
OURS = [
    "session.created",
    "session.archived",
    "driver.claimed",
    "driver.released",
    "driver.expired",
    "advice",
    "delivery",
]


def test_events_are_kept_in_the_order_in_which_they_came(story: Story) -> None:
    fxm = story.session("fxm", driver="user:manu")
    pushed = story.push(fxm, event("a"), event("b"), event("c"))

    assert [(p.ord, p.client_id, p.seq, p.created, p.late, p.code) for p in pushed] == [
        (1, "a", 3, True, False, None),
        (2, "b", 4, True, False, None),
        (3, "c", 5, True, False, None),
    ]
    assert [e.client_id for e in story.events(after=2)] == ["a", "b", "c"]
    story.check()


def test_everything_that_an_event_says_is_kept(story: Story) -> None:
    fxm = story.session("fxm", driver="user:manu")
    then = datetime(2026, 11, 2, 10, 30, 0, 123456, tzinfo=UTC)
    payload = {"tool": "Bash", "nested": [1, "zwei", None], "text": "line\nline"}
    story.push(
        fxm,
        event("a", kind="tool.call", turn="t1", agent="codex", body="git push", payload=payload, occurred_at=then),
    )
    kept = story.events()[-1]

    assert (kept.kind, kept.actor, kept.speaker, kept.project, kept.session, kept.epoch) == (
        "tool.call",
        "user:manu",
        "agent",
        "pj",
        "fxm",
        1,
    )
    assert (kept.turn, kept.agent, kept.body, kept.occurred_at, kept.target, kept.late) == (
        "t1",
        "codex",
        "git push",
        then,
        None,
        False,
    )
    assert json.loads(kept.payload) == payload
    assert abs(kept.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_an_event_does_not_say_is_empty_and_happened_now(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a", turn=None, agent=None, body=None, payload=None, occurred_at=None))
    kept = story.events()[-1]

    assert (kept.turn, kept.agent, kept.body, kept.payload) == (None, None, "", None)
    assert kept.occurred_at == kept.recorded_at


@pytest.mark.parametrize("then", ["infinity", "-infinity", "9999-12-31 23:59:59+00", "20000-01-01", "0001-01-01 BC"])
def test_a_clock_that_is_out_of_this_world_is_not_believed(story: Story, then: str) -> None:
    # Beyond the year 9999 no Python reader could read the event, and with it the whole page.
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a", occurred_at=then))
    kept = story.events()[-1]

    assert kept.occurred_at == kept.recorded_at


def test_a_clock_that_is_only_wrong_is_believed(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    then = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=12)
    story.push(fxm, event("ahead", occurred_at=then), event("ago", occurred_at=datetime(2020, 1, 1, tzinfo=UTC)))

    assert [e.occurred_at for e in story.events(after=2)] == [then, datetime(2020, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize("kind", PUSHABLE)
def test_what_agents_do_can_be_pushed(story: Story, kind: str) -> None:
    (pushed,) = story.push(story.session("fxm", driver=story.me), event("a", kind=kind))

    assert (pushed.created, pushed.code) == (True, None)


@pytest.mark.parametrize("kind", [*OURS, "floor", "annotation", "", "Prompt", None])
def test_what_polaris_itself_writes_cannot(story: Story, kind: str | None) -> None:
    (pushed,) = story.push(story.session("fxm", driver=story.me), event("a", kind=kind))

    assert (pushed.created, pushed.seq, pushed.code) == (False, None, "unknown_kind")
    assert (str(kind) if kind is not None else "Nothing") in pushed.message


def test_a_repeat_answers_the_first_number_and_uses_up_none(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (first,) = story.push(fxm, event("a", body="first"))
    again = story.push(fxm, event("a", body="again"), event("b"), event("a", body="and again"))

    assert [(p.seq, p.created) for p in again] == [(first.seq, False), (first.seq + 1, True), (first.seq, False)]
    assert [e.body for e in story.events(after=2)] == ["first", "text"]
    story.check()


def test_repeats_inside_one_batch_are_one_event(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    pushed = story.push(fxm, event("a", body="first"), event("a"), event("b"), event("a"))

    assert [(p.seq, p.created) for p in pushed] == [(3, True), (3, False), (4, True), (3, False)]
    assert story.events()[-2].body == "first"
    story.check()


def test_a_repeat_of_an_event_that_was_in_time_is_not_late(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a"))
    story.release_driver(actor=story.me, **fxm)
    (again,) = story.push(fxm, event("a"))

    assert (again.created, again.late) == (False, False)


def test_a_client_id_is_of_one_session(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
    pushed = story.push(fxm, event("a"), event("a", session="fxk"))

    assert [p.created for p in pushed] == [True, True]
    assert story.push(fxk, event("a"))[0].seq == pushed[1].seq


def test_another_actors_client_id_is_taken(story: Story) -> None:
    old = story.session("fxm", driver="user:manu")
    story.push(old, event("a"))
    story.release_driver(actor="user:manu", **old)
    new = story.claim(old, "agent:bot")
    pushed = story.push(new, event("a"), event("b"))

    assert [(p.created, p.code, p.seq is None) for p in pushed] == [
        (False, "client_id_taken", True),
        (True, None, False),
    ]
    story.check()


def test_another_actors_client_id_is_taken_inside_one_batch_too(story: Story) -> None:
    old = story.session("fxm", driver="user:manu")
    story.release_driver(actor="user:manu", **old)
    new = story.claim(old, "agent:bot")
    pushed = story.push(new, event("a"), event("a", actor="user:manu", epoch=1), event("b"))

    assert [p.code for p in pushed] == [None, "client_id_taken", None]
    story.check()


def test_one_bad_event_is_refused_by_itself(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    pushed = story.push(
        fxm,
        event("a"),
        event("b", project="nope"),
        event("c", project="Not A Slug"),
        event("d", session="nope"),
        event("e", kind="delivery"),
        event(""),
        event(None),
        event("x" * 201),
        event("f", epoch=2),
        event("g", epoch=None),
        event("h", actor="agent:bot"),
        event("i", actor=None),
        event("j", body="x" * 1_048_577),
        event("k", body="x" * 1_048_577, payload={"a": 1}),
        event("l", payload={"text": "x" * 1_048_577}),
        event("m", project=None),
        event("n", session=None),
        event("z"),
    )

    assert [p.code for p in pushed] == [
        None,
        "no_such_project",
        "no_such_project",
        "no_such_session",
        "unknown_kind",
        "client_id_not_valid",
        "client_id_not_valid",
        "client_id_not_valid",
        "not_driver",
        "not_driver",
        "not_driver",
        "not_driver",
        "event_too_large",
        "event_too_large",
        "event_too_large",
        "no_such_project",
        "no_such_session",
        None,
    ]
    assert [p.created for p in pushed] == [True] + [False] * 16 + [True]
    assert [p.seq for p in pushed] == [3] + [None] * 16 + [4]
    assert all(p.message for p in pushed if p.code)
    assert [p.ord for p in pushed] == list(range(1, 19))
    story.check()


def test_a_megabyte_is_kept(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    (pushed,) = story.push(fxm, event("a", body="x" * 1_048_576))

    assert pushed.created
    assert len(story.events()[-1].body) == 1_048_576


def test_names_that_polaris_gives_its_own_events_are_reserved(story: Story) -> None:
    # A driver could otherwise use up the name of the next claim, and nobody could ever claim the seat.
    fxm = story.session("fxm", driver=story.me)
    (first,) = story.events()[:1]
    pushed = story.push(fxm, event("polaris:anything"), event(first.client_id))
    for name in {e.client_id for e in story.events()}:
        assert name.startswith("polaris:")

    assert [p.code for p in pushed] == ["client_id_not_valid"] * 2


def test_the_epoch_is_the_fence(story: Story) -> None:
    first = story.session("fxm", driver="user:manu")
    story.release_driver(actor="user:manu", **first)
    second = story.claim(first, "agent:bot")
    story.release_driver(actor="agent:bot", **second)
    third = story.claim(first, "user:manu")
    pushed = story.push(
        third,
        event("of-3"),
        event("of-1", epoch=1),
        event("not-mine", epoch=2),
        event("future", epoch=4),
        event("never", epoch=0),
        event("bots", actor="agent:bot", epoch=2),
        event("not-bots", actor="agent:bot", epoch=1),
    )

    assert [(p.code, p.late) for p in pushed if p.client_id in ("of-3", "of-1", "bots")] == [
        (None, False),
        (None, True),
        (None, True),
    ]
    assert [p.code for p in pushed if p.client_id in ("not-mine", "future", "never", "not-bots")] == ["not_driver"] * 4
    assert [(e.epoch, e.late, e.actor) for e in story.events()[-3:]] == [
        (3, False, "user:manu"),
        (1, True, "user:manu"),
        (2, True, "agent:bot"),
    ]


def test_who_never_drove_is_told_so(story: Story) -> None:
    story.session("fxm")
    (pushed,) = story.push(Place("pj", "fxm", "user:manu", 0), event("a"))

    assert pushed.code == "not_driver"
    assert pushed.message == "user:manu never held epoch 0 of session fxm."


def test_a_lapsed_seat_that_nobody_took_is_not_late(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)

    assert story.push(fxm, event("a"))[0].late is False


def test_one_call_takes_several_projects_and_sessions(story: Story) -> None:
    a = story.session("s1", driver=story.me, project="pa")
    story.session("s2", driver="agent:bot", project="pa")
    story.session("s1", driver=story.me, project="pb")
    pushed = story.push(
        a,
        event("1"),
        event("1", project="pb"),
        event("1", session="s2", actor="agent:bot"),
        event("2", project="pb"),
        event("2"),
    )

    assert [(p.seq, p.created) for p in pushed] == [(5, True), (3, True), (6, True), (4, True), (7, True)]
    story.check("pa")
    story.check("pb")


def test_it_publishes_numbers_once_a_project_and_batch(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.session("s", driver=story.me, project="other")
    channels = [f"polaris_project_{story.project_id(name)}" for name in ("pj", "other")]
    with story.listening(*channels) as heard:
        story.push(fxm, event("a"), event("x", project="other", session="s"), event("b"), event("c"))

        assert sorted(heard()) == sorted([(channels[0], '{"f":3,"l":5}'), (channels[1], '{"f":3,"l":3}')])


def test_what_changes_nothing_is_not_published(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a"))
    with story.listening(f"polaris_project_{story.project_id()}") as heard:
        story.push(fxm, event("a"), event("b", kind="nonsense"))

        assert heard() == []


def test_nothing_in_is_nothing_out(story: Story) -> None:
    assert story.push_columns([]) == []


def test_arrays_that_differ_are_refused_as_a_whole(story: Story) -> None:
    story.session("fxm", driver=story.me)
    good = {
        "actor": [story.me],
        "project": ["pj"],
        "session": ["fxm"],
        "epoch": [1],
        "kind": ["prompt"],
        "client_id": ["a"],
        "turn": [None],
        "agent": [None],
        "body": [None],
        "payload": [None],
        "occurred_at": [None],
    }
    for name, column in good.items():
        for wrong in ([*column, *column], [], None):
            with refused(422, "arrays_differ"):
                story.push_events(**good | {name: wrong})
    with refused(422, "arrays_differ"):
        story.push_events(**dict.fromkeys(good))

    assert story.push_events(**good)[0].created


def test_another_organizations_names_are_not_there(story: Story, tell) -> None:
    other = tell()
    theirs = other.session("fxm", driver="user:manu")
    (pushed,) = story.push(theirs, event("a"))
    story.session("fxm")
    (again,) = story.push(theirs, event("a"))

    assert (pushed.code, again.code) == ("no_such_project", "not_driver")
    assert other.told() == ["session.created", "driver.claimed"]


def test_the_service_names_the_organization(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.org = None
    with refused(422, "org_is_missing"):
        story.push(fxm, event("a"))


def test_of_a_private_project_each_actor_of_a_batch_is_told_what_it_may_know(story: Story) -> None:
    story.create_project(actor="agent:bot", name="pj", visibility="private")
    story.add_project_member(actor="agent:bot", project="pj", member="agent:listed")
    fxm = story.session("fxm", driver="agent:bot")
    story.session("open", driver="agent:bot", project="elsewhere")
    same = {**fxm, "epoch": 1}
    pushed = story.push_columns(
        [
            {**EVENT, **same, "client_id": name, **more}
            for name, more in {
                "driver": {"actor": "agent:bot"},
                "listed": {"actor": "agent:listed"},
                "listed-nowhere": {"actor": "agent:listed", "session": "nope"},
                "outsider": {"actor": "agent:outsider"},
                "outsider-nowhere": {"actor": "agent:outsider", "session": "nope"},
                "outsider-kind": {"actor": "agent:outsider", "kind": "nope"},
                "outsider-id": {"actor": "agent:outsider", "client_id": "polaris:x"},
                "outsider-large": {"actor": "agent:outsider", "body": "x" * (1 << 20) + "x"},
                "elsewhere": {"actor": "agent:bot", "project": "elsewhere", "session": "open"},
                "outsider-elsewhere": {"actor": "agent:outsider", "project": "elsewhere", "session": "open"},
            }.items()
        ]
    )

    assert [p.code for p in pushed] == [
        None,
        "not_driver",
        "no_such_session",
        *["no_such_project"] * 5,
        None,
        "not_driver",
    ]
    story.check()
    story.check("elsewhere")


def test_a_driver_who_may_see_a_private_project_no_more_still_delivers_late(story: Story) -> None:
    story.create_project(actor=story.me, name="pj", visibility="private")
    story.add_project_member(actor=story.me, project="pj", member="agent:bot")
    fxm = story.session("fxm", driver="agent:bot")
    story.push(fxm, event("a"))
    story.remove_project_member(actor=story.me, project="pj", member="agent:bot")
    again, late, future = story.push(fxm, event("a"), event("b"), event("c", epoch=2))

    assert (again.created, again.late) == (False, False)
    assert (late.created, late.late) == (True, True)
    assert (future.code, future.message) == ("no_such_project", "There is no project pj.")
    story.check()


def test_facts_are_kept_beside_the_payload_and_no_other_json_is(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    facts = {"repository": "git.example/a/b", "branch": "main", "commit": "a" * 40}
    answers = story.push(
        fxm, event("a", facts=facts), event("b", facts="[1]"), event("c"), event("d", facts={"x": "y" * 20_000})
    )

    assert [row.code for row in answers] == [None, "facts_not_valid", None, "facts_not_valid"]
    kept = [json.loads(row.facts) if row.facts else None for row in story.read_events(project="pj", kind=["prompt"])]
    assert kept == [facts, None]

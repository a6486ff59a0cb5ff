"""The five rules of the record, each as a story that counts over the whole table."""

import random
from itertools import pairwise

import psycopg
import pytest
from story import Place, Row, Story, event


def test_rule_1_seq_is_gapless_and_only_ever_grows_whatever_is_tried(story: Story) -> None:
    """Pushes, repeats, refusals, roll-backs, claims, advice: a hole always means a fault."""
    dice = random.Random(7)
    manu, krishna = story.me, story.member("krishna")
    places = [story.session(name, driver=manu) for name in ("fxm", "fxk")] + [
        story.session("s", driver=krishna, project="other")
    ]
    seen: dict[str, list[int]] = {"pj": [], "other": []}

    def follow() -> None:
        for project, numbers in seen.items():
            numbers += [e.seq for e in story.events(project, after=numbers[-1] if numbers else 0)]

    for step in range(120):
        place = dice.choice(places)
        batch = [
            event(
                f"e{dice.randrange(step + 5)}", epoch=dice.choice([place.epoch, place.epoch, 99]), **dice.choice(places)
            )
            for _ in range(dice.randrange(6))
        ]
        match dice.randrange(6):
            case 0 | 1 | 2:
                story.push(place, *batch)
            case 3:
                with story.connection.transaction(force_rollback=True):
                    story.push(place, *batch)
                    story.advise(place, "never said")
            case 4:
                story.advise(place, client_id=f"advice-{dice.randrange(9)}", sender="agent:bot")
            case 5:
                story.release_driver(actor=place.driver, **place)
                places[places.index(place)] = story.claim(place, place.driver or "")
        follow()

    for project, numbers in seen.items():
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 20
        story.check(project)


def test_rule_1_retention_takes_the_front_only_and_nobody_else_takes_anything(story: Story) -> None:
    story.push(story.session("fxm", driver=story.me), event("a"))
    for statement in (
        "update polaris_data.events set body = 'rewritten'",
        "delete from polaris_data.events",
        "truncate polaris_data.events",
    ):
        with pytest.raises(psycopg.Error) as caught:
            story.owner.execute(statement)

        assert caught.value.diag.constraint_name == "events_are_append_only"
    story.check()


def test_rule_2_pushing_is_idempotent_in_every_order(story: Story) -> None:
    """The hook, its spooled copy and the transcript give the same ids, whole batches are sent again, in any order."""
    dice = random.Random(11)
    fxm = story.session("fxm", driver=story.me)
    numbers: dict[str, int] = {}
    everything = [event(f"id-{n}", body=f"body {n}") for n in range(60)]
    for _ in range(40):
        batch = dice.sample(everything, dice.randrange(1, 15)) + dice.choices(everything, k=3)
        for pushed in story.push(fxm, *batch):
            created = pushed.client_id not in numbers
            assert pushed.created is created
            assert numbers.setdefault(pushed.client_id, pushed.seq) == pushed.seq

    kept = {e.client_id: e for e in story.events(after=2)}
    assert {name: e.seq for name, e in kept.items()} == numbers
    assert all(e.body == f"body {name.removeprefix('id-')}" for name, e in kept.items())
    story.check()


def test_rule_3_the_actor_is_the_accountable_one_and_the_kind_says_who_spoke(story: Story) -> None:
    bot = story.session("tests", driver="agent:test-writer")
    fxm = story.session("fxm", driver="user:manu")
    forged = {"actor": "user:boss", "speaker": "person", "body": "I am the boss"}
    for place in (bot, fxm):
        story.push(
            place,
            *[
                event(kind, kind=kind, payload=forged)
                for kind in ("prompt", "message", "reply", "tool.call", "tool.result")
            ],
        )
    story.say(actor="agent:test-writer", project="pj", body="from the agent", payload=forged)
    story.advise(fxm, "[user:boss] do it", sender="slack:guest")

    told = [(e.kind, e.actor, e.speaker) for e in story.events() if not e.kind.startswith(("session", "driver"))]
    assert {actor for _, actor, _ in told} == {"agent:test-writer", "user:manu", "slack:guest"}
    for kind, actor, speaker in told:
        if kind in ("message", "reply", "tool.call", "tool.result"):
            assert speaker == "agent", (kind, actor)
        else:
            assert speaker == ("agent" if actor.startswith("agent:") else "person"), (kind, actor)


def test_rule_4_every_captured_event_lies_in_a_seat_of_its_actor(story: Story) -> None:
    """Claims go round; everybody pushes under every epoch that there is; only what was one's own is kept."""
    drivers = ["user:manu", "agent:a", "agent:b"]
    place = story.session("fxm")
    held: dict[int, str] = {}
    for turn in range(9):
        place = story.claim(place, drivers[turn % 3])
        held[place.epoch] = place.driver or ""
        if turn % 2:
            story.run_out(place)
        else:
            story.release_driver(actor=place.driver, **place)
    current = max(held)
    pushed: list[Row] = []
    for actor in drivers:
        pushed += story.push(
            Place("pj", "fxm", actor), *[event(f"{actor}-{epoch}", epoch=epoch) for epoch in range(current + 2)]
        )

    assert {p.client_id for p in pushed if p.created} == {f"{actor}-{epoch}" for epoch, actor in held.items()}
    assert {p.code for p in pushed if not p.created} == {"not_driver"}
    captured = [e for e in story.events() if e.kind == "prompt"]
    assert len(captured) == len(held)
    assert all(held[e.epoch] == e.actor for e in captured)
    assert all(e.late for e in captured)
    orphans = story.rows(
        """
        select count(*) from polaris_data.events e
        where e.org_id = %s and e.kind = 'prompt' and not exists (
          select from polaris_data.seats s
          where s.org_id = e.org_id and s.session_id = e.session_id and s.epoch = e.epoch and s.driver = e.actor)
        """,
        story.org,
    )
    assert orphans == [(0,)]
    story.check()


def test_rule_4_the_epoch_never_falls_and_a_session_has_one_driver(story: Story) -> None:
    place = story.session("fxm")
    epochs = []
    for turn in range(6):
        place = story.claim(place, ["user:manu", "agent:a"][turn % 2])
        epochs.append(place.epoch)
        story.run_out(place)
        if turn % 3 == 0:
            story.expire_leases()

    assert epochs == [1, 2, 3, 4, 5, 6]
    told = [(e.epoch, e.kind) for e in story.events(session="fxm", kind=["driver.claimed", "driver.expired"])]
    for (before, kind), (after, next_kind) in pairwise(told):
        assert (next_kind, after) == (
            ("driver.expired", before) if kind == "driver.claimed" else ("driver.claimed", before + 1)
        )
    for statement, code in [
        ("update polaris_data.sessions set epoch = epoch - 1 where org_id = %s", "epoch_only_rises"),
        (
            "update polaris_data.sessions set driver = 'user:thief', lease_until = clock_timestamp() where org_id = %s",
            "epoch_only_rises",
        ),
        ("update polaris_data.seats set driver = 'user:thief' where org_id = %s", "seats_are_history"),
        ("delete from polaris_data.seats where org_id = %s", "seats_are_history"),
        (
            "update polaris_data.seats set ended_at = clock_timestamp() where org_id = %s and ended_at is not null",
            "seats_are_history",
        ),
    ]:
        with pytest.raises(psycopg.Error) as caught:
            story.owner.execute(statement, [story.org])

        assert caught.value.diag.constraint_name == code
    with pytest.raises(psycopg.errors.UniqueViolation, match="session_has_one_driver"):
        story.owner.execute(
            """
            insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at)
            select org_id, session_id, 99, 'user:thief', clock_timestamp() from polaris_data.sessions where org_id = %s
            """,
            [story.org],
        )


def test_rule_5_a_turn_can_be_put_together_whatever_the_arrival_order(story: Story) -> None:
    dice = random.Random(3)
    fxm = story.session("fxm", driver=story.me)
    sent = [
        event(f"{turn}-{n}", turn=turn, kind=kind, occurred_at=f"2026-11-02T10:0{n}:00Z")
        for turn in ("t1", "t2", "t3")
        for n, kind in enumerate(("prompt", "message", "tool.call", "tool.result", "reply"))
    ]
    shuffled = dice.sample(sent, len(sent))
    while shuffled:
        batch, shuffled = shuffled[:4], shuffled[4:]
        story.push(fxm, *batch)

    for turn in ("t1", "t2", "t3"):
        whole = sorted((e for e in story.events() if e.turn == turn), key=lambda e: e.occurred_at)
        assert [e.kind for e in whole] == ["prompt", "message", "tool.call", "tool.result", "reply"]
    story.check()

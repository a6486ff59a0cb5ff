"""Two and more connections at once. Nobody sleeps: a test waits until Postgres says that somebody waits for a lock."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from story import Background, Caller, Place, Story, event


@contextmanager
def begun(caller: Caller) -> Iterator[Caller]:
    """A transaction that stays open until the end of the block and is committed then."""
    with caller.connection.transaction():
        yield caller


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


def test_of_two_claims_at_once_one_wins_and_the_other_is_told_who(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm")
    with begun(one):
        won = one.claim_driver(actor="agent:one", **fxm)
        waiting = background.start(other.claim_driver, actor="agent:other", **fxm)
        background.until_waiting(other, waiting)
    lost = background.failure(waiting)

    assert (won.created, won.driver, won.epoch) == (True, "agent:one", 1)
    assert isinstance(lost, psycopg.Error)
    assert (lost.sqlstate, lost.diag.constraint_name) == ("PL409", "seat_is_held")
    assert json.loads(lost.diag.message_detail or "") == {"driver": "agent:one", "epoch": 1}
    assert story.told().count("driver.claimed") == 1
    story.check()


def test_when_the_first_of_two_claims_is_rolled_back_the_other_has_the_seat(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm")
    with one.connection.transaction(force_rollback=True):
        one.claim_driver(actor="agent:one", **fxm)
        waiting = background.start(other.claim_driver, actor="agent:other", **fxm)
        background.until_waiting(other, waiting)
    seat = background.answer(waiting)

    assert (seat.driver, seat.epoch) == ("agent:other", 1)
    story.check()


def test_of_many_joins_at_once_one_makes_it_and_one_drives_it(story: Story, background: Background) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(story.another()) for _ in range(8)]
        start = threading.Barrier(len(callers))

        def join(n: int) -> Any:
            start.wait(20)
            return callers[n].join_session(actor=f"agent:a{n}", project="pj", session="fxm")

        joined = [background.answer(f) for f in [background.start(join, n) for n in range(len(callers))]]

    assert sorted(j.created for j in joined) == [False] * 7 + [True]
    assert sorted(j.claimed for j in joined) == [False] * 7 + [True]
    assert len({j.session_id for j in joined}) == 1
    (driver,) = {j.driver for j in joined if j.claimed}
    assert story.get_session(actor=None, project="pj", session="fxm").driver == driver
    assert story.told() == ["session.created", "driver.claimed"]
    story.check()


def test_two_joins_of_one_new_project_meet_in_it(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    with begun(one):
        first = one.join_session(actor="agent:one", project="pj", session="fxm")
        waiting = background.start(other.join_session, actor="agent:other", project="pj", session="fxk")
        background.until_waiting(other, waiting)
    second = background.answer(waiting)

    assert (first.created, second.created, second.claimed) == (True, True, True)
    assert first.project_id == second.project_id
    story.check()


def test_a_push_that_comes_before_the_release_is_in_time(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    with begun(one):
        (pushed,) = one.push(fxm, event("a"))
        waiting = background.start(other.release_driver, actor=story.me, **fxm)
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert pushed.late is False
    assert [(e.kind, e.late) for e in story.events()[-2:]] == [("prompt", False), ("driver.released", False)]
    story.check()


def test_a_push_that_comes_after_the_release_is_late(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    with begun(one):
        one.release_driver(actor=story.me, **fxm)
        waiting = background.start(other.push, fxm, event("a"))
        background.until_waiting(other, waiting)
    (pushed,) = background.answer(waiting)

    assert (pushed.created, pushed.late) == (True, True)
    assert [(e.kind, e.late) for e in story.events()[-2:]] == [("driver.released", False), ("prompt", True)]
    story.check()


def test_a_push_racing_the_next_drivers_claim_lies_on_the_right_side_of_it(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    old = story.session("fxm", driver=story.me)
    story.run_out(old)
    with begun(one):
        one.push(old, event("before"))
        waiting = background.start(other.claim_driver, actor="agent:bot", **old)
        background.until_waiting(other, waiting)
    new = Place("pj", "fxm", "agent:bot", background.answer(waiting).epoch)
    story.run_out(new)
    with begun(one):
        one.claim_driver(actor=story.me, **new)
        waiting = background.start(other.push, new, event("after"), event("again", epoch=new.epoch + 1))
        background.until_waiting(other, waiting)
    after, future = background.answer(waiting)

    assert (after.late, future.code) == (True, "not_driver")
    captured = [(e.client_id, e.late) for e in story.events() if e.kind == "prompt"]
    assert captured == [("before", False), ("after", True)]
    story.check()


def test_writers_of_one_project_wait_for_each_other_and_those_of_two_do_not(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    a, b = story.session("s", driver=story.me, project="a"), story.session("s", driver=story.me, project="b")
    with begun(one):
        (first,) = one.push(a, event("first"))
        (apart,) = background.answer(background.start(other.push, b, event("apart")))
        waiting = background.start(other.push, a, event("second"))
        background.until_waiting(other, waiting)

        assert [e.client_id for e in story.events("a", after=2)] == []
    (second,) = background.answer(waiting)

    assert (first.seq, second.seq, apart.seq) == (3, 4, 3)
    story.check("a")
    story.check("b")


def test_a_writer_that_rolls_back_leaves_no_hole(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    with one.connection.transaction(force_rollback=True):
        (lost,) = one.push(fxm, event("lost"))
        waiting = background.start(other.push, fxm, event("kept"))
        background.until_waiting(other, waiting)
    (kept,) = background.answer(waiting)

    assert kept.seq == lost.seq
    story.check()


def test_the_same_event_pushed_twice_at_once_is_one(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    with begun(one):
        (first,) = one.push(fxm, event("a"))
        waiting = background.start(other.push, fxm, event("a"), event("b"))
        background.until_waiting(other, waiting)
    again, new = background.answer(waiting)

    assert (again.seq, again.created, new.seq) == (first.seq, False, first.seq + 1)
    story.check()


def test_the_same_advice_given_twice_at_once_is_one(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm")
    with begun(one):
        first = one.inject(actor=story.me, body="x", client_id="c", **fxm)
        waiting = background.start(other.inject, actor=story.me, body="x", client_id="c", **fxm)
        background.until_waiting(other, waiting)
    again = background.answer(waiting)

    assert (again.created, again.delivery_id) == (False, first.delivery_id)
    story.check()


def test_a_reader_that_follows_by_number_misses_nothing_and_doubles_nothing(
    story: Story, background: Background
) -> None:
    """8 writers send every third batch again; the reader asks for what is after its number, and for no more."""
    fxm = story.session("fxm", driver=story.me)
    writers, batches, size = 8, 12, 5
    read: list[Any] = []
    with ExitStack() as stack:
        callers = [stack.enter_context(story.another()) for _ in range(writers)]
        reader = stack.enter_context(story.another())

        def write(n: int) -> None:
            dice = random.Random(n)
            for batch in range(batches):
                events = [event(f"{n}-{batch}-{i}") for i in range(size)]
                for _ in range(1 + (dice.randrange(3) == 0)):
                    callers[n].push(fxm, *events)

        def follow() -> None:
            last = 0
            while len(read) < writers * batches * size + 2:
                page = reader.read_events(project="pj", after=last, limit=7)
                read.extend(page)
                last = page[-1].seq if page else last

        following = background.start(follow)
        for writing in [background.start(write, n) for n in range(writers)]:
            background.answer(writing)
        background.answer(following)

    assert [e.seq for e in read] == list(range(1, len(read) + 1))
    assert len({e.client_id for e in read}) == len(read) == writers * batches * size + 2
    story.check()


def test_pushes_to_many_projects_in_opposite_orders_do_not_deadlock(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    a, b = story.session("s", driver=story.me, project="a"), story.session("s", driver=story.me, project="b")
    lower, upper = sorted([a, b], key=lambda place: story.project_id(place["project"]))
    with begun(story):
        # The first push holds the lower counter and waits for the upper: the second must wait for the first.
        story.push(upper, event("holds-the-upper"))
        first = background.start(one.push, lower, event("1"), event("2", **upper))
        background.until_waiting(one, first)
        second = background.start(other.push, lower, event("3", **upper), event("4"))
        background.until_waiting(other, second)
        ((blocked_by,),) = story.rows("select pg_blocking_pids(%s)", other.connection.info.backend_pid)

        assert blocked_by == [one.connection.info.backend_pid]
    assert all(p.created for p in background.answer(first) + background.answer(second))
    story.check("a")
    story.check("b")


def test_archiving_a_project_takes_no_counter_before_all_its_sessions(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    # More sessions than a loop fetches at once: otherwise the last ones are locked while the counter is held.
    one, other = two
    places = [story.session(f"s{n:02}", driver=story.me) for n in range(12)]
    with begun(one):
        one.claim_driver(actor=story.me, **places[-1])
        archiving = background.start(other.archive_project, actor=story.me, project="pj")
        background.until_waiting(other, archiving)
        one.release_driver(actor=story.me, **places[-1])
    background.answer(archiving)

    assert {s.seat for s in story.list_sessions(actor=None, project="pj")} == {"open"}
    story.check()


def test_removing_a_member_takes_no_counter_before_all_its_sessions(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    krishna = story.member("krishna")
    places = [story.session(f"s{n:02}", driver=krishna) for n in range(12)]
    with begun(one):
        one.claim_driver(actor=krishna, **places[-1])
        removing = background.start(other.remove_member, actor=story.me, handle="krishna")
        background.until_waiting(other, removing)
        one.release_driver(actor=krishna, **places[-1])
    background.answer(removing)

    assert {s.seat for s in story.list_sessions(actor=None, project="pj")} == {"open"}
    story.check()


def test_expiring_advice_and_ending_its_seat_do_not_deadlock(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)
    story.grow_old(advice)
    with begun(story):
        # Holds the counter, so that the expiry below stands between its delivery and the counter.
        story.say(actor=story.me, project="pj", body="hello")
        expiring = background.start(one.expire_deliveries)
        background.until_waiting(one, expiring)
        archiving = background.start(other.archive_session, actor=story.me, **fxm)
        background.until_waiting(other, archiving)

    assert background.answer(expiring) == 1
    background.answer(archiving)
    (delivery,) = story.list_deliveries(actor=None, project="pj")
    assert (delivery.state, delivery.reason) == ("failed", "unproven")
    story.check()


def test_maintenance_passes_over_advice_whose_session_is_just_being_archived(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    # The archiver will want the delivery after the counter, maintenance the counter after the delivery.
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    story.grow_old(story.advise(fxm))
    with begun(story):
        story.say(actor=story.me, project="pj", body="holds the counter")
        archiving = background.start(other.archive_session, actor=story.me, **fxm)
        background.until_waiting(other, archiving)

        assert background.answer(background.start(one.expire_deliveries)) == 0
    background.answer(archiving)
    (delivery,) = story.list_deliveries(actor=None, project="pj")
    assert (delivery.state, delivery.reason) == ("failed", "session archived")
    story.check()


def test_expire_leases_twice_at_once_ends_each_seat_once(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    for n in range(15):
        story.run_out(story.session(f"s{n}", driver=story.me))
    with begun(one):
        first = one.expire_leases()
        second = background.answer(background.start(other.expire_leases))

    assert (first, second) == (15, 0)
    assert story.told().count("driver.expired") == 15
    story.check()


def test_maintenance_passes_over_a_seat_that_is_just_being_renewed(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    with begun(one):
        one.heartbeat(actor=[story.me], project=["pj"], session=["fxm"], epoch=[1])

        assert background.answer(background.start(other.expire_leases)) == 0
    assert other.expire_leases() == 0
    assert story.get_session(actor=None, **fxm).driver == story.me


def test_expire_deliveries_twice_at_once_ends_each_once(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm")
    for _ in range(15):
        story.grow_old(story.advise(fxm))
    with begun(one):
        first = one.expire_deliveries()
        second = background.answer(background.start(other.expire_deliveries))

    assert (first, second) == (15, 0)
    assert story.told().count("delivery") == 15
    story.check()


def test_of_two_settlements_at_once_one_counts(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    same = {"actor": story.me, "delivery": advice.delivery_id, "state": "sent", "epoch": 1}
    with begun(one):
        first = one.settle_delivery(**same)
        waiting = background.start(other.settle_delivery, **same)
        background.until_waiting(other, waiting)
    second = background.answer(waiting)

    assert (first.changed, second.changed, second.attempts) == (True, False, 1)
    assert story.told().count("delivery") == 1


def test_a_removed_administrator_cannot_be_the_second_of_two_that_remove_each_other(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    story.member("priya", "admin")
    with begun(one):
        one.remove_member(actor=story.me, handle="priya")
        waiting = background.start(other.remove_member, actor="user:priya", handle="manu")
        background.until_waiting(other, waiting)
    refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name in ("admin_only", "last_admin")
    assert [m.handle for m in story.list_members() if m.removed_at is None and m.role == "admin"] == ["manu"]


def test_a_writer_with_a_lock_timeout_gives_up_with_the_state_that_says_so(
    story: Story, two: tuple[Caller, Caller]
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    with begun(one):
        one.push(fxm, event("a"))
        other.connection.execute("set lock_timeout = '10ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.push(fxm, event("b"))
    other.push(fxm, event("b"))
    story.check()

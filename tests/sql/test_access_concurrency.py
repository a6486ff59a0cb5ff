"""Who may see a project changes while others work in it: nobody gets in behind it, nothing is lost or deadlocks.

Nobody sleeps: a test waits until Postgres says that somebody waits for a lock.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from story import Background, Caller, Place, Story, event

BOT = "agent:bot"


@contextmanager
def begun(caller: Caller) -> Iterator[Caller]:
    """A transaction that stays open until the end of the block and is committed then."""
    with caller.connection.transaction():
        yield caller


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


def close(caller: Any, story: Story) -> None:
    caller.set_visibility(actor=story.me, project="pj", visibility="private")


def remove(caller: Any, story: Story) -> None:
    caller.remove_project_member(actor=story.me, project="pj", member=BOT)


@pytest.fixture(params=[close, remove])
def shut_out(request: pytest.FixtureRequest, story: Story) -> Any:
    """Two ways in which agent:bot comes to see pj no more."""
    story.create_project(actor=story.me, name="pj", visibility="org" if request.param is close else "private")
    if request.param is remove:
        story.add_project_member(actor=story.me, project="pj", member=BOT)
    return request.param


def refusal(background: Background, future: Any) -> str | None:
    failure = background.failure(future)
    assert isinstance(failure, psycopg.Error), failure
    return failure.diag.constraint_name


@pytest.mark.parametrize("function", ["claim_driver", "join_session", "inject"])
def test_who_waits_behind_the_change_does_not_get_in(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any, function: str
) -> None:
    one, other = two
    fxm = story.session("fxm")
    more = {"body": "hello"} if function == "inject" else {}
    with begun(one):
        shut_out(one, story)
        waiting = background.start(getattr(other, function), actor=BOT, **fxm, **more)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting) == "no_such_project"
    assert story.get_session(actor=None, **fxm).driver is None
    assert story.told() == ["session.created"]


@pytest.mark.parametrize("function", ["create_session", "join_session"])
def test_who_would_make_a_session_behind_the_change_makes_none(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any, function: str
) -> None:
    one, other = two
    with begun(one):
        shut_out(one, story)
        waiting = background.start(getattr(other, function), actor=BOT, project="pj", session="new")
        background.until_waiting(other, waiting)

    assert refusal(background, waiting) == "no_such_project"
    assert story.list_sessions(actor=None, project="pj") == []
    story.check()


def test_who_got_the_seat_before_the_change_loses_it_with_the_change(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any
) -> None:
    one, other = two
    fxm = story.session("fxm")
    with begun(one):
        one.claim_driver(actor=BOT, **fxm)
        waiting = background.start(shut_out, other, story)
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert story.get_session(actor=None, **fxm).driver is None
    assert story.told() == ["session.created", "driver.claimed", "driver.released"]
    story.check()


def test_what_was_pushed_before_the_change_is_in_time(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=BOT)
    with begun(one):
        (pushed,) = one.push(fxm, event("a"))
        waiting = background.start(shut_out, other, story)
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert (pushed.code, pushed.late) == (None, False)
    assert story.told()[-2:] == ["prompt", "driver.released"]
    story.check()


def test_what_is_pushed_behind_the_change_is_late(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=BOT)
    with begun(one):
        shut_out(one, story)
        waiting = background.start(other.push, fxm, event("a"))
        background.until_waiting(other, waiting)
    (pushed,) = background.answer(waiting)

    assert (pushed.code, pushed.late) == (None, True)
    assert story.told()[-2:] == ["driver.released", "prompt"]
    story.check()


def test_a_lease_that_is_renewed_behind_the_change_is_not(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=BOT)
    with begun(one):
        shut_out(one, story)
        waiting = background.start(other.heartbeat, actor=[BOT], project=["pj"], session=["fxm"], epoch=[fxm.epoch])
        background.until_waiting(other, waiting)
    (beat,) = background.answer(waiting)

    assert (beat.held, beat.driver, beat.lease_until) == (False, None, None)


@pytest.mark.parametrize("order", [(close, remove), (remove, close)])
def test_off_the_list_of_a_project_that_is_just_being_closed_the_seat_is_lost_in_either_order(
    story: Story, two: tuple[Caller, Caller], background: Background, order: tuple[Any, Any]
) -> None:
    one, other = two
    fxm = story.session("fxm", driver=BOT)
    story.add_project_member(actor=story.me, project="pj", member=BOT)
    with begun(one):
        order[0](one, story)
        waiting = background.start(order[1], other, story)
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert story.get_session(actor=None, **fxm).driver is None
    assert story.get_project(actor=None, project="pj").visibility == "private"


def test_an_administrator_who_becomes_a_member_does_not_get_in_behind_it(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    boss = story.member("boss", role="admin")
    story.create_project(actor=story.me, name="pj", visibility="private")
    fxm = story.session("fxm")
    with begun(one):
        one.set_role(actor=story.me, handle="boss", role="member")
        waiting = background.start(other.claim_driver, actor=boss, **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting) == "no_such_project"


def test_no_counter_is_taken_before_all_sessions(
    story: Story, two: tuple[Caller, Caller], background: Background, shut_out: Any
) -> None:
    # More sessions than a loop fetches at once: otherwise the last ones are locked while the counter is held.
    one, other = two
    places = [story.session(f"s{n:02}", driver=BOT) for n in range(12)]
    with begun(one):
        one.claim_driver(actor=BOT, **places[-1])
        waiting = background.start(shut_out, other, story)
        background.until_waiting(other, waiting)
        one.release_driver(actor=BOT, **places[-1])
    background.answer(waiting)

    assert {s.seat for s in story.list_sessions(actor=None, project="pj")} == {"open"}
    story.check()


def test_archiving_and_restoring_at_once_do_not_deadlock(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    story.session("fxm", driver=BOT)
    story.archive_project(actor=story.me, project="pj")
    with begun(one):
        one.restore_project(actor=story.me, project="pj")
        waiting = background.start(other.archive_project, actor=story.me, project="pj")
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert story.get_project(actor=None, project="pj").archived_at is not None
    assert [s.archived_at is not None for s in story.list_sessions(actor=None, project="pj")] == [True]
    story.check()


def test_a_storm_of_changes_claims_pushes_and_advice_ends_in_order(story: Story, background: Background) -> None:
    """Seven at once, in orders that dice decide: refusals are fine, a deadlock is not, and no number is lost."""
    places = [story.session(f"s{n}", project=project) for project in ("pj", "other") for n in range(4)]
    for project in ("pj", "other"):
        story.set_policy(actor=story.me, project=project, session=None, sender_class="agent", policy="suggest")
        story.add_project_member(actor=story.me, project=project, member="agent:listed")
    failures: list[psycopg.Error] = []
    with ExitStack() as stack:
        callers = [stack.enter_context(story.another()) for _ in range(7)]

        def work(n: int) -> None:
            dice, caller = random.Random(n), callers[n]
            for turn in range(40):
                place = dice.choice(places)
                project, actor = place["project"], dice.choice([BOT, "agent:listed", story.me])
                try:
                    match dice.randrange(8) if n else dice.randrange(3):
                        case 0:
                            visibility = dice.choice(["org", "private"])
                            caller.set_visibility(actor=story.me, project=project, visibility=visibility)
                        case 1:
                            caller.add_project_member(actor=story.me, project=project, member=BOT)
                        case 2:
                            caller.remove_project_member(actor=story.me, project=project, member=BOT)
                        case 3:
                            caller.claim_driver(actor=actor, lease_seconds=1, **place)
                        case 4:
                            caller.release_driver(actor=actor, **place)
                        case 5:
                            held = caller.inject(actor="agent:listed", body="x", **place)
                            found = {"project": project, "delivery": held.delivery_id, "decision": "send"}
                            caller.decide_delivery(actor=story.me, **found)
                        case 6:
                            story.run_out(place) if turn % 2 else caller.expire_leases()
                        case _:
                            seat = caller.get_session(actor=None, **place)
                            mine = Place(**place, driver=seat.driver or BOT, epoch=seat.epoch)
                            caller.push(mine, event(f"{n}-{turn}"), event(f"{n}-{turn}-b", **dice.choice(places)))
                except psycopg.Error as error:
                    failures.append(error)

        for working in [background.start(work, n) for n in range(7)]:
            background.answer(working)

    assert {error.sqlstate for error in failures} <= {"PL403", "PL404", "PL409"}, failures
    for project in ("pj", "other"):
        story.check(project)
        seen = {p.name: p.visibility for p in story.list_projects(actor=BOT)}
        for seat in story.list_sessions(actor=None, project=project):
            assert seat.driver != BOT or project in seen
    log = story.list_audit(actor=None, limit=1000)
    assert [row.audit_id for row in log] == list(range(1, len(log) + 1))

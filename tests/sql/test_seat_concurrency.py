"""Two at the seat at once: who asks, gives, takes over, withdraws, leaves. The lock decides; nobody sleeps."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from story import Background, Caller, Place, Row, Story


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


@pytest.fixture
def fxm(story: Story) -> Place:
    story.member("priya")
    return story.session("fxm", driver="user:manu")


@contextmanager
def begun(caller: Caller) -> Iterator[Caller]:
    """A transaction that stays open until the end of the block and is committed then."""
    with caller.connection.transaction():
        yield caller


def refusal(background: Background, future: Any) -> tuple[str | None, str | None, Any]:
    failure = background.failure(future)

    assert isinstance(failure, psycopg.Error), failure
    return failure.sqlstate, failure.diag.constraint_name, json.loads(failure.diag.message_detail or "null")


def ended(story: Story, fxm: Place) -> list[str | None]:
    return [r.ended_how for r in story.list_seat_requests(actor=None, **fxm)]


def test_of_two_administrators_one_takes_the_seat_and_the_other_is_told_who(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver="agent:bot")
    ada, bob = story.member("ada", "admin"), story.member("bob", "admin")
    with begun(one):
        one.take_over_seat(actor=ada, epoch=1, reason="the first", **fxm)
        waiting = background.start(other.take_over_seat, actor=bob, epoch=1, reason="the second", **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting) == ("PL409", "seat_has_changed", {"driver": ada, "epoch": 2})
    assert story.told()[-2:] == ["driver.taken", "driver.claimed"]
    assert story.told().count("driver.taken") == 1
    assert [row.actor for row in story.list_audit(actor=ada) if row.action == "seat.taken_over"] == [ada]
    story.check()


def test_when_the_first_of_two_administrators_fails_the_second_has_the_seat(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver="agent:bot")
    ada, bob = story.member("ada", "admin"), story.member("bob", "admin")
    with one.connection.transaction(force_rollback=True):
        one.take_over_seat(actor=ada, epoch=1, reason="the first", **fxm)
        waiting = background.start(other.take_over_seat, actor=bob, epoch=1, reason="the second", **fxm)
        background.until_waiting(other, waiting)

    assert background.answer(waiting).driver == bob
    story.check()


def test_who_releases_first_is_not_taken_over_any_more(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver="agent:bot")
    with begun(one):
        one.release_driver(actor="agent:bot", **fxm)
        waiting = background.start(other.take_over_seat, actor=story.me, epoch=1, reason="because", **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting)[:2] == ("PL409", "seat_is_open")
    assert "driver.taken" not in story.told()


def test_who_was_taken_over_first_releases_nothing(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    fxm = story.session("fxm", driver="agent:bot")
    with begun(one):
        one.take_over_seat(actor=story.me, epoch=1, reason="because", **fxm)
        waiting = background.start(other.release_driver, actor="agent:bot", epoch=1, **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting) == ("PL409", "not_driver", {"driver": story.me, "epoch": 2})


def give(caller: Caller, fxm: Place, asked: Row) -> Any:
    return caller.answer_seat_request(actor="user:manu", request=asked.seq, answer="give", **fxm)


def withdraw(caller: Caller, fxm: Place, asked: Row) -> Any:
    return caller.answer_seat_request(actor=asked.actor, request=asked.seq, answer="withdraw", **fxm)


def test_given_before_it_expired_it_is_given(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    asked = story.ask_seat(actor="user:priya", **fxm)
    story.lapse(asked)
    with begun(one):
        give(one, fxm, asked)
        # Maintenance passes by what somebody is just deciding.
        assert other.expire_seat_requests() == 0

    assert other.expire_seat_requests() == 0
    assert ended(story, fxm) == ["given"]
    assert story.get_session(actor=None, **fxm).reserved_for == "user:priya"
    story.check()


def test_expired_before_it_was_given_it_is_not_given_any_more(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    asked = story.ask_seat(actor="user:priya", **fxm)
    story.lapse(asked)
    with begun(one):
        assert one.expire_seat_requests() == 1
        waiting = background.start(give, other, fxm, asked)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting) == ("PL409", "request_has_ended", {"how": "expired", "by": "user:priya"})
    assert story.get_session(actor=None, **fxm).driver == "user:manu"
    story.check()


@pytest.mark.parametrize(
    ("first", "then", "end", "driver"),
    [(give, withdraw, "given", None), (withdraw, give, "withdrawn", "user:manu")],
    ids=["given", "withdrawn"],
)
def test_of_giving_and_withdrawing_the_first_holds(
    story: Story,
    two: tuple[Caller, Caller],
    background: Background,
    fxm: Place,
    first: Callable[..., Any],
    then: Callable[..., Any],
    end: str,
    driver: str | None,
) -> None:
    one, other = two
    asked = story.ask_seat(actor="user:priya", **fxm)
    with begun(one):
        first(one, fxm, asked)
        waiting = background.start(then, other, fxm, asked)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting)[:2] == ("PL409", "request_has_ended")
    assert ended(story, fxm) == [end]
    assert story.get_session(actor=None, **fxm).driver == driver


def test_the_same_gift_twice_at_once_is_one(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    asked = story.ask_seat(actor="user:priya", **fxm)
    with begun(one):
        give(one, fxm, asked)
        waiting = background.start(give, other, fxm, asked)
        background.until_waiting(other, waiting)

    assert background.answer(waiting).ended_how == "given"
    assert story.told().count("driver.released") == 1


def test_who_asks_while_the_driver_leaves_is_told_that_the_seat_is_open(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        one.release_driver(actor="user:manu", **fxm)
        waiting = background.start(other.ask_seat, actor="user:priya", **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting)[:2] == ("PL409", "seat_is_open")
    assert "seat.asked" not in story.told()


def test_who_asked_before_the_driver_left_is_told_so_by_the_release(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        asked = one.ask_seat(actor="user:priya", **fxm)
        waiting = background.start(other.release_driver, actor="user:manu", **fxm)
        background.until_waiting(other, waiting)
    background.answer(waiting)
    (told,) = [e for e in story.events() if e.kind == "driver.released"]

    assert ended(story, fxm) == ["opened"]
    assert json.loads(told.payload)["requests"] == [{"request": asked.seq, "actor": "user:priya", "how": "opened"}]
    story.check()


def test_the_same_one_asking_twice_at_once_asks_once(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        asked = one.ask_seat(actor="user:priya", **fxm)
        waiting = background.start(other.ask_seat, actor="user:priya", **fxm)
        background.until_waiting(other, waiting)
    again = background.answer(waiting)

    assert (again.created, again.seq) == (False, asked.seq)
    assert story.told().count("seat.asked") == 1


def test_two_maintainers_end_a_request_once(story: Story, two: tuple[Caller, Caller], fxm: Place) -> None:
    one, other = two
    story.lapse(story.ask_seat(actor="user:priya", **fxm))
    with begun(one):
        assert (one.expire_seat_requests(), other.expire_seat_requests()) == (1, 0)

    assert other.expire_seat_requests() == 0
    assert story.told().count("seat.settled") == 1


def test_who_is_removed_while_asking_leaves_no_request_behind(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        one.ask_seat(actor="user:priya", **fxm)
        waiting = background.start(other.remove_member, actor="user:manu", handle="priya")
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert ended(story, fxm) == ["withdrawn"]


def test_who_asks_while_being_removed_is_nobody(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        one.remove_member(actor="user:manu", handle="priya")
        waiting = background.start(other.ask_seat, actor="user:priya", **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting)[:2] == ("PL404", "no_such_member")
    assert ended(story, fxm) == []


def test_who_asks_while_the_project_is_closed_to_them_does_not_find_it(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        one.set_visibility(actor="user:manu", project="pj", visibility="private")
        waiting = background.start(other.ask_seat, actor="user:priya", **fxm)
        background.until_waiting(other, waiting)

    assert refusal(background, waiting)[:2] == ("PL404", "no_such_project")
    assert ended(story, fxm) == []


def test_who_asked_before_the_project_was_closed_to_them_asks_no_more(
    story: Story, two: tuple[Caller, Caller], background: Background, fxm: Place
) -> None:
    one, other = two
    with begun(one):
        one.ask_seat(actor="user:priya", **fxm)
        waiting = background.start(other.set_visibility, actor="user:manu", project="pj", visibility="private")
        background.until_waiting(other, waiting)
    background.answer(waiting)

    assert ended(story, fxm) == ["withdrawn"]
    assert story.get_session(actor=None, **fxm).driver == "user:manu"

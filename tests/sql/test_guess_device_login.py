"""polaris.guess_device_login: what a person who types a user code is shown of the machine that asks."""

from datetime import timedelta

from devices import Device
from people import local, secret, shift, signed_in
from story import Background, Story

WRONG = ("no_such_code", None, None, None)
ENOUGH = ("too_many_guesses", None, None, None)


def guess(story: Story, person: int, code: str | None = "WRONGONE") -> tuple[object, ...]:
    return tuple(story.guess_device_login(person=person, user_code=code))


def test_it_shows_machine_address_and_time(story: Story) -> None:
    device = Device(story, "build-host", "203.0.113.7")
    shown = device.guess(local(story).person_id)

    assert shown[:3] == (None, "build-host", "203.0.113.7")
    assert story.rows(
        "select created_at from polaris_data.device_logins where device_hash = %s", device.device_hash
    ) == [(shown.created_at,)]


def test_looking_uses_nothing_up_and_is_no_guess(story: Story) -> None:
    device, person = Device(story), local(story).person_id
    for _ in range(12):
        assert device.guess(person).error is None


def test_a_code_that_nobody_was_given_is_not_there(story: Story) -> None:
    person = local(story).person_id
    for code in ("WRONGONE", "", None):
        assert guess(story, person, code) == WRONG


def test_a_code_is_good_for_ten_minutes_and_until_somebody_answers(story: Story) -> None:
    person = local(story).person_id
    late, in_time, allowed, denied = (Device(story) for _ in range(4))
    late.past(created_at=timedelta(minutes=10))
    in_time.past(created_at=timedelta(minutes=9, seconds=30))
    allowed.answer(person)
    denied.answer(person, allowed=False)

    assert [tuple(device.guess(person)) for device in (late, allowed, denied)] == [WRONG] * 3
    assert in_time.guess(person).error is None


def test_after_ten_wrong_ones_even_the_right_one_is_refused(story: Story) -> None:
    device, person = Device(story), local(story).person_id
    assert [guess(story, person) for _ in range(10)] == [WRONG] * 10

    assert tuple(device.guess(person)) == ENOUGH
    assert device.guess(signed_in(story).person_id).error is None


def test_ten_minutes_after_the_first_wrong_one_it_goes_on(story: Story) -> None:
    device, person = Device(story), local(story).person_id
    for _ in range(11):
        guess(story, person)
    shift(story, "people", "person_id", person, guesses_since=-timedelta(minutes=9))
    assert tuple(device.guess(person)) == ENOUGH

    shift(story, "people", "person_id", person, guesses_since=-timedelta(minutes=2))
    assert device.guess(person).error is None
    assert [guess(story, person) for _ in range(11)] == [WRONG] * 10 + [ENOUGH]


def test_signing_in_again_gives_no_more_guesses(story: Story) -> None:
    device, person = Device(story), signed_in(story, subject=story.slug).person_id
    for _ in range(10):
        guess(story, person)
    signed_in(story, subject=story.slug)

    assert tuple(device.guess(person)) == ENOUGH


def test_guesses_at_once_are_counted_one_by_one(story: Story, background: Background) -> None:
    person = local(story).person_id
    for _ in range(9):
        guess(story, person)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = tuple(one.guess_device_login(person=person, user_code="WRONGONE"))
            waiting = background.start(other.guess_device_login, person=person, user_code="WRONGONE")
            background.until_waiting(other, waiting)

        assert (first, tuple(background.answer(waiting))) == (WRONG, ENOUGH)


def test_a_device_code_is_no_user_code(story: Story) -> None:
    device, person = Device(story), local(story).person_id

    assert guess(story, person, device.device_hash.hex()) == WRONG
    assert story.poll_device_login(device_hash=secret(), token_hash=secret(), token_shown="x").error == "invalid_grant"

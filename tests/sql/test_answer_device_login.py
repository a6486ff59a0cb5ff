"""polaris.answer_device_login: a person lets a machine in, or not."""

from typing import Any

from devices import Device
from people import joined, local, noted, signed_in
from story import Background, Story, refused


def test_the_machine_acts_as_the_person_in_the_chosen_organization(story: Story, tell: Any) -> None:
    other = tell()
    person = joined(story, "krishna", subject=story.slug).person_id
    joined(other, "kris", subject=story.slug)
    device = Device(story, "build-host")

    assert device.answer(person, org=other.org) == (None, "build-host")
    assert device.poll()[:3] == (None, other.slug, "user:kris")


def test_or_is_denied(story: Story) -> None:
    device = Device(story, "build-host")

    assert device.answer(local(story).person_id, allowed=False) == (None, "build-host")
    assert device.poll().error == "access_denied"
    assert noted(story, "token.issued") == []


def test_whoever_says_no_need_not_be_a_member_of_anything(story: Story) -> None:
    device, nobody = Device(story), signed_in(story).person_id
    told = story.answer_device_login(person=nobody, org=None, user_code=device.user_code, allowed=False)

    assert told.error is None
    assert device.poll().error == "access_denied"


def test_nobody_lets_a_machine_into_an_organization_of_others(story: Story) -> None:
    device = Device(story)
    with refused(404, "no_such_member"):
        device.answer(signed_in(story).person_id)
    gone = joined(story, "krishna").person_id
    story.remove_member(actor=story.me, handle="krishna")
    with refused(404, "no_such_member"):
        device.answer(gone)

    assert device.poll().error == "authorization_pending"


def test_wrong_codes_count_as_guesses(story: Story) -> None:
    device, person = Device(story), local(story).person_id
    for _ in range(10):
        wrong = story.answer_device_login(person=person, user_code="WRONGONE", allowed=True)

        assert wrong == ("no_such_code", None)
    assert device.answer(person) == ("too_many_guesses", None)
    assert device.poll().error == "authorization_pending"


def test_an_answer_stands(story: Story) -> None:
    person, other = local(story).person_id, joined(story, "krishna").person_id
    allowed, denied = Device(story), Device(story)
    allowed.answer(person)
    denied.answer(person, allowed=False)

    assert allowed.answer(other, allowed=False) == ("no_such_code", None)
    assert denied.answer(other) == ("no_such_code", None)
    assert (allowed.poll().actor, denied.poll().error) == (story.me, "access_denied")


def test_of_two_answers_at_once_the_first_stands(story: Story, background: Background) -> None:
    device = Device(story)
    manu, krishna = local(story).person_id, joined(story, "krishna").person_id
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = device.answer(manu, caller=one)
            waiting = background.start(device.answer, krishna, caller=other)
            background.until_waiting(other, waiting)
        second = background.answer(waiting)

    assert (first.error, second.error) == (None, "no_such_code")
    assert device.poll().actor == story.me


def test_one_that_was_denied_is_not_let_in_by_who_was_asked_at_the_same_time(
    story: Story, background: Background
) -> None:
    device = Device(story)
    manu, krishna = local(story).person_id, joined(story, "krishna").person_id
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            device.answer(manu, allowed=False, caller=one)
            waiting = background.start(device.answer, krishna, caller=other)
            background.until_waiting(other, waiting)

        assert background.answer(waiting).error == "no_such_code"
    assert device.poll().error == "access_denied"

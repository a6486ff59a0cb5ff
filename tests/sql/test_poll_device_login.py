"""polaris.poll_device_login: what the waiting machine is told (RFC 8628, 3.5), and its token, once."""

from datetime import timedelta

from devices import Device
from people import joined, local, noted, secret
from story import Background, Story


def seconds(story: Story, device: Device) -> int:
    ((number,),) = story.rows(
        "select poll_seconds from polaris_data.device_logins where device_hash = %s", device.device_hash
    )
    return int(number)


def test_it_waits_until_somebody_answers(story: Story) -> None:
    device = Device(story)
    for _ in range(3):
        assert device.poll() == ("authorization_pending", None, None, None)
        device.waited()
    device.answer(local(story).person_id)

    assert device.poll().error is None


def test_the_token_is_the_persons_own_and_slides(story: Story) -> None:
    device, digest = Device(story, "build-host"), secret()
    device.answer(local(story).person_id)
    given = device.poll(token_hash=digest)
    (token,) = story.list_tokens(actor=story.me)

    assert given == (None, story.slug, story.me, token.token_id)
    assert (token.actor, token.issued_by, token.name, token.shown) == (
        story.me,
        story.me,
        "polaris login on build-host",
        "plr_u_ABC",
    )
    assert (token.sliding, token.expires_at - token.created_at) == (True, timedelta(days=90))
    assert story.authenticate(hash=digest).actor == story.me
    assert noted(story)[-1] == (story.me, "token.issued", story.me)


def test_it_is_given_once(story: Story) -> None:
    device = Device(story)
    device.answer(local(story).person_id)
    device.poll()

    assert device.poll() == ("invalid_grant", None, None, None)
    assert len(story.list_tokens(actor=None)) == 1


def test_who_asks_too_soon_has_to_wait_five_seconds_longer_each_time(story: Story) -> None:
    device = Device(story)
    device.poll()
    assert [device.poll().error for _ in range(2)] == ["slow_down"] * 2
    assert seconds(story, device) == 15

    device.waited(14)
    assert device.poll().error == "slow_down"
    assert seconds(story, device) == 20
    device.waited(20.001)
    assert device.poll().error == "authorization_pending"
    assert seconds(story, device) == 20


def test_who_asks_too_soon_is_not_let_in_either(story: Story) -> None:
    device = Device(story)
    device.poll()
    device.answer(local(story).person_id)
    assert device.poll().error == "slow_down"

    device.waited(10.001)
    assert device.poll().error is None


def test_after_ten_minutes_it_is_over_whatever_was_answered(story: Story) -> None:
    asked, allowed = Device(story), Device(story)
    allowed.answer(local(story).person_id)
    for device in (asked, allowed):
        device.past(created_at=timedelta(minutes=10))

        assert device.poll().error == "expired_token"
        assert device.poll().error == "invalid_grant"
    assert story.list_tokens(actor=None) == []


def test_a_denial_is_told_once(story: Story) -> None:
    device = Device(story)
    device.answer(local(story).person_id, allowed=False)

    assert [device.poll().error for _ in range(2)] == ["access_denied", "invalid_grant"]


def test_who_was_removed_after_saying_yes_lets_nobody_in(story: Story) -> None:
    device = Device(story)
    device.answer(joined(story, "krishna").person_id)
    story.remove_member(actor=story.me, handle="krishna")

    assert device.poll() == ("access_denied", None, None, None)
    assert story.list_tokens(actor=None) == []


def test_a_code_that_nobody_was_given_is_no_good(story: Story) -> None:
    for code in (secret(), b"", None):
        answer = story.poll_device_login(device_hash=code, token_hash=secret(), token_shown="x")

        assert answer == ("invalid_grant", None, None, None)


def test_a_poll_while_somebody_just_says_yes_waits_for_it(story: Story, background: Background) -> None:
    device, person = Device(story), local(story).person_id
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            device.answer(person, caller=one)
            waiting = background.start(device.poll, other)
            background.until_waiting(other, waiting)

        assert background.answer(waiting)[:3] == (None, story.slug, story.me)


def test_somebody_who_says_yes_while_it_polls_is_heard_by_the_next_one(story: Story, background: Background) -> None:
    device, person = Device(story), local(story).person_id
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = device.poll(one)
            waiting = background.start(device.answer, person, caller=other)
            background.until_waiting(other, waiting)

        assert (first.error, background.answer(waiting).error) == ("authorization_pending", None)
    device.waited()
    assert device.poll().error is None


def test_of_two_polls_at_once_one_is_given_the_token(story: Story, background: Background) -> None:
    device = Device(story)
    device.answer(local(story).person_id)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = device.poll(one)
            waiting = background.start(device.poll, other)
            background.until_waiting(other, waiting)

        assert (first.error, background.answer(waiting).error) == (None, "invalid_grant")
    assert len(story.list_tokens(actor=None)) == 1

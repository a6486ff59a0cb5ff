"""polaris.begin_device_login: a machine without a browser asks to be let in."""

from datetime import timedelta

from devices import Device
from people import local, secret
from story import Story, refused


def test_whoever_types_the_code_is_shown_the_machine(story: Story) -> None:
    device = Device(story, "build-host", "203.0.113.7")

    assert device.guess(local(story).person_id)[:3] == (None, "build-host", "203.0.113.7")
    assert device.poll().error == "authorization_pending"


def test_long_names_are_cut(story: Story) -> None:
    device = Device(story, "m" * 300, "a" * 300)

    assert device.guess(local(story).person_id)[1:3] == ("m" * 80, "a" * 80)


def test_a_code_that_is_taken_is_made_anew(story: Story) -> None:
    device = Device(story)
    for device_hash, user_code in ((secret(), device.user_code), (device.device_hash, "ANOTHER")):
        with refused(409, "user_code_is_taken"):
            story.begin_device_login(device_hash=device_hash, user_code=user_code, machine="m", address="a")

    assert device.poll().error == "authorization_pending"


def test_those_that_nobody_came_for_are_swept(story: Story) -> None:
    old, young = Device(story), Device(story)
    old.past(created_at=timedelta(minutes=61))
    young.past(created_at=timedelta(minutes=59))
    Device(story)

    # A machine that still asks within the hour is told that its time is over, later it is a stranger.
    assert (young.poll().error, old.poll().error) == ("expired_token", "invalid_grant")

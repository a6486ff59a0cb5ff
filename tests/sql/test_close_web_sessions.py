"""polaris.close_web_sessions: a person signs out everywhere."""

from people import secret, signed_in
from story import Story, refused


def test_every_browser_of_the_person_is_signed_out_and_nobody_elses(story: Story) -> None:
    cookies = [secret() for _ in range(3)]
    sessions = [signed_in(story, subject=story.slug, hash=cookie) for cookie in cookies]
    others = secret()
    signed_in(story, hash=others)

    assert story.close_web_sessions(person=sessions[0].person_id) == 3
    for cookie in cookies:
        with refused(401, "web_session_unknown"):
            story.resume_web_session(hash=cookie)
    assert story.resume_web_session(hash=others)
    assert story.close_web_sessions(person=sessions[0].person_id) == 0


def test_everybody_is_told_on_the_control_channel(story: Story) -> None:
    person = signed_in(story).person_id
    with story.listening("polaris_control") as heard:
        story.close_web_sessions(person=person)

        assert heard() == [("polaris_control", '{"org":0,"kind":"web_session","id":0}')]

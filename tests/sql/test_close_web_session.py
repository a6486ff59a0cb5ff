"""polaris.close_web_session: a browser signs out."""

from people import joined, secret, signed_in
from story import Story, refused


def test_the_browser_is_signed_out_and_no_other(story: Story) -> None:
    here, there = secret(), secret()
    signed_in(story, subject=story.slug, hash=here)
    signed_in(story, subject=story.slug, hash=there)

    assert story.close_web_session(hash=here) == 1
    with refused(401, "web_session_unknown"):
        story.resume_web_session(hash=here)
    assert story.resume_web_session(hash=there)


def test_who_is_out_already_stays_out(story: Story) -> None:
    cookie = secret()
    signed_in(story, hash=cookie)
    story.close_web_session(hash=cookie)
    with story.listening("polaris_control") as heard:
        assert story.close_web_session(hash=cookie) == 0
        assert story.close_web_session(hash=secret()) == 0
        assert story.close_web_session(hash=None) == 0
        assert heard() == []


def test_what_hangs_on_it_is_dead_and_everybody_is_told(story: Story) -> None:
    cookie = secret()
    session = joined(story, "krishna", hash=cookie).web_session_id
    with story.listening("polaris_control") as heard:
        story.close_web_session(hash=cookie)

        assert heard() == [("polaris_control", f'{{"org":0,"kind":"web_session","id":{session}}}')]
    assert story.list_dead_web_sessions(sessions=[session], orgs=[story.org]) == [(session, story.org)]

"""polaris.revoke_login: ends what a Postgres login may do here."""

from people import noted
from story import Background, Story, refused


def test_a_revoked_login_may_do_nothing_at_once(story: Story) -> None:
    with story.client(story.me) as client:
        client.list_projects()
        story.revoke_login(login=client.login)
        with refused(401, "login_revoked"):
            client.list_projects()


def test_twice_is_once(story: Story) -> None:
    story.register_login(actor=story.me, login=story.slug)
    first = story.revoke_login(login=story.slug)

    assert first.revoked_at is not None
    with story.listening("polaris_control") as heard:
        assert story.revoke_login(login=story.slug) == first
        assert heard() == []
    assert noted(story, "login.registered", "login.revoked") == [
        (None, "login.registered", story.me),
        (None, "login.revoked", story.me),
    ]


def test_at_once_is_once_as_well(story: Story, background: Background) -> None:
    story.register_login(actor=story.me, login=story.slug)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = one.revoke_login(login=story.slug)
            waiting = background.start(other.revoke_login, login=story.slug)
            background.until_waiting(other, waiting)

        assert background.answer(waiting) == first
    assert len(noted(story, "login.revoked")) == 1


def test_an_unknown_or_foreign_login_is_not_there(story: Story, tell) -> None:
    story.register_login(actor=story.me, login=story.slug)
    for call, login in [(tell(), story.slug), (story, "nobody")]:
        with refused(404, "no_such_login"):
            call.revoke_login(login=login)

    assert story.list_logins()[0].revoked_at is None


def test_everybody_is_told_on_the_control_channel(story: Story) -> None:
    story.register_login(actor=story.me, login=story.slug)
    with story.listening("polaris_control") as heard:
        story.revoke_login(login=story.slug)

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"login","id":0}}')]

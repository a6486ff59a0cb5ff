"""polaris.revoke_login: ends what a Postgres login may do here."""

from story import Story, refused


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
    assert story.revoke_login(login=story.slug) == first


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

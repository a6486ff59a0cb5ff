"""polaris.register_login, list_logins, revoke_login: Postgres logins that act as one participant."""

import pytest
from story import Story, refused


def test_a_login_acts_as_one_participant(story: Story) -> None:
    made = story.register_login(actor="agent:bot", login=f"{story.slug}-bot")

    assert (made.login, made.actor, made.revoked_at) == (f"{story.slug}-bot", "agent:bot", None)


def test_a_login_is_registered_once_in_the_whole_installation(story: Story, tell) -> None:
    story.register_login(actor=story.me, login=story.slug)
    other = tell()
    for call in (story, other):
        with refused(409, "login_exists"):
            call.register_login(actor=call.me, login=story.slug)


def test_it_needs_a_member(story: Story) -> None:
    with refused(404, "no_such_member"):
        story.register_login(actor="user:nobody", login="x")


@pytest.mark.parametrize("actor", ["nobody", None, ""])
def test_it_needs_a_participant(story: Story, actor: str | None) -> None:
    with refused(422, "actor_is_a_participant"):
        story.register_login(actor=actor, login="x")

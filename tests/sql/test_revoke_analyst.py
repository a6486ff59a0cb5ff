"""polaris.revoke_analyst: at its next query the login reads nothing."""

from typing import Any

import pytest
from analysts import analyst
from story import Story, refused


def test_an_open_connection_reads_nothing_any_more(story: Story) -> None:
    story.session("fxm")
    with analyst(story) as eve:
        eve.run("begin isolation level read committed")
        assert len(eve.ask("select from polaris_history.sessions")) == 1
        story.revoke_analyst(actor=story.me, login=eve.login)
        with refused(401, "login_revoked"):
            eve.ask("select from polaris_history.sessions")


def test_twice_is_once(story: Story) -> None:
    story.create_analyst(actor=story.me, login="revoke_1", **{"for": story.me})
    first = story.revoke_analyst(actor=story.me, login="revoke_1")
    second = story.revoke_analyst(actor=story.me, login="revoke_1")

    assert first.revoked_at == second.revoked_at is not None
    assert [action for _, action, *_ in story.audited()].count("analyst.revoked") == 1
    assert story.audited()[-1] == (story.me, "analyst.revoked", story.me, {"login": "revoke_1"})


@pytest.mark.parametrize("login", ["revoke_client", "revoke_other", "nobody"])
def test_it_revokes_its_own_analysts_only(story: Story, tell: Any, login: str) -> None:
    other = tell()
    if login == "revoke_client":
        story.register_login(actor=story.me, login=login)
    elif login == "revoke_other":
        other.create_analyst(actor=other.me, login=login, **{"for": other.me})
    with refused(404, "no_such_login"):
        story.revoke_analyst(actor=story.me, login=login)


def test_an_analyst_is_not_revoked_as_a_client(story: Story) -> None:
    story.create_analyst(actor=story.me, login="revoke_2", **{"for": story.me})
    with refused(404, "no_such_login"):
        story.revoke_login(login="revoke_2")


def test_only_administrators_may(story: Story) -> None:
    krishna = story.member("krishna")
    story.create_analyst(actor=story.me, login="revoke_3", **{"for": krishna})
    with refused(403, "admin_only"):
        story.revoke_analyst(actor=krishna, login="revoke_3")

"""polaris.revoke_token: a credential ends."""

import json
import os

from people import noted
from story import Background, Row, Story, refused


def issue(story: Story, actor: str, whom: str) -> Row:
    return story.issue_token(**{"actor": actor, "for": whom}, name="laptop", hash=os.urandom(32), shown="plr_u_x")


def test_its_owner_its_issuer_and_an_administrator_may(story: Story) -> None:
    krishna = story.member("krishna")
    for actor, token in [
        (krishna, issue(story, krishna, krishna)),
        (krishna, issue(story, krishna, "agent:bot")),
        ("agent:bot", issue(story, krishna, "agent:bot")),
        (story.me, issue(story, krishna, krishna)),
        (None, issue(story, krishna, krishna)),
    ]:
        revoked = story.revoke_token(actor=actor, token=token.token_id)

        assert (revoked.token_id, revoked.revoked_at is None) == (token.token_id, False)


def test_twice_is_once(story: Story) -> None:
    token = issue(story, story.me, story.me)
    first = story.revoke_token(actor=story.me, token=token.token_id)

    with story.listening("polaris_control") as heard:
        assert story.revoke_token(actor=story.me, token=token.token_id) == first
        assert heard() == []
    assert noted(story, "token.revoked") == [(story.me, "token.revoked", story.me)]


def test_at_once_is_once_as_well(story: Story, background: Background) -> None:
    token = issue(story, story.me, story.me)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            first = one.revoke_token(actor=story.me, token=token.token_id)
            waiting = background.start(other.revoke_token, actor=None, token=token.token_id)
            background.until_waiting(other, waiting)

        assert background.answer(waiting) == first
    assert noted(story, "token.revoked") == [(story.me, "token.revoked", story.me)]


def test_the_log_says_who_ended_whose(story: Story) -> None:
    krishna = story.member("krishna")
    token = issue(story, krishna, "agent:bot")
    story.revoke_token(actor=krishna, token=token.token_id)

    assert noted(story)[-1] == (krishna, "token.revoked", "agent:bot")
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {"token": token.token_id}


def test_what_one_may_not_see_does_not_exist(story: Story, tell) -> None:
    priya = story.member("priya")
    token = issue(story, story.me, story.me)
    other = tell()
    for call, actor, number in [
        (story, priya, token.token_id),
        (other, other.me, token.token_id),
        (other, None, token.token_id),
        (story, story.me, -1),
    ]:
        with refused(404, "no_such_token"):
            call.revoke_token(actor=actor, token=number)

    assert story.list_dead_tokens(tokens=[token.token_id]) == []


def test_everybody_is_told_on_the_control_channel(story: Story) -> None:
    token = issue(story, story.me, story.me)
    with story.listening("polaris_control") as heard:
        story.revoke_token(actor=story.me, token=token.token_id)

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"token","id":{token.token_id}}}')]

"""polaris.list_tokens: tokens are listed, secrets are not."""

import os

from story import Story


def issue(story: Story, actor: str, whom: str) -> int:
    number: int = story.issue_token(
        **{"actor": actor, "for": whom}, name="laptop", hash=os.urandom(32), shown="plr_u_x"
    ).token_id
    return number


def test_everybody_sees_what_it_has_and_issued_an_administrator_all(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    admins, own, agents, others = (
        issue(story, story.me, story.me),
        issue(story, krishna, krishna),
        issue(story, krishna, "agent:bot"),
        issue(story, priya, priya),
    )

    def seen_by(actor: str | None) -> list[int]:
        return [token.token_id for token in story.list_tokens(actor=actor)]

    assert seen_by(krishna) == [own, agents]
    assert seen_by("agent:bot") == [agents]
    assert seen_by(priya) == [others]
    assert seen_by(story.me) == seen_by(None) == [admins, own, agents, others]
    assert seen_by("user:nobody") == []


def test_no_column_holds_the_secret_or_its_hash(story: Story) -> None:
    issue(story, story.me, story.me)
    (token,) = story.list_tokens(actor=story.me)

    assert not [value for value in token if isinstance(value, bytes)]
    assert "hash" not in token._fields


def test_a_foreign_organization_sees_none(story: Story, tell) -> None:
    issue(story, story.me, story.me)

    assert tell().list_tokens(actor=None) == []

"""polaris.list_dead_tokens: which of the tokens behind a process's sockets no longer open anything."""

import os
from datetime import timedelta

from story import Story


def issue(story: Story, whom: str, **more: object) -> int:
    number: int = story.issue_token(
        **{"actor": None, "for": whom, "name": "laptop", "hash": os.urandom(32), "shown": "plr_u_x"} | more
    ).token_id
    return number


def test_it_answers_the_revoked_expired_unknown_and_orphaned_ones_of_any_organization(story: Story, tell) -> None:
    other = tell()
    krishna = story.member("krishna")
    living = [
        issue(story, story.me),
        issue(other, other.me),
        issue(story, "agent:bot"),
        issue(story, story.me, expires_in=None),
    ]
    dead = [
        issue(story, story.me),
        issue(other, other.me, expires_in=timedelta(microseconds=1)),
        issue(story, krishna),
        2**62,
    ]
    story.revoke_token(actor=None, token=dead[0])
    story.remove_member(actor=None, handle="krishna")

    assert sorted(n for (n,) in story.list_dead_tokens(tokens=living + dead)) == sorted(dead)


def test_of_none_none_is_dead(story: Story) -> None:
    assert story.list_dead_tokens(tokens=[]) == []

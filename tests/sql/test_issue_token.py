"""polaris.issue_token: the hash of a new credential is kept."""

import json
import os
from datetime import timedelta

import psycopg
import pytest
from people import noted
from story import Row, Story, refused


def issue(story: Story, actor: str | None, whom: str, **more: object) -> Row:
    return story.issue_token(
        **{"actor": actor, "for": whom, "name": "laptop", "hash": os.urandom(32), "shown": "plr_u_ABCDEF"} | more
    )


def test_a_person_has_tokens_of_its_own(story: Story) -> None:
    krishna = story.member("krishna")
    token = issue(story, krishna, krishna)

    assert (token.actor, token.issued_by, token.name, token.shown) == (krishna, krishna, "laptop", "plr_u_ABCDEF")
    assert token.expires_at - token.created_at == pytest.approx(timedelta(days=90), abs=timedelta(seconds=1))
    assert (token.last_used_at, token.revoked_at, token.project) == (None, None, None)
    assert token.sliding is False


def test_it_may_be_for_one_project_and_for_ever(story: Story) -> None:
    story.project("pj")
    token = issue(story, story.me, story.me, project="pj", expires_in=None)

    assert (token.project, token.expires_at) == ("pj", None)


def test_a_person_runs_an_agent_that_nobody_else_runs(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    issue(story, krishna, "agent:test-writer")
    issue(story, krishna, "agent:test-writer")
    with refused(403, "not_your_token"):
        issue(story, priya, "agent:test-writer")

    assert issue(story, priya, "agent:reviewer").issued_by == priya


def test_an_agents_name_is_free_again_in_another_organization(story: Story, tell) -> None:
    issue(story, story.me, "agent:test-writer")
    other = tell()

    assert issue(other, other.member("krishna"), "agent:test-writer").actor == "agent:test-writer"


def test_an_administrator_issues_for_anybody(story: Story) -> None:
    krishna = story.member("krishna")
    issue(story, krishna, "agent:bot")

    assert issue(story, story.me, "agent:bot").issued_by == story.me
    assert issue(story, story.me, krishna).issued_by == story.me


def test_the_service_issues_in_the_name_of_its_owner(story: Story) -> None:
    assert issue(story, None, story.me).issued_by == story.me


def test_nobody_issues_for_somebody_else(story: Story) -> None:
    krishna = story.member("krishna")
    for actor, whom in [
        (krishna, story.me),
        ("agent:bot", krishna),
        ("agent:bot", "agent:other"),
        ("agent:bot", "agent:bot"),
    ]:
        with refused(403, "not_your_token"):
            issue(story, actor, whom)


def test_slack_participants_have_no_tokens(story: Story) -> None:
    with refused(422, "actor_is_a_participant"):
        issue(story, story.me, "slack:kris")


def test_who_is_no_member_gets_none(story: Story, tell) -> None:
    tell().member("krishna")
    with refused(404, "no_such_member"):
        issue(story, story.me, "user:krishna")
    story.member("krishna")
    story.remove_member(actor=story.me, handle="krishna")
    with refused(404, "no_such_member"):
        issue(story, story.me, "user:krishna")


@pytest.mark.parametrize("whom", ["krishna", "robot:x", "user:", "user:Krishna", "user:a\n", None])
def test_it_is_for_a_participant(story: Story, whom: str | None) -> None:
    with refused(422, "actor_is_a_participant"):
        issue(story, story.me, whom)


def test_it_names_a_project_that_is_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        issue(story, story.me, story.me, project="theirs")


@pytest.mark.parametrize("name", ["", None, "x" * 101])
def test_a_token_has_a_short_name(story: Story, name: str | None) -> None:
    with refused(422, "token_name_is_short"):
        issue(story, story.me, story.me, name=name)


def test_what_is_kept_is_a_sha256_and_only_once(story: Story) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="token_hash_is_sha256"):
        issue(story, story.me, story.me, hash=b"the token itself")
    once = os.urandom(32)
    issue(story, story.me, story.me, hash=once)
    with pytest.raises(psycopg.errors.UniqueViolation, match="token_exists"):
        issue(story, story.me, story.me, hash=once)


def test_its_expiry_may_slide(story: Story) -> None:
    token = issue(story, story.me, story.me, expires_in=timedelta(days=30), sliding=True)

    assert (token.sliding, token.expires_at - token.created_at) == (True, timedelta(days=30))
    assert story.list_tokens(actor=story.me) == [token]


@pytest.mark.parametrize(
    ("time", "sliding"), [(timedelta(0), False), (timedelta(seconds=-1), False), (timedelta(0), True), (None, True)]
)
def test_it_lives_for_a_time(story: Story, time: timedelta | None, sliding: bool) -> None:
    with refused(422, "expiry_is_sane"):
        issue(story, story.me, story.me, expires_in=time, sliding=sliding)

    assert story.list_tokens(actor=None) == []


def test_the_log_says_who_issued_what_for_whom(story: Story) -> None:
    krishna = story.member("krishna")
    secret = os.urandom(32)
    token = issue(story, krishna, "agent:bot", name="build", hash=secret)
    row = story.list_audit(actor=None)[-1]

    assert (row.actor, row.action, row.target) == (krishna, "token.issued", "agent:bot")
    assert json.loads(row.detail) == {"token": token.token_id, "name": "build"}
    assert secret.hex() not in row.detail


def test_what_was_refused_is_not_in_the_log(story: Story) -> None:
    krishna = story.member("krishna")
    with refused(403, "not_your_token"):
        issue(story, krishna, story.me)

    assert noted(story, "token.issued") == []

"""Whoever comes at once waits for each other, and nobody for ever: members, the workspace, sessions, in this order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from people import joined, signed_in
from slack_story import Workspace, person
from story import Background, Connection, Story


@pytest.fixture
def work(story: Story) -> Workspace:
    return Workspace(story)


@contextmanager
def held(story: Story, row: str, *values: Any) -> Iterator[Connection]:
    """Somebody holds a row as long as this lasts, so that whoever wants it stands still there."""
    with story.connect.owner() as holder, holder.transaction():
        assert holder.execute(f"select from polaris_data.{row} for update", values).fetchall()
        yield holder


def test_a_driver_is_removed_while_the_bridge_advises_the_session(
    story: Story, work: Workspace, background: Background
) -> None:
    joined(story, "priya")
    story.session("fxm", driver="user:priya")
    channel, krishna = work.channel("pj"), work.person("Krishna")
    work.take_slack_event(
        event_id="Ev1", kind="message", channel=channel, ts="1.0", user=krishna, names=["fxm"], rest="a", text="fxm: a"
    )
    with story.another() as admin, story.another() as bridge:
        with held(story, "sessions where org_id = %s", story.org):
            removed = background.start(admin.remove_member, actor=story.me, handle="priya")
            background.until_waiting(admin, removed)
            advised = background.start(
                bridge.advise_from_slack, fence=work.fence, event_id="Ev1", sessions=["fxm"], body="a"
            )
            background.until_waiting(bridge, advised)

        assert background.answer(removed).handle == "priya"
        assert [row.state for row in background.answer(advised)] == ["queued"]


def test_somebody_is_said_to_be_a_member_while_slack_tells_of_the_same(
    story: Story, work: Workspace, background: Background
) -> None:
    user = work.person("Krishna")
    story.member("priya")
    with story.another() as admin, story.another() as bridge:
        with held(story, "slack_people where org_id = %s", story.org):
            said = background.start(admin.map_slack_person, actor=story.me, user=user, member="priya")
            background.until_waiting(admin, said)
            told = background.start(bridge.write_slack_people, fence=work.fence, people=[person(user, "K")])
            background.until_waiting(bridge, told)

        assert background.answer(said).actor == "user:priya"
        assert background.answer(told) == 1
    assert (work.of(user).name, work.of(user).actor) == ("K", "user:priya")


def test_two_members_of_two_organizations_sign_in(
    story: Story, work: Workspace, tell: Any, background: Background
) -> None:
    works = [work, Workspace(tell())]
    for one in works:
        for handle in ("krishna", "priya"):
            joined(one.story, handle, subject=f"{story.slug}-{handle}")
    users = [(one, one.person(name, f"{name}@new.example")) for one in works for name in ("krishna", "priya")]
    with story.another() as first, story.another() as second:
        with held(story, "slack_workspaces where org_id = %s", story.org):
            signing = []
            for web, handle in ((first, "krishna"), (second, "priya")):
                subject = f"{story.slug}-{handle}"
                signing.append(background.start(signed_in, web, f"{handle}@new.example", subject=subject))
                background.until_waiting(web, signing[-1])
        for one in signing:
            background.answer(one)

    assert [one.of(user).member for one, user in users] == ["krishna", "priya"] * 2


def test_a_channel_is_brought_back_while_the_workspace_is_disconnected(
    story: Story, work: Workspace, background: Background
) -> None:
    channel = work.channel("pj")
    work.post("pj", "one", "two")
    work.channel("pj", state="left", channel=channel)
    with story.another() as one, story.another() as other:
        with held(story, "slack_posts where org_id = %s", story.org):
            ended = background.start(other.disconnect_slack, actor=story.me, reason="bye")
            background.until_waiting(other, ended)
            again = background.start(one.set_slack_channel, actor=story.me, project="pj", again=True)
            background.until_waiting(one, again)

        assert background.answer(ended).state == "disconnected"
        failure = background.failure(again)
        assert isinstance(failure, psycopg.Error)
        assert failure.diag.constraint_name == "no_such_channel"

"""polaris.map_slack_person: an administrator says who a person of the workspace is."""

from typing import Any

import pytest
from people import joined, signed_in
from slack_story import Workspace
from story import Story, refused


@pytest.fixture
def work(story: Story) -> Workspace:
    return Workspace(story)


def test_a_member_whatever_the_addresses_say(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    story.member("priya")
    user = work.person("K", "krishna@acme.example")
    row = work.map_slack_person(user=user, member="priya")

    assert (row.member, row.member_by, row.actor) == ("priya", "admin", "user:priya")


def test_what_an_administrator_said_stays(story: Story, work: Workspace) -> None:
    subject = f"{story.slug}-k"
    joined(story, "krishna", subject=subject)
    story.member("priya")
    user = work.person("K", "krishna@acme.example")
    work.map_slack_person(user=user, member="priya")
    work.person("K", "krishna@acme.example", id=user)
    signed_in(story, "krishna@acme.example", subject=subject)

    assert (work.of(user).member, work.of(user).member_by) == ("priya", "admin")


def test_nobody_whatever_the_addresses_say(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    user = work.person("K", "krishna@acme.example")
    row = work.map_slack_person(user=user, member="")
    work.person("K", "krishna@acme.example", id=user)

    assert (row.member, row.member_by, row.actor) == (None, "admin", "slack:k")
    assert (work.of(user).member, work.of(user).member_by) == (None, "admin")


def test_whoever_has_the_same_address_again(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    user = work.person("K", "krishna@acme.example")
    work.map_slack_person(user=user, member="")
    row = work.map_slack_person(user=user, member=None)

    assert (row.member, row.member_by) == ("krishna", "email")
    work.person("K", None, id=user)
    assert (work.of(user).member, work.of(user).member_by) == (None, None)


@pytest.mark.parametrize("member", ["nobody", "gone", "theirs", "user:priya", "Priya", "agent:bot", " "])
def test_only_members_of_the_organization_are_somebody(story: Story, work: Workspace, tell: Any, member: str) -> None:
    story.member("priya")
    story.member("gone")
    story.remove_member(actor=story.me, handle="gone")
    tell().member("theirs")
    user = work.person("K")
    with refused(404, "no_such_member"):
        work.map_slack_person(user=user, member=member)

    assert work.of(user).actor == "slack:k"


def test_a_member_who_is_removed_is_nobody_and_is_somebody_again_when_back(story: Story, work: Workspace) -> None:
    session = joined(story, "priya")
    user = work.person("K")
    work.map_slack_person(user=user, member="priya")
    story.remove_member(actor=story.me, handle="priya")

    assert work.of(user).actor == "slack:k"
    link = story.slug.encode().ljust(32, b"m")
    story.invite(actor=story.me, email=session.email, role="member", hash=link)
    story.accept_invite(person=session.person_id, org_slug=story.slug, hash=link, handle="priya")
    assert work.of(user).actor == "user:priya"


@pytest.mark.parametrize("standing", ["guest", "stranger", "bot", "deleted"])
def test_nobody_who_is_not_heard_is_heard_by_that(story: Story, work: Workspace, standing: str) -> None:
    story.member("priya")
    user = work.person("K", standing=standing)
    row = work.map_slack_person(user=user, member="priya")

    assert (row.member, row.actor) == ("priya", None)


def test_one_whom_the_workspace_does_not_know(story: Story, work: Workspace, tell: Any) -> None:
    theirs = Workspace(tell())
    foreign = theirs.person("K")
    story.member("priya")
    for user in ("U-nobody", foreign, "", None):
        with refused(404, "no_such_slack_person"):
            work.map_slack_person(user=user, member="priya")

    assert theirs.of(foreign).member is None


def test_only_administrators_say_so(story: Story, work: Workspace) -> None:
    priya = story.member("priya")
    user = work.person("K")
    for actor in (priya, "agent:bot", "slack:k"):
        with refused(403, "admin_only"):
            work.map_slack_person(actor=actor, user=user, member="priya")

    assert work.map_slack_person(actor=None, user=user, member="priya").actor == priya


def test_it_is_told_and_noted(story: Story, work: Workspace) -> None:
    story.member("priya")
    user = work.person("K")
    with story.listening("polaris_control") as heard:
        for member in ("priya", "", None):
            work.map_slack_person(user=user, member=member)

        assert set(heard()) == {("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')}
    assert story.audited()[-3:] == [
        (story.me, "slack.person", user, {"member": "priya"}),
        (story.me, "slack.person", user, {"member": ""}),
        (story.me, "slack.person", user, {"member": None}),
    ]

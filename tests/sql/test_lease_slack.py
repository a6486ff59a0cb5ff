"""polaris.lease_slack: one bridge writes to a workspace; the fence rises with each new one."""

from typing import Any

import pytest
from slack_story import Workspace, connect
from story import Background, Story, refused


def test_the_first_gets_it_and_the_second_does_not(story: Story) -> None:
    work = Workspace(story, bridge=None)

    assert work.lease("bridge-1") is not None
    assert work.lease_slack(holder="bridge-2", seconds=8) is None
    assert work.get_slack()[0].holder == "bridge-1"


def test_who_has_it_renews_it_under_the_same_fence(story: Story) -> None:
    work = Workspace(story)
    before = work.get_slack()[0].lease_until

    assert work.lease_slack(holder="bridge-1", seconds=60) == work.fence
    assert work.get_slack()[0].lease_until > before


def test_one_that_ran_out_goes_to_who_comes_and_the_fence_rises(story: Story) -> None:
    work = Workspace(story)
    old = work.fence
    work.run_out()

    assert work.lease("bridge-2") == old + 1
    with refused(409, "bridge_was_replaced"):
        work.write_slack_people(fence=old, people=[])
    assert work.write_slack_people(people=[]) == 0


def test_one_that_ran_out_and_that_nobody_took_is_still_its_holders(story: Story) -> None:
    # A process that was stopped for a minute, alone: nobody wrote meanwhile, so nothing is in doubt.
    work = Workspace(story)
    work.run_out()

    assert work.write_slack_people(people=[]) == 0
    assert work.lease("bridge-1") == work.fence


def test_a_fence_is_never_used_twice_whatever_is_connected_in_between(story: Story) -> None:
    work = Workspace(story)
    fences = [work.fence]
    for team in (work.team, "T-next", work.team):
        connect(story, team)
        work.lease("bridge-1")
        fences.append(work.fence)
        work.disconnect_slack(reason="bye")

    assert fences == sorted(set(fences))


def test_of_two_at_once_one_gets_it(story: Story, background: Background) -> None:
    work = Workspace(story, bridge=None)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            fence = one.lease_slack(holder="bridge-1", seconds=8)
            waiting = background.start(other.lease_slack, holder="bridge-2", seconds=8)
            background.until_waiting(other, waiting)

        assert background.answer(waiting) is None
    assert work.write_slack_people(fence=fence, people=[]) == 0


def test_whoever_takes_over_waits_for_a_write_that_is_under_way(story: Story, background: Background) -> None:
    work = Workspace(story)
    work.run_out()
    with story.another() as old, story.another() as new:
        with old.connection.transaction():
            old.write_slack_channel(
                fence=work.fence,
                project_id=story.project_id(story.project("pj")),
                channel="C1",
                name="pj",
                state="live",
            )
            waiting = background.start(new.lease_slack, holder="bridge-2", seconds=8)
            background.until_waiting(new, waiting)

        assert background.answer(waiting) == work.fence + 1
    assert work.room().state == "live"


def test_nobody_gets_one_that_is_refused_disconnected_or_not_there(story: Story, tell: Any) -> None:
    refused, ended, none = Workspace(story), Workspace(tell()), tell()
    refused.refuse_slack(reason="token_revoked")
    ended.disconnect_slack(reason="bye")

    for org in (refused, ended, none):
        assert org.lease_slack(holder="bridge-1", seconds=8) is None


def test_workspaces_have_leases_of_their_own(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story, bridge="bridge-1"), Workspace(tell(), bridge="bridge-2")

    assert [w.get_slack()[0].holder for w in (work, theirs)] == ["bridge-1", "bridge-2"]


@pytest.mark.parametrize(("holder", "seconds"), [(None, 8), ("b", None), ("b", 0), ("b", 61), ("b", -1)])
def test_it_has_a_name_and_a_sane_length(story: Story, holder: str | None, seconds: int | None) -> None:
    work = Workspace(story, bridge=None)
    with refused(422, "lease_is_sane"):
        work.lease_slack(holder=holder, seconds=seconds)

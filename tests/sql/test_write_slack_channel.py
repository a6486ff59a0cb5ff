"""polaris.write_slack_channel: what the bridge found out about a project's channel."""

from typing import Any

import psycopg
import pytest
from slack_story import Workspace
from story import Story, event, refused


@pytest.fixture
def work(story: Story) -> Workspace:
    """A workspace, and a project from before it with a session and an event."""
    story.push(story.session("fxm", driver="agent:bot"), event("before"))
    return Workspace(story)


def write(work: Workspace, state: str, project: str = "pj", **more: Any) -> int:
    """Writes the state of a project's channel; answers how many events are skipped."""
    skipped: int = work.write_slack_channel(
        project_id=work.story.project_id(project), **{"channel": "C1", "name": project, "state": state} | more
    )
    return skipped


def happened(work: Workspace, *ids: str) -> None:
    """More events in session fxm."""
    place = work.story.get_session(actor=None, project="pj", session="fxm")
    work.story.push_columns(
        [
            {
                "actor": "agent:bot", "project": "pj", "session": "fxm", "epoch": place.epoch, "kind": "prompt",
                "client_id": id, "turn": None, "agent": None, "body": "b", "payload": None, "occurred_at": None,
                "facts": None,
            }
            for id in ids
        ]
    )  # fmt: skip


def test_a_new_one_is_live_with_what_slack_called_it(work: Workspace) -> None:
    assert write(work, "live", name="polaris-pj") == 0
    row = work.room()

    assert (row.channel_id, row.name, row.state, row.reason, row.level, row.hears) == (
        "C1",
        "polaris-pj",
        "live",
        None,
        "all",
        True,
    )


def test_a_project_from_before_is_told_from_now_on_and_a_newer_one_from_its_beginning(
    story: Story, work: Workspace
) -> None:
    story.session("fxm", project="since")
    write(work, "live")
    write(work, "live", project="since", channel="C2")

    assert [work.room(name).cursor for name in ("pj", "since")] == [work.room("pj").last_seq, 0]


def test_a_first_try_that_failed_does_not_change_from_where_it_is_told(story: Story, work: Workspace) -> None:
    story.session("fxm", project="since")
    write(work, "refused", project="since", channel=None, reason="restricted_action")
    write(work, "live", project="since")

    assert work.room("since").cursor == 0


def test_its_name_its_id_and_its_state_change(work: Workspace) -> None:
    write(work, "live")
    write(work, "live", channel="C2", name="renamed")
    row = work.room()

    assert (row.channel_id, row.name) == ("C2", "renamed")
    write(work, "missing", channel=None, reason="channel_not_found")
    row = work.room()
    assert (row.channel_id, row.state, row.reason) == (None, "missing", "channel_not_found")


@pytest.mark.parametrize("state", ["archived", "left"])
def test_after_a_pause_it_is_told_from_now_on_and_how_much_is_left_out(work: Workspace, state: str) -> None:
    write(work, "live")
    happened(work, "a")
    work.post("pj", "waits")
    happened(work, "b", "c")
    write(work, state, reason=state)

    assert [(post.state, post.reason) for post in work.posts()] == [("dropped", f"the channel is {state}")]
    happened(work, "d")
    assert write(work, "live") == 3
    assert work.room().cursor == work.room().last_seq


def test_a_channel_that_was_deleted_and_made_again_leaves_nothing_out(work: Workspace) -> None:
    write(work, "live")
    happened(work, "a")
    cursor = work.room().cursor
    write(work, "missing", channel=None)

    assert write(work, "live", channel="C2") == 0
    assert work.room().cursor == cursor


def test_the_same_again_changes_nothing(work: Workspace) -> None:
    write(work, "live")
    happened(work, "a")
    before = work.room()

    assert write(work, "live") == 0
    assert work.room() == before


def test_one_that_is_shared_with_others_is_not_heard_until_an_administrator_says_so(work: Workspace) -> None:
    write(work, "live", shared=False)
    write(work, "live", shared=True)
    assert (work.room().shared, work.room().hears) == (True, False)

    work.set_slack_channel(project="pj", hears=True)
    write(work, "live", shared=True)
    write(work, "live")
    assert (work.room().shared, work.room().hears) == (True, True)


def test_one_that_is_shared_again_is_unheard_again(work: Workspace) -> None:
    write(work, "live", shared=True)
    work.set_slack_channel(project="pj", hears=True)
    write(work, "live", shared=False)

    assert work.room().hears is True
    write(work, "live", shared=True)
    assert work.room().hears is False


def test_a_new_one_that_is_shared_is_unheard(work: Workspace) -> None:
    write(work, "live", shared=True)

    assert work.room().hears is False


def test_what_an_administrator_switched_off_stays_off(work: Workspace) -> None:
    write(work, "live")
    work.set_slack_channel(project="pj", hears=False, level="final-only")
    write(work, "live", shared=False, name="renamed")

    assert (work.room().hears, work.room().level) == (False, "final-only")


def test_one_channel_is_one_projects(story: Story, work: Workspace) -> None:
    write(work, "live")
    story.project("other")
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        write(work, "live", project="other")

    assert caught.value.diag.constraint_name == "slack_channel_exists"


def test_a_channel_of_this_id_in_another_workspace_is_another(work: Workspace, tell: Any) -> None:
    theirs = Workspace(tell())
    write(work, "live")
    theirs.channel("pj", channel="C1")

    assert theirs.room().channel_id == work.room().channel_id


def test_a_project_of_another_organization_is_none(work: Workspace, tell: Any) -> None:
    other = tell()
    other.project("theirs")
    with pytest.raises(psycopg.errors.NoDataFound):
        work.write_slack_channel(
            project_id=other.project_id("theirs"), channel="C1", name="theirs", state="live"
        )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [({"state": "gone"}, "channel_state_is_known"), ({"channel": None}, "live_channel_has_an_id")],
)
def test_its_state_is_one_that_there_is(work: Workspace, wrong: dict[str, Any], constraint: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        write(work, **{"state": "live"} | wrong)

    assert caught.value.diag.constraint_name == constraint


def test_nobody_without_the_fence_writes(work: Workspace) -> None:
    with refused(409, "bridge_was_replaced"):
        write(work, "live", fence=work.fence + 1)

"""polaris.disconnect_slack: the token goes, and what came from Slack."""

from typing import Any

import pytest
from slack_story import Workspace, connect
from story import Background, Story, refused

TABLES = ("slack_people", "slack_channels", "slack_inbox", "slack_posts", "slack_advice")


@pytest.fixture
def work(story: Story) -> Workspace:
    """A workspace with something in every table: advice by Krishna for fxm, and a post."""
    work = Workspace(story)
    story.session("fxm", driver="agent:bot")
    channel = work.channel("pj")
    krishna = work.person("Krishna", "krishna@acme.example")
    stored = work.take_slack_event(
        event_id="Ev1", kind="message", channel=channel, ts="1.0", user=krishna, names=["fxm"], rest="use RS256",
        text="fxm: use RS256",
    )  # fmt: skip
    work.advise_from_slack(event_id="Ev1", sessions=["fxm"], body="use RS256")
    work.post("pj", "a post that waits")

    assert stored == "stored"
    return work


def left(work: Workspace) -> dict[str, int]:
    """How many rows each table of Slack's has of the organization."""
    return {
        table: work.story.rows(f"select count(*) from polaris_data.{table} where org_id = %s", work.org)[0][0]
        for table in TABLES
    }


def test_the_token_goes_and_what_came_from_slack(story: Story, work: Workspace) -> None:
    assert 0 not in left(work).values()
    row = work.disconnect_slack(reason="we use something else")

    assert (row.state, row.reason, row.holder) == ("disconnected", "we use something else", None)
    assert left(work) == dict.fromkeys(TABLES, 0)
    assert story.rows(
        "select token, token_key from polaris_data.slack_workspaces where org_id = %s", story.org
    ) == [(None, None)]  # fmt: skip
    assert story.list_slack_workspaces() == [w for w in story.list_slack_workspaces() if w.org_id != story.org]


def test_the_record_keeps_what_was_said_to_a_session(story: Story, work: Workspace) -> None:
    work.disconnect_slack(reason="bye")
    (advice,) = story.events(kind=["advice"])

    assert (advice.actor, advice.body) == ("slack:krishna", "use RS256")
    assert [d.state for d in story.list_deliveries(actor=None, project="pj")] == ["queued"]


def test_a_name_of_the_record_is_never_somebody_elses(story: Story, work: Workspace) -> None:
    # The handle stands in the record, and on lists of private projects: a namesake must not become slack:krishna.
    (krishna,) = (row.user_id for row in work.list_slack_people())
    work.disconnect_slack(reason="bye")
    connect(story, work.team)
    work.lease("bridge-2")
    namesake = work.person("Krishna")
    work.person("Krishna R", id=krishna)

    assert (work.of(namesake).handle, work.of(krishna).handle) == ("krishna-2", "krishna")


def test_of_people_nothing_stays_but_hashes(story: Story, work: Workspace) -> None:
    work.disconnect_slack(reason="bye")
    kept = story.rows("select handle, who from polaris_data.slack_handles where org_id = %s", story.org)

    assert [(handle, len(who)) for handle, who in kept] == [("krishna", 32)]


def test_whoever_has_the_lease_writes_no_more(work: Workspace) -> None:
    work.disconnect_slack(reason="bye")
    for write in (
        lambda: work.write_slack_people(people=[]),
        lambda: work.refuse_slack(reason="token_revoked"),
        lambda: work.finish_slack_event(event_id="Ev1", outcome="done"),
        lambda: work.begin_slack_post(post_id=1),
    ):
        with refused(409, "bridge_was_replaced"):
            write()
    assert work.lease() is None


def test_a_bridge_that_writes_comes_first(work: Workspace, background: Background) -> None:
    # What it wrote goes, too: nothing of Slack's is left behind by a race.
    with work.story.another() as bridge, work.story.another() as admin:
        with bridge.connection.transaction():
            bridge.write_slack_people(
                fence=work.fence,
                people=[{"id": "U-late", "name": "Late", "standing": "full"}],
            )
            waiting = background.start(admin.disconnect_slack, actor=work.me, reason="bye")
            background.until_waiting(admin, waiting)
        background.answer(waiting)

    assert left(work) == dict.fromkeys(TABLES, 0)


def test_again_changes_nothing(story: Story, work: Workspace) -> None:
    first = work.disconnect_slack(reason="bye")
    with story.listening("polaris_control") as heard:
        again = work.disconnect_slack(reason="again")

        assert heard() == []
    assert again == first
    assert [row[1] for row in story.audited()].count("slack.disconnected") == 1


def test_settings_stay_for_the_next_time(story: Story, work: Workspace) -> None:
    work.set_slack(hears_everybody=False)
    work.disconnect_slack(reason="bye")

    assert connect(story, work.team).hears_everybody is False


def test_administrators_and_the_service_may(story: Story, work: Workspace, tell: Any) -> None:
    other = tell()
    other.member("boss", role="admin")
    for actor in (story.member("priya"), "agent:bot", "slack:krishna", "user:boss"):
        with refused(403, "admin_only"):
            work.disconnect_slack(actor=actor, reason="mine")

    assert work.disconnect_slack(actor=None, reason="app_uninstalled").state == "disconnected"


def test_the_workspace_of_another_organization_stays(work: Workspace, tell: Any) -> None:
    theirs = Workspace(tell())
    theirs.person("Priya")
    work.disconnect_slack(reason="bye")

    assert theirs.lease() == theirs.fence
    assert [row.name for row in theirs.list_slack_people()] == ["Priya"]


def test_without_a_workspace_there_is_nothing_to_end(story: Story) -> None:
    with refused(404, "slack_not_connected"):
        story.disconnect_slack(actor=story.me, reason="bye")


def test_it_is_told_and_noted(story: Story, work: Workspace) -> None:
    with story.listening("polaris_control") as heard:
        work.disconnect_slack(reason="r" * 400)

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"slack","id":0}}')]
    assert story.audited()[-1] == (story.me, "slack.disconnected", None, {"reason": "r" * 300})

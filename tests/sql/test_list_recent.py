"""polaris.list_recent: the newest words over everything that one may see."""

import pytest
from story import Story, event, refused


def test_it_is_what_was_said_in_all_projects_newest_first(story: Story) -> None:
    one, two = story.session("s", driver=story.me, project="one"), story.session("s", driver="agent:bot", project="two")
    story.push(one, event("a", body="prompt in one"))
    story.push(two, event("a", kind="reply", body="reply in two"))
    story.advise(one, "advice for one", sender="agent:bot")
    story.say(actor=story.me, project="two", body="said to two")
    story.release_driver(actor="agent:bot", **two)

    assert [(e.project, e.kind, e.body) for e in story.list_recent(actor=story.me)] == [
        ("two", "driver.released", "agent:bot released s"),
        ("two", "floor", "said to two"),
        ("one", "advice", "advice for one"),
        ("two", "reply", "reply in two"),
        ("one", "prompt", "prompt in one"),
        ("two", "driver.claimed", "agent:bot drives s"),
        ("one", "driver.claimed", f"{story.me} drives s"),
    ]


def test_an_entry_is_the_event_itself(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a", payload={"k": "v"}))

    assert story.list_recent(actor=story.me, limit=1) == story.events()[-1:]


def test_what_the_agent_does_in_between_is_left_out(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm, "kept")
    story.settle(advice, "sent", fxm)
    story.push(fxm, *(event(kind, kind=kind) for kind in ("message", "tool.call", "tool.result", "notice")))

    assert {e.kind for e in story.list_recent(actor=story.me)} == {"driver.claimed", "advice"}


def test_it_is_as_many_as_are_asked_for(story: Story) -> None:
    story.project("pj")
    for n in range(30):
        story.say(actor=story.me, project="pj", body=str(n))

    assert [e.body for e in story.list_recent(actor=story.me, limit=3)] == ["29", "28", "27"]
    assert len(story.list_recent(actor=story.me)) == 20
    assert len(story.list_recent(actor=story.me, limit=100)) == 30


def test_it_looks_back_over_the_last_200_events_of_a_project(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.say(actor=story.me, project="pj", body="beyond")
    story.say(actor=story.me, project="pj", body="within")
    story.push(fxm, *(event(f"e{n}", kind="tool.call") for n in range(199)))

    assert [e.body for e in story.list_recent(actor=story.me)] == ["within"]


def test_archived_projects_are_left_out(story: Story) -> None:
    story.session("fxm", driver=story.me)
    story.archive_project(actor=story.me, project="pj")

    assert story.list_recent(actor=story.me) == []


@pytest.mark.parametrize("limit", [0, 101, -1, None])
def test_a_page_is_of_a_sane_size(story: Story, limit: int | None) -> None:
    with refused(422, "limit_is_sane"):
        story.list_recent(actor=story.me, limit=limit)


def test_a_foreign_organization_is_not_on_it(story: Story, tell) -> None:
    tell().session("fxm", driver="user:manu")
    story.session("mine", driver=story.me)

    assert {(e.project, e.session) for e in story.list_recent(actor=story.me)} == {("pj", "mine")}


def test_a_direct_client_reads_it_too(story: Story) -> None:
    story.session("fxm", driver=story.me)
    with story.client(story.me) as client:
        assert [e.kind for e in client.list_recent(actor=None)] == ["driver.claimed"]


def test_a_seat_that_ran_out_is_told(story: Story) -> None:
    story.run_out(story.session("fxm", driver=story.me))
    story.expire_leases()

    assert story.list_recent(actor=story.me)[0].kind == "driver.expired"

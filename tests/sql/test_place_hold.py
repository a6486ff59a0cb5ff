"""polaris.place_hold: while it stands, nothing is deleted."""

from typing import Any

import pytest
from keeping_story import REASON, erase_all, grow_old, numbers, prune_all, traces, work
from story import Background, Story, event, refused


def test_it_says_what_is_held_why_and_by_whom(story: Story) -> None:
    story.project("pj")
    hold = story.place_hold(actor=story.me, project="pj", reason="the case of Acme")
    whole = story.place_hold(actor=story.me, project=None, reason="an audit")

    assert (hold.project, hold.reason, hold.placed_by, hold.lifted_at) == ("pj", "the case of Acme", story.me, None)
    assert whole.project is None
    assert story.audited()[-2:] == [
        (story.me, "hold.placed", "pj", {"hold": hold.hold_id, "reason": "the case of Acme"}),
        (story.me, "hold.placed", None, {"hold": whole.hold_id, "reason": "an audit"}),
    ]


@pytest.mark.parametrize("project", ["pj", None])
def test_nothing_is_pruned_while_it_stands_and_all_of_it_afterwards(story: Story, project: str | None) -> None:
    story.push(story.session("fxm", driver=story.me), event("a"), event("b"))
    story.set_retention(actor=story.me, project="pj", keep_days=1)
    grow_old(story, 2)
    hold = story.place_hold(actor=story.me, project=project, reason="a case")

    assert story.list_keeping_work() == []
    assert prune_all(story) == 0
    story.lift_hold(actor=story.me, hold=hold.hold_id)
    assert prune_all(story) == 4
    assert numbers(story) == []


@pytest.mark.parametrize("project", ["pj", None])
def test_nothing_is_erased_while_it_stands(story: Story, project: str | None) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush")
    story.place_hold(actor=story.me, project=project, reason="a case")

    with refused(409, "legal_hold"):
        story.erase_session(actor=story.me, reason=REASON, **fxm)
    with refused(409, "legal_hold") as why:
        story.erase_person(actor=story.me, participant=story.me, reason=REASON)
    with refused(409, "legal_hold"):
        story.scrub_events(
            actor=story.me, project="pj", seqs=[1], hashes=[b"x"], bodies=[""], payloads=[None], facts=[None]
        )
    with refused(409, "legal_hold"):
        story.scrub_texts(actor=story.me, project="pj", places=["post"], keys=["1"], hashes=[b"x"], bodies=[""])
    assert why.message == "A legal hold stands on pj."


def test_an_erasure_that_is_under_way_waits_for_it(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    work(story, fxm, "hush", 9)
    erasure = story.erase_session(actor=story.me, reason=REASON, **fxm)
    story.erase_batch(erasure=erasure.erasure_id, limit=4)
    left = traces(story, "hush")
    hold = story.place_hold(actor=story.me, project="pj", reason="a case")
    batch = story.erase_batch(erasure=erasure.erasure_id)

    assert (batch.erased, batch.done, batch.waits) == (0, False, True)
    assert traces(story, "hush") == left
    assert story.list_keeping_work() == []
    assert story.list_erasures(actor=story.me)[0].held is True
    story.lift_hold(actor=story.me, hold=hold.hold_id)
    erase_all(story, erasure)
    assert "events" not in traces(story, "hush")


def test_it_waits_for_what_is_being_deleted_and_stops_what_would_be(story: Story, background: Background) -> None:
    story.push(story.session("fxm", driver=story.me), *(event(f"e-{n}") for n in range(8)))
    story.set_retention(actor=story.me, project="pj", keep_days=1)
    grow_old(story, 2)
    pj = story.project_id()
    with story.another() as keeper, story.another() as admin:
        with keeper.connection.transaction():
            assert keeper.prune_project(project_id=pj, limit=3).pruned == 3
            placing = background.start(admin.place_hold, actor=story.me, project="pj", reason="a case")
            background.until_waiting(admin, placing)
        background.answer(placing)
        assert keeper.prune_project(project_id=pj, limit=3).pruned == 0
    assert numbers(story)[0] == 4


def test_a_project_has_one_at_a_time(story: Story) -> None:
    story.project("pj")
    story.place_hold(actor=story.me, project="pj", reason="a case")
    with refused(409, "hold_is_placed"):
        story.place_hold(actor=story.me, project="pj", reason="another case")
    story.place_hold(actor=story.me, project=None, reason="a case of all")


@pytest.mark.parametrize(
    ("reason", "code"), [(None, "body_is_there"), (" ", "body_is_there"), ("x" * 501, "body_is_short")]
)
def test_it_needs_a_reason(story: Story, reason: Any, code: str) -> None:
    with refused(422, code):
        story.place_hold(actor=story.me, project=None, reason=reason)


def test_administrators_only(story: Story) -> None:
    story.project("pj")
    krishna = story.member("krishna")
    for project in (None, "pj"):
        with refused(403, "admin_only"):
            story.place_hold(actor=krishna, project=project, reason="mine")
    with refused(404, "no_such_project"):
        story.place_hold(actor=story.me, project="nope", reason="a case")

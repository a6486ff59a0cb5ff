"""polaris.join_session: what /polaris join does."""

import pytest
from story import Story, refused


def test_it_makes_project_and_session_and_takes_the_seat(story: Story) -> None:
    joined = story.join_session(actor="user:manu", project="pj", session="fxm")

    assert (joined.created, joined.claimed, joined.driver, joined.epoch) == (True, True, "user:manu", 1)
    assert (joined.project, joined.name, joined.created_by, joined.last_seq) == ("pj", "fxm", "user:manu", 2)
    assert story.told() == ["session.created", "driver.claimed"]


def test_it_takes_an_open_seat(story: Story) -> None:
    fxm = story.session("fxm")
    joined = story.join_session(actor="agent:bot", **fxm)

    assert (joined.created, joined.claimed, joined.driver) == (False, True, "agent:bot")


def test_somebody_else_at_the_wheel_is_no_failure(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    joined = story.join_session(actor=story.me, **fxm)

    assert (joined.created, joined.claimed, joined.driver, joined.epoch) == (False, False, "agent:bot", 1)
    assert story.told() == ["session.created", "driver.claimed"]


def test_ones_own_seat_is_claimed_again_under_the_same_epoch(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    joined = story.join_session(actor=story.me, **fxm)

    assert (joined.created, joined.claimed, joined.epoch) == (False, True, 1)
    assert story.told() == ["session.created", "driver.claimed"]


def test_a_lapsed_seat_is_taken(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    joined = story.join_session(actor="agent:bot", **fxm)

    assert (joined.claimed, joined.driver, joined.epoch) == (True, "agent:bot", 2)


def test_a_project_of_the_same_name_elsewhere_is_another_one(story: Story, tell) -> None:
    other = tell()
    theirs = other.join_session(actor=other.me, project="pj", session="fxm")
    ours = story.join_session(actor=story.me, project="pj", session="fxm")

    assert ours.created
    assert ours.project_id != theirs.project_id


def test_what_is_archived_is_refused(story: Story) -> None:
    fxm = story.session("fxm")
    story.session("x", project="gone")
    story.archive_session(actor=story.me, **fxm)
    story.archive_project(actor=story.me, project="gone")
    with refused(409, "session_is_archived"):
        story.join_session(actor=story.me, **fxm)
    with refused(409, "project_is_archived"):
        story.join_session(actor=story.me, project="gone", session="x")


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("name_is_a_slug", {"project": "PJ"}),
        ("name_is_a_slug", {"session": "f x"}),
        ("lease_is_sane", {"lease_seconds": 0}),
        ("actor_is_a_participant", {"actor": None}),
    ],
)
def test_bad_input_makes_nothing(story: Story, code: str, wrong: dict[str, object]) -> None:
    with refused(422, code):
        story.join_session(**{"actor": story.me, "project": "pj", "session": "fxm"} | wrong)

    assert story.list_projects() == []


def test_who_joins_takes_a_seat_over_as_who_claims_does(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.run_out(fxm)
    joined = story.join_session(actor="agent:bot", **fxm)

    assert (joined.claimed, joined.epoch) == (True, 2)
    taken = {"project": "pj", "session": "fxm", "epoch": 2}
    assert story.audited()[-1] == ("agent:bot", "seat.taken_over", story.me, taken)


def test_a_project_that_is_made_by_joining_is_open_to_the_organization(story: Story) -> None:
    story.join_session(actor="agent:bot", project="pj", session="fxm")

    assert story.get_project(actor=story.me, project="pj").visibility == "org"


def test_nobody_joins_a_private_project_that_it_may_not_see(story: Story) -> None:
    story.create_project(actor=story.me, name="pj", visibility="private")
    with refused(404, "no_such_project"):
        story.join_session(actor="agent:bot", project="pj", session="fxm")
    story.add_project_member(actor=story.me, project="pj", member="agent:bot")

    assert story.join_session(actor="agent:bot", project="pj", session="fxm").claimed

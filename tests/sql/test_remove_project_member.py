"""polaris.remove_project_member: who is taken off the list sees a private project no more, and drives nothing in it."""

import pytest
from story import Place, Story, refused


@pytest.fixture
def krishna(story: Story) -> str:
    """A member who has made a private project, pj, and put priya and an agent on its list."""
    krishna = story.member("krishna")
    story.create_project(actor=krishna, name="pj", visibility="private")
    for member in (story.member("priya"), "agent:bot"):
        story.add_project_member(actor=krishna, project="pj", member=member)
    return krishna


@pytest.mark.parametrize("member", ["user:priya", "agent:bot"])
def test_it_sees_the_project_no_more(story: Story, krishna: str, member: str) -> None:
    assert story.remove_project_member(actor=krishna, project="pj", member=member) == member
    with refused(404, "no_such_project"):
        story.get_project(actor=member, project="pj")


@pytest.mark.parametrize("member", ["user:priya", "agent:bot"])
def test_its_seats_become_open_and_nobody_elses(story: Story, krishna: str, member: str) -> None:
    one, two = (story.session(name, driver=member) for name in ("one", "two"))
    theirs = story.session("theirs", driver=krishna)
    elsewhere = story.session("one", driver=member, project="elsewhere")
    advice = story.advise(one, sender=krishna)
    story.settle(advice, "sent", one)
    story.remove_project_member(actor=krishna, project="pj", member=member)

    drivers = {s.name: s.driver for s in story.list_sessions(actor=None, project="pj")}
    assert drivers == {"one": None, "two": None, "theirs": theirs.driver}
    assert story.get_session(actor=None, **elsewhere).driver == member
    ended = [(e.actor, e.session) for e in story.events(kind=["driver.released"])]
    assert ended == [(member, "one"), (member, "two")]
    # What was on its way to it waits for the next driver.
    assert story.get_delivery(actor=None, project="pj", delivery=advice.delivery_id).state == "queued"
    with refused(404, "no_such_project"):
        story.claim_driver(actor=member, **two)
    story.check()


def test_what_it_watches_ends(story: Story, krishna: str) -> None:
    with story.listening("polaris_control") as heard:
        story.remove_project_member(actor=krishna, project="pj", member="user:priya")

        told = f'{{"org":{story.org},"kind":"project","id":{story.project_id()}}}'
        assert ("polaris_control", told) in heard()


def test_off_the_list_of_an_open_project_it_goes_on(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    story.add_project_member(actor=story.me, project="pj", member="agent:bot")
    story.remove_project_member(actor=story.me, project="pj", member="agent:bot")

    assert story.get_session(actor="agent:bot", **fxm).driver == "agent:bot"


def test_an_administrator_sees_it_without_the_list(story: Story, krishna: str) -> None:
    story.add_project_member(actor=krishna, project="pj", member=story.me)
    fxm = story.session("fxm", driver=story.me)
    story.remove_project_member(actor=krishna, project="pj", member=story.me)

    assert story.get_session(actor=story.me, **fxm).driver == story.me


def test_everybody_may_leave_its_maker_too(story: Story, krishna: str) -> None:
    for actor in ("user:priya", "agent:bot", krishna):
        story.remove_project_member(actor=actor, project="pj", member=actor)
        with refused(404, "no_such_project"):
            story.get_project(actor=actor, project="pj")

    assert story.list_project_members(actor=story.me, project="pj") == []


def test_its_maker_an_administrator_and_the_service_may(story: Story, krishna: str) -> None:
    for number, actor in enumerate([krishna, story.me, None]):
        story.add_project_member(actor=krishna, project="pj", member=f"agent:a{number}")
        story.remove_project_member(actor=actor, project="pj", member=f"agent:a{number}")
    for actor in ("user:priya", "agent:bot"):
        with refused(403, "admin_only"):
            story.remove_project_member(actor=actor, project="pj", member=krishna)


@pytest.mark.parametrize("member", ["agent:nobody", "user:manu", "priya", None])
def test_who_is_not_on_the_list_is_not_taken_off(story: Story, krishna: str, member: str | None) -> None:
    with refused(404, "no_such_member"):
        story.remove_project_member(actor=krishna, project="pj", member=member)


def test_it_is_in_the_audit_log(story: Story, krishna: str) -> None:
    story.remove_project_member(actor="user:priya", project="pj", member="user:priya")

    assert story.audited()[-1] == ("user:priya", "project.member_removed", "user:priya", {"project": "pj"})


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.remove_project_member(actor=story.me, project="theirs", member=story.me)


def test_who_comes_back_drives_under_a_new_epoch(story: Story, krishna: str) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    story.remove_project_member(actor=krishna, project="pj", member="agent:bot")
    story.add_project_member(actor=krishna, project="pj", member="agent:bot")

    assert story.claim(Place("pj", "fxm"), "agent:bot").epoch == fxm.epoch + 1

"""polaris.set_visibility: a project is open to the organization, or private."""

import pytest
from story import Place, Story, refused


def test_a_project_is_closed_and_opened_again(story: Story) -> None:
    priya = story.member("priya")
    story.project("pj")
    closed = story.set_visibility(actor=story.me, project="pj", visibility="private")
    with refused(404, "no_such_project"):
        story.get_project(actor=priya, project="pj")
    opened = story.set_visibility(actor=story.me, project="pj", visibility="org")

    assert (closed.visibility, opened.visibility) == ("private", "org")
    assert story.get_project(actor=priya, project="pj").visibility == "org"


def test_its_maker_and_who_closes_it_are_on_the_list(story: Story) -> None:
    krishna = story.member("krishna")
    story.project("pj", by=krishna)
    story.set_visibility(actor=story.me, project="pj", visibility="private")

    assert [m.actor for m in story.list_project_members(actor=krishna, project="pj")] == [krishna, story.me]


def test_a_maker_who_has_gone_and_the_service_are_not(story: Story) -> None:
    story.project("pj", by=story.member("krishna"))
    story.remove_member(actor=story.me, handle="krishna")
    story.set_visibility(actor=None, project="pj", visibility="private")

    assert story.list_project_members(actor=story.me, project="pj") == []


def test_drivers_who_are_not_on_the_list_lose_the_seat(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    story.project("pj", by=krishna)
    drivers = {"a": krishna, "b": priya, "c": "agent:bot", "d": story.me, "e": "agent:listed", "f": None}
    for name, driver in drivers.items():
        story.session(name, driver=driver)
    story.add_project_member(actor=krishna, project="pj", member="agent:listed")
    story.set_visibility(actor=krishna, project="pj", visibility="private")

    left = {s.name: s.driver for s in story.list_sessions(actor=None, project="pj")}
    assert left == drivers | {"b": None, "c": None}
    assert {(e.actor, e.session) for e in story.events(kind=["driver.released"])} == {(priya, "b"), ("agent:bot", "c")}
    with refused(404, "no_such_project"):
        story.claim_driver(actor=priya, project="pj", session="b")
    story.check()


def test_what_outsiders_watch_ends(story: Story) -> None:
    story.project("pj")
    with story.listening("polaris_control") as heard:
        story.set_visibility(actor=story.me, project="pj", visibility="private")

        told = f'{{"org":{story.org},"kind":"project","id":{story.project_id()}}}'
        assert heard() == [("polaris_control", told)]


def test_the_same_again_changes_nothing(story: Story) -> None:
    story.project("pj")
    for _ in range(2):
        story.set_visibility(actor=story.me, project="pj", visibility="private")

    assert [row[1] for row in story.audited()].count("project.visibility") == 1


def test_its_list_is_kept_while_it_is_open(story: Story) -> None:
    story.create_project(actor=story.me, name="pj", visibility="private")
    story.add_project_member(actor=story.me, project="pj", member="agent:bot")
    for visibility in ("org", "private"):
        story.set_visibility(actor=story.me, project="pj", visibility=visibility)

    assert story.get_project(actor="agent:bot", project="pj").visibility == "private"


def test_its_maker_an_administrator_and_the_service_may(story: Story) -> None:
    krishna, priya = story.member("krishna"), story.member("priya")
    story.project("pj", by=krishna)
    with refused(403, "admin_only"):
        story.set_visibility(actor=priya, project="pj", visibility="private")
    for actor, visibility in [(krishna, "private"), (story.me, "org"), (None, "private")]:
        assert story.set_visibility(actor=actor, project="pj", visibility=visibility).visibility == visibility
    story.add_project_member(actor=krishna, project="pj", member=priya)
    with refused(403, "admin_only"):
        story.set_visibility(actor=priya, project="pj", visibility="org")


@pytest.mark.parametrize("visibility", [None, "", "public", "Private"])
def test_it_is_one_of_two(story: Story, visibility: str | None) -> None:
    story.project("pj")
    with refused(422, "visibility_is_known"):
        story.set_visibility(actor=story.me, project="pj", visibility=visibility)


def test_an_archived_project_may_be_closed(story: Story) -> None:
    story.session("fxm", driver="agent:bot")
    story.archive_project(actor=story.me, project="pj")
    story.set_visibility(actor=story.me, project="pj", visibility="private")
    story.restore_project(actor=story.me, project="pj")
    with refused(404, "no_such_project"):
        story.claim_driver(actor="agent:bot", **Place("pj", "fxm"))


def test_it_is_in_the_audit_log(story: Story) -> None:
    story.project("pj")
    story.set_visibility(actor=story.me, project="pj", visibility="private")

    assert story.audited()[-1] == (story.me, "project.visibility", "pj", {"visibility": "private"})


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.set_visibility(actor=story.me, project="theirs", visibility="private")

"""polaris.list_dashboard: what a person sees first."""

from datetime import datetime

from story import Story, event


def test_it_says_who_drives_what_and_how_much_is_new(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    story.session("fxk")
    story.push(fxm, event("a"), event("b"))
    story.advise(fxm)
    story.mark_read(actor=story.me, project="pj", seq=2)
    (pj,) = story.list_dashboard(actor=story.me)
    last = story.events()[-1]
    lease = story.get_session(actor=None, **fxm).lease_until

    assert (pj.name, pj.visibility, pj.created_by, pj.archived_at) == ("pj", "org", story.me, None)
    assert (pj.last_seq, pj.unread, pj.last_at) == (last.seq, last.seq - 2, last.recorded_at)
    fxk_row, fxm_row = pj.sessions
    assert datetime.fromisoformat(fxm_row.pop("lease_until")) == lease
    assert fxm_row == {"name": "fxm", "driver": "agent:bot", "epoch": 1, "last_seq": last.seq, "advice_waiting": 1}
    assert fxk_row == {
        "name": "fxk",
        "driver": None,
        "epoch": 0,
        "lease_until": None,
        "last_seq": 3,
        "advice_waiting": 0,
    }


def test_a_project_in_which_nothing_happened_is_there_too(story: Story) -> None:
    story.project("pj")
    (pj,) = story.list_dashboard(actor=story.me)

    assert (pj.last_seq, pj.unread, pj.last_at, pj.sessions) == (0, 0, None, [])


def test_advice_that_is_held_waits_as_well(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.set_policy(actor=story.me, sender_class="agent", policy="suggest", **fxm)
    story.advise(fxm, sender="agent:bot")
    (pj,) = story.list_dashboard(actor=story.me)

    assert [s["advice_waiting"] for s in pj.sessions] == [1]


def test_unread_is_everybodys_own(story: Story) -> None:
    story.project("pj")
    for n in range(4):
        story.say(actor=story.me, project="pj", body=str(n))
    story.mark_read(actor=story.me, project="pj", seq=4)
    story.mark_read(actor="agent:bot", project="pj", seq=1)

    assert [story.list_dashboard(actor=a)[0].unread for a in (story.me, "agent:bot", "agent:new")] == [0, 3, 4]


def test_what_retention_took_is_not_unread(story: Story) -> None:
    story.project("pj")
    for n in range(4):
        story.say(actor=story.me, project="pj", body=str(n))
    story.owner.execute("update polaris_data.projects set first_seq = 3 where org_id = %s", [story.org])
    story.mark_read(actor="agent:bot", project="pj", seq=1)
    story.mark_read(actor="agent:far", project="pj", seq=3)

    assert [story.list_dashboard(actor=a)[0].unread for a in (story.me, "agent:bot", "agent:far")] == [2, 2, 1]


def test_archived_sessions_are_left_out_and_archived_projects_come_last(story: Story) -> None:
    story.session("fxm", project="a", driver=story.me)
    story.session("fxm", project="b")
    story.archive_session(actor=story.me, **story.session("old", project="b"))
    story.archive_project(actor=story.me, project="a")
    b, a = story.list_dashboard(actor=story.me)

    assert (b.name, [s["name"] for s in b.sessions]) == ("b", ["fxm"])
    assert (a.name, a.sessions, a.archived_at is None) == ("a", [], False)


def test_a_foreign_organization_is_not_on_it(story: Story, tell) -> None:
    tell().project("theirs")

    assert story.list_dashboard(actor=story.me) == []

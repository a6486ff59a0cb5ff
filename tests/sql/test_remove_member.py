"""polaris.remove_member: a person leaves, and all that hung on it ends."""

import os

from story import Story, event, refused


def token(story: Story, actor: str, by: str | None = None) -> int:
    number: int = story.issue_token(
        **{"actor": by or actor, "for": actor}, name="laptop", hash=os.urandom(32), shown="plr_u_x"
    ).token_id
    return number


def test_the_membership_ends_and_the_row_stays(story: Story) -> None:
    story.member("krishna")
    gone = story.remove_member(actor=story.me, handle="krishna")

    assert (gone.actor, gone.removed_at is None) == ("user:krishna", False)


def test_its_tokens_and_those_that_it_issued_die(story: Story) -> None:
    krishna = story.member("krishna")
    own, agents, others = token(story, krishna), token(story, "agent:bot", krishna), token(story, story.me)
    story.remove_member(actor=story.me, handle="krishna")

    assert sorted(story.list_dead_tokens(tokens=[own, agents, others])) == sorted([(own,), (agents,)])


def test_its_postgres_logins_die(story: Story) -> None:
    krishna = story.member("krishna")
    with story.client(krishna) as client:
        client.list_projects()
        story.remove_member(actor=story.me, handle="krishna")
        with refused(401, "login_revoked"):
            client.list_projects()


def test_the_seats_that_it_held_are_open(story: Story) -> None:
    krishna = story.member("krishna")
    fxk = story.session("fxk", driver=krishna)
    fxm = story.session("fxm", driver=story.me)
    story.remove_member(actor=story.me, handle="krishna")
    seats = {s.name: (s.seat, s.driver, s.epoch) for s in story.list_sessions(actor=None, project="pj")}

    assert seats == {"fxk": ("open", None, 1), "fxm": ("held", story.me, 1)}
    assert story.events(session="fxk")[-1].kind == "driver.released"
    assert story.push(fxm, event("still-here"))[0].created
    assert story.push(fxk, event("was-offline"))[0].late


def test_everybody_is_told_on_the_control_channel(story: Story) -> None:
    story.member("krishna")
    with story.listening("polaris_control") as heard:
        story.remove_member(actor=story.me, handle="krishna")

        assert heard() == [("polaris_control", f'{{"org":{story.org},"kind":"member","id":0}}')]


def test_only_administrators_may(story: Story) -> None:
    story.member("krishna")
    with refused(403, "admin_only"):
        story.remove_member(actor="user:krishna", handle="manu")


def test_somebody_who_is_not_there_cannot_be_removed(story: Story, tell) -> None:
    tell().member("krishna")
    with refused(404, "no_such_member"):
        story.remove_member(actor=story.me, handle="krishna")
    story.member("krishna")
    story.remove_member(actor=story.me, handle="krishna")
    with refused(404, "no_such_member"):
        story.remove_member(actor=story.me, handle="krishna")


def test_the_last_administrator_stays(story: Story) -> None:
    story.member("krishna")
    with refused(409, "last_admin"):
        story.remove_member(actor=story.me, handle="manu")
    story.member("priya", "admin")
    story.remove_member(actor=story.me, handle="manu")

    with refused(403, "admin_only"):
        story.remove_member(actor=story.me, handle="krishna")

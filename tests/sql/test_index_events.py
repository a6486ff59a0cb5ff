"""What was written becomes findable, behind the ingest: each event once, in order, by one at a time."""

from __future__ import annotations

import psycopg
import pytest
from story import Story


def indexed(story: Story, project: str = "pj") -> list[int]:
    """The numbers that are in the index."""
    found = story.rows(
        "select seq from polaris_data.search_entries where org_id = %s and project_id = %s order by seq",
        story.org,
        story.project_id(project),
    )
    return [seq for (seq,) in found]


def cursor(story: Story) -> int:
    ((seq,),) = story.rows(
        "select seq from polaris_data.index_cursors where org_id = %s and project_id = %s",
        story.org,
        story.project_id(),
    )
    return int(seq)


def test_it_takes_the_next_events_and_says_how_many(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *({"client_id": f"c{n}", "body": f"word{n}"} for n in range(5)))
    told = len(story.events())

    assert story.index_events(project_id=story.project_id(), limit=3) == 3
    assert story.index_events(project_id=story.project_id()) == told - 3
    assert story.index_events(project_id=story.project_id()) == 0
    assert cursor(story) == told


def test_a_second_pass_over_the_same_events_changes_nothing(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, {"client_id": "c1", "body": "once"})
    story.index_events(project_id=story.project_id())
    before = indexed(story)
    story.owner.execute("update polaris_data.index_cursors set seq = 0 where org_id = %s", [story.org])
    story.index_events(project_id=story.project_id())

    assert indexed(story) == before != []


def test_seats_and_states_of_advice_have_no_words(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.advise(fxm)
    story.index_events(project_id=story.project_id())
    kinds = {event.seq: event.kind for event in story.events()}

    assert {kinds[seq] for seq in indexed(story)} == {"session.created", "advice"}


def test_while_one_fills_a_project_another_leaves_it(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    number = story.project_id()
    story.index_events(project_id=number)
    story.push(fxm, {"client_id": "c1", "body": "once"})
    with story.connect.owner() as holder, holder.transaction():
        holder.execute(
            "select from polaris_data.index_cursors where org_id = %s and project_id = %s for no key update",
            [story.org, number],
        )
        assert story.index_events(project_id=number) == 0
    assert story.index_events(project_id=number) > 0


def test_what_fails_leaves_the_cursor_where_it_is(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, {"client_id": "c1", "body": "once"})
    number = story.project_id()
    with story.connect.owner() as owner:
        owner.execute("begin")
        owner.execute("select polaris.index_events(%s, %s)", [story.org, number])
        owner.execute("rollback")
    assert indexed(story) == []

    assert story.index_events(project_id=number) > 0


def test_only_the_service_indexes(story: Story) -> None:
    story.project("pj")
    with story.client(story.me) as client, pytest.raises(psycopg.errors.InsufficientPrivilege):
        client.connection.execute("select polaris.index_events(%s, %s)", [story.org, story.project_id()])


def test_a_project_that_is_not_there_is_no_cursor(story: Story) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        story.index_events(project_id=2**40)

"""polaris_data.write_events: the one function that writes events, and it alone publishes them."""

from typing import Any

import pytest
from story import Row, Story

WRITE = """
select ord, seq, created, code from polaris_data.write_events(
  p_org => %(org)s, p_code => %(code)s::text[], p_project => %(project)s::bigint[],
  p_session => %(session)s::bigint[], p_epoch => %(epoch)s::bigint[], p_kind => %(kind)s::text[],
  p_actor => %(actor)s::text[],
  p_target => %(none)s::text[], p_turn => %(none)s::text[], p_agent => %(none)s::text[], p_body => %(none)s::text[],
  p_payload => %(none)s::jsonb[],
  p_client_id => %(client_id)s::text[], p_late => %(late)s::boolean[], p_occurred_at => %(none)s::timestamptz[])
"""


def write(story: Story, *items: dict[str, Any]) -> list[Row]:
    base = {
        "code": None,
        "project": story.project_id("pj"),
        "session": 0,
        "epoch": None,
        "kind": "floor",
        "actor": "user:manu",
        "late": False,
        "none": None,
    }
    columns = {name: [(base | item)[name] for item in items] for name in [*base, "client_id"]}
    return story.owner.execute(WRITE, columns | {"org": story.org}).fetchall()


@pytest.fixture(autouse=True)
def pj(story: Story) -> None:
    story.project("pj")
    story.project("other")


def test_it_numbers_by_project_in_order_from_one(story: Story) -> None:
    other = story.project_id("other")
    written = write(story, {"client_id": "a"}, {"client_id": "a", "project": other}, {"client_id": "b"})

    assert written == [(1, 1, True, None), (2, 1, True, None), (3, 2, True, None)]
    assert write(story, {"client_id": "c"}) == [(1, 3, True, None)]
    story.check("pj")
    story.check("other")


def test_what_its_caller_refused_is_passed_over_and_keeps_its_code(story: Story) -> None:
    written = write(
        story,
        {"client_id": "a", "code": "not_driver"},
        {"client_id": "a"},
        {"client_id": "a", "code": "no_such_project", "project": None, "session": None},
        {"client_id": None, "code": "client_id_not_valid"},
    )

    assert written == [
        (1, None, False, "not_driver"),
        (2, 1, True, None),
        (3, None, False, "no_such_project"),
        (4, None, False, "client_id_not_valid"),
    ]
    story.check("pj")


def test_a_known_client_id_answers_the_first_number(story: Story) -> None:
    write(story, {"client_id": "a"}, {"client_id": "b"})

    assert write(story, {"client_id": "b"}, {"client_id": "a"}, {"client_id": "b"}) == [
        (1, 2, False, None),
        (2, 1, False, None),
        (3, 2, False, None),
    ]
    story.check("pj")


def test_another_actors_client_id_is_taken_and_the_rest_is_numbered_without_a_hole(story: Story) -> None:
    write(story, {"client_id": "a"})
    written = write(
        story,
        {"client_id": "a", "actor": "agent:bot"},
        {"client_id": "b", "actor": "agent:bot"},
        {"client_id": "b"},
        {"client_id": "c"},
    )

    assert written == [
        (1, None, False, "client_id_taken"),
        (2, 2, True, None),
        (3, None, False, "client_id_taken"),
        (4, 3, True, None),
    ]
    story.check("pj")


def test_a_large_batch_of_new_and_known_ones_has_neither_gap_nor_double(story: Story) -> None:
    write(story, *[{"client_id": str(n)} for n in range(0, 500, 3)])
    written = write(story, *[{"client_id": str(n % 400)} for n in range(500)])

    assert [ord for ord, *_ in written] == list(range(1, 501))
    assert len({seq for _, seq, _, _ in written}) == 400
    assert sum(created for _, _, created, _ in written) == 400 - len(range(0, 400, 3))
    story.check("pj")


def test_it_publishes_the_first_and_the_last_number(story: Story) -> None:
    channel = f"polaris_project_{story.project_id('pj')}"
    with story.listening(channel) as heard:
        write(story, *[{"client_id": str(n)} for n in range(3)])
        write(story, {"client_id": "1"}, {"client_id": "3"})
        write(story, {"client_id": "1"})

        assert heard() == [(channel, '{"f":1,"l":3}'), (channel, '{"f":4,"l":4}')]


def test_what_is_rolled_back_is_neither_numbered_nor_told(story: Story) -> None:
    channel = f"polaris_project_{story.project_id('pj')}"
    with story.listening(channel) as heard:
        with story.owner.transaction(force_rollback=True):
            write(story, {"client_id": "a"})

        assert heard() == []
    assert write(story, {"client_id": "b"}) == [(1, 1, True, None)]
    story.check("pj")


def test_one_hint_a_project_even_when_several_functions_write_in_one_transaction(story: Story) -> None:
    # Postgres itself drops a repeat of the same payload; different numbers are different hints, in order.
    channel = f"polaris_project_{story.project_id('pj')}"
    with story.listening(channel) as heard:
        story.join_session(actor=story.me, project="pj", session="fxm")

        assert heard() == [(channel, '{"f":1,"l":1}'), (channel, '{"f":2,"l":2}')]


def test_nothing_in_is_nothing_out(story: Story) -> None:
    assert write(story) == []

"""polaris.import_rows: the rows of an export, in another organization, as they were."""

import json
from typing import Any

import pytest
from exported import DIGEST, bring, export, lived_in
from story import Background, Story, event, refused


@pytest.fixture
def moved(tell: Any) -> tuple[Story, Story]:
    """One organization with a project in use, and another, empty one."""
    one, two = tell(), tell()
    lived_in(one)
    return one, two


def of(story: Story) -> dict[str, Any]:
    return {"actor": story.me, "project": "copy", "digest": DIGEST}


def test_events_keep_numbers_ids_people_and_times(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    bring(two, head, parts)
    kept = export(two, "copy")[1]

    assert kept["event"][:-1] == parts["event"]
    assert kept["session"] == parts["session"]
    two.check("copy")


def test_a_tombstone_and_a_late_event_stay_what_they_are(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    changed = [json.loads(line) for line in parts["event"]]
    changed[3] |= {"body": "", "payload": None, "erased_at": "2026-01-02T03:04:05.000006+00:00"}
    changed[4] |= {"late": True, "facts": {"branch": "main"}}
    parts["event"] = [json.dumps(row) for row in changed]
    bring(two, head, parts)
    rows = two.events("copy", after=0)

    assert (rows[3].body, rows[3].payload, rows[3].erased_at.isoformat()) == (
        *("", None),
        "2026-01-02T03:04:05.000006+00:00",
    )
    assert (rows[4].late, json.loads(rows[4].facts)) == (True, {"branch": "main"})


def test_seats_have_ended_and_waiting_advice_reaches_nobody(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    bring(two, head, parts)
    seats = [json.loads(line) for line in export(two, "copy")[1]["seat"]]
    (delivery,) = [json.loads(line) for line in export(two, "copy")[1]["delivery"]]
    two.member("krishna")
    seat = two.claim_driver(actor="user:krishna", project="copy", session="fxm")

    assert all(seat["ended_at"] for seat in seats)
    assert seats[1]["ended_at"] == head["exported_at"]
    assert (delivery["state"], delivery["reason"]) == ("failed", "imported")
    assert seat.epoch == 3
    assert two.read_advice(actor="user:krishna", project="copy", session="fxm", epoch=3) == []


def test_whatever_comes_twice_is_there_once(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    twice = {
        part: [line for line in lines for _ in (1, 2)] if part != "event" else lines for part, lines in parts.items()
    }
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=twice["session"])
    for first in (0, 0, 2):
        last = two.import_rows(**of(two), what="event", rows=parts["event"][first : first + 4])
    assert last == 6
    bring(two, head, twice)

    assert export(two, "copy")[1]["event"][:-1] == parts["event"]
    assert len(export(two, "copy")[1]["seat"]) == len(parts["seat"])


def test_a_hole_or_a_foreign_writer_is_found(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=parts["session"])
    with refused(409, "import_out_of_order"):
        two.import_rows(**of(two), what="event", rows=parts["event"][1:])
    with refused(409, "import_out_of_order"):
        two.import_rows(**of(two), what="event", rows=[*parts["event"][:2], *parts["event"][3:]])
    two.import_rows(**of(two), what="event", rows=parts["event"][:4])
    two.restore_project(actor=two.me, project="copy")
    two.say(actor=two.me, project="copy", body="in between")
    with refused(409, "import_out_of_order"):
        two.import_rows(**of(two), what="event", rows=parts["event"][4:])


@pytest.mark.parametrize(
    "changes",
    [{"actor": "somebody"}, {"actor": None}, {"session": "never-made"}],
)
def test_an_event_of_nobody_or_nowhere_is_refused(moved: tuple[Story, Story], changes: dict[str, Any]) -> None:
    one, two = moved
    head, parts = export(one)
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=parts["session"])
    with refused(422, "import_not_valid"):
        two.import_rows(**of(two), what="event", rows=[json.dumps(json.loads(parts["event"][0]) | changes)])


def test_two_events_of_one_id_are_refused(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=parts["session"])
    first, second = (json.loads(line) for line in parts["event"][:2])
    with refused(422, "import_not_valid"):
        two.import_rows(
            **of(two), what="event", rows=[json.dumps(first), json.dumps(second | {"client_id": first["client_id"]})]
        )


def test_a_part_that_no_export_has_is_refused(moved: tuple[Story, Story]) -> None:
    one, two = moved
    two.begin_import(**of(two), source=export(one)[0])
    with refused(422, "import_not_valid"):
        two.import_rows(**of(two), what="token", rows=["{}"])


def test_it_is_for_administrators_and_for_imports(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    two.member("priya")
    two.begin_import(**of(two), source=head)
    with refused(404, "no_such_project"):
        two.import_rows(**of(two) | {"actor": "user:priya"}, what="session", rows=parts["session"])
    two.add_project_member(actor=two.me, project="copy", member="user:priya")
    with refused(403, "admin_only"):
        two.import_rows(**of(two) | {"actor": "user:priya"}, what="session", rows=parts["session"])
    with refused(409, "import_is_another"):
        one.import_rows(**of(one) | {"project": "pj"}, what="session", rows=parts["session"])
    with refused(404, "no_such_project"):
        two.import_rows(**of(two) | {"project": "nope"}, what="session", rows=parts["session"])
    bring(two, head, parts)
    with refused(409, "import_is_done"):
        two.import_rows(**of(two), what="session", rows=parts["session"])


def test_of_two_at_once_one_waits_for_the_other(moved: tuple[Story, Story], background: Background) -> None:
    one, two = moved
    head, parts = export(one)
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=parts["session"])
    with two.another() as other, two.another() as first:
        with first.connection.transaction():
            first.import_rows(**of(two), what="event", rows=parts["event"])
            waiting = background.start(other.import_rows, **of(two), what="event", rows=parts["event"])
            background.until_waiting(other, waiting)
        assert background.answer(waiting) == head["last_seq"]
    two.check("copy")


def test_its_events_are_found_by_search_as_any_other(moved: tuple[Story, Story]) -> None:
    one, two = moved
    bring(two, *export(one))
    number = two.project_id("copy")
    while two.index_events(project_id=number):
        pass

    assert two.rows(
        "select count(*) from polaris_data.search_entries where org_id = %s and project_id = %s and words @@ 'line'",
        *(two.org, number),
    ) == [(7,)]


def test_what_follows_is_numbered_after_it(moved: tuple[Story, Story]) -> None:
    one, two = moved
    last = bring(two, *export(one)).last_seq
    fxm = two.claim(two.session("fxm", project="copy"), two.me)
    (pushed,) = two.push(fxm, event("new"))

    assert pushed.seq == last + 2

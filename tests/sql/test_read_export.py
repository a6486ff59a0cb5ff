"""polaris.read_export: every row once, in order, in pages of any size, as the same bytes."""

import json
import random

import pytest
from exported import PARTS, export, lived_in
from story import Story, event, refused


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_pages_of_any_size_give_the_same_lines(story: Story, limit: int) -> None:
    lived_in(story)

    assert export(story, limit=limit)[1] == export(story)[1]


def test_every_row_is_there_once_and_in_order(story: Story) -> None:
    lived_in(story)
    head, found = export(story, limit=3)
    rows = {part: [json.loads(line) for line in lines] for part, lines in found.items()}

    assert [row["seq"] for row in rows["event"]] == list(range(1, head["last_seq"] + 1))
    assert [row["name"] for row in rows["session"]] == ["fxm", "fxk"]
    assert [(row["session"], row["epoch"], row["driver"], row["ended_how"]) for row in rows["seat"]] == [
        ("fxm", 1, story.me, "released"),
        ("fxm", 2, "user:krishna", None),
        ("fxk", 1, "user:krishna", None),
    ]
    assert [(row["session"], row["state"]) for row in rows["delivery"]] == [("fxm", "queued")]


def test_columns_stand_in_one_order(story: Story) -> None:
    lived_in(story)
    _, found = export(story)
    orders = {part: {tuple(json.loads(line)) for line in lines} for part, lines in found.items() if lines}

    assert {part: len(order) for part, order in orders.items()} == dict.fromkeys(orders, 1)
    (order,) = orders["event"]
    assert order[:5] == ("seq", "session", "epoch", "kind", "actor")


def test_nothing_after_the_last_number_and_nothing_of_another_project(story: Story) -> None:
    lived_in(story)
    other = story.session("fxm", driver=story.me, project="other")
    story.push(other, event("mine", body="elsewhere"))
    rows = story.read_export(actor=story.me, project="pj", what="event", after=[2], last=5)

    assert [row.key for row in rows] == [[3], [4], [5]]
    assert "elsewhere" not in repr(export(story))


def test_a_page_ends_where_it_becomes_large(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    words = [random.Random(n).randbytes(450_000).hex() for n in range(6)]  # compressed, still nearly half as large
    story.push(fxm, *[event(f"e{n}", body=text) for n, text in enumerate(words)])
    page = story.read_export(actor=story.me, project="pj", what="event", after=[2], last=8)

    assert 1 <= len(page) < 6
    _, found = export(story)
    assert [json.loads(line)["body"] for line in found["event"]][2:] == words


def test_who_may_not_begin_an_export_may_not_read_one(story: Story) -> None:
    lived_in(story)
    for part in PARTS:
        with refused(403, "admin_only"):
            story.read_export(actor="user:krishna", project="pj", what=part, after=[], last=9)


def test_a_page_has_a_limit(story: Story) -> None:
    story.project()
    with refused(422, "limit_is_sane"):
        story.read_export(actor=story.me, project="pj", what="event", after=[], last=9, limit=1001)

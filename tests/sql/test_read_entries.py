"""polaris.read_entries: a page of history for people, without the weight."""

import pytest
from story import Row, Story, event, refused


def seen(row: Row) -> dict[str, object]:
    """What both functions say of an event."""
    return {name: value for name, value in row._asdict().items() if name not in ("payload", "body_characters")}


def test_it_is_the_page_that_read_events_gives(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *(event(f"e{n}", body=f"line {n}") for n in range(10)))
    for filters in (
        {},
        {"after": 3, "limit": 4},
        {"before": 8, "limit": 2},
        {"session": "fxm", "kind": ["prompt"]},
        {"by": ["agent:nobody"]},
    ):
        events = story.read_events(project="pj", **filters)
        entries = story.read_entries(project="pj", **filters)

        assert [seen(entry) for entry in entries] == [seen(e) for e in events]
        assert [entry.body_characters for entry in entries] == [len(e.body) for e in events]


def test_long_texts_are_cut_and_their_length_is_told(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("long", body="ü" * 5000), event("short", body="short"))

    def bodies(**more: int) -> list[tuple[str, int]]:
        return [(e.body, e.body_characters) for e in story.read_entries(project="pj", kind=["prompt"], **more)]

    assert bodies() == [("ü" * 4000, 5000), ("short", 5)]
    assert bodies(characters=3) == [("üüü", 5000), ("sho", 5)]


@pytest.mark.parametrize("kind", ["tool.call", "tool.result", "turn.interrupted"])
def test_a_payload_that_a_page_shows_is_there_unless_it_is_large(story: Story, kind: str) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(
        fxm, event("small", kind=kind, payload={"k": "v"}), event("large", kind=kind, payload={"k": "v" * 70_000})
    )

    assert [e.payload for e in story.read_entries(project="pj", kind=[kind])] == ['{"k": "v"}', None]
    assert [e.payload for e in story.read_entries(project="pj", kind=[kind], payload_bytes=5)] == [None, None]


@pytest.mark.parametrize("kind", ["prompt", "message", "reply", "notice"])
def test_a_payload_that_no_page_shows_stays_where_it_is(story: Story, kind: str) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("a", kind=kind, payload={"k": "v"}))

    assert [e.payload for e in story.read_entries(project="pj", kind=[kind])] == [None]


def test_advice_and_what_became_of_it_tell_their_delivery(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm)
    story.settle(advice, "sent", fxm)

    assert all(
        str(advice.delivery_id) in e.payload for e in story.read_entries(project="pj", kind=["advice", "delivery"])
    )


def test_a_page_is_of_a_sane_size(story: Story) -> None:
    story.project("pj")
    for limit in (0, 1001, None):
        with refused(422, "limit_is_sane"):
            story.read_entries(project="pj", limit=limit)


def test_one_that_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.read_entries(actor=story.me, project="theirs")

"""polaris.get_usage: what models used, by session, person, project, day or model, in what the caller may see."""

from __future__ import annotations

from typing import Any

import pytest
from story import Place, Story, event, refused

OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5"


def used(message: str, model: str = OPUS, **more: Any) -> dict[str, Any]:
    return {"message": message, "model": model, "input": 100, "output": 20} | more


def say(story: Story, place: Place, day: int, *usage: Any) -> None:
    at = f"2026-01-{day:02}T12:00:00+00:00"
    story.push(place, event(usage[0]["message"], facts={"usage": list(usage)}, occurred_at=at))


@pytest.fixture
def spent(story: Story) -> Story:
    """Two people, three sessions of two projects, two models, three days."""
    krishna = story.member("krishna")
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=krishna)
    other = story.session("tests", driver=krishna, project="other")
    say(story, fxm, 1, used("a", input=1000, cost_usd=0.5), used("b", HAIKU, cache_read=7))
    say(story, fxm, 2, used("c"))
    say(story, fxk, 2, used("d", cache_write=9))
    say(story, other, 3, used("e", HAIKU, input=5000, cost_usd=0.25))
    for project in ("pj", "other"):
        while story.index_events(project_id=story.project_id(project)):
            pass
    return story


def sums(story: Story, *columns: str, **asked: Any) -> list[tuple[Any, ...]]:
    rows = story.get_usage(**{"actor": story.me, **asked})
    return [tuple(getattr(row, name) for name in (*columns, "messages", "input_tokens")) for row in rows]


def test_by_session_the_one_with_the_most_tokens_comes_first(spent: Story) -> None:
    assert sums(spent, "project", "session") == [
        ("other", "tests", 1, 5000),
        ("pj", "fxm", 3, 1200),
        ("pj", "fxk", 1, 100),
    ]


def test_by_person_project_and_model(spent: Story) -> None:
    assert sums(spent, "actor", by="person") == [("user:krishna", 2, 5100), ("user:manu", 3, 1200)]
    assert sums(spent, "project", by="project") == [("other", 1, 5000), ("pj", 4, 1300)]
    assert sums(spent, "model", by="model") == [(HAIKU, 2, 5100), (OPUS, 3, 1200)]


def test_by_day_the_newest_comes_first(spent: Story) -> None:
    days = [(str(day), *more) for day, *more in sums(spent, "day", by="day")]

    assert days == [("2026-01-03", 1, 5000), ("2026-01-02", 2, 200), ("2026-01-01", 2, 1100)]


def test_a_row_has_all_counts_and_only_the_cost_that_was_reported(spent: Story) -> None:
    fxm, fxk = (spent.get_usage(actor=spent.me, project="pj", session=name)[0] for name in ("fxm", "fxk"))

    assert (fxm.output_tokens, fxm.cache_read_tokens, fxm.cache_write_tokens) == (60, 7, 0)
    assert (str(fxm.cost_usd), fxm.priced, fxk.cost_usd, fxk.priced) == ("0.500000", 1, None, 0)
    assert (fxm.actor, fxm.day, fxm.model) == (None, None, None)
    assert [str(at)[:10] for at in (fxm.first_at, fxm.last_at)] == ["2026-01-01", "2026-01-02"]


def test_it_is_narrowed_to_a_project_a_session_and_a_time(spent: Story) -> None:
    assert sums(spent, "session", project="pj") == [("fxm", 3, 1200), ("fxk", 1, 100)]
    assert sums(spent, "model", project="pj", session="fxm", by="model") == [(OPUS, 2, 1100), (HAIKU, 1, 100)]
    times = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-03T00:00:00Z"}
    assert sums(spent, "session", **times) == [("fxk", 1, 100), ("fxm", 1, 100)]
    assert len(sums(spent, limit=1)) == 1


def test_what_is_in_a_private_project_counts_for_those_who_see_it(spent: Story) -> None:
    guest, worker = spent.member("guest"), spent.member("worker")
    spent.set_visibility(actor=spent.me, project="other", visibility="private")
    spent.add_project_member(actor=spent.me, project="other", member=worker)

    assert sums(spent, "project", actor=guest, by="project") == [("pj", 4, 1300)]
    assert sums(spent, "actor", actor=guest, by="person") == [("user:manu", 3, 1200), ("user:krishna", 1, 100)]
    assert len(sums(spent, "project", actor=worker, by="project")) == 2
    with refused(404, "no_such_project"):
        spent.get_usage(actor=guest, project="other")


def test_another_organization_sees_nothing_of_it(spent: Story, tell: Any) -> None:
    assert tell().get_usage(actor=None) == []


def test_what_is_asked_for_wrongly_is_refused(spent: Story) -> None:
    for status, code, asked in (
        (422, "grouping_is_known", {"by": "moon"}),
        (422, "limit_is_sane", {"limit": 0}),
        (422, "limit_is_sane", {"limit": 1001}),
        (404, "no_such_project", {"project": "none"}),
        (404, "no_such_session", {"project": "pj", "session": "none"}),
        (404, "no_such_session", {"session": "fxm"}),
    ):
        with refused(status, code):
            spent.get_usage(actor=spent.me, **asked)


def test_a_direct_client_is_told_what_its_participant_may_see(spent: Story) -> None:
    spent.set_visibility(actor=spent.me, project="other", visibility="private")
    with spent.client(spent.member("guest")) as client:
        assert [row.project for row in client.get_usage(by="project")] == ["pj"]

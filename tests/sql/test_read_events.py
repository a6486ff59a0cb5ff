"""polaris.read_events: pages of history, always ascending."""

import pytest
from story import Story, event, refused


@pytest.fixture
def history(story: Story) -> Story:
    """pj: 1 and 2 make fxm, 3 to 8 are pushed to it; 9 makes fxk, 10 claims it, 11 is pushed to it, 12 is said."""
    fxm = story.session("fxm", driver="user:manu")
    story.push(fxm, *[event(f"m{n}", kind="prompt" if n % 2 else "reply", body=f"m{n}") for n in range(3, 9)])
    fxk = story.session("fxk", driver="agent:bot")
    story.push(fxk, event("k11", body="k11"))
    story.say(actor="agent:bot", project="pj", body="floor")
    return story


def numbers(rows: list[object]) -> list[int]:
    return [row.seq for row in rows]


def test_without_a_number_it_is_the_newest_page(history: Story) -> None:
    assert numbers(history.read_events(project="pj", limit=3)) == [10, 11, 12]
    assert numbers(history.read_events(project="pj")) == list(range(1, 13))


def test_after_a_number_come_the_next_ones(history: Story) -> None:
    assert numbers(history.read_events(project="pj", after=0, limit=3)) == [1, 2, 3]
    assert numbers(history.read_events(project="pj", after=3, limit=3)) == [4, 5, 6]
    assert numbers(history.read_events(project="pj", after=12)) == []


def test_before_a_number_comes_the_page_that_ends_there(history: Story) -> None:
    assert numbers(history.read_events(project="pj", before=10, limit=3)) == [7, 8, 9]
    assert numbers(history.read_events(project="pj", before=1)) == []


def test_between_two_numbers(history: Story) -> None:
    assert numbers(history.read_events(project="pj", after=4, before=7)) == [5, 6]
    assert numbers(history.read_events(project="pj", session="fxk", after=0, before=11)) == [9, 10]


def test_one_session_alone(history: Story) -> None:
    assert numbers(history.read_events(project="pj", session="fxk")) == [9, 10, 11]
    assert numbers(history.read_events(project="pj", session="fxm", limit=2)) == [7, 8]
    assert numbers(history.read_events(project="pj", session="fxm", after=2, limit=2)) == [3, 4]
    assert numbers(history.read_events(project="pj", session="fxm", before=5, limit=2)) == [3, 4]


def test_by_kind_and_by_actor(history: Story) -> None:
    assert numbers(history.read_events(project="pj", kind=["reply"], after=0)) == [4, 6, 8]
    assert numbers(history.read_events(project="pj", kind=["reply", "floor"], limit=2)) == [8, 12]
    assert numbers(history.read_events(project="pj", by=["agent:bot"])) == [9, 10, 11, 12]
    assert numbers(history.read_events(project="pj", session="fxm", kind=["prompt"], by=["user:manu"], before=7)) == [
        3,
        5,
    ]
    assert numbers(history.read_events(project="pj", kind=[])) == []


def test_pages_put_together_are_the_whole(history: Story) -> None:
    forward, after = [], 0
    while page := history.read_events(project="pj", after=after, limit=5):
        forward += page
        after = page[-1].seq
    backward, before = [], None
    while page := history.read_events(project="pj", before=before, limit=5):
        backward = page + backward
        before = page[0].seq

    assert numbers(forward) == numbers(backward) == list(range(1, 13))


def test_the_speaker_is_told(history: Story) -> None:
    told = {(e.kind, e.speaker) for e in history.read_events(project="pj", session="fxm")}

    assert told == {
        ("session.created", "polaris"),
        ("driver.claimed", "polaris"),
        ("prompt", "person"),
        ("reply", "agent"),
    }


def test_what_an_agent_says_is_never_a_persons(story: Story) -> None:
    fxm = story.session("fxm", driver="agent:bot")
    story.push(fxm, event("p", kind="prompt"))
    story.advise(fxm, sender="agent:reviewer")
    story.advise(fxm, sender="user:priya")
    story.say(actor="agent:bot", project="pj", body="done")
    story.say(actor="user:manu", project="pj", body="for manu", agent="claude-code")
    story.say(actor="user:manu", project="pj", body="by hand")

    told = [(e.kind, e.speaker) for e in story.events() if e.speaker != "polaris"]
    assert told == [
        ("prompt", "agent"),
        ("advice", "agent"),
        ("advice", "person"),
        ("floor", "agent"),
        ("floor", "agent"),
        ("floor", "person"),
    ]


@pytest.mark.parametrize("limit", [0, -1, 1001, None])
def test_a_page_has_1_to_1000_events(history: Story, limit: int | None) -> None:
    with refused(422, "limit_is_sane"):
        history.read_events(project="pj", limit=limit)


def test_one_that_is_not_there(history: Story, tell) -> None:
    with refused(404, "no_such_project"):
        tell().read_events(actor="user:manu", project="pj")
    with refused(404, "no_such_project"):
        history.read_events(actor=history.me)
    with refused(404, "no_such_session"):
        history.read_events(project="pj", session="nope")

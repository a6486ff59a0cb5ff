"""polaris.context: what happened in a project, in one session, or by one participant."""

import pytest
from story import Place, Story, event, refused

EDIT = {"tool_name": "Edit", "tool_input": {"file_path": "src/fxk.py"}}


def krishnas(story: Story) -> Place:
    """What Krishna did on fxk, beside what manu does on fxm."""
    krishna = story.member("krishna")
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=krishna)
    story.push(fxm, event("m1", body="manu's prompt", turn="t1"), event("m2", kind="reply", body="manu's answer"))
    story.push(
        fxk,
        event("k1", body="Speed up the export", turn="t1"),
        event("k2", kind="tool.call", body="Edit: src/fxk.py", payload=EDIT),
        event("k3", kind="tool.call", body="Bash: pytest -q"),
        event("k4", kind="reply", body="Twice as fast now.", turn="t1"),
    )
    story.annotate(actor=krishna, what="decision", body="Stream, never load", **fxk)
    asked = story.annotate(actor=story.me, what="question", body="Which format?", project="pj")
    story.close_annotation(actor=krishna, project="pj", seq=asked.seq, body="JSONL")
    story.advise(fxm, "use the same reader", sender=krishna)
    return fxk


def told(story: Story, **asked: object) -> list[str]:
    lines: list[str] = story.context(actor=story.me, project="pj", **asked).text.splitlines()
    return lines


def test_what_somebody_did_is_told_from_the_record(story: Story) -> None:
    krishnas(story)
    seqs = {e.body: e.seq for e in story.events()}
    lines = told(story, by="user:krishna")

    assert lines[0] == "user:krishna in pj"
    assert lines[1].startswith(f"#{seqs['user:krishna drives fxk']} drives fxk since ")
    for line in (
        f"#{seqs['Speed up the export']} user:krishna/fxk asked: Speed up the export",
        f"#{seqs['Twice as fast now.']} agent of user:krishna/fxk: Twice as fast now.",
        f"#{seqs['Edit: src/fxk.py']} src/fxk.py",
        f"#{seqs['Bash: pytest -q']} Bash: pytest -q",
        f"#{seqs['Stream, never load']} user:krishna on fxk: Stream, never load",
        f"#{seqs['JSONL']} user:krishna answered #{seqs['Which format?']} (Which format?): JSONL",
        f"#{seqs['use the same reader']} advice of user:krishna for fxm is queued: use the same reader",
    ):
        assert line in lines
    assert not any("manu's" in line for line in lines)


def test_only_in_one_session(story: Story) -> None:
    krishnas(story)
    text = "\n".join(told(story, by="user:krishna", session="fxk"))

    assert text.startswith("user:krishna in pj/fxk\n")
    assert "Speed up the export" in text
    assert "drives" not in "\n".join(told(story, by="user:krishna", session="fxm"))


def test_a_seat_that_ended_says_from_when_to_when_and_what_came_late_counts(story: Story) -> None:
    fxk = krishnas(story)
    story.run_out(fxk)
    story.expire_leases()
    story.push(fxk, event("k9", body="typed on a train", occurred_at="2026-01-02 03:04:05+00"))
    lines = told(story, by="user:krishna")

    assert " (epoch 1), expired" in lines[1]
    assert any("typed on a train" in line for line in lines)


def test_what_the_next_driver_did_is_not_told_of_the_one_before(story: Story) -> None:
    fxk = krishnas(story)
    story.release_driver(actor="user:krishna", **fxk)
    story.push(story.claim(fxk, story.me), event("n1", body="the next one's prompt"))

    assert not any("next one" in line for line in told(story, by="user:krishna"))
    assert any("next one" in line for line in told(story, by=story.me, session="fxk"))


def test_nobody_did_nothing(story: Story) -> None:
    story.session("fxm")

    assert told(story, by="user:nobody") == ["user:nobody in pj"]


def test_a_project_is_told_over_all_its_sessions(story: Story) -> None:
    krishnas(story)
    story.say(actor=story.me, project="pj", body="lunch")
    text = "\n".join(told(story))

    assert text.startswith("Project pj\nSessions\n")
    for part in (
        "user:manu/fxm asked: manu's prompt",
        "user:krishna/fxk asked",
        "Stream, never load",
        "user:manu: lunch",
    ):
        assert part in text


def test_a_session_is_told_as_in_its_brief(story: Story) -> None:
    fxk = krishnas(story)

    assert "\n".join(told(story, session="fxk")) == story.brief(actor=story.me, **fxk).text


def test_since_one_drove_last_anywhere_in_the_project(story: Story) -> None:
    fxk = krishnas(story)
    story.release_driver(actor="user:krishna", **fxk)
    end = story.events()[-1].seq
    story.say(actor=story.me, project="pj", body="after that")
    row = story.context(actor="user:krishna", project="pj", since="drove")

    assert row.since == end
    assert "after that" in row.text
    assert "manu's prompt" not in row.text


def test_the_same_record_gives_the_same_words_within_the_room(story: Story) -> None:
    krishnas(story)
    for by in (None, "user:krishna"):
        for characters in (500, 800, 3000):
            first, second = (story.context(actor=story.me, project="pj", by=by, characters=characters) for _ in "ab")
            assert first == second
            assert len(first.text) <= characters


def test_it_says_up_to_which_event_it_reads(story: Story) -> None:
    krishnas(story)

    assert story.context(actor=story.me, project="pj").last_seq == story.events()[-1].seq


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"by": "krishna"}, "actor_is_a_participant"),
        ({"characters": 499}, "characters_are_sane"),
        ({"characters": None}, "characters_are_sane"),
        ({"since": "monday"}, "since_is_known"),
    ],
)
def test_what_makes_no_sense_is_refused(story: Story, asked: dict[str, object], code: str) -> None:
    story.project("pj")
    with refused(422, code):
        told(story, **asked)


def test_a_session_that_is_not_there_is_named(story: Story) -> None:
    story.project("pj")
    with refused(404, "no_such_session"):
        told(story, session="fxm")


def test_a_foreign_project_is_not_there(story: Story, tell) -> None:
    tell().project("theirs")
    with refused(404, "no_such_project"):
        story.context(actor=story.me, project="theirs")

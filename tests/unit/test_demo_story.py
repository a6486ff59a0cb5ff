"""The story of the demo: which turns are left to play."""

from __future__ import annotations

from polaris.demo_story import STORY, Answer, Ask, left

ANSWERS = [(beat.session, beat.text) for beat in STORY if isinstance(beat, Answer)]


def test_without_answers_everything_is_left_and_with_all_of_them_nothing() -> None:
    assert set(left([])) == set(STORY)
    assert list(left(ANSWERS)) == []


def test_one_turn_is_over_before_the_next_one_begins() -> None:
    beats = list(left([]))
    begins = [number for number, beat in enumerate(beats) if isinstance(beat, Ask)]

    assert begins[0] == 0
    assert [number - 1 for number in begins[1:]] + [len(beats) - 1] == [
        number for number, beat in enumerate(beats) if isinstance(beat, Answer)
    ]


def test_a_turn_is_played_whole_or_not_at_all() -> None:
    rest = list(left([("fxm", "Adding rate limiting middleware...\n\nuser:manu says: hello")]))

    assert [beat for beat in rest if beat.session == "fxm"] == [
        Ask("fxm", "What has Krishna done on fxk so far?"),
        Answer("fxm", "Krishna has set up the users schema with GDPR fields..."),
    ]
    assert {beat for beat in rest if beat.session != "fxm"} == {beat for beat in STORY if beat.session != "fxm"}


def test_the_same_words_in_another_session_are_no_answer() -> None:
    assert list(left([("fxk", "Adding rate limiting middleware...")])) == list(left([]))


def test_no_beat_is_there_twice() -> None:
    assert len(set(STORY)) == len(STORY)

"""polaris.scrub_texts: new rules of redaction change advice and posts."""

from typing import Any

from keeping_story import traces
from slack_talk import Talk
from story import Story


def scrub(story: Story, rows: list[Any]) -> int:
    changed: int = story.scrub_texts(
        actor=story.me,
        project="pj",
        places=[row.place for row in rows],
        keys=[row.key for row in rows],
        hashes=[row.hash for row in rows],
        bodies=[row.words.replace("hush", "[REDACTED]") for row in rows],
    )
    return changed


def test_advice_and_posts_change_and_slack_is_told(story: Story) -> None:
    talk = Talk(story)
    said = story.advise(talk.fxm, "hush, advice")
    story.settle(said, "declined", talk.fxm, reason="hush, a reason")
    talk.make(talk.one(text="hush, a post"))
    assert scrub(story, story.read_texts_for_scrub(actor=story.me, project="pj")) == 3

    row = story.get_delivery(actor=None, project="pj", delivery=said.delivery_id)
    assert (row.body, row.reason) == ("[REDACTED], advice", "[REDACTED], a reason")
    assert [p.text for p in talk.list_slack_posts()] == ["[REDACTED], a post"]
    assert traces(story, "hush").keys() <= {"events"}
    assert story.audited()[-1] == (story.me, "scrub.texts", "pj", {"texts": 3})


def test_what_is_not_what_was_read_stays_as_it_is(story: Story) -> None:
    story.advise(story.session("fxm", driver=story.me), "hush")
    rows = story.read_texts_for_scrub(actor=story.me, project="pj")

    assert scrub(story, [row._replace(hash=b"x" * 32) for row in rows]) == 0
    assert scrub(story, rows) == 1
    assert scrub(story, rows) == 0


def test_another_projects_texts_are_not_there(story: Story) -> None:
    story.advise(story.session("fxm", driver=story.me, project="other"), "hush")
    story.project("pj")
    rows = story.read_texts_for_scrub(actor=story.me, project="other")

    assert scrub(story, rows) == 0

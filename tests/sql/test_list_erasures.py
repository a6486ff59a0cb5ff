"""polaris.list_erasures: done and under way."""

from keeping_story import REASON, erase_all
from story import Story, refused


def test_the_newest_come_first(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    first = story.erase_session(actor=story.me, reason=REASON, **fxm)
    erase_all(story, first)
    second = story.erase_person(actor=story.me, participant="user:krishna", reason=REASON)
    rows = story.list_erasures(actor=story.me)

    assert [(r.erasure_id, r.project, r.session, r.participant, r.done_at is None) for r in rows] == [
        (second.erasure_id, None, None, "user:krishna", True),
        (first.erasure_id, "pj", "fxm", None, False),
    ]
    assert {(r.reason, r.asked_by, r.held) for r in rows} == {(REASON, story.me, False)}


def test_administrators_only(story: Story) -> None:
    with refused(403, "admin_only"):
        story.list_erasures(actor=story.member("krishna"))

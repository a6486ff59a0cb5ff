"""polaris.note_export: somebody took data out."""

import json

from people import noted
from story import Story


def test_it_says_who_took_what(story: Story) -> None:
    number = story.note_export(actor=story.me, what="audit", detail={"after": 0, "address": "203.0.113.7"})
    row = story.list_audit(actor=None)[-1]

    assert (row.audit_id, row.actor, row.action, row.target) == (number, story.me, "export", "audit")
    assert json.loads(row.detail) == {"after": 0, "address": "203.0.113.7"}


def test_each_time_counts(story: Story) -> None:
    first = story.note_export(actor=story.me, what="audit")

    assert story.note_export(actor=story.me, what="audit") == first + 1
    assert noted(story, "export") == [(story.me, "export", "audit")] * 2

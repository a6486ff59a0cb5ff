"""polaris.begin_export: who may take a project out, which part of it, and that it is noted."""

import json
from datetime import timedelta

from exported import lived_in
from people import noted
from story import Story, refused


def test_it_says_what_is_in_it_and_notes_it(story: Story) -> None:
    lived_in(story)
    begun = story.begin_export(actor=story.me, project="pj")
    head = json.loads(begun.head)
    last = story.get_project(actor=None, project="pj").last_seq

    assert (begun.first_seq, begun.last_seq) == (head["first_seq"], head["last_seq"]) == (1, last)
    assert (head["org"], head["project"], head["visibility"]) == (story.slug, "pj", "org")
    assert (head["created_by"], head["exported_by"], head["archived_at"]) == (story.me, story.me, None)
    assert story.audited()[-1] == (story.me, "export", "pj", {"first_seq": 1, "last_seq": last})


def test_its_maker_may_and_no_other_member(story: Story) -> None:
    for name in ("krishna", "priya"):
        story.member(name)
    story.project("hers", by="user:priya")

    assert story.begin_export(actor="user:priya", project="hers").last_seq == 0
    assert story.begin_export(actor=story.me, project="hers").last_seq == 0
    with refused(403, "admin_only"):
        story.begin_export(actor="user:krishna", project="hers")
    assert noted(story, "export") == [("user:priya", "export", "hers"), (story.me, "export", "hers")]


def test_bounds_meet_without_a_gap_at_every_time(story: Story) -> None:
    lived_in(story)
    events = story.events(after=0)
    last = events[-1].seq
    for event in events:
        since = story.begin_export(actor=story.me, project="pj", since=event.recorded_at)
        until = story.begin_export(actor=story.me, project="pj", until=event.recorded_at)

        # Events of one batch have one time: the first of them is where both meet.
        first = min(e.seq for e in events if e.recorded_at == event.recorded_at)
        assert (since.first_seq, since.last_seq) == (first, last)
        assert (until.first_seq, until.last_seq) == (1, first - 1)


def test_bounds_outside_the_record_hold_nothing_or_all(story: Story) -> None:
    lived_in(story)
    last = story.events(after=0)[-1].seq
    day = timedelta(days=1)
    now = story.events(after=0)[-1].recorded_at
    none = story.begin_export(actor=story.me, project="pj", since=now + day)
    everything = story.begin_export(actor=story.me, project="pj", since=now - day, until=now + day)
    beyond = story.begin_export(actor=story.me, project="pj", after=last + 100)
    before = story.begin_export(actor=story.me, project="pj", until=now - day)

    assert (none.first_seq, none.last_seq) == (last + 1, last)
    assert (everything.first_seq, everything.last_seq) == (1, last)
    assert (beyond.first_seq, beyond.last_seq) == (last + 1, last)
    assert (before.first_seq, before.last_seq) == (1, 0)


def test_what_retention_took_is_not_in_it(story: Story) -> None:
    lived_in(story)
    story.owner.execute(
        "update polaris_data.projects set first_seq = 4 where org_id = %s and project_id = %s",
        [story.org, story.project_id()],
    )

    assert story.begin_export(actor=story.me, project="pj").first_seq == 4
    assert story.begin_export(actor=story.me, project="pj", after=2).first_seq == 4
    assert story.begin_export(actor=story.me, project="pj", after=5).first_seq == 6

"""What deletes locks in the order of the record: whoever waits for one table holds nothing of those that come after it.

Each test holds one row, lets a function run into it, and then takes every later row without waiting.
"""

from collections.abc import Callable
from typing import Any

import pytest
from keeping_story import REASON, grow_old, index, work
from slack_talk import Talk
from story import Background, Caller, Story

# The order in which everybody locks, and how a row of each is taken.
ORDER = {
    "slack_workspaces": "org_id = %(org)s",
    "projects": "org_id = %(org)s and project_id = %(project)s",
    "sessions": "org_id = %(org)s and project_id = %(project)s",
    "deliveries": "org_id = %(org)s and project_id = %(project)s",
    "slack_posts": "org_id = %(org)s and project_id = %(project)s",
    "project_heads": "org_id = %(org)s and project_id = %(project)s",
    "index_cursors": "org_id = %(org)s and project_id = %(project)s",
    "events": "org_id = %(org)s and project_id = %(project)s",
    "audit_heads": "org_id = %(org)s",
}
Call = Callable[[Caller], Any]
# What each of them takes, in this order; the counter only where advice still waits, by erasing alone.
TAKES = {
    "erase_batch": list(ORDER),
    "prune_project": ["slack_workspaces", "projects", "deliveries", "slack_posts", "index_cursors", "events"],
    "scrub_events": ["projects", "index_cursors", "events", "audit_heads"],
    "scrub_texts": ["slack_workspaces", "projects", "sessions", "deliveries", "slack_posts", "audit_heads"],
    "erase_session": ["slack_workspaces", "projects", "audit_heads"],
    "place_hold": ["projects", "audit_heads"],
}


def scene(story: Story) -> dict[str, Call]:
    """Something of everything in one project; answers the calls that delete from it."""
    talk = Talk(story)
    work(story, talk.fxm, "hush")
    ended = story.advise(talk.fxm, "hush, use RS256")
    story.settle(ended, "declined", talk.fxm, reason="not now")
    seq = story.events()[-1].seq
    talk.put({"key": "e:1", "kind": "text", "text": "hush", "session": "fxm", "author": "manu", "seq": seq})
    index(story)
    story.set_retention(actor=story.me, project="pj", keep_days=7)
    grow_old(story, 10)
    waiting = story.advise(talk.fxm, "hush, use EdDSA")
    assert waiting.state == "queued"
    erasure = story.erase_session(actor=story.me, reason=REASON, **talk.fxm).erasure_id
    contents = story.read_for_scrub(actor=story.me, project="pj")
    texts = story.read_texts_for_scrub(actor=story.me, project="pj")
    return {
        "erase_batch": lambda caller: caller.erase_batch(erasure=erasure),
        "prune_project": lambda caller: caller.prune_project(project_id=talk.project_id),
        "scrub_events": lambda caller: caller.scrub_events(
            actor=story.me,
            project="pj",
            seqs=[row.seq for row in contents],
            hashes=[row.hash for row in contents],
            bodies=["x" for _ in contents],
            payloads=[None for _ in contents],
            facts=[None for _ in contents],
        ),
        "scrub_texts": lambda caller: caller.scrub_texts(
            actor=story.me,
            project="pj",
            places=[row.place for row in texts],
            keys=[row.key for row in texts],
            hashes=[row.hash for row in texts],
            bodies=["x" for _ in texts],
        ),
        "erase_session": lambda caller: caller.erase_session(actor=story.me, reason=REASON, **talk.fxm),
        "place_hold": lambda caller: caller.place_hold(actor=story.me, project="pj", reason="a case"),
    }


@pytest.mark.parametrize(("function", "table"), [(f, table) for f, tables in TAKES.items() for table in tables])
def test_whoever_waits_holds_nothing_that_comes_later(
    story: Story, background: Background, function: str, table: str
) -> None:
    call = scene(story)[function]
    ids = {"org": story.org, "project": story.project_id()}
    later = list(ORDER)[list(ORDER).index(table) + 1 :]
    with story.another() as one, story.connect.owner() as holder, story.connect.owner() as other:
        with holder.transaction():
            # Not "for update": foreign keys may point at it, as they do while others push.
            holder.execute(f"select from polaris_data.{table} where {ORDER[table]} for no key update", ids)
            waiting = background.start(call, one)
            background.until_waiting(one, waiting)
            for name in later:
                rows = other.execute(
                    f"select from polaris_data.{name} where {ORDER[name]} for no key update nowait", ids
                ).fetchall()
                assert rows, name
        background.answer(waiting)


@pytest.mark.parametrize("function", ["prune_project", "scrub_events", "scrub_texts", "erase_session", "place_hold"])
def test_what_a_pusher_holds_is_waited_for_by_nobody_but_an_erasure_of_advice_that_waits(
    story: Story, function: str
) -> None:
    call = scene(story)[function]
    with story.another() as one, story.another() as pusher:
        one.connection.execute("set lock_timeout = '1ms'")
        with pusher.connection.transaction():
            pusher.say(actor=story.me, project="pj", body="meanwhile")
            call(one)


def test_an_erasure_that_waits_for_a_pusher_lets_it_go_on(story: Story, background: Background) -> None:
    call = scene(story)["erase_batch"]
    with story.another() as one, story.another() as pusher:
        with pusher.connection.transaction():
            pusher.say(actor=story.me, project="pj", body="first")
            waiting = background.start(call, one)
            background.until_waiting(one, waiting)
            pusher.connection.execute("set local lock_timeout = '1ms'")
            pusher.say(actor=story.me, project="pj", body="second")
            assert pusher.index_events(project_id=story.project_id()) >= 0
        assert background.answer(waiting).done
    story.check()

"""A project's channel in the stories: what is said in it, what is to be posted there, and what became of both."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from psycopg.rows import namedtuple_row
from slack_story import Workspace
from story import Row, Story

NUMBERS = itertools.count(1)


def ts() -> str:
    """When a message was written, as Slack numbers messages."""
    return f"17{next(NUMBERS):08}.000100"


class Talk(Workspace):
    """The channel of project pj with its sessions fxm and fxk, which user:manu drives; Krishna is in the workspace."""

    def __init__(self, story: Story) -> None:
        super().__init__(story)
        self.fxm, self.fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
        self.room_id = self.channel()
        self.krishna = self.person("Krishna", id=f"UKRISHNA{next(NUMBERS)}")
        self.project_id = story.project_id()

    # Slack to project

    def take(self, kind: str, **more: Any) -> tuple[str, str]:
        """Something that Slack tells; answers what became of it and its event id."""
        event_id = more.pop("event_id", None) or f"Ev{next(NUMBERS)}"
        told = {"channel": self.room_id, "user": self.krishna, "ts": ts()} | more
        return self.take_slack_event(event_id=event_id, kind=kind, **told), event_id

    def say(self, rest: str, *names: str, **more: Any) -> tuple[str, str]:
        """Krishna writes "@name, @name rest"; without names he speaks to nobody."""
        text = " ".join([*(f"@{name}" for name in names), rest])
        told = {"names": list(names), "explicit": bool(names), "rest": rest, "text": text}
        return self.take("message", **told | more)

    def edit(self, message: str, rest: str | None, *names: str, **more: Any) -> tuple[str, str]:
        """The message at this ts says something else now; None: it was deleted."""
        told = {"names": list(names), "explicit": bool(names), "rest": rest, "text": rest, "ts": message}
        return self.take("edit", **told | more)

    def advised(self, *names: str, body: str = "use RS256", **more: Any) -> tuple[str, str, list[Row]]:
        """A message is taken, becomes advice and is done; answers its event id, its ts and the deliveries."""
        written = more.pop("ts", None) or ts()
        answer, event_id = self.say(body, *names, ts=written, **more)
        assert answer == "stored"
        rows = self.advise_from_slack(event_id=event_id, sessions=list(names), body=body)
        self.finish_slack_event(event_id=event_id, outcome="advised")
        return event_id, written, rows

    def edited(self, message: str, rest: str | None, *names: str) -> list[Row]:
        """An edit is taken, told to the sessions and done."""
        answer, event_id = self.edit(message, rest, *names)
        assert answer == "stored"
        (row,) = (row for row in self.inbox() if row.event_id == event_id)
        rows: list[Row] = self.edit_slack_advice(event_id=event_id, sessions=row.sessions, body=row.body)
        self.finish_slack_event(event_id=event_id, outcome="edited")
        return rows

    def inbox(self) -> list[Row]:
        """The inbox as the table has it, in the order in which it came."""
        return self._table("slack_inbox", "inbox_id")

    def states(self) -> list[tuple[str, str, str | None]]:
        """Session, state and reason of every delivery, in the order in which they were given."""
        rows = self.story.list_deliveries(actor=None, project="pj")
        return [(row.session, row.state, row.reason) for row in rows]

    # Project to Slack

    def put(self, *posts: dict[str, Any], deliveries: tuple[Any, ...] = (), project: str = "pj") -> bool:
        """The events that a project has and that are no posts yet become *posts*."""
        room = self.room(project)
        written: bool = self.write_slack_posts(
            project_id=room.project_id,
            **{"from": room.cursor},
            to=room.last_seq,
            posts=list(posts),
            deliveries=list(deliveries),
        )
        return written

    def one(self, **more: Any) -> Row:
        """One more post that waits, as it stands in the table."""
        assert self.put(post(**more))
        return self.posts()[-1]

    def by_key(self, key: str) -> Row:
        (row,) = (row for row in self.posts() if row.key == key)
        return row

    def row(self, post_id: int) -> Row:
        (row,) = (row for row in self.posts() if row.post_id == post_id)
        return row

    def listed(self) -> list[str]:
        """The keys of what is to be sent now."""
        return [row.key for row in self.list_slack_posts()]

    def begin(self, post: Row) -> list[Row]:
        rows: list[Row] = self.begin_slack_post(post_id=post.post_id)
        return rows

    def settle(self, post: Row, state: str, **more: Any) -> bool:
        settled: bool = self.settle_slack_post(post_id=post.post_id, state=state, **more)
        return settled

    def make(self, post: Row) -> str:
        """A post is handed to Slack and is there; answers its ts."""
        (sent,) = self.begin(post)
        written = ts()
        assert self.settle(post, "posted", ts=written, version=sent.version)
        return written

    def echo(self, post: Row | None, written: str, **more: Any) -> str:
        told = {"channel": self.room_id, "ts": written, "post_id": post.post_id if post else None}
        answer: str = self.echo_slack_post(**told | more)
        return answer

    def later(self, by: timedelta = timedelta(seconds=60)) -> None:
        """Time passes for everything that waits for its time."""
        for table in ("slack_posts", "slack_inbox"):
            self.story.owner.execute(
                f"update polaris_data.{table} set due_at = due_at - %s where org_id = %s",
                [by, self.org],
            )

    def another_bridge(self) -> int:
        """Another bridge takes the workspace over; answers the fence of the one that had it."""
        old = self.fence
        self.run_out()
        assert self.lease("bridge-2") != old
        return old

    def _table(self, name: str, order: str) -> list[Row]:
        with self.story.owner.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(
                f"select * from polaris_data.{name} where org_id = %s order by {order}",
                [self.org],
            ).fetchall()


def post(key: str | None = None, text: str = "text", **more: Any) -> dict[str, Any]:
    """A post as a bridge writes it; a note, so that none is put to another."""
    return {"key": key or f"post:{next(NUMBERS)}", "kind": "note", "text": text} | more

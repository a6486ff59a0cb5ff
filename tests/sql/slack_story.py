"""Slack in the stories: a workspace that is connected, a bridge that has its lease, people and channels, in few words.

Ids of teams, people and channels are the story's own: several stories share one database, and a workspace belongs to
one organization of all. A `Workspace` is asked like a story; it passes ``p_org``, ``p_fence`` and the actor where a
function takes them and the test does not say otherwise.
"""

from __future__ import annotations

import itertools
from typing import Any

from psycopg.rows import namedtuple_row
from story import Caller, Row, Story

NUMBERS = itertools.count(1)
APP, TOKEN, KEY = "A0POLARIS", b"sealed", "0a1b2c3d"
SCOPES = ["chat:write", "channels:history"]


class Workspace(Caller):
    """A connected workspace of *story*'s organization, under the lease of one bridge."""

    def __init__(self, story: Story, team: str | None = None, bridge: str | None = "bridge-1") -> None:
        super().__init__(story.connection, story.signatures, story.org)
        self.story = story
        self.me = story.me
        self.team = team or f"T{next(NUMBERS)}"
        self.fence = 0
        connect(story, self.team)
        if bridge:
            self.lease(bridge)

    def call(self, function: str, /, **arguments: Any) -> Any:
        known = {"fence": self.fence, "actor": self.me, "team": self.team, "app": APP}
        taken = {name: value for name, value in known.items() if f"p_{name}" in self.signatures[function]}
        return super().call(function, **taken | arguments)

    def lease(self, holder: str = "bridge-1", seconds: int = 8) -> int | None:
        """Takes or renews the lease; its fence is the workspace's from now on."""
        fence: int | None = self.lease_slack(holder=holder, seconds=seconds)
        self.fence = fence or self.fence
        return fence

    def run_out(self) -> None:
        """Lets the lease run out."""
        self.story.owner.execute(
            "update polaris_data.slack_workspaces set lease_until = clock_timestamp() - interval '1 second' "
            "where org_id = %s",
            [self.org],
        )

    def person(self, name: str, email: str | None = None, standing: str = "full", id: str | None = None) -> str:
        """Somebody in the workspace; answers the user id."""
        user = id or f"U{next(NUMBERS)}"
        self.write_slack_people(people=[person(user, name, email=email, standing=standing)])
        return user

    def of(self, user: str) -> Row:
        """What is known of a person."""
        (row,) = self.list_slack_people(users=[user])
        return row

    def channel(self, project: str = "pj", state: str = "live", **more: Any) -> str:
        """The channel of a project, which is made where it is missing; answers the channel's id."""
        if project not in {p.name for p in self.story.list_projects(actor=None)}:
            self.story.project(project)
        channel = more.pop("channel", None) or f"C{next(NUMBERS)}"
        self.write_slack_channel(
            project_id=self.story.project_id(project),
            **{"channel": channel, "name": project, "state": state, "reason": None, "shared": None} | more,
        )
        return channel

    def room(self, project: str = "pj") -> Row:
        """The row of a project's channel."""
        (row,) = (row for row in self.list_slack_channels(actor=None) if row.project == project)
        return row

    def post(self, project: str = "pj", *texts: str, **more: Any) -> None:
        """The events that a project has and that are no posts yet become these texts, each a post of its own."""
        room = self.room(project)
        posts = [{"key": f"t:{next(NUMBERS)}", "kind": "note", "text": text} | more for text in texts]
        written = self.write_slack_posts(
            project_id=room.project_id, **{"from": room.cursor}, to=room.last_seq, posts=posts, deliveries=[]
        )

        assert written

    def posts(self) -> list[Row]:
        """All posts of the organization as the table has them, in order."""
        with self.story.owner.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(
                "select * from polaris_data.slack_posts where org_id = %s order by post_id", [self.org]
            ).fetchall()


def connect(story: Caller, team: str, **more: Any) -> Row:
    """Connects a workspace as user:manu; answers its row."""
    told = {
        "actor": "user:manu",
        "team": team,
        "app": APP,
        "name": "Acme",
        "url": f"https://{team.lower()}.slack.example/",
        "bot_user": "UBOT",
        "bot_id": "BBOT",
        "scopes": SCOPES,
        "token": TOKEN,
        "token_key": KEY,
    }
    return story.connect_slack(**told | more)


def person(id: str, name: str, standing: str = "full", **more: Any) -> dict[str, Any]:
    """A person as a bridge writes it."""
    return {"id": id, "username": None, "name": name, "email": None, "picture": None, "standing": standing} | more

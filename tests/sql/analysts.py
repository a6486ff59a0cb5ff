"""Analysts in stories: a Postgres login, and all that it can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from story import Connection, Story

VIEWS = ("annotations", "commits", "deliveries", "events", "seats", "sessions", "tool_calls", "turns", "usage")


class Analyst:
    """A connection of an analyst. Nothing is set for it: the wall must not need what a role may change itself."""

    def __init__(self, login: str, connection: Connection) -> None:
        self.login = login
        self.connection = connection
        self.pid = connection.info.backend_pid

    def run(self, statement: str, *values: Any) -> None:
        self.connection.execute(statement, values or None)

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values or None).fetchall()

    def everything(self) -> str:
        """All rows of all views as one text."""
        return "\n".join(str(self.ask(f"select to_jsonb(x)::text from polaris_history.{view} x")) for view in VIEWS)


@contextmanager
def analyst(story: Story, sees_private: bool = False) -> Iterator[Analyst]:
    """A new analyst of the story's organization."""
    with story.connect.client("polaris_analyst") as (login, connection):
        story.create_analyst(actor=story.me, login=login, sees_private=sees_private, **{"for": story.me})
        yield Analyst(login, connection)
